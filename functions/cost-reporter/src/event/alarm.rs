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
    new_state_reason: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    state_change_time: Option<String>,
}

/// `None`: it has no data, or none any more, which is no news of a bill.
pub(super) fn parse(message: &Value, path: &str, came: Timestamp) -> Result<Option<BillingNews>, DoorError> {
    let wire: Wire = read(message, path)?;
    let rings = match wire.new_state_value.as_str() {
        "ALARM" => true,
        "OK" => false,
        _ => return Ok(None),
    };
    // `2026-11-20T02:14:05.123+0000`: without a colon in its offset.
    let changed = wire.state_change_time.as_deref().and_then(|text| {
        let text = text.strip_suffix("+0000").map_or_else(|| text.to_owned(), |text| format!("{text}Z"));
        text.parse().ok()
    });
    Ok(Some(BillingNews {
        alarm: wire.alarm_arn.unwrap_or_else(|| wire.alarm_name.clone()),
        name: wire.alarm_name,
        rings,
        reason: wire.new_state_reason.unwrap_or_default(),
        at: changed.unwrap_or(came),
    }))
}
