//! The doors: what arrives, read once into what it says.
//!
//! An event only says that it is time to look at a service; what it tells
//! beyond that is used where AWS may have forgotten it by then (a stopped
//! task, a placement that failed). So no order and no repetition of events
//! matters, and read strictly is only which service it is about.

mod calls;
mod codedeploy;
mod ecs;
#[cfg(test)]
mod tests;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use jiff::Timestamp;
use nightshift_core::codedeploy::CodeDeploymentId;
use nightshift_core::ids::{EventId, ServiceRef};
use nightshift_core::timer::Timer;
use nightshift_door::{DoorError, quoted, read};
use nightshift_release::learn::Told;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an invocation brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// News of one service.
    News(News),
    /// News of a CodeDeploy deployment; which service it is of is to be asked.
    CodeDeploy {
        /// Which one.
        deployment: CodeDeploymentId,
        /// The event.
        event: EventId,
    },
    /// A watchdog of ours.
    Watchdog(Timer),
    /// The daily look at every service.
    Sweep {
        /// The event.
        event: EventId,
    },
    /// An event of a service that it does not name whole.
    Nameless {
        /// The event.
        event: EventId,
        /// What it named.
        arn: String,
    },
    /// Nothing for this function.
    Ignored {
        /// Why not, in words for the log.
        why: String,
    },
}

/// News of one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct News {
    /// What makes two deliveries the same event.
    pub event: EventId,
    /// Which service.
    pub service: ServiceRef,
    /// What it was called: a deployment's event name, `STOPPED`, `watchdog`, ….
    pub what: String,
    /// When, by whoever sent it.
    pub at: Timestamp,
    /// What only the event may know.
    pub told: Option<Told>,
    /// From the stack's own drill.
    pub drill: bool,
}

/// What the sweep's schedule sends.
#[derive(Deserialize)]
struct Sweep {
    sweep: String,
    at: String,
}

/// The source of the stack's own drills: nobody but AWS can send `aws.*`.
pub(crate) const DRILL_SOURCE: &str = nightshift_core::drill::SOURCE;

/// Recognises an event by its content and reads it.
///
/// # Errors
/// The event is one of ours, and a field that the plan needs is missing or
/// unreadable.
pub fn parse(event: &Value) -> Result<Incoming, DoorError> {
    if event.get("purpose").is_some() {
        return read(event, "").map(Incoming::Watchdog);
    }
    if event.get("sweep").is_some() {
        let Sweep { sweep, at } = read(event, "")?;
        return Ok(Incoming::Sweep { event: EventId::of(&["sweep", &sweep, &at]) });
    }
    if event.get("detail-type").is_none() {
        return Ok(ignored("neither an EventBridge event, nor a timer, nor the sweep's schedule"));
    }
    let event: EventBridgeEvent = read(event, "")?;
    match (event.detail_type.as_str(), event.source.as_str()) {
        ("ECS Deployment State Change", "aws.ecs" | DRILL_SOURCE) => ecs::deployment(&event),
        ("ECS Service Action", "aws.ecs" | DRILL_SOURCE) => ecs::action(&event),
        ("ECS Task State Change", "aws.ecs" | DRILL_SOURCE) => ecs::task(&event),
        ("ECS Hook State Change", "aws.ecs" | DRILL_SOURCE) => ecs::hook(&event),
        ("AWS API Call via CloudTrail", "aws.ecs") => calls::parse(&event),
        ("CodeDeploy Deployment State-change Notification", "aws.codedeploy") => codedeploy::parse(&event),
        (detail_type, source) => Ok(ignored(format!(
            "detail-type {} of source {} is nothing this function acts on",
            quoted(detail_type),
            quoted(source),
        ))),
    }
}

/// Not for us, and why.
pub(crate) fn ignored(why: impl Into<String>) -> Incoming {
    Incoming::Ignored { why: why.into() }
}
