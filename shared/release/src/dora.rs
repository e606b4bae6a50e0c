//! What releases and incidents add up to: DORA's measures of delivery.
//!
//! A deployment is a release that came to an end. Rollbacks, restarts and a
//! service's very first deployment are none; one release is one change,
//! whatever number of events and alarms it made.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift_core::cause::Cause;
use nightshift_core::ids::{IncidentId, ServiceDeploymentArn, ServiceRef};
use nightshift_core::incident::{Incident, Phase};
use nightshift_core::verdict::{DeploymentKind, PastRelease, Release, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A release that follows a failed one this soon is its repair.
const REWORK: SignedDuration = SignedDuration::from_hours(24);

/// An incident that is over, as far as measures need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// Which one.
    pub id: IncidentId,
    /// Of which service.
    pub service: ServiceRef,
    /// The release that was to blame.
    pub release: Option<ServiceDeploymentArn>,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When it was over.
    pub closed_at: Timestamp,
}

impl Ended {
    /// What measures need of an incident. `None`: its service is not known to
    /// be well again, be it that it is still open or that it was left.
    pub fn of(service: &ServiceRef, incident: &Incident) -> Option<Self> {
        let closed_at = incident.closed_at.filter(|_| incident.phase == Phase::Resolved)?;
        let blamed = incident.diagnosis.as_ref().is_some_and(|diagnosis| diagnosis.cause == Cause::Release);
        let suspect = incident.suspect.as_ref().filter(|_| blamed);
        Some(Self {
            id: incident.id.clone(),
            service: service.clone(),
            release: suspect.map(|suspect| suspect.deployment.clone()),
            opened_at: incident.opened_at,
            closed_at,
        })
    }
}

/// DORA's measures over some days. A median of nothing is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dora {
    /// Days looked at.
    pub days: u32,
    /// Releases that came to an end.
    pub deployments: u32,
    /// Those of them that stayed.
    pub successful: u32,
    /// Those that failed, were rolled back, or needed a rollback.
    pub failed: u32,
    /// Successful deployments a day, in hundredths.
    pub per_day_hundredths: u32,
    /// Failed of all, whole per cent.
    pub change_fail_percent: Option<u32>,
    /// From the first sign of a failed release to a service that is well,
    /// median seconds.
    pub recovery_s: Option<i64>,
    /// From a deployment's beginning to its end, median seconds of those that
    /// stayed.
    pub duration_s: Option<i64>,
    /// From commit to a deployment's end, median seconds, where the commit's
    /// time is known.
    pub lead_s: Option<i64>,
    /// Successful releases within a day after a failed one.
    pub rework: u32,
    /// New tasks without anything new.
    pub restarts: u32,
}

/// The measures of each service, and of all together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DoraReport {
    /// All services together.
    pub all: Dora,
    /// By `cluster/service` with account and Region: `ACCOUNT/REGION/CLUSTER/SERVICE`.
    pub services: BTreeMap<String, Dora>,
}

/// The measures of `past` and `ended` over `days` days.
pub fn dora(past: &[PastRelease], ended: &[Ended], days: u32) -> DoraReport {
    let newest = each_once(past);
    let mut by_service: BTreeMap<&ServiceRef, Vec<&Release>> = BTreeMap::new();
    for found in &newest {
        by_service.entry(&found.service).or_default().push(&found.release);
    }
    let mut all = Tally::default();
    let mut services = BTreeMap::new();
    for (service, mut releases) in by_service {
        releases.sort_by_key(|release| release.began_at);
        let mut tally = Tally::default();
        tally.count(&releases, ended.iter().filter(|ended| ended.service == *service).collect());
        all.add(&tally);
        services.insert(service.key(), tally.measures(days));
    }
    DoraReport { all: all.measures(days), services }
}

/// One entry for each release, whatever number of times it was read.
pub(crate) fn each_once(past: &[PastRelease]) -> Vec<&PastRelease> {
    let by_id = past.iter().map(|found| ((&found.service, &found.release.id), found));
    by_id.collect::<BTreeMap<_, _>>().into_values().collect()
}

#[derive(Default)]
struct Tally {
    successful: u32,
    failed: u32,
    rework: u32,
    restarts: u32,
    recovery: Vec<i64>,
    duration: Vec<i64>,
    lead: Vec<i64>,
}

impl Tally {
    fn count(&mut self, releases: &[&Release], ended: Vec<&Ended>) {
        let mut failed_at: Option<Timestamp> = None;
        for release in releases {
            if release.kind == DeploymentKind::Restart {
                self.restarts += 1;
            }
            if !counts(release) {
                continue;
            }
            if release.verdict.failed() {
                self.failed += 1;
                failed_at = release.ended_at.or(Some(release.began_at));
                self.recovery.extend(recovery_s(release, &ended));
            } else {
                self.successful += 1;
                self.duration.extend(release.took_s());
                let lead = release.ended_at.zip(release.origin.committed_at);
                self.lead.extend(lead.map(|(end, commit)| end.duration_since(commit).as_secs().max(0)));
                let soon = |failed: Timestamp| release.began_at.duration_since(failed) <= REWORK;
                self.rework += u32::from(failed_at.take().is_some_and(soon));
            }
        }
    }

