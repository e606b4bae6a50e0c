//! An alarm on the estimated charges, as CloudWatch writes it to a topic.

use jiff::Timestamp;
use nightshift_door::{DoorError, if_readable, read};
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
    if wire.trigger.and_then(|trigger| trigger.namespace).as_deref() != Some("AWS/Billing") {
        return Ok(Said::OfSomethingElse);
    }
    let rang = wire.old_state_value.as_deref().is_none_or(|old| old == "ALARM");
    let rings = match wire.new_state_value.as_str() {
        "ALARM" => true,
        "OK" if rang => false,
        _ => return Ok(Said::Nothing),
    };
    // `2026-11-20T02:14:05.123+0000`: without a colon in its offset.
    let changed = wire.state_change_time.as_deref().and_then(|text| {
        let text = text.strip_suffix("+0000").map_or_else(|| text.to_owned(), |text| format!("{text}Z"));
        text.parse().ok()
    });
    Ok(Said::News(BillingNews {
        alarm: wire.alarm_arn.unwrap_or_else(|| wire.alarm_name.clone()),
        name: wire.alarm_name,
        rings,
        reason: wire.new_state_reason.unwrap_or_default(),
        at: changed.unwrap_or(came),
    }))
}
