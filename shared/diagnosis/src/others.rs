//! How the same metric does for other services in these minutes, whether or not they
//! have an alarm on it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::metric::{InTraffic, MetricId, Point, Series};
use nightshift_core::ports::Answer;
use nightshift_core::span::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::moved;
use crate::observe::LOOKBACK;
use crate::scene::calm_until;
use crate::signals::{self, target_group_dimension};
use crate::trend;
use crate::view::ServiceView;

/// So many others are looked at: more would hardly say more, and each is read and paid for.
const MOST: usize = 8;
/// What shows that requests fail; the rest of a target group's metrics moves with its traffic.
const FAILURES: [&str; 5] = [
    "HTTPCode_Target_4XX_Count",
    "HTTPCode_Target_5XX_Count",
    "TargetConnectionErrorCount",
    "TargetResponseTime",
    "UnHealthyHostCount",
];
/// One with fewer points than this was not seen.
const FEWEST_POINTS: usize = 30;

/// Onsets this close are of the same trouble.
const SAME_TIME: Span = Span::minutes(3);
/// What was over and began so long before is another story.
const LONG_BEFORE: Span = Span::minutes(10);
/// Metrics may be so late.
const LATE: Span = Span::minutes(2);
/// Half of its requests are enough to be well.
const STILL: f64 = 0.5;
/// Ends of names by which people tell the target groups of one service apart.
const COLOURS: [&str; 12] = [
    "-blue",
    "-green",
    "-alt",
    "-alternate",
    "-primary",
    "-secondary",
    "-canary",
    "-internal",
    "-public",
    "-a",
    "-b",
    "-2",
];

/// Fewer failures than this are noise, …
const FEWEST_EVENTS: f64 = 8.0;
/// … and so are more that are not so many times as frequent as before.
const TIMES: f64 = 3.0;
/// What is measured moved by so much of its level at least.
const SHARE: f64 = 0.25;

/// Another target group, and what the symptom's metric shows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Other {
    /// Its dimension, `targetgroup/…`.
    pub target_group: String,
    /// When its metric last left its level for the worse. `None`: it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// It has come back since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
    /// Whether that is more than noise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clear: bool,
    /// Its mean before, …
    pub before: f64,
    /// … and since.
    pub after: f64,
    /// Requests a minute until nothing had begun yet, …
    pub requests_before: f64,
    /// … and from then on.
    pub requests_since: f64,
}

impl Other {
    /// What people call it, without what tells two target groups of one service apart.
    fn service(&self) -> &str {
        let name = self.target_group.split('/').nth(1).unwrap_or(&self.target_group);
        COLOURS.iter().find_map(|colour| name.strip_suffix(colour)).unwrap_or(name)
    }

    /// It answers about as many requests as it did: one that is idle, or that nobody
    /// reaches any more, has no failures either.
    fn serves(&self) -> bool {
        self.requests_before >= 1.0 && self.requests_since >= STILL * self.requests_before
    }
}

/// The symptom's metric of others, those behind the same load balancer first; none where
/// the symptom is not one of a target group's failures.
pub(crate) fn chosen(
    in_traffic: Answer<Vec<InTraffic>>,
    symptom: Option<&MetricId>,
    ours: &[String],
) -> Answer<Vec<MetricId>> {
    let symptom = symptom.filter(|metric| {
        let of_requests = metric.namespace == "AWS/ApplicationELB" && metric.dimensions.len() == 2;
        of_requests && FAILURES.contains(&metric.name.as_str())
    });
    let dimension = |name| symptom.and_then(|metric| metric.dimensions.get(name));
    let (Some(symptom), Some(group), Some(balancer)) = (symptom, dimension("TargetGroup"), dimension("LoadBalancer"))
    else {
        return Ok(Vec::new());
    };
    let mut all = in_traffic?;
    all.retain(|one| {
        one.target_group != *group && !ours.iter().any(|arn| target_group_dimension(arn) == one.target_group)
    });
    all.sort_by_cached_key(|one| (one.load_balancer != *balancer, one.target_group.clone()));
    let of = |one: InTraffic| {
        let mut metric = symptom.clone();
        metric.dimensions.insert("TargetGroup".into(), one.target_group);
        metric.dimensions.insert("LoadBalancer".into(), one.load_balancer);
        metric
    };
    Ok(all.into_iter().take(MOST).map(of).collect())
}

