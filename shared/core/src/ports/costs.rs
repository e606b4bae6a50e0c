//! The port of whoever reports costs. Cost Explorer answers in one region for
//! all of them, and each request is paid for.

use std::future::Future;

use jiff::civil::Date;
use serde_json::Value;

use super::Answer;
use crate::cost::{CostAnomaly, CostMetric, CostQuery, CostTold, Costs, Forecast};
use crate::ledger::Versioned;

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

/// Remembers what was paid for, and what people were told.
pub trait CostLedger: Sync {
    /// `dynamodb:GetItem`, consistent: what Cost Explorer answered to this
    /// question on that day.
    fn answered(&self, question: &str, day: Date) -> impl Future<Output = Answer<Option<Value>>> + Send;

    /// `dynamodb:PutItem`, compressed and capped: kept for two days after that
    /// day, so that whoever asks again does not pay again.
    fn keep_answer(&self, question: &str, day: Date, answer: &Value) -> impl Future<Output = Answer<()>> + Send;

    /// `dynamodb:GetItem`, consistent: what people were told about a matter.
    fn cost_told(&self, matter: &str) -> impl Future<Output = Answer<Versioned<CostTold>>> + Send;

    /// `dynamodb:PutItem` on the condition that nobody wrote in between; `false`
    /// if somebody did.
    fn keep_cost_told(&self, matter: &str, told: &Versioned<CostTold>) -> impl Future<Output = Answer<bool>> + Send;
}
