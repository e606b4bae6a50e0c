//! What is wrong with the deployment on trial, if anything.

use jiff::Timestamp;
use nightshift_core::incident::{Denied, ServiceRecord};
use nightshift_core::policy::Policy;
use nightshift_core::release::DeploymentStatus;
use nightshift_core::service::Service;
use nightshift_core::task::StoppedTask;
use nightshift_core::verdict::{DeploymentKind, Release};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::breaker::{late, left_to_breaker};
use crate::good::{denies, last_good};
use crate::learn::failures_that_prove;
use crate::pace::stuck_at;

/// What is wrong with a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "trouble", rename_all = "kebab-case")]
pub enum Trouble {
    /// It was rolled back before, and comes again.
    Denied {
        /// The denial.
        denied: Box<Denied>,
    },
    /// Its own tasks fail.
    Failing {
        /// How many did.
        failures: u32,
        /// How many prove it.
        needed: u32,
    },
    /// ECS gave it up and does not go back.
    GivenUp,
    /// It takes far longer than the service's deployments take.
    Stuck {
        /// How long it has been at it, in seconds.
        for_s: i64,
    },
}

/// Why nothing is wrong, or why it is not ours to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "calm", rename_all = "kebab-case")]
pub enum Calm {
    /// Nothing is deployed, or the deployment has ended.
    Over,
    /// It is going back already: ECS or somebody is at it.
    GoingBack,
    /// So far all is well.
    Fine,
    /// Its tasks fail, and its circuit breaker counts them and will go back.
    LeftToCircuitBreaker,
    /// The old release's tasks fail as well: going back would not help.
    OldFailsToo,
    /// ECS gave it up a moment ago; what its circuit breaker does comes first.
    Waiting {
        /// Until then.
        until: Timestamp,
    },
}

/// What is wrong with the newest release, if it is on trial.
///
/// # Errors
/// Why nothing is, or why it is not ours to say.
pub fn trouble(
    releases: &[Release],
    service: &Service,
    stopped: &[StoppedTask],
    record: &ServiceRecord,
    policy: &Policy,
    now: Timestamp,
) -> Result<Trouble, Calm> {
    let release = releases.first().ok_or(Calm::Over)?;
    if release.status.going_back() || release.status == DeploymentStatus::RollbackInProgress {
        return Err(Calm::GoingBack);
    }
    let given_up = release.given_up_at.filter(|_| release.status != DeploymentStatus::Successful);
    let over = release.status.terminal() && !(given_up.is_some() && release.status == DeploymentStatus::Stopped);
    if over {
        return Err(Calm::Over);
    }
    if let Some(denied) = denial(releases, record, policy, now) {
        return Ok(Trouble::Denied { denied: Box::new(denied.clone()) });
    }
    if let Some(at) = given_up {
        let until = policy.deployments.breaker_grace.after(at);
        return if until > now { Err(Calm::Waiting { until }) } else { Ok(Trouble::GivenUp) };
    }
    let needed = failures_that_prove(service, &policy.deployments);
    let calm = match release.failed >= needed {
        false => Calm::Fine,
        true if fails_as_well(release, stopped) => Calm::OldFailsToo,
        true if left_to_breaker(service) && release.failed < late(service) => Calm::LeftToCircuitBreaker,
        true => return Ok(Trouble::Failing { failures: release.failed, needed }),
    };
    // Whatever it is left alone for: once it hangs, people hear of it.
    if stuck_at(release, releases, &policy.deployments) <= now {
        return Ok(Trouble::Stuck { for_s: now.duration_since(release.began_at).as_secs() });
    }
    Err(calm)
}

/// The release that is being replaced fails at least as often in the same time.
pub fn fails_as_well(release: &Release, stopped: &[StoppedTask]) -> bool {
    let Some(old) = release.from.as_ref().filter(|old| **old != release.target.task_definition) else { return false };
    let of_old = |task: &&StoppedTask| {
        task.task_definition == *old
            && task.crash().is_some()
            && task.stopped_at.is_some_and(|at| at >= release.began_at)
    };
    stopped.iter().filter(of_old).count() >= release.failed as usize
}

