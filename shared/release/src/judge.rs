//! The verdict on a deployment, from what AWS lists and what is remembered.

use std::collections::BTreeMap;

use nightshift_core::release::DeploymentStatus;
use nightshift_core::task::Crash;
use nightshift_core::verdict::{By, DeploymentKind, FailedBy, Release, Unjudged, Verdict};

/// The verdict on `release`. `newer` are the service's releases after it,
/// newest first; `proven` is the number of failures that prove a failure.
pub fn judge(release: &Release, newer: &[Release], proven: u32) -> Verdict {
    let replaced = !newer.is_empty();
    let fails = release.failed >= proven.max(1);
    match release.status {
        DeploymentStatus::Pending | DeploymentStatus::InProgress if replaced && fails => failed(release),
        DeploymentStatus::Pending | DeploymentStatus::InProgress if replaced => Verdict::Superseded,
        DeploymentStatus::Pending
        | DeploymentStatus::InProgress
        | DeploymentStatus::StopRequested
        | DeploymentStatus::RollbackRequested
        | DeploymentStatus::RollbackInProgress => Verdict::InProgress,
        DeploymentStatus::Successful => match undone_by(release, newer) {
            Some(by) => Verdict::RolledBack { by },
            None => Verdict::Healthy { since: release.ended_at.unwrap_or(release.began_at) },
        },
        DeploymentStatus::RollbackSuccessful => Verdict::RolledBack { by: taken_back_by(release) },
        DeploymentStatus::RollbackFailed => failed(release),
        // CodeDeploy's rollback is a deployment of its own; this one just stops.
        DeploymentStatus::Stopped if release.taken_back.is_some() => Verdict::RolledBack { by: taken_back_by(release) },
        DeploymentStatus::Stopped if fails || says_failed(release) => failed(release),
        DeploymentStatus::Stopped if replaced => Verdict::Superseded,
        DeploymentStatus::Stopped => Verdict::Stopped,
        DeploymentStatus::Unknown => Verdict::Unknown { reason: Unjudged::UnknownStatus },
    }
}

fn failed(release: &Release) -> Verdict {
    Verdict::Failed { cause: cause(release) }
}

/// Who undid a release that had got there: the next deployment that is no
/// restart, if it went back.
fn undone_by(release: &Release, newer: &[Release]) -> Option<By> {
    let next = newer.iter().rev().find(|next| next.kind != DeploymentKind::Restart)?;
    let back = next.kind == DeploymentKind::Rollback && next.status != DeploymentStatus::Pending;
    let of_release = release.kind != DeploymentKind::Rollback;
    (back && of_release).then(|| match &release.taken_back {
        Some(incident) => By::Nightshift { incident: incident.clone() },
        None => By::Person,
    })
}

/// Who made ECS take it back. ECS's wording is no contract: what Nightshift
/// did itself, it knows.
fn taken_back_by(release: &Release) -> By {
    if let Some(incident) = &release.taken_back {
        return By::Nightshift { incident: incident.clone() };
    }
    let reason = release.reason.as_deref().unwrap_or_default().to_lowercase();
    if reason.contains("circuit breaker") {
        By::CircuitBreaker
    } else if reason.contains("alarm") {
        By::DeploymentAlarm
    } else {
        By::Person
    }
}

fn says_failed(release: &Release) -> bool {
    let reason = release.reason.as_deref().unwrap_or_default().to_lowercase();
    reason.contains("circuit breaker") || reason.contains("fail")
}

