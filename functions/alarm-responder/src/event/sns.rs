//! An alarm's message to an SNS topic: JSON in a string, with names of its
//! own.

use std::collections::BTreeMap;

use aws_lambda_events::event::sns::{SnsEvent, SnsMessage};
use nightshift_core::alarm::{AlarmKind, AlarmSignal, AlarmState, Door};
use nightshift_core::metric::MetricId;
use nightshift_door::{DoorError, each_readable, if_readable, quoted, read, texts};
use serde::Deserialize;
use serde_json::Value;

use super::change::Child;
use super::home::{Home, event_id};
use super::reading::{AlarmName, AlarmTime};
use super::watched::{DEFAULT_PERIOD_S, Entry, dimensions, kind_of, metrics_of};
use super::{Incoming, ignored};

/// Reasons that are given for records that are no alarm's.
const TOLD: usize = 3;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    alarm_name: AlarmName,
    new_state_value: AlarmState,
    state_change_time: AlarmTime,
    // Missing from older messages.
    #[serde(default, deserialize_with = "if_readable")]
    alarm_arn: Option<String>,
    #[serde(default, rename = "AWSAccountId", deserialize_with = "if_readable")]
    account: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    alarm_description: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    new_state_reason: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    old_state_value: Option<AlarmState>,
    #[serde(default, deserialize_with = "if_readable")]
    actions_suppressed_by: Option<String>,
    #[serde(default, deserialize_with = "texts")]
    alarm_tags: BTreeMap<String, String>,
    // None for a composite.
    #[serde(default, deserialize_with = "if_readable")]
    trigger: Option<Trigger>,
    #[serde(default, deserialize_with = "each_readable")]
    triggering_children: Vec<Child>,
}

/// What a metric alarm watches: one metric flat, or a list of entries.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Trigger {
    #[serde(default, deserialize_with = "if_readable")]
    metric_name: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    namespace: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    statistic: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    extended_statistic: Option<String>,
    #[serde(default, deserialize_with = "dimensions")]
    dimensions: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "if_readable")]
    period: Option<u32>,
    #[serde(default, deserialize_with = "each_readable")]
    metrics: Vec<Entry>,
}

/// Reads the records of an SNS event.
pub(super) fn parse(event: &Value) -> Result<Incoming, DoorError> {
    if let Some(other) = other_source(event) {
        return Ok(ignored(format!("records of {}, not of aws:sns", quoted(other))));
    }
    let event: SnsEvent = read(event, "")?;
    let mut signals = Vec::new();
    let mut whys = Vec::new();
    for (index, record) in event.records.iter().enumerate() {
        match parse_message(&record.sns, &format!("Records[{index}].Sns.Message"))? {
            Some(signal) => signals.push(signal),
            None => whys.push(why_no_alarm(&record.sns)),
        }
    }
    match (signals.pop(), signals.is_empty()) {
        (Some(only), true) => Ok(Incoming::Alarm(only)),
        (Some(last), false) => {
            signals.push(last);
            Ok(Incoming::Alarms(signals))
        }
        (None, _) if whys.is_empty() => Ok(ignored("an SNS event without records")),
        (None, _) => {
            whys.dedup();
            whys.truncate(TOLD);
            Ok(ignored(whys.join("; ")))
        }
    }
}

/// The first record's source, if it is not SNS. S3 and SQS send `Records`,
/// too, and write the field's name in lower case.
fn other_source(event: &Value) -> Option<&str> {
    let record = event.get("Records")?.get(0)?;
    let source = record.get("EventSource").or_else(|| record.get("eventSource"))?.as_str()?;
    (source != "aws:sns").then_some(source)
}

/// One message; `None` if it is no alarm's. People subscribe one function to
/// many topics, so that is no error.
fn parse_message(message: &SnsMessage, path: &str) -> Result<Option<AlarmSignal>, DoorError> {
    let content: Value = serde_json::from_str(&message.message).unwrap_or_default();
    if content.get("AlarmName").is_none() && content.get("NewStateValue").is_none() {
        return Ok(None);
    }
    signal(read(&content, path)?, &message.topic_arn, path).map(Some)
}

