//! Which alarms are a service's own, and which of them a scenario rings.

use nightshift_core::alarm::{AlarmKind, LiveAlarm};
use nightshift_core::described::{Described, Signal};
use nightshift_core::ids::ServiceRef;

use super::Scenario;
use crate::adopt::{named_service, watched_signal};

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
    let name = service.to_string();
    if Described::of_live(alarm).dependency_of.as_ref() == Some(&name) {
        return Some(Signal::Dependency);
    }
    if named_service(alarm).as_ref() != Some(&name) {
        return None;
    }
    watched_signal(alarm).or(Some(Signal::Errors).filter(|_| alarm.kind == AlarmKind::Composite))
}

/// The service's alarm that the scenario rings, of those whose actions are on: the
/// others ring nobody. A composite comes last: CloudWatch takes one back only when
/// a child changes.
pub fn fitting<'a>(alarms: &'a [LiveAlarm], service: &ServiceRef, scenario: Scenario) -> Option<&'a LiveAlarm> {
    let of = |wanted: Signal| {
        let fits = alarms.iter().filter(move |alarm| alarm.actions_enabled && signal(alarm, service) == Some(wanted));
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
    let wanted: Vec<&str> = scenario.signals().iter().map(|signal| signal.name()).collect();
    let own: Vec<String> = alarms
        .iter()
        .filter_map(|alarm| Some(format!("{} ({})", alarm.name, signal(alarm, service)?.name())))
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
