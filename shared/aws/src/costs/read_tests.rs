use aws_sdk_costexplorer::types::{AnomalyScore, DateInterval, ForecastResult, Group, Impact};
use jiff::civil::date;
use nightshift_core::cost::{CostMetric, Granularity};

use super::*;

fn query(by: &[GroupBy]) -> CostQuery {
    CostQuery {
        from: date(2026, 11, 1),
        to: date(2026, 11, 3),
        granularity: Granularity::Daily,
        metric: CostMetric::Unblended,
        by: by.to_vec(),
        services: Vec::new(),
        without: Vec::new(),
    }
}

fn value(amount: &str) -> MetricValue {
    MetricValue::builder().amount(amount).unit("USD").build()
}

fn result(start: &str, estimated: bool, groups: &[(&str, &str)]) -> ResultByTime {
    let span = DateInterval::builder().start(start).end(start).build().unwrap();
    let group =
        |(key, amount): &(&str, &str)| Group::builder().keys(*key).metrics("UnblendedCost", value(amount)).build();
    let groups = groups.iter().map(group).collect();
    ResultByTime::builder().time_period(span).estimated(estimated).set_groups(Some(groups)).build()
}

fn spent(text: &str) -> Money {
    Money::new(text.parse().unwrap(), "USD")
}

#[test]
fn an_amount_is_read_to_the_last_digit_whatever_its_form() {
    let check = |text: &str, expect: &str| assert_eq!(amount(text), Ok(expect.parse().unwrap()), "{text}");
    check("12.3456789012", "12.3456789012");
    check("-0.1", "-0.1");
    check("5.8E-9", "0.0000000058");
    check("-1.2e-5", "-0.000012");
    check("1E+2", "100");
    check("0", "0");
    for wrong in ["", "N/A", "1,000.00", "E-5"] {
        assert!(amount(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_period_that_two_pages_share_is_one() {
    let tag = [GroupBy::Tag("env".into())];
    let pages = [
        result("2026-11-01", false, &[("env$prod", "2"), ("env$", "1")]),
        result("2026-11-01", false, &[("env$a$b", "-3")]),
        result("2026-11-02", true, &[]),
    ];
    let read = periods(&query(&tag), &pages).unwrap();
    let group = |key: &str, amount: &str| CostGroup { keys: vec![key.to_owned()], spent: spent(amount) };
    let first = vec![group("", "1"), group("a$b", "-3"), group("prod", "2")];
    let expect = [
        CostPeriod { from: date(2026, 11, 1), estimated: false, groups: first },
        CostPeriod { from: date(2026, 11, 2), estimated: true, groups: Vec::new() },
    ];
    assert_eq!(read, expect);
}

#[test]
fn without_a_grouping_the_total_is_read_and_its_absence_is_no_zero() {
    let span = DateInterval::builder().start("2026-11-01").end("2026-11-02").build().unwrap();
    let total = ResultByTime::builder().time_period(span).total("UnblendedCost", value("7")).build();
    let read = periods(&query(&[]), &[total]).unwrap();
    assert_eq!(read[0].groups, [CostGroup { keys: Vec::new(), spent: spent("7") }]);
    let missing = periods(&query(&[]), &[result("2026-11-01", false, &[])]).unwrap_err();
    assert_eq!(missing, "2026-11-01 lacks UnblendedCost");
}

#[test]
fn a_forecast_is_of_its_last_period_and_of_no_other_end() {
    let part = |start: &str, end: &str, mean: &str| {
        let span = DateInterval::builder().start(start).end(end).build().unwrap();
        let bounds =
            ForecastResult::builder().prediction_interval_lower_bound("1").prediction_interval_upper_bound("9E1");
        bounds.time_period(span).mean_value(mean).build()
    };
    let found = GetCostForecastOutput::builder()
        .total(value("12"))
        .forecast_results_by_time(part("2026-11-30", "2026-12-01", "2"))
        .forecast_results_by_time(part("2026-12-01", "2027-01-01", "10"))
        .build();
    let expect = Forecast::Expected { mean: spent("10"), low: spent("1"), high: spent("90") };
    assert_eq!(forecast(&found, date(2027, 1, 1)), Ok(expect));
    assert!(forecast(&found, date(2026, 12, 1)).unwrap_err().contains("ends on 2027-01-01"));
    let empty = GetCostForecastOutput::builder().total(value("0")).build();
    assert_eq!(forecast(&empty, date(2026, 12, 1)).unwrap_err(), "a forecast without a period");
}

#[test]
fn an_anomaly_keeps_what_aws_says_of_it_and_invents_nothing() {
    let anomaly_of = |impact: Impact| {
        let score = AnomalyScore::builder().max_score(0.9).current_score(0.5).build();
        let builder = Anomaly::builder().anomaly_id("a-1").monitor_arn("arn:m").anomaly_score(score).impact(impact);
        anomaly(&builder.anomaly_start_date("2026-11-09T00:00:00Z").build().unwrap()).unwrap()
    };
    let full = Impact::builder().max_impact(0.1).total_impact(0.3).total_actual_spend(1e-7).build();
    let read = anomaly_of(full);
    assert_eq!((read.from, read.to), (Some(date(2026, 11, 9)), None));
    assert_eq!((read.impact, read.actual), ("0.3".parse().unwrap(), Some("0.0000001".parse().unwrap())));
    assert_eq!((read.expected, read.causes, read.about), (None, Vec::new(), None));
    let bare = anomaly_of(Impact::builder().max_impact(2.48).build());
    assert_eq!(bare.impact, "2.48".parse().unwrap());
}
