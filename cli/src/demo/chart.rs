//! What an incident's metric did, with all that happened to it.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::Incident;
use nightshift_core::metric::{MetricId, Series};
use nightshift_core::ports::{AlarmReads, MetricReads, ServiceReads};
use nightshift_sim::{Account, poll_once};

use super::shoot::{ByHand, remedies};
use super::{Chart, Mark, Moment, Track};

/// Shown before the incident opened.
const BEFORE: SignedDuration = SignedDuration::from_mins(16);
/// Shown after it was over.
const AFTER: SignedDuration = SignedDuration::from_mins(5);

/// The chart of an incident; `None` without an alarm that has a metric.
pub(super) fn chart(
    account: &Account,
    (service, kept): (&ServiceRef, &Incident),
    closed_at: Option<Timestamp>,
    neighbours: usize,
    by_hand: Option<&ByHand>,
) -> Option<Chart> {
    let name = kept.alarms.values().next()?.name.clone();
    let alarm = poll_once(account.alarm(&name))?.ok()??;
    let symptom = alarm.metrics.first()?;
    let releases = releases(account, service, kept);
    let first = releases.first().map_or(kept.opened_at, |moment| moment.at).min(kept.opened_at);
    let from = first.min(minus(kept.opened_at, BEFORE - SignedDuration::from_mins(4)));
    let from = minus(from, SignedDuration::from_mins(4)).max(minus(kept.opened_at, SignedDuration::from_mins(50)));
    let to = closed_at.map_or(account.now(), |at| plus(at, AFTER)).min(account.now());
    let mut moments = releases;
    moments.push(Moment { at: kept.opened_at, mark: Mark::Alarm, label: "alarm".into() });
    moments.extend(what_was_done(kept, by_hand, closed_at, neighbours));
    moments.retain(|moment| moment.at >= from && moment.at <= to);
    moments.sort_by_key(|moment| moment.at);
    let metric = track(account, symptom, from, to)?;
    let in_alarm = in_alarm(account, &alarm, &metric, kept.opened_at, to);
    let below = below(account, symptom, service, from, to);
    Some(Chart { from, to, metric, alarm: alarm.name, threshold: alarm.threshold, in_alarm, below, moments })
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
