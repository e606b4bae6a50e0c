//! Whether what would have been done would have been right.
//!
//! Right: a person did the same within two hours. Wrong: it recovered without
//! it, and without anything else that was deployed. Anything else nobody can
//! tell, and the scorecard says so.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::{Incident, Phase};
use nightshift_core::refusal::Refusal;
use nightshift_core::release::DeploymentStatus;
use nightshift_core::remedy::RemedyKind;
use nightshift_core::verdict::{By, DeploymentKind, PastRelease, Release, Verdict};
use serde::Serialize;

/// A person who takes longer had other reasons.
const SOON: SignedDuration = SignedDuration::from_hours(2);

/// What became of what was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hindsight {
    /// A person did the same.
    Right,
    /// It recovered without, and nothing else was deployed.
    Wrong,
    /// Nobody can tell.
    Unknown,
}

/// Judges what the service's mode kept from being done; `None` where it kept
/// nothing from being done. `releases` are all that are on record.
pub fn hindsight(service: &ServiceRef, incident: &Incident, releases: &[PastRelease]) -> Option<Hindsight> {
    let Some(Refusal::NotOptedIn { .. }) = incident.refusal else { return None };
    let would = incident.would.as_ref()?;
    let ours: Vec<&Release> =
        releases.iter().filter(|past| past.service == *service).map(|past| &past.release).collect();
    Some(match would.kind() {
        RemedyKind::RollBack => rollback(incident, &ours),
        RemedyKind::Restart => restart(incident, &ours),
        // Nobody records who moved the bounds of a scalable target.
        RemedyKind::ScaleOut | RemedyKind::RestoreScaling => Hindsight::Unknown,
    })
}

fn rollback(incident: &Incident, releases: &[&Release]) -> Hindsight {
    let suspect = incident.suspect.as_ref();
    let suspect = suspect.and_then(|suspect| releases.iter().find(|release| release.id == suspect.deployment));
    // Without a record of the release, a rollback may be missing too.
    let Some(suspect) = suspect else { return Hindsight::Unknown };
    let by_a_person = suspect.verdict == Verdict::RolledBack { by: By::Person };
    let returns = || releases.iter().filter(|release| release.kind == DeploymentKind::Rollback);
    let soon = |at: Timestamp| incident.opened_at <= at && at.duration_since(incident.opened_at) <= SOON;
    // A person rolls back by deploying what ran before, or by stopping the
    // deployment while it runs.
    let stopped = suspect.ended_at.filter(|_| suspect.status == DeploymentStatus::RollbackSuccessful);
    if by_a_person && (returns().any(|release| soon(release.began_at)) || stopped.is_some_and(soon)) {
        return Hindsight::Right;
    }
    // Taken back, stopped, given up or out of sight: the release may be gone,
    // and with it what was wrong.
    let stayed = matches!(suspect.verdict, Verdict::Healthy { .. } | Verdict::InProgress);
    let returned = returns().any(|release| release.began_at >= incident.opened_at);
    let mut later = releases.iter().filter(|release| release.id != suspect.id && release.began_at >= suspect.began_at);
    let fixed = later.any(|release| began_before_its_end(release, incident));
    without(incident, !stayed || returned || fixed)
}

fn restart(incident: &Incident, releases: &[&Release]) -> Hindsight {
    let since = || releases.iter().filter(|release| release.began_at >= incident.opened_at);
    let restarts = || since().filter(|release| release.kind == DeploymentKind::Restart);
    if restarts().any(|release| release.began_at.duration_since(incident.opened_at) <= SOON) {
        return Hindsight::Right;
    }
    let fixed = since().any(|release| began_before_its_end(release, incident));
    // A service that never deployed since releases are recorded could have
    // been restarted before that as well.
    without(incident, restarts().next().is_some() || fixed || releases.is_empty())
}

/// Whatever is deployed brings new tasks, and may be what cured it.
fn began_before_its_end(release: &Release, incident: &Incident) -> bool {
    incident.closed_at.is_none_or(|end| release.began_at <= end)
}

/// `helped`: something else than time may have cured it. An incident also ends
/// with its service; one that recovered was seen healthy first.
fn without(incident: &Incident, helped: bool) -> Hindsight {
    let recovered = incident.phase == Phase::Resolved && incident.healthy_since.is_some();
    if recovered && !helped { Hindsight::Wrong } else { Hindsight::Unknown }
}

#[cfg(test)]
mod tests {
    use nightshift_core::mode::Mode;
    use nightshift_core::remedy::Remedy;
    use nightshift_core::verdict::{FailedBy, Unjudged};

    use super::*;
    use crate::tests::made::{at, ended, observed_only, release, returned, service};

    /// An incident from minute 100 to 110, blamed on the release that began at
    /// minute 90, and what is on record.
    #[track_caller]
    fn check(change: impl FnOnce(&mut Incident, &mut Vec<PastRelease>), expect: Option<Hindsight>) {
        let mut releases = vec![release("prod/web", 90)];
        let mut incident = ended("prod/web", 100, 110);
        observed_only(&mut incident, &releases[0]);
        change(&mut incident, &mut releases);
        assert_eq!(hindsight(&service("prod/web"), &incident, &releases), expect);
    }

