//! What the account costs.

use jiff::civil::Date;
use nightshift_core::cost::{
    CostAnomaly, CostGroup, CostMetric, CostPeriod, CostQuery, Costs, Forecast, Granularity, GroupBy, Money,
};
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ports::{Answer, CostReads};

use crate::account::Account;
use crate::state::costs::{Asked, Bill, Expected, Filter, Period, Question, amount};
use crate::state::releases::AwsError;

impl CostReads for Account {
    async fn costs(&self, query: &CostQuery) -> Answer<Costs> {
        const OPERATION: &str = "ce:GetCostAndUsage";
        let span = format!("{} to {}", query.from, query.to);
        self.read(OPERATION, span.clone(), |state| {
            let bill = state.bill().map_err(|error| refused(error, OPERATION, &span))?;
            let found = bill.answer(&question(query)).map_err(|error| refused(error, OPERATION, &span))?;
            // One without groups takes its place too.
            let groups: usize = found.iter().map(|period| period.groups.len().max(1)).sum();
            let pages = groups.div_ceil(bill.setup.groups_per_page as usize).max(1);
            Ok(Costs {
                periods: found.into_iter().map(|found| period(&bill, found)).collect(),
                requests: u32::try_from(pages).unwrap_or(u32::MAX),
            })
        })
        .await
    }

    async fn forecast(&self, metric: CostMetric, today: Date) -> Answer<Forecast> {
        const OPERATION: &str = "ce:GetCostForecast";
        self.read(OPERATION, today.to_string(), |state| {
            let bill = state.bill().map_err(|error| refused(error, OPERATION, &today.to_string()))?;
            match bill.forecast(&asked(metric, today)) {
                Ok(found) => Ok(expected(&bill, &found)),
                Err(error) if error.code == "DataUnavailableException" => {
                    Ok(Forecast::TooLittleData { says: error.message })
                }
                Err(error) => Err(refused(error, OPERATION, &today.to_string())),
            }
        })
        .await
    }

    async fn anomalies(&self, from: Date, to: Date) -> Answer<Vec<CostAnomaly>> {
        const OPERATION: &str = "ce:GetAnomalies";
        let span = format!("{from} to {to}");
        self.read(OPERATION, span.clone(), |state| {
            let bill = state.bill().map_err(|error| refused(error, OPERATION, &span))?;
            Ok(bill.anomalies(from, to).into_iter().map(|anomaly| anomaly.seen).collect())
        })
        .await
    }

    async fn tag_values(&self, key: &str, from: Date, to: Date) -> Answer<Vec<String>> {
        const OPERATION: &str = "ce:GetTags";
        self.read(OPERATION, key, |state| {
            let found = state.bill().and_then(|bill| bill.tag_values(key, from, to));
            let values = found.map_err(|error| refused(error, OPERATION, key))?;
            Ok(values.into_iter().filter(|value| !value.is_empty()).collect())
        })
        .await
    }
}

/// The fault of a refusal; who may not look is told so.
fn refused(error: AwsError, operation: &str, resource: &str) -> Fault {
    let denied = error.code == "AccessDeniedException";
    let fault = error.fault(operation, &resource);
    if denied { Fault { kind: FaultKind::Denied, ..fault } } else { fault }
}

fn question(query: &CostQuery) -> Question {
    let mut parts = Vec::new();
    if !query.services.is_empty() {
        parts.push(Filter::Is(GroupBy::Service, query.services.clone()));
    }
    if !query.without.is_empty() {
        parts.push(Filter::Not(Box::new(Filter::Is(GroupBy::RecordType, query.without.clone()))));
    }
    let CostQuery { from, to, granularity, metric, .. } = *query;
    Question { from, to, granularity, metric, by: query.by.clone(), filter: Filter::All(parts) }
}

/// To the end of the month; on its last day, to the end of the next one.
fn asked(metric: CostMetric, today: Date) -> Asked {
    let next = |day: Date| day.tomorrow().unwrap_or(day);
    let end = next(today.last_of_month());
    let to = if next(today) == end { next(end.last_of_month()) } else { end };
    let granularity = Granularity::Monthly;
    let question = Question { from: today, to, granularity, metric, by: Vec::new(), filter: Filter::All(Vec::new()) };
    Asked { question, level: 80 }
}

/// On a month's last day there are two periods, of which the next month is the
/// last one.
fn expected(bill: &Bill<'_>, found: &[Expected]) -> Forecast {
    let Some(last) = found.last() else { return Forecast::TooLittleData { says: "no period".to_owned() } };
    Forecast::Expected { mean: money(bill, last.mean), low: money(bill, last.low), high: money(bill, last.high) }
}

fn money(bill: &Bill<'_>, micro: i64) -> Money {
    Money::new(amount(micro), bill.setup.currency.clone())
}

fn period(bill: &Bill<'_>, found: Period) -> CostPeriod {
    let group = |(keys, micro)| CostGroup { keys, spent: money(bill, micro) };
    CostPeriod { from: found.from, estimated: found.estimated, groups: found.groups.into_iter().map(group).collect() }
}
