//! Ten thousand alarms over two thousand services in a minute, then the recovery:
//! what it costs, what AWS holds back, and what must hold all the same.
//! `docs/simulate.md` says how it is modelled.

mod course;
mod fleet;
mod lambda;
pub mod limits;
pub mod text;

use std::collections::{BTreeMap, BTreeSet};

use nightshift_core::ids::ServiceRef;
use nightshift_core::notice::Pager;
use nightshift_core::service::MODE_TAG;
use nightshift_sim::Account;
use nightshift_sim::meter::{Called, Units, Used};
use nightshift_sim::scenario::{ScenarioError, ServiceSetup};
use serde::Serialize;

use super::invariants::{self, broken};
use super::reader::Reader;
pub use lambda::Lambda;
use limits::{RATES, usd};
use nightshift_sim::dice::Dice;

/// Memory of a function, in `template.yaml`.
const MEMORY_GB: f64 = 0.25;
/// What an invocation writes into its log, about.
const LOG_GB: f64 = 3e-6;

/// What a storm is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Services.
    pub services: u32,
    /// So many of them fall ill.
    pub ill: u32,
    /// Alarms over all of them, within a minute.
    pub alarms: u32,
    /// Invocations at once.
    pub concurrency: u32,
    /// Which services do what.
    pub seed: u64,
}

/// What came of a storm: the document of `nightshift simulate storm --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stormed {
    /// Services.
    pub services: u32,
    /// Alarms.
    pub alarms: u32,
    /// Which services do what.
    pub seed: u64,
    /// From the first alarm to the last event, seconds.
    pub seconds: i64,
    /// What Lambda did.
    pub lambda: Lambda,
    /// Calls by operation, with the rate that AWS lets.
    pub calls: BTreeMap<String, Limited>,
    /// Units of the ledger by kind of item.
    pub ledger: BTreeMap<&'static str, Units>,
    /// Incidents of services that opened.
    pub incidents: usize,
    /// Incidents of many services at once.
    pub fleet_incidents: usize,
    /// Messages in the channel: incidents that were told by themselves.
    pub messages: usize,
    /// Remedies that were taken.
    pub remedies: usize,
    /// Notices published, by kind.
    pub notices: BTreeMap<String, u64>,
    /// Notices that wake somebody.
    pub pages: u64,
    /// Messages straight to the plain page topic.
    pub plain_pages: u64,
    /// Events in a dead-letter queue.
    pub dead: usize,
    /// What it cost, USD by service.
    pub usd: BTreeMap<&'static str, f64>,
    /// What broke an invariant, so many times by name.
    pub broken: BTreeMap<String, usize>,
    /// Of each the first.
    pub examples: Vec<String>,
}

/// Calls of one operation beside its limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Limited {
    /// What was called.
    #[serde(flatten)]
    pub called: Called,
    /// Calls a second that AWS lets, for as long as one likes.
    pub per_second: Option<f64>,
}

/// Runs a storm; `each` hears how many simulated seconds have gone by.
///
/// # Errors
/// If its scenario is wrong, which would be a mistake of this build.
pub fn storm(wanted: Wanted, each: impl FnMut(i64)) -> Result<Stormed, ScenarioError> {
    let Wanted { services, ill, alarms, concurrency, seed } = wanted;
    let scenario = fleet::fleet(services, ill, alarms, seed)?;
    let over = course::run(scenario, concurrency as usize, &mut Dice::new(seed, "storm"), each);
    let used = over.account.used();
    let (mut notices, mut pages) = (BTreeMap::new(), 0);
    let mut told = BTreeSet::new();
    for notice in over.account.notices() {
        *notices.entry(format!("{:?}", notice.kind)).or_insert(0) += 1;
        pages += u64::from(matches!(notice.pager, Some(Pager::Trigger { .. })));
        told.insert(notice.incident);
    }
    let mut found = broken(&over.ended, &Reader::absent());
    found.extend(unpaged(&over.account, ill as usize));
    let (mut broken, mut examples) = (BTreeMap::new(), Vec::new());
    for one in found {
        let name = one.split(':').next().unwrap_or_default().to_owned();
        let times = broken.entry(name).or_insert(0);
        *times += 1;
        if *times == 1 {
            examples.push(one);
        }
    }
    let (incidents, fleet_incidents) = invariants::incidents(&over.ended);
    Ok(Stormed {
        services,
        alarms,
        seed,
        seconds: over.seconds,
        lambda: over.lambda,
        calls: used.calls.iter().map(|(name, called)| (name.clone(), limited(name, *called))).collect(),
        usd: cost(&used, &over.lambda),
        ledger: used.units,
        incidents,
        fleet_incidents,
        messages: told.len(),
        remedies: invariants::remedies(&over.ended),
        notices,
        pages,
        plain_pages: over.account.plain_pages().len() as u64,
        dead: invariants::dead(&over.ended),
        broken,
        examples,
    })
}

/// Services that page by themselves whatever else is ill, by the tags that they carry and
/// not by what was found out of them, and that woke nobody.
fn unpaged(account: &Account, ill: usize) -> Vec<String> {
    let woke = account.notices().into_iter().filter(|notice| matches!(notice.pager, Some(Pager::Trigger { .. })));
    let woke: BTreeSet<ServiceRef> = woke.map(|notice| notice.service).collect();
    let tagged = |service: &ServiceSetup, key: &str, values: &[&str]| {
        service.tags.get(key).is_some_and(|value| values.contains(&value.as_str()))
    };
    let scenario = account.scenario();
    let critical = scenario.services.iter().take(ill).filter(|service| {
        tagged(service, "tier", &["1"])
            && tagged(service, "environment", &["production"])
            && tagged(service, MODE_TAG, &["act", "approve"])
    });
    let named = critical.filter_map(|service| account.service_ref(&format!("{}/{}", service.cluster, service.name)));
    named
        .filter(|service| !woke.contains(service))
        .map(|service| format!("every P1 pages: {service} woke nobody"))
        .collect()
}

fn limited(name: &str, called: Called) -> Limited {
    let rate = RATES.iter().find(|(operation, _)| *operation == name).map(|(_, rate)| rate.per_second);
    Limited { called, per_second: rate }
}

/// What AWS charges for it.
fn cost(used: &Used, lambda: &Lambda) -> BTreeMap<&'static str, f64> {
    const MILLION: f64 = 1e6;
    let calls = |name: &str| used.calls.get(name).map_or(0.0, |called| called.all as f64);
    let units = |of: fn(&Units) -> f64| used.units.values().map(of).sum::<f64>();
    let invocations = lambda.invocations as f64;
    let gb_seconds = lambda.milliseconds as f64 / 1000.0 * MEMORY_GB;
    [
        ("Lambda", invocations / MILLION * usd::INVOCATIONS + gb_seconds * usd::GB_SECOND),
        (
            "DynamoDB",
            units(|it| it.read) / MILLION * usd::READ_UNITS + units(|it| it.write) / MILLION * usd::WRITE_UNITS,
        ),
        (
            "CloudWatch",
            calls("cloudwatch:GetMetricData metrics") / MILLION * usd::METRICS
                + (calls("cloudwatch:DescribeAlarms") + calls("cloudwatch:ListMetrics")) / MILLION * usd::CLOUDWATCH,
        ),
        ("SNS", calls("sns:Publish") / MILLION * usd::PUBLISHED),
        ("Scheduler", calls("scheduler:CreateSchedule") / MILLION * usd::SCHEDULES),
        ("CloudWatch Logs", invocations * LOG_GB * usd::LOGS_GB),
    ]
    .into()
}
