//! What a report says: pure rules over what was recorded.

pub mod digest;

pub mod advice;
pub mod ending;
pub mod hindsight;
pub mod scorecard;

use nightshift_core::policy::Policy;
use serde::Serialize;

use crate::event::Kind;
use crate::observe::Observed;

use digest::Digest;
use scorecard::Scorecard;

/// What a report says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "plan", rename_all = "kebab-case")]
pub enum Plan {
    /// What was recorded without a message.
    Digest(Digest),
    /// How delivery and the automation did.
    Scorecard(Box<Scorecard>),
}

/// Decides what the report says.
pub fn plan(observed: &Observed, policy: &Policy) -> Plan {
    match observed.due.report {
        Kind::Daily => Plan::Digest(digest::digest(observed, policy)),
        Kind::Weekly => Plan::Scorecard(Box::new(scorecard::scorecard(observed))),
    }
}

/// A count of what is in memory.
fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
