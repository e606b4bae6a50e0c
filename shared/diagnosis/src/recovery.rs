//! When a service is well again. Positive evidence only: no data is not health.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::alarm::{AlarmState, LiveAlarm};
use nightshift_core::incident::Incident;
use nightshift_core::metric::{MetricId, Signal};
use nightshift_core::policy::Policy;
use nightshift_core::service::{Controller, Rollout, Service};
use nightshift_core::span::{Span, words};

use crate::signals;
use crate::trend;
use crate::view::ServiceView;
use crate::words::{clock, figure};

/// CloudWatch shows a load balancer's minute up to three minutes late; five
/// leave room for one late delivery.
const FRESH: Span = Span::minutes(5);
/// Traffic of these last minutes …
const RECENT: Span = Span::minutes(10);
/// … is back if it is at least half of what is usual at this hour.
const BACK: f64 = 0.5;
/// … and the rush for which tasks were added is over below this share of it.
const RUSH_OVER: f64 = 1.3;
/// Below so many requests a minute there is no traffic to be missed.
const TOO_FEW: f64 = 5.0;
/// What a target group waits by default before it lets go of a target.
const DEFAULT_DEREGISTRATION: Span = Span::seconds(300);

/// Whether a service is well again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Everything looks healthy right now. The hold-down is the caller's.
    Healed {
        /// One sentence for each thing that was seen.
        because: Vec<String>,
    },
    /// Something is missing, or not to be seen.
    NotYet {
        /// One sentence for each.
        waiting_for: Vec<String>,
        /// A rollout that has not failed is on its way, and nothing that was seen is ill.
        rollout_alone: bool,
    },
}

type Check = Result<String, String>;

/// Looks for positive evidence that `incident` is over: service settled,
/// targets healthy, symptom reported, traffic back, every joined alarm OK.
///
/// `alarms` are the joined alarms as they are now; one that is joined and not
/// among them could not be read, and is waited for. No rule of it can be set
/// yet; the policy is there so that one can without another signature.
pub fn recovery(
    view: &ServiceView,
    incident: &Incident,
    alarms: &[LiveAlarm],
    _policy: &Policy,
    now: Timestamp,
) -> Recovery {
    let mut checks: Vec<Check> = vec![settled(view)];
    checks.extend(targets(view));
    checks.extend(symptom(view, incident, alarms, now));
    checks.extend(traffic(view, incident, now));
    checks.extend(incident.alarms.iter().map(|(arn, joined)| {
        let live = alarms.iter().find(|alarm| alarm.arn == *arn);
        alarm_ok(&joined.name, live)
    }));
    let (because, waiting_for): (Vec<Check>, Vec<Check>) = checks.into_iter().partition(Result::is_ok);
    let waiting_for: Vec<String> = waiting_for.into_iter().filter_map(Result::err).collect();
    if waiting_for.is_empty() {
        Recovery::Healed { because: because.into_iter().filter_map(Result::ok).collect() }
    } else {
        let rollout_alone = rollout_alone(view, incident, alarms, now);
        Recovery::NotYet { waiting_for, rollout_alone }
    }
}

fn settled(view: &ServiceView) -> Check {
    if let Some(fault) = view.service.fault() {
        return Err(format!("the service cannot be seen: {fault}"));
    }
    let Some(service) = view.live_service() else { return Err("the service does not exist".into()) };
    let Service { running, desired, pending, .. } = service;
    if *desired == 0 {
        return Err("no task is wanted, so none shows that the service is well".into());
    }
    if running != desired || *pending > 0 {
        return Err(format!("{running} of {desired} tasks run, {pending} are starting"));
    }
    // Task sets of other controllers are no deployments.
    let moving = service.controller == Controller::Ecs && !service.settled();
    if moving || service.primary().is_some_and(|primary| primary.rollout == Some(Rollout::Failed)) {
        return Err("the rollout is not complete".into());
    }
    Ok(format!("all {desired} tasks run and the rollout is complete"))
}

/// Who cannot be looked at for once is not ill by that, and how its targets are is part
/// of the rollout.
fn rollout_alone(view: &ServiceView, incident: &Incident, alarms: &[LiveAlarm], now: Timestamp) -> bool {
    let rings = alarms.iter().any(|alarm| alarm.state == AlarmState::Alarm);
    let measured = [symptom(view, incident, alarms, now), traffic(view, incident, now)];
    let ill = view.metrics.fault().is_none() && measured.into_iter().flatten().any(|check| check.is_err());
    let rolls_out = match view.service.fault() {
        Some(_) => true,
        None => view.live_service().is_some_and(rolls_out),
    };
    rolls_out && !rings && !ill
}

fn rolls_out(service: &Service) -> bool {
    let rollout = service.primary().and_then(|primary| primary.rollout);
    let moves = service.deployments.len() > 1 || rollout == Some(Rollout::InProgress);
    service.desired > 0 && moves && rollout != Some(Rollout::Failed)
}

fn targets(view: &ServiceView) -> Option<Check> {
    let service = view.live_service()?;
    if service.target_groups.is_empty() {
        return None;
    }
    Some(match (view.targets.seen(), view.targets.fault()) {
        (Some(health), _) if health.unhealthy == 0 && health.healthy >= service.desired.max(1) => {
            Ok(format!("all {} targets are healthy", health.healthy))
        }
        (Some(health), _) => Err(format!(
            "{} of {} targets are healthy",
            health.healthy,
            (health.healthy + health.unhealthy).max(service.desired)
        )),
        (None, Some(fault)) => Err(format!("targets cannot be seen: {fault}")),
        (None, None) => Err("targets cannot be seen".into()),
    })
}

