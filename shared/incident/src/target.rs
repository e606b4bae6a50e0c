//! Where a rollback may go: the last release that ran well, and whether it
//! can still start as it was.

use jiff::Timestamp;
use nightshift_core::fault::{FaultKind, Sight};
use nightshift_core::ids::{Digest, TaskDefinitionArn};
use nightshift_core::incident::ServiceRecord;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::release::{DeploymentStatus, ImageNow, Revision, ServiceDeployment};
use nightshift_core::service::ROLLBACK_SAFE_TAG;
use nightshift_core::verdict::Release;
use nightshift_diagnosis::ServiceView;
use nightshift_release::good::{denies, last_good as last_good_release};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decide::unseen;
use crate::preflight::Preflight;
use crate::rollbacks;

/// A release that ran well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Its service revision.
    pub revision: Revision,
    /// When it was replaced.
    pub until: Timestamp,
    /// How long it had run by then, in seconds.
    pub soaked_s: i64,
}

/// The release on trial: the newest service deployment.
pub fn newest(view: &ServiceView) -> Option<&ServiceDeployment> {
    view.history.seen().and_then(|history| history.first())
}

/// The newest release before the current one that completed, soaked for the
/// policy's time before it was replaced, is not denied, and was not taken back:
/// a release that somebody fled from by going back behind it is not good,
/// however long it had run, until it is deployed and soaks once more.
pub fn last_good(view: &ServiceView, record: &ServiceRecord, policy: &Policy, now: Timestamp) -> Option<Target> {
    let history = view.history.seen()?;
    let suspect = history.first()?;
    let mut replaced_at = suspect.began_at();
    for (index, earlier) in history.iter().enumerate().skip(1) {
        let until = replaced_at;
        replaced_at = earlier.began_at();
        if earlier.status != DeploymentStatus::Successful || same_release(&earlier.target, &suspect.target) {
            continue;
        }
        let Some(finished) = earlier.finished_at else { continue };
        let soaked_s = until.duration_since(finished).as_secs();
        let denied =
            record.denied.iter().any(|it| it.quarantined.is_none() && it.until > now && denies(it, &earlier.target));
        let soaked = soaked_s >= policy.rollback.soak.as_seconds();
        let bad = denied || rollbacks::taken_back(history, index) || remembered_as_bad(record, earlier);
        if soaked && !bad {
            return Some(Target { revision: earlier.target.clone(), until, soaked_s });
        }
    }
    beyond_history(history, record, policy, now)
}

/// What the ledger knows of a release counts before what AWS lists: it failed,
/// or an incident opened while it was on trial, whoever was to blame.
fn remembered_as_bad(record: &ServiceRecord, deployment: &ServiceDeployment) -> bool {
    let known = record.releases.iter().find(|release| release.id == deployment.arn);
    known.is_some_and(|release| release.troubled.is_some() || release.verdict.failed())
}

/// AWS forgets after ninety days; a release that ran well before that is still
/// one to return to.
fn beyond_history(
    history: &[ServiceDeployment],
    record: &ServiceRecord,
    policy: &Policy,
    now: Timestamp,
) -> Option<Target> {
    let listed = |release: &Release| history.iter().any(|deployment| deployment.arn == release.id);
    let suspect = history.first()?;
    let known = record.releases.first().filter(|newest| newest.id == suspect.arn)?;
    let good = last_good_release(&record.releases, &record.denied, policy.rollback.soak, now)?;
    let older = good.release.began_at < known.began_at && !listed(good.release);
    older.then(|| Target { revision: good.release.target.clone(), until: good.until, soaked_s: good.soaked_s })
}

fn same_release(one: &Revision, other: &Revision) -> bool {
    one.arn == other.arn || one.task_definition == other.task_definition
}

/// Task definitions that the way back to `target` crosses, the current first.
pub fn crossed(view: &ServiceView, target: &Target) -> Vec<TaskDefinitionArn> {
    let history = view.history.seen().map_or(&[][..], Vec::as_slice);
    let mut crossed: Vec<TaskDefinitionArn> = Vec::new();
    for deployment in history {
        if deployment.target.task_definition == target.revision.task_definition {
            break;
        }
        if !crossed.contains(&deployment.target.task_definition) {
            crossed.push(deployment.target.task_definition.clone());
        }
    }
    crossed
}

