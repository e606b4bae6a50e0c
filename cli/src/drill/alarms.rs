//! Which alarms are a service's own, and which of them a scenario rings.

use nightshift_core::alarm::{AlarmKind, LiveAlarm};
use nightshift_core::ids::ServiceRef;
use serde_json::Value;

use super::Scenario;

/// What an alarm is about: a golden signal, or what the service depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It takes long.
    Latency,
    /// It is asked too much or too little.
    Traffic,
    /// It fails.
    Errors,
    /// It is full.
    Saturation,
    /// Something that the service calls is unwell.
    Dependency,
}

impl Signal {
    /// As an alarm's description spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Traffic => "traffic",
            Self::Errors => "errors",
            Self::Saturation => "saturation",
            Self::Dependency => "dependency",
        }
    }
}

const ALL: [Signal; 5] = [Signal::Latency, Signal::Traffic, Signal::Errors, Signal::Saturation, Signal::Dependency];

/// Parts of a metric's name, and what one that has it is about.
const METRICS: [(&str, Signal); 9] = [
    ("5XX", Signal::Errors),
    ("Error", Signal::Errors),
    ("Rejected", Signal::Errors),
    ("ResponseTime", Signal::Latency),
    ("Latency", Signal::Latency),
    ("Utilization", Signal::Saturation),
    ("UnHealthyHost", Signal::Saturation),
    ("RunningTask", Signal::Saturation),
    ("RequestCount", Signal::Traffic),
];

impl Scenario {
    /// The signals whose alarm it rings, the best first.
    pub fn signals(self) -> &'static [Signal] {
        match self {
            Self::BadRelease | Self::Dependency => &[Signal::Errors],
            Self::Load => &[Signal::Saturation, Signal::Latency],
        }
    }
}

/// The alarm's signal for that service; `None`: it is not one of the service's.
pub fn signal(alarm: &LiveAlarm, service: &ServiceRef) -> Option<Signal> {
    let described: Option<Value> = alarm.description.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let says = |key: &str| described.as_ref()?.get(key)?.as_str().map(ToOwned::to_owned);
    if says("dependency_of").is_some_and(|of| of == service.to_string()) {
        return Some(Signal::Dependency);
    }
    let is = |cluster: Option<&str>, name: Option<&str>| {
        (cluster, name) == (Some(service.cluster.as_str()), Some(service.service.as_str()))
    };
    let dimension = |key: &str| alarm.metrics.iter().find_map(|metric| metric.dimensions.get(key)).map(String::as_str);
    let own = is(says("cluster").as_deref(), says("service").as_deref())
        || is(dimension("ClusterName"), dimension("ServiceName"));
    if !own {
        return None;
    }
    let word = says("signal");
    let told = ALL.into_iter().find(|signal| word.as_deref() == Some(signal.word()));
    told.or_else(|| by_metric(alarm)).or(Some(Signal::Errors).filter(|_| alarm.kind == AlarmKind::Composite))
}

/// The first of its metrics that says it.
fn by_metric(alarm: &LiveAlarm) -> Option<Signal> {
    let of = |name: &str| METRICS.iter().find(|(part, _)| name.contains(part)).map(|(_, signal)| *signal);
    alarm.metrics.iter().find_map(|metric| of(&metric.name))
}

/// The service's alarm that the scenario rings. A composite comes last: CloudWatch
/// may be long in taking one back.
pub fn fitting<'a>(alarms: &'a [LiveAlarm], service: &ServiceRef, scenario: Scenario) -> Option<&'a LiveAlarm> {
    let of = |wanted: Signal| {
        let fits = alarms.iter().filter(move |alarm| signal(alarm, service) == Some(wanted));
        fits.min_by_key(|alarm| (alarm.kind == AlarmKind::Composite, &alarm.name))
    };
    scenario.signals().iter().find_map(|wanted| of(*wanted))
}

/// The alarm of something that the service depends on.
pub fn dependency<'a>(alarms: &'a [LiveAlarm], service: &ServiceRef) -> Option<&'a LiveAlarm> {
    alarms.iter().find(|alarm| signal(alarm, service) == Some(Signal::Dependency))
}

/// Why none fits, with what there is, and what to do.
pub fn none_fits(alarms: &[LiveAlarm], service: &ServiceRef, scenario: Scenario) -> String {
    let wanted: Vec<&str> = scenario.signals().iter().map(|signal| signal.word()).collect();
    let own: Vec<String> = alarms
        .iter()
        .filter_map(|alarm| Some(format!("{} ({})", alarm.name, signal(alarm, service)?.word())))
        .collect();
    let there = match own.is_empty() {
        true => "no alarm of this account and Region names it, by its description or its dimensions".to_owned(),
        false => format!("it has {}", own.join(", ")),
    };
    format!(
        "{service} has no alarm on {}: {there}. Name one with --alarm, or let `nightshift adopt {service}` give the \
         service its alarms",
        wanted.join(" or ")
    )
}