/// The denial that forbids the newest release. It never forbids what runs, is
/// last known good or a rollback's target, and it is enforced once: whoever
/// deploys the same again after that was told, and means it.
pub fn denial<'a>(
    releases: &[Release],
    record: &'a ServiceRecord,
    policy: &Policy,
    now: Timestamp,
) -> Option<&'a Denied> {
    let release = releases.first().filter(|release| release.kind == DeploymentKind::Release)?;
    let good = last_good(releases, &record.denied, policy.rollback.soak, now).map(|good| good.release);
    // A quarantine is of an image: whoever deploys what runs already changes nothing.
    let replaced = release.source.as_ref().and_then(|arn| releases.iter().find(|old| old.target.arn == *arn));
    let runs = |denied: &Denied| replaced.is_some_and(|old| denies(denied, &old.target));
    record.denied.iter().find(|denied| {
        let holds = denied.until > now && denied.at <= release.began_at;
        let once = denied.enforced.as_ref().is_none_or(|release_stopped| *release_stopped == release.id);
        let of_good = good.is_some_and(|good| denies(denied, &good.target));
        let helps = denied.quarantined.is_none() || !runs(denied);
        holds && once && !of_good && helps && denies(denied, &release.target)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nightshift_core::ids::{DeploymentId, ServiceRef};
    use nightshift_core::service::{Breaker, Controller, Deployment, Strategy};
    use nightshift_core::task::ContainerExit;

    use super::*;
    use crate::judge::tests::{at, release};

    /// A service of so many tasks; `breaker`: on, and going back.
    fn service(desired: u32, breaker: bool) -> Service {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:service/prod/web";
        let task_definition = release(1, DeploymentStatus::InProgress, 0).target.task_definition;
        Service {
            service: ServiceRef::from_arn(arn).unwrap(),
            status: "ACTIVE".into(),
            controller: Controller::Ecs,
            strategy: Strategy::Rolling,
            express_managed: false,
            launch: None,
            daemon: false,
            task_definition: task_definition.clone(),
            desired,
            running: desired,
            pending: 0,
            deployments: vec![Deployment {
                id: DeploymentId::new("ecs-svc/1"),
                primary: true,
                task_definition,
                desired,
                running: 0,
                pending: 0,
                failed_tasks: 0,
                rollout: None,
                created_at: None,
            }],
            task_sets: Vec::new(),
            current_deployment: None,
            target_groups: Vec::new(),
            grace_s: 0,
            breaker: Some(Breaker { enabled: breaker, rolls_back: breaker, threshold: None }),
            tags: BTreeMap::new(),
        }
    }

    /// A task of release 0 that crashed while release 1 was on trial.
    fn old_crash(number: u32) -> StoppedTask {
        StoppedTask {
            arn: format!("task/old-{number}"),
            task_definition: release(0, DeploymentStatus::Successful, 0).target.task_definition,
            started_by: None,
            stop_code: Some("EssentialContainerExited".into()),
            reason: None,
            started_at: None,
            stopped_at: Some(at(62)),
            containers: vec![ContainerExit { name: "app".into(), exit_code: Some(1), reason: None }],
        }
    }

    fn judged(newest: Release, service: &Service, stopped: &[StoppedTask], minutes: i64) -> Result<Trouble, Calm> {
        let good = release(0, DeploymentStatus::Successful, 0);
        let from = Some(good.target.task_definition.clone());
        let record = ServiceRecord::new(service.service.clone());
        trouble(&[Release { from, ..newest }, good], service, stopped, &record, &Policy::default(), at(60 + minutes))
    }

    fn failing(failures: u32) -> Release {
        release(1, DeploymentStatus::InProgress, failures)
    }

    #[test]
    fn failures_prove_it_unless_somebody_else_is_at_it_or_the_old_ones_fail_too() {
        let plain = service(4, false);
        assert_eq!(judged(failing(2), &plain, &[], 5), Err(Calm::Fine));
        assert_eq!(judged(failing(3), &plain, &[], 5), Ok(Trouble::Failing { failures: 3, needed: 3 }));
        assert_eq!(judged(failing(2), &service(2, false), &[], 5), Ok(Trouble::Failing { failures: 2, needed: 2 }));
        let old: Vec<StoppedTask> = (0..3).map(old_crash).collect();
        assert_eq!(judged(failing(3), &plain, &old, 5), Err(Calm::OldFailsToo));
        assert_eq!(judged(failing(3), &plain, &old[..2], 5), Ok(Trouble::Failing { failures: 3, needed: 3 }));
    }

    #[test]
    fn a_breaker_that_should_have_tripped_long_ago_is_waited_for_no_longer() {
        let guarded = service(4, true);
        assert_eq!(judged(failing(5), &guarded, &[], 5), Err(Calm::LeftToCircuitBreaker));
        assert_eq!(judged(failing(6), &guarded, &[], 5), Ok(Trouble::Failing { failures: 6, needed: 3 }));
    }

    #[test]
    fn a_breaker_is_not_waited_for_where_traffic_is_shifted() {
        for strategy in [Strategy::BlueGreen, Strategy::Linear, Strategy::Canary] {
            let shifted = Service { strategy, ..service(4, true) };
            assert_eq!(judged(failing(2), &shifted, &[], 5), Err(Calm::Fine));
            assert_eq!(judged(failing(3), &shifted, &[], 5), Ok(Trouble::Failing { failures: 3, needed: 3 }));
        }
    }

    #[test]
    fn a_breaker_that_is_set_to_trip_late_is_left_to_it_and_one_set_to_trip_early_is_not() {
        let set = |threshold| {
            let breaker = Breaker { enabled: true, rolls_back: true, threshold: Some(threshold) };
            Service { breaker: Some(breaker), ..service(4, true) }
        };
        let failing_at = |failures| Ok(Trouble::Failing { failures, needed: 3 });
        assert_eq!(judged(failing(6), &set(10), &[], 5), Err(Calm::LeftToCircuitBreaker));
        assert_eq!(judged(failing(20), &set(10), &[], 5), failing_at(20));
        // Twenty are all that is counted: of these nobody knows whether they are late.
        assert_eq!(judged(failing(20), &set(11), &[], 5), Err(Calm::LeftToCircuitBreaker));
        assert_eq!(judged(failing(20), &set(50), &[], 5), Err(Calm::LeftToCircuitBreaker));
        assert_eq!(judged(failing(20), &set(50), &[], 31), Ok(Trouble::Stuck { for_s: 31 * 60 }));
        assert_eq!(judged(failing(3), &set(1), &[], 5), failing_at(3));
    }

    #[test]
    fn whatever_it_is_left_alone_for_is_stuck_once_it_hangs() {
        let stuck = Ok(Trouble::Stuck { for_s: 31 * 60 });
        assert_eq!(judged(failing(0), &service(4, false), &[], 31), stuck);
        assert_eq!(judged(failing(5), &service(4, true), &[], 31), stuck);
        // More failures than are counted would not prove that its breaker is broken.
        assert_eq!(judged(failing(20), &service(40, true), &[], 31), stuck);
        let old: Vec<StoppedTask> = (0..3).map(old_crash).collect();
        assert_eq!(judged(failing(3), &service(4, false), &old, 31), stuck);
    }

    #[test]
    fn what_ecs_gave_up_is_ours_after_the_breakers_grace() {
        let service = service(4, false);
        let given_up = |status| Release { given_up_at: Some(at(65)), ..release(1, status, 3) };
        let until = Policy::default().deployments.breaker_grace.after(at(65));
        assert_eq!(judged(given_up(DeploymentStatus::Stopped), &service, &[], 6), Err(Calm::Waiting { until }));
        assert_eq!(judged(given_up(DeploymentStatus::Stopped), &service, &[], 7), Ok(Trouble::GivenUp));
        assert_eq!(judged(given_up(DeploymentStatus::InProgress), &service, &[], 7), Ok(Trouble::GivenUp));
        assert_eq!(judged(given_up(DeploymentStatus::RollbackRequested), &service, &[], 7), Err(Calm::GoingBack));
        assert_eq!(judged(given_up(DeploymentStatus::RollbackSuccessful), &service, &[], 7), Err(Calm::Over));
        let stopped = release(1, DeploymentStatus::Stopped, 3);
        assert_eq!(judged(stopped, &service, &[], 7), Err(Calm::Over), "nobody gave it up: somebody stopped it");
    }
}
