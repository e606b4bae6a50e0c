//! Events of costs: whose they are, and what came of them.

use cost_reporter::Report;
use cost_reporter::event::{Incoming, Kind, News};
use serde_json::{Value, json};

use super::recognise::{Function, Recognised};
use super::run::bare;
use super::{ReplayError, Replayed, Why};

/// A schedule's event, an anomaly, or a message of AWS Budgets; or whatever else
/// came by a topic for costs.
pub(super) fn of_costs(event: &Value) -> Result<Option<Recognised>, ReplayError> {
    let due = event.get("costs").is_some();
    let anomaly = event.get("source").is_some_and(|source| source == "aws.ce");
    if !due && !anomaly && !by_topic(event) && !of_the_bill(event) {
        return Ok(None);
    }
    let incoming = cost_reporter::event::parse(event).map_err(|error| ReplayError::Event(error.to_string()))?;
    let at = event.get("time").or(event.get("at")).and_then(Value::as_str).and_then(|time| time.parse().ok());
    let says = match &incoming {
        Incoming::Due(due) if due.costs == Kind::Daily => "the daily report on costs is due".to_owned(),
        Incoming::Due(_) => "the weekly report on costs is due".to_owned(),
        Incoming::News(news) => news.iter().map(named).collect::<Vec<_>>().join("; "),
        Incoming::Ignored { .. } => "nothing that a function tells".to_owned(),
    };
    Ok(Some(Recognised { function: Function::CostReporter, at, signals: Vec::new(), timer: None, says }))
}

/// An alarm on the estimated charges, from the bus.
fn of_the_bill(event: &Value) -> bool {
    let metrics = event.pointer("/detail/configuration/metrics").and_then(Value::as_array);
    let namespace = |metric: &Value| metric.pointer("/metricStat/metric/namespace") == Some(&json!("AWS/Billing"));
    event.get("detail-type").is_some() && metrics.is_some_and(|metrics| metrics.iter().any(namespace))
}

fn by_topic(event: &Value) -> bool {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    // What comes by a topic for alarms is the alarm responder's, which ignores it.
    let topic = text("/Records/0/Sns/TopicArn").rsplit(':').next().unwrap_or_default();
    text("/Records/0/Sns/Message").contains("\"anomalyId\"") || topic.contains("CostTopic")
}

fn named(news: &News) -> String {
    match news {
        News::Anomaly(found) => format!("anomaly {}", found.anomaly.id),
        News::Budget(budget) => format!("a warning of budget {}", budget.name),
        News::Billing(alarm) => format!("alarm {} on the bill", alarm.name),
        News::Raw(raw) => format!("message {} that nobody knows", raw.id),
    }
}

/// What came of the event, in words.
pub(super) fn told(report: &Report) -> Replayed {
    let says = |outcome: &str, sentence: String| {
        let why = Why { sentence: Some(sentence), ..Why::default() };
        bare(Function::CostReporter, outcome, json!(report), why)
    };
    match report {
        Report::Costs { published: Some(_), requests, .. } => {
            says("reported", format!("People are told, after {requests} questions to Cost Explorer."))
        }
        Report::Costs { day: None, .. } => says("silent", "No day is settled that was not reported on.".to_owned()),
        Report::Costs { .. } => says("silent", "Nothing moved by more than the floors.".to_owned()),
        Report::Unread { fault, .. } => says("unread", format!("{fault}.")),
        Report::News { published } if published.is_empty() => says("silent", "It was told before.".to_owned()),
        Report::News { .. } => says("told", "People are told.".to_owned()),
        Report::Off => says("off", "Reports are switched off: nothing was asked.".to_owned()),
        Report::Ignored { why } => says("ignored", format!("{why}.")),
    }
}
