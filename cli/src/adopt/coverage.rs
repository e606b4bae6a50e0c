//! Which golden signals of which service have an alarm.

use std::collections::{BTreeMap, BTreeSet};

use nightshift_core::alarm::{LiveAlarm, TARGET_TRACKING_PREFIX};
use nightshift_core::described::{Described, Signal};
use nightshift_core::metric::MetricId;
use nightshift_core::service::Service;

/// Names of alarms by the signal they watch.
pub type Coverage = BTreeMap<Signal, BTreeSet<String>>;

/// Of each service, as `cluster/service`, the alarms that watch it. Those whose
/// actions are off ring nobody, and count for nothing but through a composite.
pub fn coverage(services: &[&Service], alarms: &[LiveAlarm]) -> BTreeMap<String, Coverage> {
    let by_name: BTreeMap<&str, &LiveAlarm> = alarms.iter().map(|alarm| (alarm.name.as_str(), alarm)).collect();
    let mut all: BTreeMap<String, Coverage> = BTreeMap::new();
    let ring = |alarm: &&LiveAlarm| alarm.actions_enabled && !alarm.name.starts_with(TARGET_TRACKING_PREFIX);
    for alarm in alarms.iter().filter(ring) {
        let looked_at = with_children(alarm, &by_name);
        let Some(own) = looked_at.iter().find_map(|alarm| owner(services, alarm)) else { continue };
        let of_children: BTreeSet<Signal> =
            looked_at.iter().skip(1).filter_map(|alarm| watched_signal(alarm)).collect();
        // What a composite says of itself is one word for all that is in it.
        let signals = if of_children.is_empty() { watched_signal(alarm).into_iter().collect() } else { of_children };
        for signal in signals {
            all.entry(own.clone()).or_default().entry(signal).or_default().insert(alarm.name.clone());
        }
    }
    all
}

/// The alarm, and what it is composed of, however deep.
fn with_children<'a>(alarm: &'a LiveAlarm, by_name: &BTreeMap<&str, &'a LiveAlarm>) -> Vec<&'a LiveAlarm> {
    let mut found = vec![alarm];
    let mut next = 0;
    while let Some(one) = found.get(next) {
        let children = one.children.iter().filter_map(|child| by_name.get(child.as_str()).copied());
        let new: Vec<&LiveAlarm> = children.filter(|child| !found.iter().any(|known| known.arn == child.arn)).collect();
        found.extend(new);
        next += 1;
    }
    found
}

/// The service that an alarm is of: by what it says, by ECS's dimensions, by
/// its target group, in the order in which Nightshift looks.
fn owner(services: &[&Service], alarm: &LiveAlarm) -> Option<String> {
    let by_group = || {
        let group = alarm.metrics.iter().find_map(|metric| metric.dimensions.get("TargetGroup"))?;
        let registered = |service: &&&Service| service.target_groups.iter().any(|arn| arn.ends_with(group.as_str()));
        let mut found = services.iter().filter(registered);
        // Several services behind one group: nobody can say which it is.
        found.next().filter(|_| found.next().is_none()).map(|service| service.service.to_string())
    };
    let found = named_service(alarm).or_else(by_group)?;
    services.iter().any(|service| service.service.to_string() == found).then_some(found)
}

/// The service that an alarm names itself, as `cluster/service`.
pub fn named_service(alarm: &LiveAlarm) -> Option<String> {
    let said = Described::of_live(alarm);
    let dimension = |name: &str| alarm.metrics.iter().find_map(|metric| metric.dimensions.get(name));
    let named = said.pair().map(|(cluster, service)| format!("{cluster}/{service}"));
    named.or_else(|| Some(format!("{}/{}", dimension("ClusterName")?, dimension("ServiceName")?)))
}

/// Which signal an alarm watches: what it says, or what its metrics tell. A
/// ratio of errors to requests is about errors.
pub fn watched_signal(alarm: &LiveAlarm) -> Option<Signal> {
    let tells = |wanted: Signal| alarm.metrics.iter().any(|metric| of_metric(metric) == Some(wanted));
    let order = [Signal::Errors, Signal::Latency, Signal::Saturation, Signal::Traffic];
    Described::of_live(alarm).signal.or_else(|| order.into_iter().find(|signal| tells(*signal)))
}

fn of_metric(metric: &MetricId) -> Option<Signal> {
    match (metric.namespace.as_str(), metric.name.as_str()) {
        ("AWS/ApplicationELB", "TargetResponseTime") | ("AWS/SQS", "ApproximateAgeOfOldestMessage") => {
            Some(Signal::Latency)
        }
        ("AWS/ApplicationELB", "RequestCount" | "RequestCountPerTarget")
        | ("AWS/SQS", "NumberOfMessagesSent" | "NumberOfMessagesReceived" | "NumberOfMessagesDeleted") => {
            Some(Signal::Traffic)
        }
        ("AWS/ApplicationELB", "TargetConnectionErrorCount") => Some(Signal::Errors),
        ("AWS/ApplicationELB", name) if name.starts_with("HTTPCode_") && name.contains("_5") => Some(Signal::Errors),
        ("AWS/ApplicationELB", "UnHealthyHostCount" | "HealthyHostCount" | "RejectedConnectionCount")
        | ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
        | ("AWS/ECS" | "ECS/ContainerInsights", _) => Some(Signal::Saturation),
        _ => None,
    }
}