/// What most of a release's failures were.
pub fn cause(release: &Release) -> FailedBy {
    let mut ends: BTreeMap<Option<Crash>, u32> = BTreeMap::new();
    for failure in &release.failures {
        *ends.entry(failure.crash).or_default() += 1;
    }
    let most = ends.into_iter().max_by_key(|(crash, times)| (*times, std::cmp::Reverse(*crash)));
    let reason = release.reason.as_deref().unwrap_or_default().to_lowercase();
    match most {
        Some((Some(crash), _)) => FailedBy::Tasks { crash },
        Some((None, _)) => FailedBy::Placement,
        None if reason.contains("alarm") => FailedBy::Alarm,
        None if release.taken_back.is_some() => FailedBy::Stuck,
        None => FailedBy::Unsaid,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::{SignedDuration, Timestamp};
    use nightshift_core::ids::{Digest, IncidentId, RevisionArn, ServiceDeploymentArn, TaskDefinitionArn};
    use nightshift_core::origin::Origin;
    use nightshift_core::release::{Revision, RevisionImage, ServiceDeployment};
    use nightshift_core::verdict::Failure;

    use super::*;

    /// The moment `minutes` after a Friday's noon.
    pub(crate) fn at(minutes: i64) -> Timestamp {
        let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        noon + SignedDuration::from_mins(minutes)
    }

    /// Deployment number `index`, an hour after the one before, done in three
    /// minutes.
    pub(crate) fn deployed(index: usize, number: &str, digest: &str, status: DeploymentStatus) -> ServiceDeployment {
        let began = at(60 * index as i64);
        let image = RevisionImage { image: format!("web:{number}"), digest: Some(Digest::new(digest)) };
        ServiceDeployment {
            arn: ServiceDeploymentArn::new(format!("arn:deployment/{index}")),
            status,
            created_at: began,
            started_at: Some(began),
            finished_at: status.terminal().then(|| began + SignedDuration::from_mins(3)),
            target: Revision {
                arn: RevisionArn::new(format!("arn:revision/{index}")),
                task_definition: TaskDefinitionArn::new(format!("task-definition/web:{number}")),
                created_at: Some(began),
                images: BTreeMap::from([("app".to_owned(), image)]),
                surroundings: "same".into(),
            },
            sources: Vec::new(),
            reason: None,
            rolled_back_to: None,
            paused_at_hook: None,
            rolls_back: false,
            stage: None,
            planned_wait_s: 0,
        }
    }

    /// A release with that status and so many out-of-memory failures.
    pub(crate) fn release(index: usize, status: DeploymentStatus, failures: u32) -> Release {
        let seen = deployed(index, &index.to_string(), &index.to_string(), status);
        let failure = |number: u32| Failure {
            of: format!("task/{number}"),
            at: at(60 * index as i64 + 1),
            crash: Some(Crash::OutOfMemory),
            container: Some("app".into()),
            exit_code: Some(137),
            reason: None,
        };
        Release {
            id: seen.arn,
            kind: DeploymentKind::Release,
            deployment: None,
            from: None,
            source: None,
            target: seen.target,
            origin: Origin::default(),
            call: None,
            began_at: seen.created_at,
            ended_at: seen.finished_at,
            status,
            reason: None,
            rolled_back_to: None,
            given_up_at: None,
            failures: (0..failures).map(failure).collect(),
            failed: failures,
            troubled: None,
            taken_back: None,
            warnings: Vec::new(),
            verdict: Verdict::InProgress,
            watched_until: None,
            planned_wait_s: 0,
            paused_at: None,
            waits: false,
            sequence: 0,
        }
    }

    #[track_caller]
    fn check(release: Release, newer: &[Release], expect: Verdict) {
        assert_eq!(judge(&release, newer, 3), expect, "{release:?}");
    }

    #[test]
    fn a_verdict_follows_from_the_furthest_status_and_what_came_next() {
        use DeploymentStatus::{
            InProgress, Pending, RollbackFailed, RollbackInProgress, RollbackRequested, RollbackSuccessful, Stopped,
            Successful, Unknown,
        };
        let next = [release(2, Successful, 0)];
        let oom = FailedBy::Tasks { crash: Crash::OutOfMemory };
        check(release(1, Pending, 0), &[], Verdict::InProgress);
        check(release(1, InProgress, 9), &[], Verdict::InProgress);
        check(release(1, RollbackRequested, 9), &[], Verdict::InProgress);
        check(release(1, RollbackInProgress, 9), &[], Verdict::InProgress);
        check(release(1, Successful, 0), &[], Verdict::Healthy { since: at(63) });
        check(release(1, Successful, 9), &next, Verdict::Healthy { since: at(63) });
        check(release(1, InProgress, 2), &next, Verdict::Superseded);
        check(release(1, InProgress, 3), &next, Verdict::Failed { cause: oom });
        check(release(1, Stopped, 2), &next, Verdict::Superseded);
        check(release(1, Stopped, 3), &next, Verdict::Failed { cause: oom });
        check(release(1, Stopped, 0), &[], Verdict::Stopped);
        check(release(1, RollbackFailed, 0), &[], Verdict::Failed { cause: FailedBy::Unsaid });
        check(release(1, Unknown, 0), &[], Verdict::Unknown { reason: Unjudged::UnknownStatus });
        check(release(1, RollbackSuccessful, 0), &[], Verdict::RolledBack { by: By::Person });
    }

    #[test]
    fn who_took_it_back_is_read_from_what_we_did_and_then_from_what_ecs_says() {
        let back = |reason: &str| Release {
            reason: Some(reason.into()),
            ..release(1, DeploymentStatus::RollbackSuccessful, 0)
        };
        let breaker = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.";
        check(back(breaker), &[], Verdict::RolledBack { by: By::CircuitBreaker });
        check(back("One or more Alarms triggered"), &[], Verdict::RolledBack { by: By::DeploymentAlarm });
        check(back("requested by a user"), &[], Verdict::RolledBack { by: By::Person });
        let incident = IncidentId::new("i");
        let ours = Release { taken_back: Some(incident.clone()), ..back("requested by a user") };
        check(ours, &[], Verdict::RolledBack { by: By::Nightshift { incident } });
    }

    #[test]
    fn a_release_that_got_there_and_was_undone_was_rolled_back() {
        let good = || release(1, DeploymentStatus::Successful, 0);
        let back =
            |index| Release { kind: DeploymentKind::Rollback, ..release(index, DeploymentStatus::InProgress, 0) };
        let again =
            |index| Release { kind: DeploymentKind::Restart, ..release(index, DeploymentStatus::Successful, 0) };
        check(good(), &[back(2)], Verdict::RolledBack { by: By::Person });
        check(good(), &[back(3), again(2)], Verdict::RolledBack { by: By::Person });
        check(good(), &[back(3), release(2, DeploymentStatus::Successful, 0)], Verdict::Healthy { since: at(63) });
    }
}
