//! The doors: what arrives, read once into the words of the plan.
//!
//! The same change of an alarm arrives in three shapes: as an EventBridge
//! event, as the JSON text in an SNS message, and as the payload of the
//! alarm's own Lambda action. All three become one [`AlarmSignal`] with one
//! event id. Read strictly is only what the plan needs (which alarm, which
//! state, when); everything else may be missing, `null` or of a kind yet to
//! be invented, for AWS adds fields without notice.

mod change;
mod health;
mod home;
mod reading;
mod sns;
#[cfg(test)]
mod tests;
mod watched;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use nightshift_core::alarm::AlarmSignal;
use nightshift_core::health::HealthIssue;
use nightshift_door::{DoorError, quoted, read};
use serde_json::Value;

/// What an invocation brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// One alarm changed its state.
    Alarm(AlarmSignal),
    /// Several did: an SNS event with more than one alarm among its records.
    Alarms(Vec<AlarmSignal>),
    /// AWS reports an issue of its own, or its end.
    Health(HealthIssue),
    /// Nothing for this function.
    Ignored {
        /// Why not, in words for the log.
        why: String,
    },
}

/// The source of the stack's own drills: nobody but AWS can send `aws.*`.
const DRILL_SOURCE: &str = nightshift_core::drill::SOURCE;

/// Recognises an event by its content and reads it.
///
/// # Errors
///
/// The event is an alarm's change of state or a Health event, and a field
/// that the plan needs is missing or unreadable. An event of any other kind
/// is [`Incoming::Ignored`]. Where one of several SNS records is unreadable,
/// none is handed on: SNS sends one record per invocation, so this loses
/// nothing in practice, and the whole is kept for people to look at.
pub fn parse(event: &Value) -> Result<Incoming, DoorError> {
    if event.get("Records").is_some() {
        return sns::parse(event);
    }
    // First by `alarmData`: some senders wrap it into EventBridge's envelope.
    if event.get("alarmData").is_some() {
        return change::parse_direct(event).map(Incoming::Alarm);
    }
    if event.get("detail-type").is_some() {
        return parse_bus(&read(event, "")?);
    }
    Ok(ignored("neither an EventBridge event, nor SNS records, nor an alarm's Lambda action"))
}

/// Reads an event from the bus, by its detail-type and source.
fn parse_bus(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    match (event.detail_type.as_str(), event.source.as_str()) {
        ("CloudWatch Alarm State Change", "aws.cloudwatch" | DRILL_SOURCE) => {
            change::parse_detail(event).map(Incoming::Alarm)
        }
        ("AWS Health Event", "aws.health") => health::parse(event),
        (detail_type, source) => Ok(ignored(format!(
            "detail-type {} of source {} is nothing this function acts on",
            quoted(detail_type),
            quoted(source),
        ))),
    }
}

/// Not for us, and why.
fn ignored(why: impl Into<String>) -> Incoming {
    Incoming::Ignored { why: why.into() }
}
