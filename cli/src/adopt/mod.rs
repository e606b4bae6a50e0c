//! `nightshift adopt`: what a service has and what it lacks, what Nightshift
//! may do to it, and the parameter file of the stack that brings the rest. It
//! reads, and changes nothing in the account.

mod account;
mod checklist;
mod coverage;
mod fleet;
mod observe;
mod parameters;
mod permissions;

pub mod text;

use std::path::{Path, PathBuf};

use nightshift_core::fault::Fault;
use nightshift_core::ids::ServiceRef;
use serde::Serialize;

pub use account::{AdoptError, Place, all, one};
pub use checklist::{Check, Standing};
pub use coverage::{named_service, watched_signal};
pub use fleet::{Fleet, Row, fleet};
pub use observe::{ObserveError, World};
pub use parameters::{Companion, untouched};
pub use permissions::Rehearsed;

/// What was asked for, beside the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Name of the main stack.
    pub stack: String,
    /// The queue that feeds it.
    pub queue: Option<String>,
    /// Where that queue leaves what failed.
    pub dead_letters: Option<String>,
    /// Where people read the runbooks.
    pub runbooks: Option<String>,
    /// Where the parameter file goes.
    pub out: Option<PathBuf>,
}

/// What could not be seen, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unseen {
    /// What.
    pub what: &'static str,
    /// Why not, with the action to allow.
    pub why: String,
    /// What follows.
    pub follows: &'static str,
}

/// What there is to say of a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Adoption {
    /// Which one, `cluster/service`.
    pub service: String,
    /// Twelve digits.
    pub account: String,
    /// Its region.
    pub region: String,
    /// The production-readiness checklist.
    pub checks: Vec<Check>,
    /// What Nightshift's roles may do to it.
    pub permissions: Vec<Rehearsed>,
    /// What could not be seen.
    pub unseen: Vec<Unseen>,
    /// The companion stack.
    pub companion: Option<Companion>,
    /// Why there are no parameters for one.
    pub no_companion: Option<String>,
    /// It is deployed already.
    pub deployed: bool,
    /// Where its parameters go.
    pub file: PathBuf,
    /// What to run next, in this order.
    pub commands: Vec<String>,
}

/// Looks at a service and says what is there and what is not.
///
/// # Errors
/// If the service is not there or cannot be read.
pub async fn adopt<W: World>(world: &W, service: &ServiceRef, asked: &Asked) -> Result<Adoption, ObserveError> {
    let stack = parameters::stack_name(service);
    let seen = observe::observe(world, service, &asked.stack, &stack).await?;
    let alarms = seen.alarms.seen().map(Vec::as_slice).unwrap_or_default();
    let coverage = coverage::coverage(&[&seen.service], alarms).remove(&service.to_string()).unwrap_or_default();
    let (companion, no_companion) = match parameters::companion(&seen, asked) {
        Ok(companion) => (Some(companion), None),
        Err(why) => (None, Some(why)),
    };
    let file = asked.out.clone().unwrap_or_else(|| Path::new(&format!("{stack}.toml")).to_owned());
    let commands = if companion.is_some() { parameters::commands(&seen, asked, &file) } else { Vec::new() };
    Ok(Adoption {
        service: service.to_string(),
        account: seen.service.service.account.clone(),
        region: service.region.clone(),
        checks: checklist::checklist(&seen, &coverage),
        unseen: unseen(&seen),
        deployed: seen.companion.seen() == Some(&observe::Companion::Ours),
        permissions: seen.permissions,
        companion,
        no_companion,
        file,
        commands,
    })
}

fn unseen(seen: &observe::Observed) -> Vec<Unseen> {
    let of = |what, fault: Option<&Fault>, follows| fault.map(|fault| Unseen { what, why: fault.to_string(), follows });
    let repositories = seen.repositories.iter().find_map(|(_, found)| found.fault());
    let permissions = seen.permissions.iter().find_map(|rehearsed| rehearsed.refused.fault());
    [
        of("alarms", seen.alarms.fault(), "which signals are watched already is not known"),
        of("load balancer", seen.balancers.fault(), "no alarm on requests can be made for it"),
        of("task definition", seen.task.fault(), "its containers, logs and images are not judged"),
        of("set-up", seen.setup.fault(), "addresses, shells, deployment alarms and Container Insights are not judged"),
        of("scaling", seen.scaling.fault(), "the stack leaves its scaling alone"),
        of("scaling policies", seen.policies.fault(), "by what it scales is not known"),
        of("log groups", seen.log_groups.fault(), "how long logs are kept is not known"),
        of("repository", repositories, "its scans and its lifecycle policy are not judged"),
        of("deployments", seen.history.fault(), "whether there is something to go back to is not known"),
        of("main stack", seen.main.fault(), "its topic and its roles are not known"),
        of("companion stack", seen.companion.fault(), "whether it is deployed already is not known"),
        of("permissions", permissions, "whether IAM lets Nightshift act shows only when it does"),
    ]
    .into_iter()
    .flatten()
    .collect()
}
