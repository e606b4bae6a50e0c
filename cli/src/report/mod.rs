//! Reports from what the ledger recorded: how delivery did, and how the images
//! of services stand.

mod account;

pub mod costs;
pub mod images;
pub mod page;
pub mod text;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use nightshift_core::fault::Fault;
use nightshift_core::policy::{Policy, PolicyError};
use nightshift_core::settings::Variables;
use nightshift_release::dora::DoraReport;
use nightshift_release::trend::Trend;
use nightshift_sim::scenario::ScenarioError;
use ops_reviewer::history::{History, Window};
use serde::Serialize;

use crate::switch::AccountError;

/// How delivery did over some days.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delivery {
    /// The first moment that counts.
    pub from: Timestamp,
    /// The first one that counts no more.
    pub to: Timestamp,
    /// DORA's measures, of all services and of each.
    #[serde(flatten)]
    pub dora: DoraReport,
    /// Releases day by day.
    pub trend: Trend,
}

impl Delivery {
    /// What `history` says of `window`.
    pub fn of(history: &History, window: &Window) -> Self {
        Self { from: window.from, to: window.to, dora: history.dora(window), trend: history.trend(window) }
    }
}

/// Where the records are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the ledger of an account: its table, where not from the environment.
    Ledger(Option<String>),
    /// In a file, as [`History`] is written.
    File(PathBuf),
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The account does not answer.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The account answers, and not all that was asked.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The file cannot be read.
    #[error("{}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{}: no history", .path.display())]
    NoHistory {
        /// Which one.
        path: PathBuf,
        /// Where it goes wrong.
        source: serde_json::Error,
    },
    /// The policy is wrong.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The simulated account is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The simulated account did not answer.
    #[error("the simulated account did not answer")]
    Interrupted,
}

/// How delivery did in `window`.
///
/// # Errors
/// If the records cannot be read, or not all of them.
pub fn dora(source: Source, window: &Window, variables: Variables) -> Result<Delivery, ReportError> {
    let mut history = match source {
        Source::Ledger(table) => account::recorded(table, window, variables)?,
        Source::File(path) => read(&path)?,
    };
    match history.unseen.pop() {
        Some(fault) => Err(fault.into()),
        None => Ok(Delivery::of(&history, window)),
    }
}

/// How the images of services stand at `now`: those of the account whose ledger
/// is `table`, where not from the environment; without either, those of a
/// simulated one. Judged by `policy`, or else by the defaults.
///
/// # Errors
/// If the account, or what it needs to be reached, does not answer.
pub fn images(
    table: Option<String>,
    policy: Option<Policy>,
    now: Timestamp,
    variables: Variables,
) -> Result<images::Images, ReportError> {
    match table.or_else(|| variables.get("NIGHTSHIFT_TABLE").map(ToOwned::to_owned)) {
        Some(table) => Ok(account::images(Some(table), &policy.unwrap_or_default(), now, variables)?),
        None => images::sample(policy),
    }
}

/// What `wanted` days have cost: those of the account that the environment has
/// credentials for, or of a simulated one.
///
/// # Errors
/// If the account, or what it needs to be reached, does not answer.
pub fn costs(
    demo: bool,
    wanted: &costs::Wanted,
    policy: &Policy,
    variables: Variables,
) -> Result<costs::Spending, ReportError> {
    match demo {
        true => costs::sample::sample(wanted.days, wanted.by.clone(), &policy.costs),
        false => Ok(account::costs(wanted, &policy.costs, variables)?),
    }
}

fn read(path: &Path) -> Result<History, ReportError> {
    let named = |source| ReportError::File { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(named)?;
    serde_json::from_str(&text).map_err(|source| ReportError::NoHistory { path: path.to_owned(), source })
}
