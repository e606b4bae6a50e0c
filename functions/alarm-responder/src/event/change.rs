//! An alarm's change of state as EventBridge and the Lambda action tell it:
//! `detail` there and `alarmData` here are the same object.

use std::collections::BTreeMap;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use nightshift_core::alarm::{AlarmKind, AlarmSignal, AlarmState, Door};
use nightshift_core::ids::{AlarmArn, partition};
use nightshift_door::{DoorError, each_readable, if_readable, read, texts};
use serde::Deserialize;
use serde_json::Value;

use super::DRILL_SOURCE;
use super::home::{Home, event_id};
use super::reading::{AlarmName, AlarmTime};
use super::watched::{Entry, kind_of, metrics_of};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    alarm_name: AlarmName,
    state: State,
    #[serde(default, deserialize_with = "if_readable")]
    previous_state: Option<Previous>,
    #[serde(default, deserialize_with = "if_readable")]
    configuration: Option<Configuration>,
    // Only where the account lets alarms propagate their tags.
    #[serde(default, deserialize_with = "texts")]
    alarm_tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    value: AlarmState,
    timestamp: AlarmTime,
    #[serde(default, deserialize_with = "if_readable")]
    reason: Option<String>,
    // A JSON document inside a string.
    #[serde(default, deserialize_with = "if_readable")]
    reason_data: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    actions_suppressed_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Previous {
    #[serde(default, deserialize_with = "if_readable")]
    value: Option<AlarmState>,
    #[serde(default, deserialize_with = "if_readable")]
    actions_suppressed_by: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    #[serde(default, deserialize_with = "if_readable")]
    description: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    alarm_rule: Option<String>,
    #[serde(default, deserialize_with = "each_readable")]
    metrics: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReasonData {
    #[serde(default, deserialize_with = "each_readable")]
    triggering_alarms: Vec<Child>,
}

/// A child of a composite, in the spelling of EventBridge and of SNS.
#[derive(Deserialize)]
pub(super) struct Child {
    #[serde(alias = "Arn")]
    arn: String,
}

impl Child {
    /// The child's ARN, free of the spaces in AWS's own samples.
    pub fn into_arn(self) -> AlarmArn {
        Home::of_arn(&self.arn).map_or(AlarmArn(self.arn), |home| home.arn)
    }
}

/// The Lambda action's payload around `alarmData`. AWS's samples for it show
/// EventBridge's names as well.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Direct {
    #[serde(default, deserialize_with = "if_readable")]
    source: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    alarm_arn: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    account_id: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    account: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    region: Option<String>,
    #[serde(default, deserialize_with = "each_readable")]
    resources: Vec<String>,
}

/// Who sent the change, beside what it says.
struct Sender<'a> {
    door: Door,
    drill: bool,
    arns: Vec<&'a str>,
    /// Name of the field, and what it holds.
    account: (&'static str, Option<&'a str>),
    region: Option<&'a str>,
}

/// Reads an alarm's change of state from the bus.
pub(super) fn parse_detail(event: &EventBridgeEvent) -> Result<AlarmSignal, DoorError> {
    let sender = Sender {
        door: Door::EventBridge,
        drill: event.source == DRILL_SOURCE,
        arns: event.resources.iter().flatten().map(String::as_str).collect(),
        account: ("account", event.account.as_deref()),
        region: event.region.as_deref(),
    };
    signal(read(&event.detail, "detail")?, &sender)
}

/// Reads the payload of an alarm's Lambda action.
pub(super) fn parse_direct(event: &Value) -> Result<AlarmSignal, DoorError> {
    let direct: Direct = read(event, "")?;
    let arns = direct.alarm_arn.iter().chain(&direct.resources);
    let sender = Sender {
        door: Door::Direct,
        drill: direct.source.as_deref() == Some(DRILL_SOURCE),
        arns: arns.map(String::as_str).collect(),
        account: ("accountId", direct.account_id.as_deref().or(direct.account.as_deref())),
        region: direct.region.as_deref(),
    };
    let change = read(event.get("alarmData").unwrap_or(&Value::Null), "alarmData")?;
    signal(change, &sender)
}

fn signal(change: Change, sender: &Sender<'_>) -> Result<AlarmSignal, DoorError> {
    let Change { alarm_name: AlarmName(name), state, previous_state, configuration, alarm_tags } = change;
    let Home { arn, account, region } = home(sender, &name)?;
    let configuration = configuration.unwrap_or_default();
    let children = children(state.reason_data.as_deref());
    let composite = configuration.alarm_rule.is_some() || !children.is_empty();
    let at = state.timestamp.0;
    Ok(AlarmSignal {
        event: event_id(&arn, state.value, at),
        door: sender.door,
        arn,
        name,
        account,
        region,
        kind: if composite { AlarmKind::Composite } else { kind_of(&configuration.metrics) },
        state: state.value,
        previous: previous_state.as_ref().and_then(|previous| previous.value),
        suppressed_by: state.actions_suppressed_by,
        was_suppressed: previous_state.is_some_and(|state| state.actions_suppressed_by.is_some()),
        at,
        reason: state.reason.unwrap_or_default(),
        description: configuration.description.filter(|text| !text.is_empty()),
        tags: alarm_tags,
        metrics: metrics_of(configuration.metrics),
        children,
        drill: sender.drill,
    })
}

fn home(sender: &Sender<'_>, name: &str) -> Result<Home, DoorError> {
    if let Some(home) = sender.arns.iter().find_map(|arn| Home::of_arn(arn)) {
        return Ok(home);
    }
    let needed = |field: &str, value: Option<&str>| match value {
        Some(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        _ => Err(DoorError::at(field, "expected a text, as the event carries no alarm's ARN")),
    };
    let account = needed(sender.account.0, sender.account.1)?;
    let region = needed("region", sender.region)?;
    Ok(Home::of_parts(partition(&region), &region, &account, name))
}

/// The children that made a composite change. Its reason data is free to be
/// absent or cut off; then there are none, and the live alarm tells more.
fn children(reason_data: Option<&str>) -> Vec<AlarmArn> {
    reason_data
        .and_then(|text| serde_json::from_str::<ReasonData>(text).ok())
        .map(|data| data.triggering_alarms.into_iter().map(Child::into_arn).collect())
        .unwrap_or_default()
}
