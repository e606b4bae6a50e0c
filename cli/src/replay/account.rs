//! The account an event is replayed on.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::alarm::{AlarmSignal, AlarmState};
use nightshift_core::ids::ServiceRef;
use nightshift_core::timer::{Purpose, Timer};
use nightshift_sim::scenario::{AlarmSetup, Scenario, ScenarioError, ServiceSetup, Watched};
use toml::{Table, Value as Toml};

use super::recognise::{Function, Recognised};

/// Services of the assumed account. All have opted in, so that the answer
/// shows the remedy; a real account begins with none.
const SERVICES: [&str; 4] = ["checkout", "web", "search", "payments"];
/// A scenario fits events from its start to this long after its own.
const REACH: SignedDuration = SignedDuration::from_hours(24);
/// The assumed release began so many minutes before the event.
const RELEASED: i64 = 8;
/// The same before an alarm went back to OK: by then it is rolled back.
const RECOVERED: i64 = 6;
/// The same before a check: a remedy has just been taken.
const UNDER_WAY: i64 = 4;

/// The scenario as it stands, if the event falls into it; else moved to the
/// event.
pub(super) fn around(scenario: Scenario, at: Option<Timestamp>) -> Scenario {
    let Some(at) = at else { return scenario };
    let start = scenario.start.second(scenario.event_second());
    let end = scenario.event_second() + REACH.as_secs();
    if (start..end).contains(&at.as_second()) { scenario } else { scenario.around(at) }
}

/// What the assumed account is, for people.
pub(super) fn assumption(recognised: &Recognised) -> String {
    // What a deployment did, and what is in an image, cannot be had from the event alone.
    let untrue = match recognised.function {
        Function::DeploymentGuard | Function::ImageGuard if recognised.timer.is_none() => {
            "; nothing of what the event tells is so there: describe it with --scenario"
        }
        _ => "",
    };
    let base = format!("no scenario: assumed services {} in cluster prod, all in mode act", SERVICES.join(", "));
    if let Some(timer) = &recognised.timer {
        let service = &timer.service;
        return match &timer.purpose {
            Purpose::Verify { .. } => format!(
                "{base}, that {service} fell ill by a release {UNDER_WAY} minutes before, and that the timer's incident \
                 is the one this opened"
            ),
            Purpose::Reread { .. } => {
                format!("{base}, and that {service} fell ill by a release {RELEASED} minutes before")
            }
            Purpose::Watch { .. } => format!("{base}, and that a deployment of {service} is on its way"),
            Purpose::Look { image } => format!("{base}, and that nothing runs {image}"),
            Purpose::Fleet { .. } | Purpose::SelfDrill { .. } => base,
        };
    }
    match recognised.signals.iter().find_map(|signal| about(signal).map(|name| (signal, name))) {
        Some((signal, (cluster, service))) if signal.state != AlarmState::InsufficientData => {
            let what = if watched(signal) == Watched::Cpu { "three times the usual load" } else { "a release" };
            let minutes = began(signal.state);
            format!("{base}, and that {cluster}/{service} fell ill by {what} {minutes} minutes before the event")
        }
        _ => format!("{base}{untrue}"),
    }
}

/// An account in which the event is true: its alarm exists, watches what the
/// event says it watches, and is in the state it says.
///
/// # Errors
/// If what the event says makes no sound scenario.
pub(super) fn assumed(recognised: &Recognised) -> Result<Scenario, ScenarioError> {
    let mut scenario = Scenario::parse(&base())?;
    if let Some(at) = recognised.at {
        scenario = scenario.around(at);
    }
    if let Some(timer) = &recognised.timer {
        of_timer(&mut scenario, timer)?;
    }
    for signal in &recognised.signals {
        scenario.account.clone_from(&signal.account);
        scenario.region.clone_from(&signal.region);
        add(&mut scenario, signal)?;
    }
    Ok(scenario)
}

fn base() -> String {
    let mut text = String::from("title = \"assumed\"\nfleet_services = 12\n");
    for service in SERVICES {
        text.push_str(&service_text("prod", service));
    }
    text
}

fn service_text(cluster: &str, service: &str) -> String {
    let (cluster, service) = (Toml::from(cluster), Toml::from(service));
    format!(
        "[[service]]\ncluster = {cluster}\nname = {service}\nscaling = {{ min = 4, max = 12 }}\n\
         tags = {{ nightshift = \"act\", environment = \"production\", team = \"platform\" }}\n\
         [[service.release]]\nrevision = 41\nat = \"-9d\"\n[[service.release]]\nrevision = 42\nat = \"-3d\"\n"
    )
}

