//! The AWS account behind the ports: the only crate that links an AWS SDK.
//!
//! One file and one Cargo feature per AWS service, so that a function links
//! what it uses. [`Account`] implements the ports of `nightshift_core::ports`
//! directly; [`Settings`] says where it is and what the stack named its parts;
//! every error passes the one classifier in `fault`. A call stands on the heap: the SDK's
//! futures are large, and would be moved at every level above.

pub mod settings;

mod client;
mod fault;
mod meter;
#[cfg(any(feature = "alarms", feature = "codedeploy", feature = "ecr", feature = "ecs"))]
mod moment;
mod prime;
#[cfg(test)]
#[cfg(any(feature = "ecs", feature = "ledger", feature = "switches"))]
mod scripted;

#[cfg(feature = "alarms")]
mod alarms;
#[cfg(feature = "codedeploy")]
mod codedeploy;
#[cfg(feature = "costs")]
mod costs;
#[cfg(feature = "ecr")]
mod ecr;
#[cfg(feature = "ecs")]
mod ecs;
#[cfg(feature = "events")]
mod events;
#[cfg(feature = "ledger")]
mod ledger;
#[cfg(feature = "logs")]
mod logs;
#[cfg(feature = "notices")]
mod notices;
#[cfg(feature = "permissions")]
mod permissions;
#[cfg(feature = "pictures")]
mod pictures;
#[cfg(feature = "scaling")]
mod scaling;
#[cfg(feature = "secrets")]
mod secrets;
#[cfg(feature = "stacks")]
mod stacks;
#[cfg(feature = "switches")]
mod switches;
#[cfg(feature = "targets")]
mod targets;
#[cfg(feature = "timers")]
mod timers;

pub use client::Account;
pub use settings::{Need, Settings};
