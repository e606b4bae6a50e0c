//! An alarm on the estimated charges, as CloudWatch writes it to a topic, and as
//! it puts it on the bus of us-east-1.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use jiff::Timestamp;
use nightshift_door::{DoorError, each_readable, if_readable, read};
use serde::Deserialize;
use serde_json::Value;

use super::BillingNews;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wire {
    alarm_name: String,
    #[serde(default, deserialize_with = "if_readable")]
    alarm_arn: Option<String>,
    new_state_value: String,
    #[serde(default, deserialize_with = "if_readable")]
    old_state_value: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    trigger: Option<Trigger>,
    #[serde(default, deserialize_with = "if_readable")]
    new_state_reason: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    state_change_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Trigger {
    #[serde(default, deserialize_with = "if_readable")]
    namespace: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    alarm_name: String,
    state: State,
    #[serde(default, deserialize_with = "if_readable")]
    previous_state: Option<Previous>,
    #[serde(default, deserialize_with = "if_readable")]
    configuration: Option<Configuration>,
}

#[derive(Deserialize)]
struct State {
    value: String,
    #[serde(default, deserialize_with = "if_readable")]
    reason: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Previous {
    value: String,
}

#[derive(Default, Deserialize)]
struct Configuration {
    #[serde(default, deserialize_with = "each_readable")]
    metrics: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    metric_stat: Stat,
}

#[derive(Deserialize)]
struct Stat {
    metric: Metric,
}

#[derive(Deserialize)]
struct Metric {
    namespace: String,
}

/// The namespace of the estimated charges, which only us-east-1 has.
const BILLING: &str = "AWS/Billing";

/// What an alarm's message is.
pub(super) enum Said {
    /// It rings, or what rang is over.
    News(BillingNews),
    /// It has no data, or had none: no news of a bill.
    Nothing,
    /// It watches something else.
    OfSomethingElse,
}

pub(super) fn parse(message: &Value, path: &str, came: Timestamp) -> Result<Said, DoorError> {
    let wire: Wire = read(message, path)?;
    if wire.trigger.and_then(|trigger| trigger.namespace).as_deref() != Some(BILLING) {
        return Ok(Said::OfSomethingElse);
    }
    let Some(rings) = rings(&wire.new_state_value, wire.old_state_value.as_deref()) else { return Ok(Said::Nothing) };
    Ok(Said::News(BillingNews {
        alarm: wire.alarm_arn.unwrap_or_else(|| wire.alarm_name.clone()),
        name: wire.alarm_name,
        rings,
        reason: wire.new_state_reason.unwrap_or_default(),
        at: wire.state_change_time.as_deref().and_then(moment).unwrap_or(came),
    }))
}

/// The same from the bus, forwarded from us-east-1.
pub(super) fn of_bus(event: &EventBridgeEvent) -> Result<Said, DoorError> {
    let wire: Detail = read(&event.detail, "detail")?;
    let metrics = wire.configuration.unwrap_or_default().metrics;
    if !metrics.iter().any(|entry| entry.metric_stat.metric.namespace == BILLING) {
        return Ok(Said::OfSomethingElse);
    }
    let before = wire.previous_state.as_ref().map(|state| state.value.as_str());
    let Some(rings) = rings(&wire.state.value, before) else { return Ok(Said::Nothing) };
    let missing = || DoorError::at("detail.state.timestamp", "expected when the alarm changed");
    Ok(Said::News(BillingNews {
        alarm: event.resources.iter().flatten().next().cloned().unwrap_or_else(|| wire.alarm_name.clone()),
        name: wire.alarm_name,
        rings,
        reason: wire.state.reason.unwrap_or_default(),
        at: wire.state.timestamp.as_deref().and_then(moment).ok_or_else(missing)?,
    }))
}

/// Whether it rings, or what rang is over; `None` is no news of a bill.
fn rings(now: &str, before: Option<&str>) -> Option<bool> {
    match now {
        "ALARM" => Some(true),
        "OK" if before.is_none_or(|before| before == "ALARM") => Some(false),
        _ => None,
    }
}

/// `2026-11-20T02:14:05.123+0000`: without a colon in its offset.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix("+0000").map_or_else(|| text.to_owned(), |text| format!("{text}Z"));
    text.parse().ok()
}