/// Which service the alarm is about, as far as the event or its name tells.
fn about(signal: &AlarmSignal) -> Option<(String, String)> {
    let pair = |cluster: Option<&str>, service: Option<&str>| Some((cluster?.to_owned(), service?.to_owned()));
    let tag = |key: &str| signal.tags.get(&format!("nightshift:{key}")).or_else(|| signal.tags.get(key));
    let described = signal.description.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let described = |key: &str| described.as_ref().and_then(|json| json.get(key)).and_then(serde_json::Value::as_str);
    let dimension = |key: &str| signal.metrics.iter().find_map(|metric| metric.dimensions.get(key)).map(String::as_str);
    let group = dimension("TargetGroup").and_then(|group| group.split('/').nth(1));
    let in_name =
        || SERVICES.into_iter().find(|service| signal.children.iter().any(|child| child.name().contains(service)));
    pair(tag("cluster").map(String::as_str), tag("service").map(String::as_str))
        .or_else(|| pair(described("cluster"), described("service")))
        .or_else(|| pair(dimension("ClusterName"), dimension("ServiceName")))
        .or_else(|| pair(Some("prod"), group))
        .or_else(|| pair(Some("prod"), in_name()))
}

/// Adds the signal's alarm, its service if that is missing, and the truth that
/// brings the alarm into its state.
fn add(scenario: &mut Scenario, signal: &AlarmSignal) -> Result<(), ScenarioError> {
    let Some((cluster, name)) = about(signal) else { return of_nobody(scenario, signal) };
    let full = format!("{cluster}/{name}");
    if scenario.service_mut(&full).is_none() {
        let parsed = Scenario::parse(&service_text(&cluster, &name))?;
        scenario.services.extend(parsed.services);
    }
    let watched = watched(signal);
    if let Some(service) = scenario.service_mut(&full) {
        place(service, signal);
        // What was unwell until now is what makes a return to OK news.
        fall_ill(service, watched, signal.state)?;
    }
    let children: Vec<String> = signal.children.iter().map(|child| child.name().to_owned()).collect();
    let metric_alarms = if children.is_empty() { vec![signal.name.clone()] } else { children.clone() };
    for alarm in metric_alarms {
        if !known(scenario, &alarm) {
            scenario.alarms.push(metric_alarm(&alarm, &full, watched, signal)?);
        }
    }
    if !children.is_empty() && !known(scenario, &signal.name) {
        let mut table = Table::new();
        table.insert("name".into(), Toml::from(signal.name.clone()));
        table.insert("children".into(), Toml::from(children));
        scenario.alarms.push(alarm_of(table)?);
    }
    Ok(())
}

/// What the timer is to look at: the service fell ill and has an incident, or
/// the alarm has just come of age.
fn of_timer(scenario: &mut Scenario, timer: &Timer) -> Result<(), ScenarioError> {
    let ServiceRef { account, region, cluster, service } = &timer.service;
    scenario.account.clone_from(account);
    scenario.region.clone_from(region);
    let (alarm, configured, minutes) = match &timer.purpose {
        Purpose::Verify { .. } => (format!("{service}-5xx"), "-30d", UNDER_WAY),
        Purpose::Reread { alarm } => (alarm.name().to_owned(), "-10m", RELEASED),
        Purpose::Watch { .. } | Purpose::Look { .. } | Purpose::Fleet { .. } | Purpose::SelfDrill { .. } => {
            (format!("{service}-5xx"), "-30d", RELEASED)
        }
    };
    let full = format!("{cluster}/{service}");
    let parsed = Scenario::parse(&format!(
        "{}[[service.release]]\nrevision = 43\nat = \"-{minutes}m\"\nerrors_percent = 9.0\n\
         [[alarm]]\nname = {}\nservice = {}\nmetric = \"errors\"\nthreshold = 10\nevaluation_periods = 2\n\
         configured = \"{configured}\"\ntags = {{ cluster = {}, service = {} }}\n",
        service_text(cluster, service),
        Toml::from(alarm),
        Toml::from(full.clone()),
        Toml::from(cluster.clone()),
        Toml::from(service.clone()),
    ))?;
    scenario.services.retain(|known| !known.is(&full));
    scenario.services.extend(parsed.services);
    scenario.alarms.extend(parsed.alarms);
    Ok(())
}

fn known(scenario: &Scenario, alarm: &str) -> bool {
    scenario.alarms.iter().any(|known| known.name == alarm)
}

