//! What comes by the topic for costs: JSON of Cost Anomaly Detection and of
//! CloudWatch, English of AWS Budgets, and whatever else somebody sends there.

use aws_lambda_events::event::sns::{SnsEvent, SnsMessage};
use jiff::Timestamp;
use nightshift_door::{DoorError, quoted, read};
use serde_json::Value;

use super::alarm::Said;
use super::{Incoming, News, RawNews, alarm, anomaly, budget, ignored};

pub(super) fn parse(event: &Value) -> Result<Incoming, DoorError> {
    let source = event.pointer("/Records/0").and_then(|record| record.get("EventSource").or(record.get("eventSource")));
    if let Some(other) = source.and_then(Value::as_str).filter(|source| *source != "aws:sns") {
        return Ok(ignored(format!("records of {}, not of aws:sns", quoted(other))));
    }
    let event: SnsEvent = read(event, "")?;
    let mut news = Vec::new();
    for (index, record) in event.records.iter().enumerate() {
        news.extend(message(&record.sns, &format!("Records[{index}].Sns.Message"))?);
    }
    Ok(if news.is_empty() { ignored("SNS messages that say nothing of costs") } else { Incoming::News(news) })
}

/// One message; `None`: it is an alarm's that has no data.
fn message(message: &SnsMessage, path: &str) -> Result<Option<News>, DoorError> {
    let at = Timestamp::from_second(message.timestamp.timestamp()).unwrap_or(Timestamp::UNIX_EPOCH);
    let content: Value = serde_json::from_str(&message.message).unwrap_or_default();
    let raw = || RawNews {
        id: message.message_id.clone(),
        subject: message.subject.clone().filter(|subject| !subject.trim().is_empty()),
        text: message.message.clone(),
        at,
    };
    if content.get("anomalyId").is_some() {
        // What cannot be read is told as it came, rather than lost.
        let found = anomaly::parse(&content, path);
        return Ok(Some(found.map_or_else(
            |error| {
                tracing::warn!(%error, "an anomaly is told as it came");
                News::Raw(raw())
            },
            News::Anomaly,
        )));
    }
    if content.get("AlarmName").is_some() && content.get("NewStateValue").is_some() {
        return Ok(match alarm::parse(&content, path, at)? {
            Said::News(news) => Some(News::Billing(news)),
            Said::Nothing => None,
            Said::OfSomethingElse => Some(News::Raw(raw())),
        });
    }
    Ok(Some(budget::parse(&message.message, at).map_or_else(|| News::Raw(raw()), News::Budget)))
}