/// Fresh datapoints of the symptom; for a count, of the requests it counts
/// among, since a count of failures falls silent when there are none. Where nobody counts
/// requests, or there are hardly any, of the service's CPU, if CloudWatch calls the alarms OK.
fn symptom(view: &ServiceView, incident: &Incident, alarms: &[LiveAlarm], now: Timestamp) -> Option<Check> {
    if let Some(fault) = view.metrics.fault() {
        return Some(Err(format!("metrics cannot be seen: {fault}")));
    }
    // An alarm that looks at no metric of its own has no symptom to report.
    let reported = view.signal(Signal::Symptom)?;
    let periods = alarms.iter().map(|alarm| alarm.period_s).max().unwrap_or(signals::PERIOD_S);
    let longest = FRESH.duration().max(SignedDuration::from_secs(2 * i64::from(periods)));
    let fresh = |at: Timestamp| now.duration_since(at) <= longest;
    let newest = |signal| view.signal(signal).and_then(|series| series.0.iter().map(|point| point.at).max());
    let last = reported.0.iter().map(|point| point.at).max();
    let silent_when_well = alarms.iter().any(|alarm| {
        let firing = view.firing.seen().map(Vec::as_slice).unwrap_or_default();
        signals::symptom_metric(alarm, firing).as_ref().is_some_and(falls_silent)
    });
    let uncounted =
        view.signal(Signal::Requests).is_none() || usual(view, incident, now).is_none_or(|usual| usual.most < TOO_FEW);
    let all_ok = alarms.len() == incident.alarms.len() && alarms.iter().all(|alarm| alarm.state == AlarmState::Ok);
    let works = newest(Signal::Cpu).filter(|at| silent_when_well && uncounted && all_ok && fresh(*at));
    Some(match (last, newest(Signal::Requests)) {
        (Some(at), _) if fresh(at) => Ok(format!("the metric is reported, last at {}", clock(at))),
        (_, Some(at)) if silent_when_well && fresh(at) => {
            Ok(format!("requests are reported, last at {}, and no failures among them", clock(at)))
        }
        _ if works.is_some() => {
            let at = works.map(clock).unwrap_or_default();
            Ok(format!("no failures are reported, and CPU is, last at {at}"))
        }
        (Some(at), _) => Err(format!("the metric was last reported {} ago", words(now.duration_since(at)))),
        (None, _) => Err("the metric has not been reported for three hours".into()),
    })
}

/// Load balancers leave out counts of zero. Of a service's own use silence is no sign of
/// health: none of its tasks runs.
fn falls_silent(metric: &MetricId) -> bool {
    signals::counts(metric) && metric.name != "RequestCount" && metric.namespace != "AWS/ECS"
}

/// Requests a minute at this hour of other days.
struct Usual {
    /// The lower of the two: one of them may have been a rush.
    least: f64,
    most: f64,
}

fn recent(view: &ServiceView, signal: Signal, until: Timestamp) -> Option<f64> {
    trend::level(&view.points(signal), RECENT.before(until), until)
}

/// At the same hour of other days, or else before the incident. None where there is
/// nothing to compare with.
fn usual(view: &ServiceView, incident: &Incident, now: Timestamp) -> Option<Usual> {
    let day = recent(view, Signal::RequestsYesterday, Span::hours(24).before(now));
    let week = recent(view, Signal::RequestsLastWeek, Span::hours(168).before(now));
    let before = || {
        let requests = view.points(Signal::Requests);
        trend::level(&requests, Timestamp::MIN, RECENT.before(incident.opened_at))
    };
    let one = day.or(week).or_else(before)?;
    let other = week.unwrap_or(one);
    Some(Usual { least: one.min(other), most: one.max(other) })
}

/// Requests against the usual.
fn traffic(view: &ServiceView, incident: &Incident, now: Timestamp) -> Option<Check> {
    let Usual { least: usual, most: ceiling } = usual(view, incident, now)?;
    if usual < TOO_FEW {
        return None;
    }
    let Some(rate) = recent(view, Signal::Requests, now) else {
        return Some(Err(format!("no requests are reported; {} a minute are usual", figure(usual))));
    };
    let says = format!("{} requests a minute against a usual {}", figure(rate), figure(usual));
    // Added tasks are not taken away while they are what keeps it well.
    let rushing = incident.raised.is_some() && rate > RUSH_OVER * ceiling;
    Some(if rate >= BACK * usual && !rushing { Ok(says) } else { Err(says) })
}

fn alarm_ok(name: &str, live: Option<&LiveAlarm>) -> Check {
    match live.map(|alarm| alarm.state) {
        Some(AlarmState::Ok) => Ok(format!("{name} is OK")),
        Some(AlarmState::Alarm) => Err(format!("{name} is in ALARM")),
        Some(AlarmState::InsufficientData) => Err(format!("{name} has too few datapoints to tell")),
        None => Err(format!("{name} cannot be read")),
    }
}

/// Until when an incident may heal, counted `from` a remedy or the opening:
/// the rollout, the deregistration delay and the alarm's own span.
pub fn deadline(view: &ServiceView, alarm: Option<&LiveAlarm>, policy: &Policy, from: Timestamp) -> Timestamp {
    let behind_a_balancer = view.live_service().is_none_or(|service| !service.target_groups.is_empty());
    let deregistration = match view.targets.seen() {
        Some(health) => Span::seconds(i64::from(health.deregistration_delay_s)),
        None if behind_a_balancer => DEFAULT_DEREGISTRATION,
        None => Span::seconds(0),
    };
    let span = Span::seconds(alarm.map_or(0, |alarm| i64::from(alarm.span_s())));
    span.after(deregistration.after(policy.verify.rollout.after(from)))
}
