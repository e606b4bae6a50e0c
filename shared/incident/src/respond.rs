//! Observe, plan, carry out; again if somebody else wrote in between.

use jiff::Timestamp;
use nightshift_core::case::{Case, SCHEMA};
use nightshift_core::fault::Fault;
use nightshift_core::policy::Policy;
use nightshift_core::ports::Answer;
use nightshift_core::remedy::Outcome;
use serde::Serialize;
use serde_json::Value;

use crate::carry_out::{Carried, Hands, carry_out};
use crate::plan::{Decision, Plan};

/// How often a decision is made anew because somebody else wrote in between.
const DECISIONS: u32 = 3;

/// Why an event is to be delivered again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// Something failed that a retry can cure.
    Fault(Fault),
    /// Another delivery of this event is at work.
    InProgress,
    /// Others wrote the same record under each decision.
    Contended,
}

impl std::fmt::Display for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::InProgress => {
                f.write_str("another delivery of this event is at work; a retry finds it done or resumes it")
            }
            Self::Contended => write!(f, "the service's record changed under each of {DECISIONS} decisions"),
        }
    }
}

impl std::error::Error for Unfinished {}

impl From<Fault> for Unfinished {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Decides with `decide`, which observes and plans, and carries the plan out.
///
/// # Errors
/// If the event has to be delivered again.
pub async fn respond<W: Hands>(
    world: &W,
    policy: &Policy,
    now: Timestamp,
    decide: impl AsyncFn() -> Answer<(Plan, Case)>,
) -> Result<(Plan, Option<Outcome>), Unfinished> {
    for _ in 0..DECISIONS {
        let (plan, case) = decide().await?;
        let carried = carry_out(world, &plan, &case, policy, now).await?;
        let Carried::Done { outcome } = carried else { continue };
        // What people were told must not hide that it has to come again.
        return match plan.decision {
            Decision::InProgress => Err(Unfinished::InProgress),
            Decision::Blind { fault } => Err(Unfinished::Fault(fault)),
            _ => Ok((plan, outcome)),
        };
    }
    Err(Unfinished::Contended)
}

/// The case of a decision: all that is needed to make it again.
pub fn case_of<O: Serialize>(
    function: &str,
    event: &Value,
    (observed, plan): (&O, &Plan),
    policy: &Policy,
    now: Timestamp,
) -> Case {
    let record = plan.record();
    Case {
        schema: SCHEMA,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        function: function.to_owned(),
        incident: record.and_then(|record| record.incident.as_ref()).map(|incident| incident.id.clone()),
        service: record.map(|record| record.service.clone()),
        event: event.clone(),
        // Both are plain data: they serialise.
        observed: serde_json::to_value(observed).unwrap_or_default(),
        policy: policy.clone(),
        now,
        plan: serde_json::to_value(plan).unwrap_or_default(),
    }
}
