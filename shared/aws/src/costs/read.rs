//! Answers of Cost Explorer, read without a float where AWS gives none.

use std::collections::HashMap;

use aws_sdk_costexplorer::operation::get_cost_forecast::GetCostForecastOutput;
use aws_sdk_costexplorer::types::{Anomaly, MetricValue, ResultByTime, RootCause as Cause};
use jiff::civil::Date;
use nightshift_core::cost::{CostAnomaly, CostGroup, CostPeriod, CostQuery, Forecast, GroupBy, Money, RootCause};
use rust_decimal::Decimal;

use super::query::metric;

/// A sentence about what cannot be read.
type Read<T> = Result<T, String>;

/// Period by period; a period that two pages share is one.
pub(super) fn periods(query: &CostQuery, results: &[ResultByTime]) -> Read<Vec<CostPeriod>> {
    let mut periods: Vec<CostPeriod> = Vec::new();
    for result in results {
        let period = period(query, result)?;
        match periods.last_mut().filter(|last| last.from == period.from) {
            Some(last) => {
                last.estimated |= period.estimated;
                last.groups.extend(period.groups);
            }
            None => periods.push(period),
        }
    }
    periods.iter_mut().for_each(|period| period.groups.sort());
    periods.sort_by_key(|period| period.from);
    Ok(periods)
}

fn period(query: &CostQuery, result: &ResultByTime) -> Read<CostPeriod> {
    let from = day(result.time_period().ok_or("a period without TimePeriod")?.start())?;
    let spent = |values: Option<&HashMap<String, MetricValue>>| {
        let name = metric(query.metric);
        money(values.and_then(|values| values.get(name)).ok_or_else(|| format!("{from} lacks {name}"))?)
    };
    // With a grouping AWS leaves the total empty.
    let groups = if query.by.is_empty() {
        vec![CostGroup { keys: Vec::new(), spent: spent(result.total())? }]
    } else {
        let group = |group: &aws_sdk_costexplorer::types::Group| {
            let keys = query.by.iter().zip(group.keys()).map(|(by, key)| plain(by, key)).collect();
            Ok(CostGroup { keys, spent: spent(group.metrics())? })
        };
        result.groups().iter().map(group).collect::<Read<_>>()?
    };
    Ok(CostPeriod { from, estimated: result.estimated(), groups })
}

/// `env$prod` of tag `env` is `prod`, and `env$` is without it.
fn plain(by: &GroupBy, key: &str) -> String {
    let value = match by {
        GroupBy::Tag(tag) => key.strip_prefix(tag.as_str()).and_then(|rest| rest.strip_prefix('$')),
        _ => None,
    };
    value.unwrap_or(key).to_owned()
}

fn money(value: &MetricValue) -> Read<Money> {
    let amount = amount(value.amount().ok_or("an Amount is missing")?)?;
    Ok(Money::new(amount, value.unit().ok_or("a Unit is missing")?))
}

/// Plain or with an exponent.
fn amount(text: &str) -> Read<Decimal> {
    nightshift_core::cost::amount(text).ok_or_else(|| format!("{text:?} is no amount"))
}

/// The digits that AWS wrote: the shortest that are this double.
fn of_double(value: f64) -> Option<Decimal> {
    value.to_string().parse().ok()
}

/// `2026-11-20`, or with a time behind it.
fn day(text: &str) -> Read<Date> {
    let day = text.split('T').next().unwrap_or_default();
    day.parse().map_err(|_| format!("{text:?} is no date"))
}

/// The last period is the one that was asked for: before it there may be the
/// month whose last day is today.
pub(super) fn forecast(found: &GetCostForecastOutput, end: Date) -> Read<Forecast> {
    let last = found.forecast_results_by_time().last().ok_or("a forecast without a period")?;
    let ends = day(last.time_period().ok_or("a forecast without TimePeriod")?.end())?;
    if ends != end {
        return Err(format!("the forecast ends on {ends} instead of {end}"));
    }
    let currency = found.total().and_then(MetricValue::unit).ok_or("a forecast without Unit")?;
    let money = |what: &str, text: Option<&str>| {
        let text = text.ok_or_else(|| format!("a forecast without {what}"))?;
        Ok::<_, String>(Money::new(amount(text)?, currency))
    };
    Ok(Forecast::Expected {
        mean: money("MeanValue", last.mean_value())?,
        low: money("PredictionIntervalLowerBound", last.prediction_interval_lower_bound())?,
        high: money("PredictionIntervalUpperBound", last.prediction_interval_upper_bound())?,
    })
}

pub(super) fn anomaly(found: &Anomaly) -> Read<CostAnomaly> {
    let impact = found.impact().ok_or_else(|| format!("anomaly {} without Impact", found.anomaly_id()))?;
    // Only the worst day's is always there.
    let total = Some(impact.total_impact()).filter(|total| *total != 0.0).unwrap_or(impact.max_impact());
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Ok(CostAnomaly {
        id: found.anomaly_id().to_owned(),
        from: found.anomaly_start_date().and_then(|text| day(text).ok()),
        to: found.anomaly_end_date().and_then(|text| day(text).ok()),
        about: found.dimension_value().and_then(text),
        impact: of_double(total).ok_or_else(|| format!("{total} is no impact"))?,
        actual: impact.total_actual_spend().and_then(of_double),
        expected: impact.total_expected_spend().and_then(of_double),
        causes: found.root_causes().iter().map(cause).collect(),
        // Only events have one.
        link: None,
        monitor: text(found.monitor_arn()),
    })
}

fn cause(found: &Cause) -> RootCause {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    RootCause {
        service: text(found.service()),
        region: text(found.region()),
        account: text(found.linked_account()),
        account_name: text(found.linked_account_name()),
        usage_type: text(found.usage_type()),
        contribution: found.impact().and_then(|impact| of_double(impact.contribution())),
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
