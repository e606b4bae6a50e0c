//! Observe, plan, carry out; again if somebody else wrote in between.

use jiff::Timestamp;
use nightshift_core::case::{NewCase, SCHEMA};
use nightshift_core::fault::Fault;
use nightshift_core::policy::Policy;
use nightshift_core::remedy::Outcome;
use nightshift_door::DoorError;
use serde::Serialize;
use serde_json::Value;

use crate::carry_out::{Carried, Hands, carry_out};
use crate::plan::{Decision, Plan};

/// How often a decision is made anew because somebody else wrote in between.
const DECISIONS: u32 = 3;

/// Why an event is to be delivered again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfinished {
    /// The event cannot be read; it ends in the dead-letter queue, whole.
    #[error("the event cannot be read")]
    Door(#[from] DoorError),
    /// Something failed that a retry can cure.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Another delivery of this event is at work.
    #[error("another delivery of this event is at work; a retry finds it done or resumes it")]
    InProgress,
    /// Others wrote the same record under each decision.
    #[error("the service's record changed under each of {DECISIONS} decisions")]
    Contended,
}

/// Who answers, and what: both are kept with the decision.
#[derive(Clone, Copy, Debug)]
pub struct Answering<'a> {
    /// The function.
    pub function: &'static str,
    /// The event as it came.
    pub event: &'a Value,
    /// The policy in force.
    pub policy: &'a Policy,
    /// When the answer began.
    pub now: Timestamp,
}

/// Observes, plans, and carries the plan out.
///
/// # Errors
/// If the event has to be delivered again.
pub async fn respond<W: Hands, O: Serialize + Sync>(
    world: &W,
    answering: Answering<'_>,
    observe: impl AsyncFn() -> O,
    plan: impl Fn(&O, &Policy, Timestamp) -> Plan,
) -> Result<(Plan, Option<Outcome>), Unfinished> {
    let Answering { policy, now, .. } = answering;
    for _ in 0..DECISIONS {
        let observed = observe().await;
        let plan = plan(&observed, policy, now);
        let case = case_of(answering, &observed, &plan);
        let carried = carry_out(world, &plan, &case, policy, now).await?;
        let Carried::Done { outcome } = carried else { continue };
        // What people were told must not hide that it has to come again.
        return match plan.decision {
            Decision::InProgress => Err(Unfinished::InProgress),
            Decision::Blind { fault } => Err(Unfinished::Fault(fault)),
            _ => match plan.unseen {
                Some(fault) => Err(Unfinished::Fault(fault)),
                None => Ok((plan, outcome)),
            },
        };
    }
    Err(Unfinished::Contended)
}

/// The case of a decision: all that is needed to make it again.
fn case_of<'a, O>(answering: Answering<'a>, observed: &'a O, plan: &'a Plan) -> NewCase<'a, O, Plan> {
    let Answering { function, event, policy, now } = answering;
    let record = plan.record();
    NewCase {
        schema: SCHEMA,
        build: env!("CARGO_PKG_VERSION"),
        function,
        incident: record.and_then(|record| record.incident.as_ref()).map(|incident| &incident.id),
        service: record.map(|record| &record.service),
        event,
        observed,
        policy,
        now,
        plan,
    }
}
