//! What an incident's metric did, with all that happened to it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::Incident;
use nightshift_core::metric::{MetricId, Point, Series};
use nightshift_core::ports::{AlarmReads, MetricReads, ServiceReads, TargetReads};
use nightshift_sim::{Account, poll_once};

use super::shoot::{ByHand, remedies};
use super::{Chart, Mark, Moment, Track};

/// Shown before the incident opened.
const BEFORE: SignedDuration = SignedDuration::from_mins(16);
/// Shown after it was over.
const AFTER: SignedDuration = SignedDuration::from_mins(5);

/// The chart of an incident; `None` without a metric.
pub(super) fn chart(
    account: &Account,
    (service, kept): (&ServiceRef, &Incident),
    closed_at: Option<Timestamp>,
    neighbours: usize,
    by_hand: Option<&ByHand>,
) -> Option<Chart> {
    let alarm = kept.alarms.values().next().and_then(|joined| poll_once(account.alarm(&joined.name))?.ok()?);
    let symptom = match &alarm {
        Some(alarm) => alarm.metrics.first()?.clone(),
        None => unhealthy_targets(account, service)?,
    };
    let symptom = &symptom;
    let releases = releases(account, service, kept);
    let first = releases.first().map_or(kept.opened_at, |moment| moment.at).min(kept.opened_at);
    let from = first.min(minus(kept.opened_at, BEFORE - SignedDuration::from_mins(4)));
    let from = minus(from, SignedDuration::from_mins(4)).max(minus(kept.opened_at, SignedDuration::from_mins(50)));
    let to = closed_at.map_or(account.now(), |at| plus(at, AFTER)).min(account.now());
    let mut moments = releases;
    let opened_by = match (&alarm, &kept.trouble) {
        (None, Some(trouble)) => in_short(trouble),
        _ => "alarm",
    };
    moments.push(Moment { at: kept.opened_at, mark: Mark::Alarm, label: opened_by.into() });
    moments.extend(what_was_done(kept, by_hand, closed_at, neighbours));
    moments.retain(|moment| moment.at >= from && moment.at <= to);
    moments.sort_by_key(|moment| moment.at);
    let below = below(account, symptom, service, from, to);
    let Some(alarm) = alarm else {
        let metric = failed_tasks(account, service, kept, (from, to)).or_else(|| track(account, symptom, from, to))?;
        return Some(Chart {
            from,
            to,
            metric,
            alarm: String::new(),
            threshold: None,
            in_alarm: Vec::new(),
            below,
            moments,
        });
    };
    let metric = track(account, symptom, from, to)?;
    let in_alarm = in_alarm(account, &alarm, &metric, kept.opened_at, to);
    Some(Chart { from, to, metric, alarm: alarm.name, threshold: alarm.threshold, in_alarm, below, moments })
}

/// What the guard saw, for a label in the picture.
fn in_short(trouble: &str) -> &'static str {
    match trouble {
        trouble if trouble.contains("hung") => "it hangs",
        trouble if trouble.contains("comes again") => "denied",
        _ => "it fails",
    }
}

/// What the service's load balancer says of targets that fail their checks.
fn unhealthy_targets(account: &Account, service: &ServiceRef) -> Option<MetricId> {
    let groups = poll_once(account.service(service))?.ok()??.target_groups;
    let (group, load_balancer) = poll_once(account.load_balancers(&groups))?.ok()?.pop_first()?;
    let group = group.rsplit(':').next()?.to_owned();
    Some(MetricId {
        namespace: "AWS/ApplicationELB".into(),
        name: "UnHealthyHostCount".into(),
        dimensions: [("LoadBalancer".to_owned(), load_balancer), ("TargetGroup".to_owned(), group)].into(),
        stat: "Maximum".into(),
        period_s: 60,
    })
}

/// Tasks of the suspect that ended badly, minute by minute; `None`: none did.
fn failed_tasks(
    account: &Account,
    service: &ServiceRef,
    kept: &Incident,
    (from, to): (Timestamp, Timestamp),
) -> Option<Track> {
    let suspect = &kept.suspect.as_ref()?.task_definition;
    let stopped = poll_once(account.stopped_tasks(service))?.ok()?;
    let ended = stopped.iter().filter(|task| task.task_definition == *suspect && task.crash().is_some());
    let mut minutes: BTreeMap<i64, f64> = BTreeMap::new();
    for at in ended.filter_map(|task| task.stopped_at).filter(|at| *at >= from && *at <= to) {
        *minutes.entry(at.as_second().div_euclid(60) * 60).or_default() += 1.0;
    }
    if minutes.is_empty() {
        return None;
    }
    // Where none failed none is shown, from edge to edge.
    let (first, last) = (from.as_second().div_euclid(60) * 60, to.as_second().div_euclid(60) * 60);
    minutes.entry(first).or_default();
    minutes.entry(last).or_default();
    let point = |(second, value)| Some(Point { at: Timestamp::from_second(second).ok()?, value });
    let points = minutes.into_iter().filter_map(point).collect();
    Some(Track { label: format!("Failed tasks of {}", suspect.short()), unit: "/min".into(), counts: true, points })
}