/// What is asked for: each metric and the requests beside it.
pub(crate) fn wanted(chosen: &[MetricId], now: Timestamp) -> Vec<(MetricId, Timestamp, Timestamp)> {
    let window = |metric: MetricId| (metric, LOOKBACK.before(now), now);
    let both = |metric: &MetricId| {
        let requests = MetricId { name: "RequestCount".into(), stat: "Sum".into(), ..metric.clone() };
        [window(metric.clone()), window(requests)]
    };
    chosen.iter().flat_map(both).collect()
}

/// What the answers to [`wanted`] show.
pub(crate) fn all(chosen: &[MetricId], answers: &[Series], alarm: Option<&LiveAlarm>, now: Timestamp) -> Vec<Other> {
    let calm_until = calm_until(alarm, now);
    let pairs = chosen.iter().zip(answers.as_chunks::<2>().0);
    pairs.filter_map(|(metric, [series, requests])| seen(metric, series, requests, (calm_until, now))).collect()
}

/// What its metrics show; `None`: too little.
fn seen(
    metric: &MetricId,
    series: &Series,
    requests: &Series,
    (calm_until, now): (Timestamp, Timestamp),
) -> Option<Other> {
    let counts = signals::counts(metric);
    let mut points = trend::in_order(series).into_owned();
    if counts {
        // A silent count is a zero for as long as it got requests.
        let last = points.iter().chain(&requests.0).map(|point| point.at).max()?;
        points = trend::with_zeros(&points, LOOKBACK.before(now), last);
    }
    if points.len() < FEWEST_POINTS {
        return None;
    }
    let mut episodes = trend::episodes(&points, true, calm_until);
    if counts {
        episodes = moved::dated(&points, episodes);
    }
    let last = episodes.last();
    let split = last.map_or(points.len(), |last| points.partition_point(|point| point.at < last.onset));
    let (calm, since) = points.split_at(split);
    let (before, after) = (mean(calm), mean(since));
    let clear = match counts {
        true => (after - before) * since.len() as f64 >= FEWEST_EVENTS && after >= TIMES * before,
        false => after - before >= SHARE * before,
    };
    Some(Other {
        target_group: metric.dimensions.get("TargetGroup").cloned().unwrap_or_default(),
        since: last.map(|episode| episode.onset),
        over: last.is_some_and(|episode| episode.over),
        clear: clear && last.is_some(),
        before,
        after,
        requests_before: rate(requests, LOOKBACK.before(now), calm_until),
        requests_since: rate(requests, calm_until, LATE.before(now)),
    })
}

fn mean(points: &[Point]) -> f64 {
    points.iter().map(|point| point.value).sum::<f64>() / points.len().max(1) as f64
}

/// Requests a minute; a silent one had none.
fn rate(requests: &Series, from: Timestamp, to: Timestamp) -> f64 {
    let sum: f64 = requests.between(from, to).map(|point| point.value).sum();
    let minutes = to.duration_since(from).as_secs_f64() / 60.0;
    if minutes > 0.0 { sum / minutes } else { 0.0 }
}

/// What became of the others, by when ours began.
#[derive(Debug)]
pub(crate) struct Others<'a> {
    /// Those whose metric left its level at the same time, by service.
    pub(crate) with_us: BTreeMap<&'a str, Timestamp>,
    /// So many were well all the time. Who failed at another time, hardly, or only for a
    /// while, and who gets no requests, speaks for nobody.
    pub(crate) well: usize,
}

