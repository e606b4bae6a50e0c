//! `cloudwatch:GetMetricData`: many series in as few requests as it allows.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode};
use jiff::Timestamp;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::metric::{MetricId, Point, Series};
use nightshift_core::ports::Answer;
use tokio::task::JoinSet;

use crate::fault::{fault, unreadable};
use crate::moment::{date_time, moment};

const OPERATION: &str = "cloudwatch:GetMetricData";
/// Most queries that one request may hold.
const QUERIES: usize = 500;

/// A request has one window for all its queries: one request for each window,
/// all at once. The answer has the order of `wanted`.
pub(super) async fn read(client: &Client, wanted: &[(MetricId, Timestamp, Timestamp)]) -> Answer<Vec<Series>> {
    let mut windows: BTreeMap<(Timestamp, Timestamp), Vec<MetricDataQuery>> = BTreeMap::new();
    for (index, (metric, from, to)) in wanted.iter().enumerate() {
        windows.entry((*from, *to)).or_default().push(query(index, metric));
    }
    let mut requests = JoinSet::new();
    for (window, queries) in windows {
        for batch in queries.chunks(QUERIES) {
            requests.spawn(one_window(client.clone(), window, batch.to_vec()));
        }
    }
    let mut all = vec![Series::default(); wanted.len()];
    while let Some(done) = requests.join_next().await {
        let results = done.map_err(|error| unreadable(OPERATION, "metrics", error.to_string()))??;
        for result in &results {
            let series = index(result).and_then(|index| all.get_mut(index));
            let Some(series) = series else { continue };
            series.0.extend(points(result)?);
        }
    }
    for series in &mut all {
        series.0.sort_by_key(|point| point.at);
    }
    Ok(all)
}

async fn one_window(
    client: Client,
    (from, to): (Timestamp, Timestamp),
    queries: Vec<MetricDataQuery>,
) -> Answer<Vec<MetricDataResult>> {
    let mut results = Vec::new();
    let request = client
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(date_time(from))
        .end_time(date_time(to))
        .scan_by(ScanBy::TimestampAscending);
    let mut pages = request.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| fault(OPERATION, format!("from {from} to {to}"), &error))?;
        results.extend(page.metric_data_results.unwrap_or_default());
    }
    Ok(results)
}

/// The id carries the place: an id has to begin with a lower-case letter.
fn query(index: usize, metric: &MetricId) -> MetricDataQuery {
    let dimension = |(name, value): (&String, &String)| Dimension::builder().name(name).value(value).build();
    let of = Metric::builder()
        .namespace(&metric.namespace)
        .metric_name(&metric.name)
        .set_dimensions(Some(metric.dimensions.iter().map(dimension).collect()))
        .build();
    let stat = MetricStat::builder().metric(of).period(i32::try_from(metric.period_s).unwrap_or(60)).stat(&metric.stat);
    MetricDataQuery::builder().id(format!("m{index}")).metric_stat(stat.build()).build()
}

fn index(result: &MetricDataResult) -> Option<usize> {
    result.id()?.strip_prefix('m')?.parse().ok()
}

/// The datapoints, or the fault of this one query: CloudWatch answers 200 for
/// a request of which it could not read a part. `PartialData` is followed by
/// another page.
fn points(result: &MetricDataResult) -> Result<Vec<Point>, Fault> {
    let refused = |kind, text: &str| Fault::new(OPERATION, result.label().unwrap_or("a metric"), kind, text);
    match result.status_code() {
        Some(StatusCode::InternalError) => {
            return Err(refused(FaultKind::Transient, "InternalError"));
        }
        Some(StatusCode::Forbidden) => return Err(refused(FaultKind::Denied, "Forbidden")),
        _ => {}
    }
    let pairs = result.timestamps().iter().zip(result.values());
    // What is not finite cannot be stored as JSON, and says nothing.
    let finite = pairs.filter(|(_, value)| value.is_finite());
    Ok(finite.filter_map(|(at, value)| Some(Point { at: moment(Some(at))?, value: *value })).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatch::primitives::DateTime;

    fn result() -> aws_sdk_cloudwatch::types::builders::MetricDataResultBuilder {
        MetricDataResult::builder().id("m7").timestamps(DateTime::from_secs(60)).values(1.5)
    }

    #[test]
    fn a_result_finds_its_place_and_drops_what_is_no_number() {
        let result = result().timestamps(DateTime::from_secs(120)).values(f64::NAN).build();
        assert_eq!(index(&result), Some(7));
        assert_eq!(points(&result), Ok(vec![Point { at: Timestamp::from_second(60).unwrap(), value: 1.5 }]));
    }

    #[test]
    fn a_part_that_cloudwatch_could_not_read_is_a_fault_and_not_silence() {
        let failed = points(&result().status_code(StatusCode::InternalError).build()).unwrap_err();
        assert_eq!(failed.kind, FaultKind::Transient);
        let denied = points(&result().status_code(StatusCode::Forbidden).build()).unwrap_err();
        assert_eq!(denied.kind, FaultKind::Denied);
    }
}