    #[test]
    fn a_person_who_rolled_back_within_two_hours_made_it_right() {
        let person_returns = |minute: i64| {
            move |_: &mut Incident, releases: &mut Vec<PastRelease>| {
                releases[0].release.verdict = Verdict::RolledBack { by: By::Person };
                releases.push(returned("prod/web", minute));
            }
        };
        check(person_returns(105), Some(Hindsight::Right));
        check(person_returns(220), Some(Hindsight::Right));
        check(person_returns(221), Some(Hindsight::Unknown));
    }

    #[test]
    fn stopping_the_deployment_is_rolling_back() {
        let stopped = |_: &mut Incident, releases: &mut Vec<PastRelease>| {
            let release = &mut releases[0].release;
            release.verdict = Verdict::RolledBack { by: By::Person };
            release.status = DeploymentStatus::RollbackSuccessful;
            release.ended_at = Some(at(104));
        };
        check(stopped, Some(Hindsight::Right));
    }

    #[test]
    fn what_recovered_without_made_it_wrong() {
        check(|_, _| {}, Some(Hindsight::Wrong));
        check(|incident, _| incident.phase = Phase::Firing, Some(Hindsight::Unknown));
    }

    #[test]
    fn what_was_taken_back_or_stopped_by_others_nobody_can_tell() {
        let became = |verdict: Verdict| {
            move |_: &mut Incident, releases: &mut Vec<PastRelease>| releases[0].release.verdict = verdict
        };
        check(became(Verdict::RolledBack { by: By::CircuitBreaker }), Some(Hindsight::Unknown));
        check(became(Verdict::Stopped), Some(Hindsight::Unknown));
        check(became(Verdict::Failed { cause: FailedBy::Unsaid }), Some(Hindsight::Unknown));
        check(became(Verdict::Unknown { reason: Unjudged::ServiceGone }), Some(Hindsight::Unknown));
        check(became(Verdict::InProgress), Some(Hindsight::Wrong));
    }

    #[test]
    fn what_somebody_may_have_fixed_forward_nobody_can_tell() {
        let fixed = |minute: i64| {
            move |_: &mut Incident, releases: &mut Vec<PastRelease>| releases.push(release("prod/web", minute))
        };
        check(fixed(89), Some(Hindsight::Wrong));
        // It may have begun before the alarm rang.
        check(fixed(95), Some(Hindsight::Unknown));
        check(fixed(104), Some(Hindsight::Unknown));
        check(fixed(110), Some(Hindsight::Unknown));
        check(fixed(111), Some(Hindsight::Wrong));
        let elsewhere = |_: &mut Incident, releases: &mut Vec<PastRelease>| releases.push(release("prod/api", 104));
        check(elsewhere, Some(Hindsight::Wrong));
    }

    #[test]
    fn what_ended_with_its_service_nobody_can_tell() {
        check(|incident, _| incident.healthy_since = None, Some(Hindsight::Unknown));
    }

    #[test]
    fn what_is_not_on_record_nobody_can_tell() {
        check(|_, releases| releases.clear(), Some(Hindsight::Unknown));
        check(|_, releases| releases[0].service = service("prod/api"), Some(Hindsight::Unknown));
    }

    #[test]
    fn a_restart_is_judged_by_restarts_and_more_tasks_by_nobody() {
        let restart = |incident: &mut Incident| {
            let instead_of = nightshift_core::ids::DeploymentId::new("ecs-svc/1");
            incident.would = Some(Remedy::Restart { instead_of });
        };
        check(|incident, _| restart(incident), Some(Hindsight::Wrong));
        let restarted = |incident: &mut Incident, releases: &mut Vec<PastRelease>| {
            restart(incident);
            let mut again = release("prod/web", 103);
            again.release.kind = DeploymentKind::Restart;
            releases.push(again);
        };
        check(restarted, Some(Hindsight::Right));
        let fixed = |minute: i64| {
            move |incident: &mut Incident, releases: &mut Vec<PastRelease>| {
                restart(incident);
                releases.push(release("prod/web", minute));
            }
        };
        check(fixed(99), Some(Hindsight::Wrong));
        check(fixed(104), Some(Hindsight::Unknown));
        check(fixed(111), Some(Hindsight::Wrong));
        let scale = |incident: &mut Incident, _: &mut Vec<PastRelease>| {
            incident.would = Some(Remedy::ScaleOut { from: 2, to: 3 });
        };
        check(scale, Some(Hindsight::Unknown));
    }

    #[test]
    fn what_another_rule_forbade_is_not_judged() {
        check(|incident, _| incident.refusal = Some(Refusal::Halted), None);
        check(|incident, _| incident.would = None, None);
        check(
            |incident, _| incident.refusal = Some(Refusal::NotOptedIn { mode: Mode::Approve }),
            Some(Hindsight::Wrong),
        );
    }
}
