//! The documents that the page is made from: of each what the page shows, and
//! what else is in them is left aside.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::simulate::incidents::Baselines;
use crate::simulate::incidents::figures::{Calibration, Figures};

/// How often the functions are right.
#[derive(Clone, Debug, Deserialize)]
pub struct Incidents {
    /// Nights.
    pub nights: u32,
    /// Where nothing rang.
    pub silent: u32,
    /// Nightshift.
    pub rollback: Figures,
    /// By tens of per cent.
    pub calibration: Vec<Calibration>,
    /// By the true cause, as the document spells it.
    pub causes: BTreeMap<String, Found>,
    /// By what happened.
    pub kinds: BTreeMap<String, Figures>,
    /// What people do without it.
    pub baselines: Baselines,
}

/// What was found on nights of one cause.
#[derive(Clone, Debug, Deserialize)]
pub struct Found {
    /// Nights by the cause that was found.
    pub named: BTreeMap<String, u32>,
    /// Of those of which this cause was said with enough confidence to act, the share in which it was true.
    pub sure_and_right: Option<f64>,
}

/// Schedules of deliveries.
#[derive(Clone, Debug, Deserialize)]
pub struct Deliveries {
    /// So many.
    pub schedules: u32,
    /// The first one's seed.
    pub first_seed: u64,
    /// Deliveries that a function began to answer.
    pub deliveries: u64,
    /// Of these, killed in the middle.
    pub killed: u64,
    /// Incidents that opened.
    pub incidents: u64,
    /// Remedies that were taken.
    pub remedies: u64,
    /// Schedules by what went wrong in their night.
    pub nights: BTreeMap<String, u32>,
    /// Those that broke an invariant.
    pub failed: Vec<Failed>,
}

/// A schedule that broke an invariant.
#[derive(Clone, Debug, Deserialize)]
pub struct Failed {
    /// Its seed.
    pub seed: u64,
    /// What went wrong in its night.
    pub night: String,
    /// An invariant, a colon and what was found, each.
    pub broken: Vec<String>,
}

/// A storm of alarms.
#[derive(Clone, Debug, Deserialize)]
pub struct Storm {
    /// Services.
    pub services: u32,
    /// Alarms.
    pub alarms: u32,
    /// Which services do what.
    pub seed: u64,
    /// From the first alarm to the last event.
    pub seconds: u64,
    /// What Lambda did.
    pub lambda: Lambda,
    /// By operation, as IAM spells it.
    pub calls: BTreeMap<String, Calls>,
    /// By kind of item.
    pub ledger: BTreeMap<String, Units>,
    /// Incidents of services that opened.
    pub incidents: u64,
    /// Incidents of many services at once.
    pub fleet_incidents: u64,
    /// Messages in the channel.
    pub messages: u64,
    /// Remedies that were taken.
    pub remedies: u64,
    /// Notices by kind.
    pub notices: BTreeMap<String, u64>,
    /// Of them, those that wake somebody.
    pub pages: u64,
    /// Messages straight to the plain page topic.
    pub plain_pages: u64,
    /// Events in a dead-letter queue.
    pub dead: u64,
    /// USD by service of AWS.
    pub usd: BTreeMap<String, f64>,
    /// What broke an invariant, so many times by name.
    pub broken: BTreeMap<String, u64>,
    /// Of each the first.
    pub examples: Vec<String>,
}

/// Lambda's share of a storm.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Lambda {
    /// Invocations.
    pub invocations: u64,
    /// Tries that found no free place.
    pub throttled: u64,
    /// Most at once.
    pub most_at_once: u64,
    /// Events that grew too old.
    pub expired: u64,
}

/// Calls of one operation.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Calls {
    /// All of them.
    pub all: u64,
    /// Most in one second.
    pub peak: u64,
    /// Held back until the SDK tried again.
    pub waited: u64,
    /// Held back for longer than an SDK tries.
    pub failed: u64,
    /// Calls a second that AWS lets; `None`: nobody knows.
    pub per_second: Option<f64>,
}

/// Units of one kind of item.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Units {
    /// Read units.
    pub read: f64,
    /// Write units.
    pub write: f64,
    /// Most read units of one key in one second.
    pub peak_read: f64,
    /// Most write units of one key in one second.
    pub peak_write: f64,
}

/// Disturbances on real wire, as `tests/stack/prove` writes them.
#[derive(Clone, Debug, Deserialize)]
pub struct Wire {
    /// How long it took.
    pub seconds: f64,
    /// What was done to calls, by name.
    pub kinds: Vec<String>,
    /// A function in a story.
    pub rows: Vec<Row>,
    /// Every disturbance.
    pub points: Vec<Point>,
}

/// A function in a story.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    /// The function.
    pub function: String,
    /// The story.
    pub story: String,
    /// Calls that it makes in it.
    pub calls: u64,
}

/// One disturbance.
#[derive(Clone, Debug, Deserialize)]
pub struct Point {
    /// The story.
    pub story: String,
    /// The function.
    pub function: String,
    /// The call's name, as IAM spells it.
    pub call: String,
    /// Its place among those of that name.
    pub number: u32,
    /// What was done to it.
    pub kind: String,
    /// What came of it: `equal`, `told`, or what is wrong.
    pub worth: String,
    /// The difference.
    pub says: String,
}
