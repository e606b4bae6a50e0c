//! What is of the right type and still wrong.

mod beside;
mod costs;
mod images;

use std::collections::BTreeSet;

use super::{AlarmSetup, Scenario, ServiceSetup};

/// The field and the sentence.
type Wrong = (String, String);

/// The first thing that is wrong with the scenario as a whole.
pub(super) fn wrong(scenario: &Scenario) -> Option<Wrong> {
    if scenario.services.is_empty() {
        return Some(("service".into(), "a scenario needs at least one service".into()));
    }
    let services = scenario.services.iter().enumerate();
    let alarms = scenario.alarms.iter().enumerate();
    twins(scenario)
        .or_else(|| {
            services.map(|(i, it)| (format!("service[{i}]"), it)).find_map(|(at, it)| service(scenario, &at, it))
        })
        .or_else(|| outages(scenario))
        .or_else(|| gaps(scenario))
        .or_else(|| images::wrong(scenario))
        .or_else(|| beside::wrong(scenario))
        .or_else(|| scenario.costs.as_ref().and_then(costs::wrong))
        .or_else(|| alarms.map(|(i, it)| (format!("alarm[{i}]"), it)).find_map(|(at, it)| alarm(scenario, &at, it)))
}

fn twins(scenario: &Scenario) -> Option<Wrong> {
    let mut there = BTreeSet::new();
    for (index, service) in scenario.services.iter().enumerate() {
        let full = format!("{}/{}", service.cluster, service.name);
        if !there.insert(full.clone()) {
            return Some((format!("service[{index}].name"), format!("{full} is there twice")));
        }
    }
    let mut there = BTreeSet::new();
    for (index, alarm) in scenario.alarms.iter().enumerate() {
        if !there.insert(&alarm.name) {
            return Some((format!("alarm[{index}].name"), format!("{:?} is there twice", alarm.name)));
        }
    }
    None
}

fn service(scenario: &Scenario, at: &str, service: &ServiceSetup) -> Option<Wrong> {
    let percent = |field: &str, value: f64| {
        let wrong = !(0.0..=100.0).contains(&value);
        wrong.then(|| (format!("{at}.{field}"), format!("{value} is no percentage between 0 and 100")))
    };
    if !matches!(service.status.as_str(), "ACTIVE" | "DRAINING" | "INACTIVE") {
        let says = format!("expected ACTIVE, DRAINING or INACTIVE, found {:?}", service.status);
        return Some((format!("{at}.status"), says));
    }
    if let Some(scaling) = service.scaling
        && scaling.min > scaling.max
    {
        return Some((format!("{at}.scaling"), format!("min {} is above max {}", scaling.min, scaling.max)));
    }
    if !(0.0..1.0).contains(&service.baseline.daily_rhythm) {
        let says = format!("{} is not at least 0 and below 1", service.baseline.daily_rhythm);
        return Some((format!("{at}.baseline.daily_rhythm"), says));
    }
    let baseline = &service.baseline;
    let step = |field: &str, value: f64, least: f64| {
        let wrong = !(least..=100.0).contains(&value);
        wrong.then(|| (format!("{at}.{field}"), format!("{value} is no percentage between {least} and 100")))
    };
    step("canary_percent", service.canary_percent, 0.1)
        .or_else(|| step("step_percent", service.step_percent, 3.0))
        .or_else(|| percent("baseline.errors_percent", baseline.errors_percent))
        .or_else(|| percent("baseline.memory_percent", baseline.memory_percent))
        .or_else(|| releases(scenario, at, service))
}

fn releases(scenario: &Scenario, at: &str, service: &ServiceSetup) -> Option<Wrong> {
    let event = scenario.event_second();
    let Some(first) = service.releases.first() else {
        return Some((format!("{at}.release"), "a service needs at least one release".into()));
    };
    if first.at.second(event) > scenario.start.second(event) {
        let says = "the first release must lie before the clock starts".into();
        return Some((format!("{at}.release[0].at"), says));
    }
    let mut last = i64::MIN;
    for (index, release) in service.releases.iter().enumerate() {
        let field = |name: &str| format!("{at}.release[{index}].{name}");
        if release.at.second(event) <= last {
            return Some((field("at"), "releases must stand in the order of their time".into()));
        }
        last = release.at.second(event);
        if let Some(value) = release.errors_percent.filter(|value| !(0.0..=100.0).contains(value)) {
            return Some((field("errors_percent"), format!("{value} is no percentage between 0 and 100")));
        }
        let later = [("rolled_back_at", release.rolled_back_at), ("paused_until", release.paused_until)];
        if let Some((name, _)) = later.iter().find(|(_, at)| at.is_some_and(|at| at.second(event) < last)) {
            return Some((field(name), "it lies before the release".into()));
        }
        if !release.paused_stage.has_hooks() {
            let says = format!("ECS knows no hook at {}", release.paused_stage.word());
            return Some((field("paused_stage"), says));
        }
        if release.crash.is_some_and(|crash| crash.every.as_seconds() == 0) {
            return Some((field("crash.every"), "a task must live for at least a second".into()));
        }
    }
    None
}

fn gaps(scenario: &Scenario) -> Option<Wrong> {
    scenario.gaps.iter().enumerate().find_map(|(index, gap)| {
        let known = scenario.services.iter().any(|service| service.is(&gap.service));
        (!known).then(|| (format!("gap[{index}].service"), format!("there is no service {:?}", gap.service)))
    })
}

fn outages(scenario: &Scenario) -> Option<Wrong> {
    scenario.outages.iter().enumerate().find_map(|(index, outage)| {
        let missing = outage.services.iter().find(|name| !scenario.services.iter().any(|service| service.is(name)));
        missing.map(|name| (format!("outage[{index}].services"), format!("there is no service {name:?}")))
    })
}

fn alarm(scenario: &Scenario, at: &str, alarm: &AlarmSetup) -> Option<Wrong> {
    let field = |name: &str| format!("{at}.{name}");
    if alarm.period.as_seconds() == 0 || alarm.period.as_seconds() % 60 != 0 {
        return Some((field("period"), "a period is a whole number of minutes".into()));
    }
    match (&alarm.service, &alarm.outage, alarm.children.is_empty()) {
        (Some(name), None, true) => {
            let Some(service) = scenario.services.iter().find(|service| service.is(name)) else {
                return Some((field("service"), format!("there is no service {name:?}")));
            };
            let Some(metric) = alarm.metric else {
                return Some((field("metric"), "an alarm of a service needs a metric".into()));
            };
            (service.target_group.as_deref() == Some("") && metric.of_the_load_balancer())
                .then(|| (field("metric"), format!("{name} has no target group, so there is no such metric")))
        }
        (None, Some(name), true) => (!scenario.outages.iter().any(|outage| outage.name == *name))
            .then(|| (field("outage"), format!("there is no outage {name:?}"))),
        (None, None, false) => {
            let known =
                |name: &&String| !scenario.alarms.iter().any(|other| other.name == **name && other.children.is_empty());
            let missing = alarm.children.iter().chain(&alarm.suppressor).find(known);
            missing.map(|name| (field("children"), format!("there is no metric alarm {name:?}")))
        }
        _ => Some((at.to_owned(), "an alarm has one of service, outage and children".into())),
    }
}
