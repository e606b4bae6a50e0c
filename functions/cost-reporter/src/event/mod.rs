//! The door: our two schedules, what AWS finds strange, and what people asked
//! AWS to warn them of.

mod alarm;
mod anomaly;
mod budget;
mod sns;

#[cfg(test)]
mod tests;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use nightshift_core::cost::CostAnomaly;
use nightshift_door::{DoorError, quoted, read};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What moved yesterday; silent if nothing did.
    Daily,
    /// The week, whatever moved.
    Weekly,
}

/// A report that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Due {
    /// Which one.
    pub costs: Kind,
    /// The time zone of whoever reads it. Costs are booked by UTC whatever it is.
    pub zone: String,
    /// When it was due.
    pub at: Timestamp,
}

impl Due {
    /// The day that costs call today.
    pub fn today(&self) -> Date {
        self.at.to_zoned(TimeZone::UTC).date()
    }
}

/// What an invocation brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// A report is due.
    Due(Due),
    /// News that people are told of, each by itself.
    News(Vec<News>),
    /// None of ours.
    Ignored {
        /// Why.
        why: String,
    },
}

/// Something that AWS says about costs.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// Cost Anomaly Detection found something, or it grew.
    Anomaly(AnomalyNews),
    /// A budget is, or will be, used up to a threshold.
    Budget(BudgetNews),
    /// An alarm on the estimated charges.
    Billing(BillingNews),
    /// Nobody knows what it is, and it came to the topic for costs.
    Raw(RawNews),
}

/// An anomaly, with where it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct AnomalyNews {
    /// The anomaly.
    pub anomaly: CostAnomaly,
    /// In whose account, by number and name.
    pub account: (String, Option<String>),
}

/// What AWS Budgets writes in English. Amounts stay as they are written: in
/// which currency, with which separators, is the writer's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BudgetNews {
    /// Twelve digits.
    pub account: Option<String>,
    /// `March 05, 2023`.
    pub date: Option<String>,
    /// The budget.
    pub name: String,
    /// `Cost`, `Usage`, ….
    pub kind: Option<String>,
    /// `$5.00`.
    pub budgeted: Option<String>,
    /// `ACTUAL` or `FORECASTED`.
    pub alert: String,
    /// `> $0.75`.
    pub threshold: Option<String>,
    /// `$1.70`.
    pub amount: String,
    /// When it came.
    pub at: Timestamp,
}

/// An alarm of the namespace `AWS/Billing`.
#[derive(Clone, Debug, PartialEq)]
pub struct BillingNews {
    /// Its ARN, or name where the message lacks that.
    pub alarm: String,
    /// Its name.
    pub name: String,
    /// It rings.
    pub rings: bool,
    /// Why it changed.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A message that cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub struct RawNews {
    /// Its id: the same message is told once.
    pub id: String,
    /// Its subject.
    pub subject: Option<String>,
    /// Its text.
    pub text: String,
    /// When it came.
    pub at: Timestamp,
}

/// As our schedules write it; nobody else does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    costs: Kind,
    zone: String,
    at: Timestamp,
}

/// Reads an event.
///
/// # Errors
/// The path of the field that is missing or wrong.
pub fn parse(event: &Value) -> Result<Incoming, DoorError> {
    if event.get("costs").is_some() {
        let Wire { costs, zone, at } = read(event, "")?;
        let unknown = |_| DoorError::at("zone", format!("expected an IANA time zone, found {}", quoted(&zone)));
        TimeZone::get(&zone).map_err(unknown)?;
        return Ok(Incoming::Due(Due { costs, zone, at }));
    }
    if event.get("Records").is_some() {
        return sns::parse(event);
    }
    if event.get("detail-type").is_none() {
        return Ok(ignored("neither a schedule's, nor an EventBridge event, nor an SNS message"));
    }
    let event: EventBridgeEvent = read(event, "")?;
    match (event.source.as_str(), event.detail_type.as_str()) {
        ("aws.ce", "Anomaly Detected") => {
            Ok(Incoming::News(vec![News::Anomaly(anomaly::parse(&event.detail, "detail")?)]))
        }
        ("aws.cloudwatch", "CloudWatch Alarm State Change") => match alarm::of_bus(&event)? {
            alarm::Said::News(news) => Ok(Incoming::News(vec![News::Billing(news)])),
            alarm::Said::Nothing => Ok(ignored("an alarm on the bill that has no data, or had none")),
            alarm::Said::OfSomethingElse => Ok(ignored("an alarm that is not on the bill")),
        },
        (source, kind) => Ok(ignored(format!("{} of {}", quoted(kind), quoted(source)))),
    }
}

fn ignored(why: impl Into<String>) -> Incoming {
    Incoming::Ignored { why: why.into() }
}
