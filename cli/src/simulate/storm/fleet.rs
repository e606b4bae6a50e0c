//! The account that a storm goes through: thousands of services on one thing that
//! goes down, each with a handful of alarms.

use nightshift_core::service::MODE_TAG;
use nightshift_core::span::Span;
use nightshift_sim::Scenario;
use nightshift_sim::scenario::{AlarmSetup, Moment, Outage, Release, ScenarioError, ServiceSetup, Watched, builtin};

use nightshift_sim::dice::Dice;

/// Services of one cluster.
const PER_CLUSTER: u32 = 100;
/// Minutes of the outage after the alarms.
const LASTS: i64 = 20;
/// What alarms of one service watch, and above which threshold.
const WATCHED: [(&str, Watched, Option<&str>, f64); 5] = [
    ("5xx", Watched::Errors, None, 10.0),
    ("error-ratio", Watched::ErrorRatio, None, 5.0),
    ("latency", Watched::Latency, None, 0.3),
    ("latency-p99", Watched::Latency, Some("p99"), 0.9),
    ("latency-p90", Watched::Latency, Some("p90"), 0.5),
];

/// So many services, the first of which fall ill, with so many alarms over all of them.
pub fn fleet(services: u32, ill: u32, alarms: u32, seed: u64) -> Result<Scenario, ScenarioError> {
    let mut scenario = builtin("bad-release").unwrap_or_else(|| Scenario::parse(""))?;
    scenario.seed = seed;
    scenario.fleet_services = Some(services);
    let mut dice = Dice::new(seed, "fleet");
    let (service, alarm) = (scenario.services.pop(), scenario.alarms.pop());
    let (Some(service), Some(alarm)) = (service, alarm) else { return Ok(scenario) };
    scenario.services = (0..services).map(|number| one(&service, number, &mut dice)).collect();
    let names: Vec<(String, String)> =
        scenario.services.iter().map(|service| (service.cluster.clone(), service.name.clone())).collect();
    scenario.alarms = (0..alarms as usize)
        .map(|number| watching(&alarm, &names[number % names.len()], number / names.len()))
        .collect();
    scenario.outages.push(Outage {
        name: "orders-db".into(),
        at: Moment::minutes(-3),
        until: Some(Moment::minutes(LASTS)),
        services: names.iter().take(ill as usize).map(|(cluster, name)| format!("{cluster}/{name}")).collect(),
        errors_percent: 60.0,
        latency_factor: 8.0,
        grows_over: Span::seconds(0),
        every: None,
    });
    Ok(scenario)
}

/// One in ten acts by itself and one in twenty asks; three in five are production,
/// and one in five of all is tier 1; one in fifty was released just before, which
/// makes it look guilty.
fn one(like: &ServiceSetup, number: u32, dice: &mut Dice) -> ServiceSetup {
    let mut service = like.clone();
    service.cluster = format!("prod-{:02}", number / PER_CLUSTER);
    service.name = format!("service-{number:04}");
    service.load_balancer.clone_from(&service.cluster);
    service.desired = 2;
    service.tags.clear();
    let mut tag = |key: &str, value: &str| service.tags.insert(key.to_owned(), value.to_owned());
    tag("team", ["shop", "search", "payments", "platform"][number as usize % 4]);
    tag("environment", if dice.percent(60.0) { "production" } else { "staging" });
    if dice.percent(20.0) {
        tag("tier", "1");
    }
    match dice.whole(0, 19) {
        0 | 1 => drop(tag(MODE_TAG, "act")),
        2 => drop(tag(MODE_TAG, "approve")),
        _ => {}
    }
    let fresh = dice.percent(2.0);
    service.releases.truncate(1);
    if let Some(first) = service.releases.first().cloned().filter(|_| fresh) {
        service.releases.push(Release { revision: first.revision + 1, at: Moment::minutes(-15), ..first });
    }
    service
}

fn watching(like: &AlarmSetup, (cluster, service): &(String, String), which: usize) -> AlarmSetup {
    let (word, metric, stat, threshold) = WATCHED[which % WATCHED.len()];
    let again = if which < WATCHED.len() { String::new() } else { format!("-{}", which / WATCHED.len()) };
    AlarmSetup {
        name: format!("{service}-{word}{again}"),
        service: Some(format!("{cluster}/{service}")),
        metric: Some(metric),
        stat: stat.map(ToOwned::to_owned),
        threshold,
        evaluation_periods: 3,
        description: Some(format!("{{\"cluster\":\"{cluster}\",\"service\":\"{service}\"}}")),
        ..like.clone()
    }
}