fn plus(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(at)
}

fn minus(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_sub(span).unwrap_or(at)
}

/// Releases of the last hour before the incident.
fn releases(account: &Account, service: &ServiceRef, kept: &Incident) -> Vec<Moment> {
    let history = poll_once(account.history(service)).and_then(Result::ok).unwrap_or_default();
    let since = minus(kept.opened_at, SignedDuration::from_hours(1));
    let recent = history.iter().filter(|release| release.created_at >= since && release.created_at < kept.opened_at);
    let moment = |release: &nightshift_core::release::ServiceDeployment| Moment {
        at: release.created_at,
        mark: Mark::Release,
        label: format!("release {}", release.target.task_definition.short()),
    };
    let mut moments: Vec<Moment> = recent.map(moment).collect();
    moments.reverse();
    moments
}

fn what_was_done(
    kept: &Incident,
    by_hand: Option<&ByHand>,
    closed_at: Option<Timestamp>,
    neighbours: usize,
) -> Vec<Moment> {
    let mut moments = Vec::new();
    if let (Some(remedy), Some(intent)) = (remedies(kept).next(), kept.intents.first()) {
        moments.push(Moment { at: intent.claimed_at, mark: Mark::Remedy, label: remedy.to_string() });
    } else if let Some(refusal) = &kept.refusal {
        moments.push(Moment { at: kept.opened_at, mark: Mark::Refused, label: refusal.name() });
    }
    if let Some(done) = by_hand {
        let label = format!("a person deploys {}:{}", done.service.service, done.revision);
        moments.push(Moment { at: done.at, mark: Mark::Person, label });
    }
    let over = if neighbours > 1 || remedies(kept).next().is_none() { "over" } else { "healed" };
    moments.extend(closed_at.map(|at| Moment { at, mark: Mark::Healed, label: over.into() }));
    moments
}

/// When the alarm was in ALARM, read off its datapoints: from the moment it
/// opened the incident until it went OK again.
fn in_alarm(
    account: &Account,
    alarm: &LiveAlarm,
    metric: &Track,
    opened: Timestamp,
    to: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    let span = SignedDuration::from_secs(i64::from(alarm.span_s()));
    let breaches = |value: f64| alarm.threshold.is_some_and(|line| (value > line) == alarm.breaches_above);
    let last = metric.points.iter().rfind(|point| point.at <= to && breaches(point.value));
    let still = alarm.state == nightshift_core::alarm::AlarmState::Alarm;
    let clear = if still { account.now() } else { last.map_or(opened, |point| plus(point.at, span)) };
    // The state changed when it last changed, if that was back to OK.
    let until = alarm.since.filter(|since| !still && *since > opened).unwrap_or(clear).min(to);
    if until > opened { vec![(opened, until)] } else { Vec::new() }
}

fn track(account: &Account, metric: &MetricId, from: Timestamp, to: Timestamp) -> Option<Track> {
    let wanted = [(metric.clone(), from, to)];
    let Series(points) = poll_once(account.series(&wanted))?.ok()?.pop()?;
    let (label, unit, counts) = named(metric);
    Some(Track { label: label.into(), unit: unit.into(), counts, points })
}

/// Requests, CPU and targets, where the service has them and they are not the metric
/// itself.
fn below(account: &Account, symptom: &MetricId, service: &ServiceRef, from: Timestamp, to: Timestamp) -> Vec<Track> {
    let requests = MetricId { name: "RequestCount".into(), stat: "Sum".into(), period_s: 60, ..symptom.clone() };
    let cpu = MetricId {
        namespace: "AWS/ECS".into(),
        name: "CPUUtilization".into(),
        dimensions: [("ClusterName", &service.cluster), ("ServiceName", &service.service)]
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .into(),
        stat: "Average".into(),
        period_s: 60,
    };
    let targets = MetricId { name: "HealthyHostCount".into(), stat: "Minimum".into(), ..requests.clone() };
    let others = [requests, cpu, targets].into_iter().filter(|other| other.name != symptom.name);
    others.filter_map(|other| track(account, &other, from, to)).filter(|track| !track.points.is_empty()).collect()
}

/// What a metric is called, its unit, and whether it counts.
fn named(metric: &MetricId) -> (&str, &'static str, bool) {
    match metric.name.as_str() {
        "HTTPCode_Target_5XX_Count" => ("5XX answers", "/min", true),
        "RequestCount" => ("Requests", "/min", true),
        "TargetResponseTime" => ("Response time", "s", false),
        "CPUUtilization" => ("CPU", "%", false),
        "MemoryUtilization" => ("Memory", "%", false),
        "HealthyHostCount" => ("Healthy targets", "", false),
        "UnHealthyHostCount" => ("Unhealthy targets", "", false),
        other => (other, "", false),
    }
}