    fn add(&mut self, other: &Self) {
        self.successful += other.successful;
        self.failed += other.failed;
        self.rework += other.rework;
        self.restarts += other.restarts;
        self.recovery.extend(&other.recovery);
        self.duration.extend(&other.duration);
        self.lead.extend(&other.lead);
    }

    fn measures(self, days: u32) -> Dora {
        let deployments = self.successful + self.failed;
        Dora {
            days,
            deployments,
            successful: self.successful,
            failed: self.failed,
            per_day_hundredths: (self.successful * 100 + days / 2) / days.max(1),
            change_fail_percent: (deployments > 0).then(|| (self.failed * 100 + deployments / 2) / deployments.max(1)),
            recovery_s: median(self.recovery),
            duration_s: median(self.duration),
            lead_s: median(self.lead),
            rework: self.rework,
            restarts: self.restarts,
        }
    }
}

/// A change that came to an end, and not the service's first.
pub(crate) fn counts(release: &Release) -> bool {
    let ended = matches!(release.verdict, Verdict::Healthy { .. }) || release.verdict.failed();
    release.kind == DeploymentKind::Release && release.from.is_some() && ended
}

fn recovery_s(release: &Release, ended: &[&Ended]) -> Option<i64> {
    let named = [release.troubled.as_ref(), release.taken_back.as_ref()];
    let of_release = |ended: &&&Ended| ended.release.as_ref() == Some(&release.id) || named.contains(&Some(&ended.id));
    let (from, until) = match ended.iter().find(of_release) {
        Some(incident) => (incident.opened_at, incident.closed_at),
        // Its incident is not over: nobody knows yet how long it takes.
        None if named.iter().any(Option::is_some) => return None,
        // Nobody but ECS was needed.
        None => (release.failures.first().map_or(release.began_at, |failure| failure.at), release.ended_at?),
    };
    Some(until.duration_since(from).as_secs().max(0))
}

fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    let middle = values.len() / 2;
    values.get(middle).copied()
}

#[cfg(test)]
mod tests {
    use nightshift_core::release::DeploymentStatus;
    use nightshift_core::verdict::By;

    use super::*;
    use crate::judge::tests::{at, release};

    fn past(index: usize, verdict: Verdict) -> PastRelease {
        let service = ServiceRef {
            account: "123456789012".into(),
            region: "eu-west-1".into(),
            cluster: "prod".into(),
            service: "web".into(),
        };
        let from = Some(release(index.saturating_sub(1), DeploymentStatus::Successful, 0).target.task_definition);
        let release = Release { verdict, from, ..release(index, DeploymentStatus::Successful, 0) };
        PastRelease { service, environment: None, team: None, release }
    }

    fn healthy(index: usize) -> PastRelease {
        past(index, Verdict::Healthy { since: at(0) })
    }

    #[test]
    fn one_failed_release_counts_once_and_what_repairs_it_is_rework() {
        let failed = past(2, Verdict::RolledBack { by: By::CircuitBreaker });
        let night = [healthy(1), failed.clone(), failed, healthy(3), healthy(4)];
        let all = dora(&night, &[], 2).all;
        assert_eq!((all.deployments, all.successful, all.failed), (4, 3, 1));
        assert_eq!(all.change_fail_percent, Some(25));
        assert_eq!(all.per_day_hundredths, 150);
        assert_eq!(all.rework, 1, "only the first after it is its repair");
        assert_eq!(all.duration_s, Some(180));
        assert_eq!(all.recovery_s, Some(180), "from its beginning to the end of ECS's rollback");
        assert_eq!(all.lead_s, None);
    }

    #[test]
    fn what_is_no_change_is_not_counted() {
        let of_kind = |kind| {
            let mut found = healthy(1);
            found.release.kind = kind;
            found
        };
        let mut first = healthy(2);
        first.release.from = None;
        let quiet = [
            of_kind(DeploymentKind::Rollback),
            of_kind(DeploymentKind::Restart),
            first,
            past(3, Verdict::InProgress),
            past(4, Verdict::Superseded),
        ];
        let all = dora(&quiet[1..], &[], 7).all;
        assert_eq!((all.deployments, all.restarts), (0, 1));
        assert_eq!(all.change_fail_percent, None);
        assert_eq!(dora(&quiet[..1], &[], 7).all.deployments, 0);
    }

    #[test]
    fn recovery_lasts_from_the_incidents_opening_to_its_end() {
        let failed = past(2, Verdict::RolledBack { by: By::Person });
        let ended = Ended {
            id: IncidentId::new("i"),
            service: failed.service.clone(),
            release: Some(failed.release.id.clone()),
            opened_at: at(130),
            closed_at: at(137),
        };
        assert_eq!(dora(std::slice::from_ref(&failed), std::slice::from_ref(&ended), 1).all.recovery_s, Some(420));
        let mut troubled = failed;
        troubled.release.troubled = Some(IncidentId::new("i"));
        assert_eq!(dora(&[troubled.clone()], &[Ended { release: None, ..ended }], 1).all.recovery_s, Some(420));
        assert_eq!(dora(&[troubled], &[], 1).all.recovery_s, None, "it is not over");
    }
}
