//! Metrics and their datapoints.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One CloudWatch metric with its statistic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct MetricId {
    /// For example `AWS/ApplicationELB`.
    pub namespace: String,
    /// For example `HTTPCode_Target_5XX_Count`.
    pub name: String,
    /// Dimension names and values.
    pub dimensions: BTreeMap<String, String>,
    /// `Sum`, `Average`, `Maximum`, `p99`, ….
    pub stat: String,
    /// Seconds of one datapoint.
    pub period_s: u32,
}

/// What a series tells about a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// The alarm's own metric, or the telling part of its expression.
    Symptom,
    /// The same metric at the same hours one day earlier.
    SymptomYesterday,
    /// The same metric at the same hours seven days earlier.
    SymptomLastWeek,
    /// Requests per period (`RequestCount`, Sum).
    Requests,
    /// Requests at the same hours one day earlier.
    RequestsYesterday,
    /// Requests at the same hours seven days earlier.
    RequestsLastWeek,
    /// CPU of the service, per cent of the reservation.
    Cpu,
    /// Memory of the service, per cent of the reservation.
    Memory,
}

/// A target group that gets requests, by its dimensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InTraffic {
    /// `app/…`.
    pub load_balancer: String,
    /// `targetgroup/…`.
    pub target_group: String,
}

/// One datapoint.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Start of the period.
    pub at: Timestamp,
    /// In the metric's own unit.
    pub value: f64,
}

/// Datapoints in ascending order of time; gaps are normal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Series(pub Vec<Point>);

impl Series {
    /// The points at or after `from` and before `to`.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Point> + '_ {
        self.0.iter().copied().filter(move |point| point.at >= from && point.at < to)
    }

    /// The newest point.
    pub fn last(&self) -> Option<Point> {
        self.0.last().copied()
    }

    /// The median of the values in the window; `None` if it holds none.
    pub fn median(&self, from: Timestamp, to: Timestamp) -> Option<f64> {
        let mut values: Vec<f64> = self.between(from, to).map(|point| point.value).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => None,
            even if even % 2 == 0 => Some(f64::midpoint(values[middle - 1], values[middle])),
            _ => Some(values[middle]),
        }
    }
}