impl<'a> Others<'a> {
    pub(crate) fn of(view: &'a ServiceView, onset: Option<Timestamp>) -> Option<Self> {
        let (onset, others) = (onset?, view.others.seen()?);
        let mut found = Self { with_us: BTreeMap::new(), well: 0 };
        for other in others {
            let with_us = |since: &Timestamp| *since >= SAME_TIME.before(onset) && *since <= SAME_TIME.after(onset);
            match other.since {
                None if other.serves() => found.well += 1,
                Some(since) if other.over && since < LONG_BEFORE.before(onset) && other.serves() => found.well += 1,
                Some(since) if with_us(&since) && other.clear && !other.over => {
                    let first = found.with_us.entry(other.service()).or_insert(since);
                    *first = since.min(*first);
                }
                _ => {}
            }
        }
        (!found.with_us.is_empty() || found.well > 0).then_some(found)
    }

    /// They alone would explain the symptom.
    pub(crate) fn explain(&self) -> bool {
        self.with_us.len() > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn series(value: impl Fn(i64) -> Option<f64>) -> Series {
        Series((0..180).filter_map(|minute| Some(Point { at: at(minute), value: value(minute)? })).collect())
    }

    /// Three hours of a metric beside sixty requests a minute, seen at their end.
    fn look(name: &str, stat: &str, value: impl Fn(i64) -> Option<f64>, requests: &Series) -> Option<Other> {
        let dimensions = [("TargetGroup".to_owned(), "targetgroup/orders/1".to_owned())].into();
        let metric = MetricId {
            namespace: "AWS/ApplicationELB".into(),
            name: name.into(),
            dimensions,
            stat: stat.into(),
            period_s: 60,
        };
        seen(&metric, &series(value), requests, (at(170), at(180)))
    }

    fn failures(value: impl Fn(i64) -> Option<f64>) -> Other {
        look("HTTPCode_Target_5XX_Count", "Sum", value, &series(|_| Some(60.0))).unwrap()
    }

    #[test]
    fn failures_count_from_a_handful_and_a_multiple_on() {
        let failing = failures(|minute| (minute >= 175).then_some(4.0));
        assert_eq!((failing.since, failing.clear, failing.over), (Some(at(175)), true, false));
        assert_eq!((failing.before, failing.after, failing.service()), (0.0, 4.0, "orders"));
        // One now and then is what the internet is like.
        let few = failures(|minute| (minute >= 176).then_some(1.0));
        assert!(few.since.is_some() && !few.clear, "{few:?}");
        let rarely = failures(|minute| (minute % 5 == 0 || minute >= 175).then_some(9.0));
        assert!(rarely.clear, "{rarely:?}");
        let often = failures(|minute| Some(if minute >= 175 { 24.0 } else { 10.0 }));
        assert!(often.since.is_some() && !often.clear, "{often:?}");
    }

    #[test]
    fn what_is_measured_counts_from_a_quarter_of_its_level_on_and_unseen_is_unseen() {
        let requests = series(|_| Some(60.0));
        let slow = |factor: f64| {
            let value = move |minute: i64| Some(if minute >= 174 { 0.1 * factor } else { 0.1 });
            look("TargetResponseTime", "p99", value, &requests).unwrap()
        };
        assert!(slow(3.0).clear && !slow(1.2).clear && !slow(1.0).clear);
        assert_eq!(slow(3.0).since, Some(at(174)));
        assert_eq!(look("TargetResponseTime", "p99", |minute| (minute > 160).then_some(0.1), &requests), None);
    }

    #[test]
    fn what_has_come_back_is_over() {
        let back = failures(|minute| (165..170).contains(&minute).then_some(40.0));
        assert!(back.over, "{back:?}");
    }

    #[test]
    fn who_gets_no_requests_is_not_well_for_having_no_failures() {
        let with = |requests: &dyn Fn(i64) -> Option<f64>| {
            look("HTTPCode_Target_5XX_Count", "Sum", |_| None, &series(requests)).map(|other| other.serves())
        };
        assert_eq!(with(&|_| Some(60.0)), Some(true));
        assert_eq!(with(&|_| None), None);
        // Polled once an hour, left by its traffic, or out of healthy targets.
        assert_eq!(with(&|minute| (minute % 60 == 0).then_some(2.0)), Some(false));
        assert_eq!(with(&|minute| (minute < 90).then_some(60.0)), Some(false));
        assert_eq!(with(&|minute| (minute < 170).then_some(60.0)), Some(false));
    }
}
