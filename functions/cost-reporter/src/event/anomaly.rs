//! An anomaly as EventBridge and SNS send it: nearly the same, but for the name
//! of what it is about. Amounts are JSON numbers there; they are read by their
//! digits.

use jiff::civil::Date;
use nightshift_core::cost::{CostAnomaly, RootCause};
use nightshift_door::{DoorError, each_readable, if_readable, read};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

use super::AnomalyNews;

/// AWS's ids are UUIDs; what is longer is none of its.
const LONGEST_ID: usize = 128;
/// What is longer is no link that a message can hold.
const LONGEST_LINK: usize = 2000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    anomaly_id: String,
    account_id: String,
    #[serde(default, deserialize_with = "if_readable")]
    account_name: Option<String>,
    #[serde(default, deserialize_with = "day")]
    anomaly_start_date: Option<Date>,
    #[serde(default, deserialize_with = "day")]
    anomaly_end_date: Option<Date>,
    // EventBridge's name, and SNS's.
    #[serde(default, deserialize_with = "if_readable")]
    dimension_value: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    dimensional_value: Option<String>,
    impact: Impact,
    #[serde(default, deserialize_with = "each_readable")]
    root_causes: Vec<Cause>,
    #[serde(default, deserialize_with = "if_readable")]
    monitor_name: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    anomaly_details_link: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Impact {
    #[serde(default, deserialize_with = "if_readable")]
    total_impact: Option<Number>,
    #[serde(default, deserialize_with = "if_readable")]
    max_impact: Option<Number>,
    #[serde(default, deserialize_with = "if_readable")]
    total_actual_spend: Option<Number>,
    #[serde(default, deserialize_with = "if_readable")]
    total_expected_spend: Option<Number>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cause {
    #[serde(default, deserialize_with = "if_readable")]
    service: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    region: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    linked_account: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    linked_account_name: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    usage_type: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    impact: Option<Contribution>,
}

#[derive(Deserialize)]
struct Contribution {
    #[serde(default, deserialize_with = "if_readable")]
    contribution: Option<Number>,
}

pub(super) fn parse(detail: &Value, path: &str) -> Result<AnomalyNews, DoorError> {
    let wire: Wire = read(detail, path)?;
    let at = |field: &str| format!("{path}.{field}");
    if wire.anomaly_id.is_empty() || wire.anomaly_id.len() > LONGEST_ID {
        let problem = format!("expected 1 to {LONGEST_ID} characters, found {}", wire.anomaly_id.len());
        return Err(DoorError::at(&at("anomalyId"), problem));
    }
    // Only the worst day's is there from the first hour on.
    let impact = wire.impact.total_impact.as_ref().or(wire.impact.max_impact.as_ref());
    let impact = impact.and_then(amount);
    let impact = impact.ok_or_else(|| DoorError::at(&at("impact.totalImpact"), "expected an amount of money"))?;
    let text = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let anomaly = CostAnomaly {
        id: wire.anomaly_id,
        from: wire.anomaly_start_date,
        to: wire.anomaly_end_date,
        about: text(wire.dimension_value).or_else(|| text(wire.dimensional_value)),
        impact,
        actual: wire.impact.total_actual_spend.as_ref().and_then(amount),
        expected: wire.impact.total_expected_spend.as_ref().and_then(amount),
        causes: wire.root_causes.into_iter().map(cause).collect(),
        link: text(wire.anomaly_details_link).filter(|link| link.starts_with("https://") && link.len() <= LONGEST_LINK),
        monitor: text(wire.monitor_name),
    };
    Ok(AnomalyNews { anomaly, account: (wire.account_id.chars().take(LONGEST_ID).collect(), text(wire.account_name)) })
}

fn cause(found: Cause) -> RootCause {
    let text = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let contribution = found.impact.and_then(|impact| impact.contribution);
    RootCause {
        service: text(found.service),
        region: text(found.region),
        account: text(found.linked_account),
        account_name: text(found.linked_account_name),
        usage_type: text(found.usage_type),
        contribution: contribution.as_ref().and_then(amount),
    }
}

fn amount(number: &Number) -> Option<Decimal> {
    nightshift_core::cost::amount(&number.to_string())
}

/// `2026-11-20`, with or without a time; `null`: it goes on.
fn day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    let text: Option<String> = if_readable(from)?;
    Ok(text.and_then(|text| text.split('T').next().and_then(|day| day.parse().ok())))
}