/// An alarm that watches nothing of a service.
fn of_nobody(scenario: &mut Scenario, signal: &AlarmSignal) -> Result<(), ScenarioError> {
    if known(scenario, &signal.name) || signal.state != AlarmState::Alarm {
        return Ok(());
    }
    let name = Toml::from(signal.name.clone());
    let parsed = Scenario::parse(&format!(
        "{}[[outage]]\nname = {name}\nat = \"-{RELEASED}m\"\nservices = []\n\
         [[alarm]]\nname = {name}\noutage = {name}\nthreshold = 90\n",
        service_text("prod", "x")
    ))?;
    scenario.outages.extend(parsed.outages);
    scenario.alarms.extend(parsed.alarms);
    Ok(())
}

/// The service stands behind the target group and load balancer that the
/// event names.
fn place(service: &mut ServiceSetup, signal: &AlarmSignal) {
    let dimension = |key: &str| signal.metrics.iter().find_map(|metric| metric.dimensions.get(key));
    if let Some(group) = dimension("TargetGroup").and_then(|group| group.strip_prefix("targetgroup/")) {
        service.target_group = Some(group.to_owned());
    }
    if let Some(balancer) = dimension("LoadBalancer").and_then(|balancer| balancer.strip_prefix("app/")) {
        balancer.clone_into(&mut service.load_balancer);
    }
}

/// Minutes between the beginning of the trouble and the event.
fn began(state: AlarmState) -> i64 {
    if state == AlarmState::Ok { RECOVERED } else { RELEASED }
}

/// What of the service the alarm watches, by its metrics' names.
fn watched(signal: &AlarmSignal) -> Watched {
    let any = |word: &str| signal.metrics.iter().any(|metric| metric.name.contains(word));
    match () {
        () if any("ResponseTime") || any("Latency") => Watched::Latency,
        () if any("CPU") => Watched::Cpu,
        () if any("Memory") => Watched::Memory,
        () if any("UnHealthyHost") => Watched::Unhealthy,
        () if signal.metrics.len() > 1 => Watched::ErrorRatio,
        () => Watched::Errors,
    }
}

/// What makes the alarm fire: more work for CPU, a release for all else.
fn fall_ill(service: &mut ServiceSetup, watched: Watched, state: AlarmState) -> Result<(), ScenarioError> {
    let ill = !service.loads.is_empty() || service.releases.iter().any(|release| release.revision == 43);
    if state == AlarmState::InsufficientData || ill {
        return Ok(());
    }
    let minutes = began(state);
    let release = |truth: &str| format!("[[service.release]]\nrevision = 43\nat = \"-{minutes}m\"\n{truth}\n");
    let truth = match watched {
        Watched::Latency => release("latency_factor = 12.0"),
        Watched::Memory => release("crash = { kind = \"oom\", every = \"6m\" }"),
        Watched::Unhealthy => release("starts = false"),
        Watched::Cpu => format!("[[service.load]]\nat = \"-{minutes}m\"\nfactor = 3.4\n"),
        Watched::Errors | Watched::ErrorRatio | Watched::Requests => release("errors_percent = 9.0"),
    };
    let text = format!("[[service]]\nname = \"x\"\n[[service.release]]\nrevision = 1\nat = \"-9d\"\n{truth}");
    for ill in Scenario::parse(&text)?.services {
        service.releases.extend(ill.releases.into_iter().skip(1));
        service.loads.extend(ill.loads);
    }
    Ok(())
}

fn metric_alarm(
    name: &str,
    service: &str,
    watched: Watched,
    signal: &AlarmSignal,
) -> Result<AlarmSetup, ScenarioError> {
    let (metric, threshold) = match watched {
        Watched::Latency => ("latency", 0.4),
        Watched::Cpu => ("cpu", 60.0),
        Watched::Memory => ("memory", 60.0),
        Watched::Unhealthy => ("unhealthy", 0.5),
        Watched::ErrorRatio => ("error-ratio", 5.0),
        Watched::Errors | Watched::Requests => ("errors", 10.0),
    };
    let mut table = Table::new();
    table.insert("name".into(), Toml::from(name));
    table.insert("service".into(), Toml::from(service));
    table.insert("metric".into(), Toml::from(metric));
    table.insert("threshold".into(), Toml::from(threshold));
    table.insert("evaluation_periods".into(), Toml::from(2));
    if let Some(description) = &signal.description {
        table.insert("description".into(), Toml::from(description.clone()));
    }
    let tags: Table = signal.tags.iter().map(|(key, value)| (key.clone(), Toml::from(value.clone()))).collect();
    table.insert("tags".into(), Toml::Table(tags));
    alarm_of(table)
}

/// An alarm as a scenario reads it, with every default of a scenario.
fn alarm_of(table: Table) -> Result<AlarmSetup, ScenarioError> {
    table.try_into().map_err(|error: toml::de::Error| ScenarioError {
        line: None,
        field: "alarm".into(),
        says: error.message().to_owned(),
    })
}
