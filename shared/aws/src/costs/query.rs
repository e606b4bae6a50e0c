//! Questions as Cost Explorer takes them.

use aws_sdk_costexplorer::types::{
    DateInterval, Dimension, DimensionValues, Expression, Granularity as Length, GroupDefinition, GroupDefinitionType,
    Metric,
};
use jiff::civil::Date;
use nightshift_core::cost::{CostMetric, CostQuery, Granularity, GroupBy};
use nightshift_core::ports::Answer;

use crate::fault::unreadable;

/// These days, `to` not among them.
pub(super) fn interval(operation: &str, from: Date, to: Date) -> Answer<DateInterval> {
    let interval = DateInterval::builder().start(from.to_string()).end(to.to_string()).build();
    interval.map_err(|error| unreadable(operation, format!("{from} to {to}"), error.to_string()))
}

/// As GetCostAndUsage calls it.
pub(super) fn metric(metric: CostMetric) -> &'static str {
    match metric {
        CostMetric::Unblended => "UnblendedCost",
        CostMetric::Amortized => "AmortizedCost",
    }
}

/// As GetCostForecast does.
pub(super) fn metric_of_forecast(metric: CostMetric) -> Metric {
    match metric {
        CostMetric::Unblended => Metric::UnblendedCost,
        CostMetric::Amortized => Metric::AmortizedCost,
    }
}

pub(super) fn length(granularity: Granularity) -> Length {
    match granularity {
        Granularity::Daily => Length::Daily,
        Granularity::Monthly => Length::Monthly,
    }
}

pub(super) fn grouping(by: &GroupBy) -> GroupDefinition {
    let dimension = |key: Dimension| (GroupDefinitionType::Dimension, key.as_str().to_owned());
    let (kind, key) = match by {
        GroupBy::Service => dimension(Dimension::Service),
        GroupBy::UsageType => dimension(Dimension::UsageType),
        GroupBy::LinkedAccount => dimension(Dimension::LinkedAccount),
        GroupBy::RecordType => dimension(Dimension::RecordType),
        GroupBy::Tag(key) => (GroupDefinitionType::Tag, key.clone()),
    };
    GroupDefinition::builder().r#type(kind).key(key).build()
}

/// What counts; `None`: all. A conjunction of one is refused by AWS.
pub(super) fn expression(query: &CostQuery) -> Option<Expression> {
    let is = |key: Dimension, values: &[String]| {
        let values = DimensionValues::builder().key(key).set_values(Some(values.to_vec())).build();
        Expression::builder().dimensions(values).build()
    };
    let mut parts = Vec::new();
    if !query.services.is_empty() {
        parts.push(is(Dimension::Service, &query.services));
    }
    if !query.without.is_empty() {
        parts.push(Expression::builder().not(is(Dimension::RecordType, &query.without)).build());
    }
    match parts.len() {
        0 | 1 => parts.pop(),
        _ => Some(Expression::builder().set_and(Some(parts)).build()),
    }
}

fn day_after(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

/// The day after the last one of a forecast that begins today: AWS takes no
/// other first day, so that on a month's last day the next one is asked for too.
pub(super) fn end_of_forecast(today: Date) -> Date {
    let next_month = day_after(today.last_of_month());
    if day_after(today) == next_month { day_after(next_month.last_of_month()) } else { next_month }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn query(services: &[&str], without: &[&str]) -> CostQuery {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        CostQuery {
            from: date(2026, 11, 1),
            to: date(2026, 11, 2),
            granularity: Granularity::Daily,
            metric: CostMetric::Unblended,
            by: Vec::new(),
            services: owned(services),
            without: owned(without),
        }
    }

    #[test]
    fn a_filter_has_one_root_and_a_conjunction_two_operands() {
        assert_eq!(expression(&query(&[], &[])), None);
        assert!(expression(&query(&["ECS"], &[])).unwrap().dimensions().is_some());
        let credits = expression(&query(&[], &["Credit", "Tax"])).unwrap();
        assert_eq!(credits.not().unwrap().dimensions().unwrap().values(), ["Credit", "Tax"]);
        let both = expression(&query(&["ECS"], &["Credit"])).unwrap();
        assert_eq!((both.and().len(), both.not().is_none(), both.dimensions().is_none()), (2, true, true));
    }

    #[test]
    fn a_forecast_never_ends_where_it_begins() {
        assert_eq!(end_of_forecast(date(2026, 11, 1)), date(2026, 12, 1));
        assert_eq!(end_of_forecast(date(2026, 11, 29)), date(2026, 12, 1));
        assert_eq!(end_of_forecast(date(2026, 11, 30)), date(2027, 1, 1));
        assert_eq!(end_of_forecast(date(2028, 2, 28)), date(2028, 3, 1));
        assert_eq!(end_of_forecast(date(2028, 2, 29)), date(2028, 4, 1));
        assert_eq!(end_of_forecast(date(2026, 12, 31)), date(2027, 2, 1));
    }
}
