//! What an alarm watches, in the spelling of EventBridge and of SNS.

use std::collections::BTreeMap;

use nightshift_core::alarm::AlarmKind;
use nightshift_core::metric::MetricId;
use nightshift_door::{if_readable, texts};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The period of a metric that tells none: CloudWatch's own default.
pub(super) const DEFAULT_PERIOD_S: u32 = 60;

/// One entry of `metrics[]`: a metric with its statistic, or an expression.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(default, alias = "Expression", deserialize_with = "if_readable")]
    expression: Option<String>,
    #[serde(default, alias = "MetricStat", deserialize_with = "if_readable")]
    metric_stat: Option<MetricStat>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetricStat {
    #[serde(alias = "Metric")]
    metric: Metric,
    #[serde(default, alias = "Period", deserialize_with = "if_readable")]
    period: Option<u32>,
    #[serde(alias = "Stat")]
    stat: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(alias = "Namespace")]
    namespace: String,
    #[serde(alias = "MetricName")]
    name: String,
    #[serde(default, alias = "Dimensions", deserialize_with = "dimensions")]
    dimensions: BTreeMap<String, String>,
}

/// A dimension in the SNS message, where the keys are in lower case.
#[derive(Deserialize)]
struct Dimension {
    #[serde(alias = "Name")]
    name: String,
    #[serde(alias = "Value")]
    value: String,
}

/// Reads dimensions: EventBridge sends an object, SNS a list of pairs.
pub(super) fn dimensions<'de, D>(from: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    match Value::deserialize(from)? {
        Value::Array(pairs) => Ok(pairs
            .into_iter()
            .filter_map(|pair| Dimension::deserialize(pair).ok())
            .map(|pair| (pair.name, pair.value))
            .collect()),
        other => Ok(texts(other).unwrap_or_default()),
    }
}

/// The kind of an alarm that watches metrics. A band is an expression, too,
/// so it is looked for first.
pub(super) fn kind_of(entries: &[Entry]) -> AlarmKind {
    let mut expressions = entries.iter().filter_map(|entry| entry.expression.as_deref()).peekable();
    if expressions.peek().is_none() {
        AlarmKind::Metric
    } else if expressions.any(|text| text.contains("ANOMALY_DETECTION_BAND")) {
        AlarmKind::AnomalyBand
    } else {
        AlarmKind::Math
    }
}

/// The metrics among the entries, in the order of the event.
pub(super) fn metrics_of(entries: Vec<Entry>) -> Vec<MetricId> {
    entries.into_iter().filter_map(|entry| entry.metric_stat).map(MetricStat::into_id).collect()
}

impl MetricStat {
    fn into_id(self) -> MetricId {
        let Metric { namespace, name, dimensions } = self.metric;
        let period_s = self.period.unwrap_or(DEFAULT_PERIOD_S);
        MetricId { namespace, name, dimensions, stat: self.stat, period_s }
    }
}