/// Digests that `bad` runs and `good` does not.
pub fn digests_of_its_own(bad: &Revision, good: &Revision) -> Vec<Digest> {
    let good: Vec<_> = good.images.values().filter_map(|image| image.digest.as_ref()).collect();
    let of_bad = bad.images.values().filter_map(|image| image.digest.clone());
    of_bad.filter(|digest| !good.contains(&digest)).collect()
}

/// What speaks against `UpdateService` to this target; `None`: nothing.
///
/// A `StopServiceDeployment` needs none of this but the marks: ECS goes back to
/// the old *revision* and so to the old digests.
pub fn objection(preflight: &Preflight, suspect: &ServiceDeployment) -> Option<Refusal> {
    let Preflight { target, task_definition, images, .. } = preflight;
    let wanted = &target.revision.task_definition;
    match task_definition {
        Sight::Unseen(fault) => return Some(unseen(fault)),
        Sight::Seen(None) => return Some(Refusal::TargetInactive { task_definition: wanted.clone() }),
        Sight::Seen(Some(found)) if !found.active => {
            return Some(Refusal::TargetInactive { task_definition: wanted.clone() });
        }
        Sight::Seen(Some(_)) => {}
    }
    if let Some(refusal) = marked_unsafe(preflight) {
        return Some(refusal);
    }
    if target.revision.surroundings != suspect.target.surroundings {
        return Some(Refusal::DiffersBeyondTaskDefinition);
    }
    images.iter().find_map(|(container, now)| {
        let ran = target.revision.images.get(container)?;
        image_objection(&ran.image, ran.digest.as_ref(), now)
    })
}

/// A mark on what the way back crosses.
pub fn marked_unsafe(preflight: &Preflight) -> Option<Refusal> {
    for (index, crossing) in preflight.crossed.iter().enumerate() {
        let found = match crossing {
            Sight::Unseen(fault) => return Some(unseen(fault)),
            Sight::Seen(None) => continue,
            Sight::Seen(Some(found)) => found,
        };
        if found.tags.get(ROLLBACK_SAFE_TAG).is_some_and(|value| value.eq_ignore_ascii_case("false")) {
            let task_definition = found.arn.clone();
            return Some(match index {
                0 => Refusal::RollbackMarkedUnsafe { task_definition },
                _ => Refusal::CrossesUnsafeRelease { task_definition },
            });
        }
    }
    None
}

