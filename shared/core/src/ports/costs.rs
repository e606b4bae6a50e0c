//! The port of whoever reports costs. Cost Explorer answers in one region for
//! all of them, and each request is paid for.

use std::future::Future;

use jiff::civil::Date;

use super::Answer;
use crate::cost::{CostAnomaly, CostMetric, CostQuery, Costs, Forecast};

/// Reads what was spent, and what AWS makes of it.
pub trait CostReads: Sync {
    /// `ce:GetCostAndUsage`, all pages of it.
    fn costs(&self, query: &CostQuery) -> impl Future<Output = Answer<Costs>> + Send;

    /// `ce:GetCostForecast` from `today` to the end of its month; where it is the
    /// month's last day, of the whole next month: AWS takes no other first day.
    /// That it has too little to go by is an answer.
    fn forecast(&self, metric: CostMetric, today: Date) -> impl Future<Output = Answer<Forecast>> + Send;

    /// `ce:GetAnomalies` that touch these days, `to` not among them, oldest
    /// first; all pages of it.
    fn anomalies(&self, from: Date, to: Date) -> impl Future<Output = Answer<Vec<CostAnomaly>>> + Send;

    /// `ce:GetTags`: values that a cost allocation tag had in these days, `to` not
    /// among them, sorted; all pages of it, the empty one left out.
    fn tag_values(&self, key: &str, from: Date, to: Date) -> impl Future<Output = Answer<Vec<String>>> + Send;
}
