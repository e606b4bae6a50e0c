//! What is wrong with the deployment on trial, if anything.

use jiff::Timestamp;
use nightshift_core::incident::{Denied, ServiceRecord};
use nightshift_core::policy::Policy;
use nightshift_core::release::DeploymentStatus;
use nightshift_core::service::{Breaker, Service};
use nightshift_core::task::StoppedTask;
use nightshift_core::verdict::{DeploymentKind, Release};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::good::{denies, last_good};
use crate::learn::failures_that_prove;
use crate::pace::stuck_at;

/// ECS's circuit breaker trips at half of the tasks wanted, but not below this.
const BREAKER_LEAST: u32 = 3;

/// What is wrong with a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "trouble", rename_all = "kebab-case")]
pub enum Trouble {
    /// It was rolled back before, and comes again.
    Denied {
        /// The denial.
        denied: Denied,
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
        return Ok(Trouble::Denied { denied: denied.clone() });
    }
    let breaker = service.breaker.filter(|breaker| breaker.enabled && breaker.rolls_back);
    if let Some(at) = given_up {
        let until = policy.deployments.breaker_grace.after(at);
        return if until > now { Err(Calm::Waiting { until }) } else { Ok(Trouble::GivenUp) };
    }
    let needed = failures_that_prove(service, &policy.deployments);
    if release.failed >= needed {
        if fails_as_well(release, stopped) {
            return Err(Calm::OldFailsToo);
        }
        return match breaker {
            Some(_) if release.failed < late(service) => Err(Calm::LeftToCircuitBreaker),
            _ => Ok(Trouble::Failing { failures: release.failed, needed }),
        };
    }
    if stuck_at(release, releases, &policy.deployments) <= now {
        return Ok(Trouble::Stuck { for_s: now.duration_since(release.began_at).as_secs() });
    }
    Err(Calm::Fine)
}

/// By so many failures a circuit breaker that works has long tripped.
fn late(service: &Service) -> u32 {
    2 * BREAKER_LEAST.max(service.desired.div_ceil(2))
}

/// The release that is being replaced fails at least as often in the same time.
fn fails_as_well(release: &Release, stopped: &[StoppedTask]) -> bool {
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
    record.denied.iter().find(|denied| {
        let holds = denied.until > now && denied.at <= release.began_at;
        let once = denied.enforced.as_ref().is_none_or(|release_stopped| *release_stopped == release.id);
        let of_good = good.is_some_and(|good| denies(denied, good));
        holds && once && !of_good && denies(denied, release)
    })
}

/// Whether a circuit breaker watches the service and goes back by itself.
pub fn protected(service: &Service) -> bool {
    service.breaker == Some(Breaker { enabled: true, rolls_back: true })
}