fn image_objection(image: &str, ran: Option<&Digest>, now: &Sight<ImageNow>) -> Option<Refusal> {
    let by_digest = image.contains("@sha256:");
    match now {
        // Another account may let ECS pull what it does not let us read, and what is named
        // by its digest cannot move.
        Sight::Unseen(fault) if fault.kind == FaultKind::Denied && by_digest => None,
        Sight::Unseen(fault) => Some(unseen(fault)),
        Sight::Seen(ImageNow::Gone) => Some(Refusal::TargetImageGone { image: image.to_owned() }),
        Sight::Seen(ImageNow::At(digest)) if ran.is_some_and(|ran| ran != digest) => {
            Some(Refusal::TargetTagMoved { image: image.to_owned() })
        }
        // Outside ECR nobody can tell.
        Sight::Seen(ImageNow::Unknown) if !by_digest => Some(Refusal::TargetTagMoved { image: image.to_owned() }),
        Sight::Seen(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use nightshift_core::fault::{Fault, FaultKind};
    use nightshift_core::ids::ServiceRef;

    use super::*;
    use crate::rollbacks::tests::history;
    use nightshift_release::learn::{Seen, learn};

    fn unseen<T>() -> Sight<T> {
        Sight::Unseen(Fault::new("ecs:DescribeServices", "prod/web", FaultKind::Transient, "throttled"))
    }

    #[track_caller]
    fn check(words: &str, expect: Option<&str>) {
        let view = ServiceView {
            service: unseen(),
            history: Sight::Seen(history(words)),
            stopped: unseen(),
            metrics: unseen(),
            firing: unseen(),
            scaling: unseen(),
            targets: unseen(),
            health_issues: unseen(),
            others: unseen(),
            traffic_shifts: Vec::new(),
        };
        let service =
            ServiceRef { account: "1".into(), region: "r".into(), cluster: "prod".into(), service: "web".into() };
        let now = newest(&view).unwrap().began_at();
        let found = last_good(&view, &ServiceRecord::new(service), &Policy::default(), now);
        let found = found.as_ref().map(|target| target.revision.task_definition.as_str());
        assert_eq!(found, expect, "{words}");
    }

    #[test]
    fn the_last_good_release_soaked_and_was_never_fled_from() {
        check("web:41 web:42 web:43", Some("web:42"));
        check("web:41 web:42~ web:43", Some("web:41"));
        check("web:41 web:42! web:43", Some("web:41"));
        check("web:41~ web:42~ web:43", None);
        check("web:41", None);
        // 42 was fled from: what was returned to is good, or what was before.
        check("web:41 web:42 web:41 web:43", Some("web:41"));
        check("web:41 web:42 web:41~ web:43", Some("web:41"));
        check("web:41~ web:42 web:41~ web:43", None);
        check("web:41@a web:42@b web:43@a~ web:44@c", Some("web:41"));
        // So were both between the rollback and what it returned to.
        check("web:41 web:42 web:43 web:41~ web:44", Some("web:41"));
        // Deployed once more, it is good again after its soak.
        check("web:41 web:42 web:41 web:42 web:43", Some("web:42"));
        check("web:41 web:42 web:41 web:42~ web:43", Some("web:41"));
    }

    #[test]
    fn what_may_not_be_read_is_named_unless_it_cannot_have_moved() {
        let denied: Sight<ImageNow> =
            Sight::Unseen(Fault::new("ecr:BatchGetImage", "web:42", FaultKind::Denied, "AccessDenied"));
        let by = |image: &str, now: &Sight<ImageNow>| image_objection(image, None, now);
        let named = by("1.dkr.ecr.r.amazonaws.com/web:42", &denied);
        assert!(matches!(named, Some(Refusal::NotPermitted { action, .. }) if action == "ecr:BatchGetImage"));
        assert_eq!(by("1.dkr.ecr.r.amazonaws.com/web@sha256:ab", &denied), None);
        let late: Sight<ImageNow> = unseen();
        assert!(matches!(by("web@sha256:ab", &late), Some(Refusal::NotObserved { .. })));
    }

    /// The releases as the ledger knows them once it has seen this history.
    fn remembered(history: &[ServiceDeployment]) -> Vec<Release> {
        let seen = Seen {
            history,
            service: None,
            stopped: &[],
            told: &[],
            calls: &[],
            built_from: None,
            origins: &std::collections::BTreeMap::new(),
            now: Timestamp::UNIX_EPOCH,
        };
        learn(&[], &seen, &Policy::default().deployments)
    }

    #[track_caller]
    fn last_good_of(listed: &[ServiceDeployment], releases: Vec<Release>) -> Option<String> {
        let view = ServiceView {
            service: unseen(),
            history: Sight::Seen(listed.to_vec()),
            stopped: unseen(),
            metrics: unseen(),
            firing: unseen(),
            scaling: unseen(),
            targets: unseen(),
            health_issues: unseen(),
            others: unseen(),
            traffic_shifts: Vec::new(),
        };
        let service =
            ServiceRef { account: "1".into(), region: "r".into(), cluster: "prod".into(), service: "web".into() };
        let record = ServiceRecord { releases, ..ServiceRecord::new(service) };
        let now = newest(&view).unwrap().began_at();
        last_good(&view, &record, &Policy::default(), now).map(|target| target.revision.task_definition.0)
    }

    #[test]
    fn the_ledger_is_believed_before_awss_history_and_beyond_it() {
        let history = history("web:41 web:42 web:43");
        let known = remembered(&history);
        assert_eq!(last_good_of(&history, known.clone()).as_deref(), Some("web:42"));
        let mut troubled = known.clone();
        troubled[1].troubled = Some(nightshift_core::ids::IncidentId::new("i"));
        assert_eq!(last_good_of(&history, troubled).as_deref(), Some("web:41"));
        // AWS has forgotten all but the suspect.
        assert_eq!(last_good_of(&history[..1], known).as_deref(), Some("web:42"));
        assert_eq!(last_good_of(&history[..1], Vec::new()), None);
    }
}