fn why_no_alarm(message: &SnsMessage) -> String {
    match message.subject.as_deref() {
        Some(subject) => format!("an SNS message that is no alarm's, subject {}", quoted(subject)),
        None => "an SNS message that is no alarm's, without a subject".into(),
    }
}

fn signal(message: Message, topic_arn: &str, path: &str) -> Result<AlarmSignal, DoorError> {
    let Home { arn, account, region } = home(&message, topic_arn, path)?;
    let at = message.state_change_time.0;
    let kind = message.trigger.as_ref().map_or(AlarmKind::Composite, |trigger| kind_of(&trigger.metrics));
    let was_suppressed = suppression_ended(kind, &message);
    Ok(AlarmSignal {
        event: event_id(&arn, message.new_state_value, at),
        door: Door::Sns,
        arn,
        name: message.alarm_name.0,
        account,
        region,
        kind,
        state: message.new_state_value,
        previous: message.old_state_value,
        suppressed_by: message.actions_suppressed_by,
        was_suppressed,
        at,
        reason: message.new_state_reason.unwrap_or_default(),
        description: message.alarm_description.filter(|text| !text.is_empty()),
        tags: message.alarm_tags,
        metrics: message.trigger.map(Trigger::into_metrics).unwrap_or_default(),
        children: message.triggering_children.into_iter().map(Child::into_arn).collect(),
        drill: false,
    })
}

/// A composite that stays in ALARM sends a message only because its
/// suppressor let go of it; the message does not say so itself.
fn suppression_ended(kind: AlarmKind, message: &Message) -> bool {
    kind == AlarmKind::Composite
        && message.new_state_value == AlarmState::Alarm
        && message.old_state_value == Some(AlarmState::Alarm)
}

/// Where the alarm lives. `Region` of the message is a display name such as
/// "EU (Ireland)", so without the ARN it is the topic that tells: an alarm
/// sends to topics of its own region only.
fn home(message: &Message, topic_arn: &str, path: &str) -> Result<Home, DoorError> {
    if let Some(home) = message.alarm_arn.as_deref().and_then(Home::of_arn) {
        return Ok(home);
    }
    let missing = |field: &str, why: &str| DoorError::at(&format!("{path}.{field}"), why);
    let mut place = topic_arn.split(':').skip(1);
    let (Some(partition), Some(_), Some(region)) = (place.next(), place.next(), place.next()) else {
        return Err(missing("AlarmArn", "expected an alarm's ARN, as the topic's has no region"));
    };
    match message.account.as_deref().map(str::trim) {
        Some(account) if !account.is_empty() => Ok(Home::of_parts(partition, region, account, &message.alarm_name.0)),
        _ => Err(missing("AWSAccountId", "expected a text, as there is no AlarmArn")),
    }
}

impl Trigger {
    fn into_metrics(self) -> Vec<MetricId> {
        let stat = self.statistic.map(as_api_spells_it).or(self.extended_statistic);
        let (Some(name), Some(namespace), Some(stat)) = (self.metric_name, self.namespace, stat) else {
            return metrics_of(self.metrics);
        };
        vec![MetricId {
            namespace,
            name,
            dimensions: self.dimensions,
            stat,
            period_s: self.period.unwrap_or(DEFAULT_PERIOD_S),
        }]
    }
}

/// `AVERAGE` in the message is `Average` to the API and to EventBridge.
fn as_api_spells_it(statistic: String) -> String {
    match statistic.as_str() {
        "AVERAGE" => "Average".into(),
        "SUM" => "Sum".into(),
        "MINIMUM" => "Minimum".into(),
        "MAXIMUM" => "Maximum".into(),
        "SAMPLE_COUNT" => "SampleCount".into(),
        _ => statistic,
    }
}
