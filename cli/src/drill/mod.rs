//! `nightshift drill`: a game day. It rings the service's own alarm, and tells
//! what arrived when: through rules, functions, ledger, notices and timers.
//!
//! Observe ([`observe`]) reads; plan ([`plan`]) is pure and can be printed without
//! being carried out; apply ([`run`]) sets the alarm, watches ([`progress`]), and
//! sets it back whatever happens.

mod account;

pub mod alarms;
pub mod observe;
pub mod plan;
pub mod progress;
pub mod run;
pub mod text;

use clap::{Args, ValueEnum};
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::span::Span;
use serde::Serialize;

pub use account::drill;

use crate::args::adopt::pair;
use crate::switch::AccountError;

/// What goes wrong in the game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Errors after a deployment: the alarm on errors, and a failed deployment.
    BadRelease,
    /// More work than the tasks can do: the alarm on saturation or latency.
    Load,
    /// Something the service calls is down: its alarm, and then the one on errors.
    Dependency,
}

/// Refused before anything is asked.
fn named(text: &str) -> Result<String, String> {
    pair(text).map(|_| text.to_owned())
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Wanted {
    /// The service, such as prod/checkout.
    #[arg(value_name = "CLUSTER/SERVICE", value_parser = named)]
    pub service: String,
    /// What goes wrong.
    #[arg(long, value_enum)]
    pub scenario: Scenario,
    /// Nightshift's stack.
    #[arg(long, value_name = "NAME", default_value = "nightshift")]
    pub stack: String,
    /// The alarm to ring [default: the service's own that fits the scenario].
    #[arg(long, value_name = "NAME")]
    pub alarm: Option<String>,
    /// Watch for so long at most.
    #[arg(long = "for", value_name = "SPAN", default_value = "15m")]
    pub within: Span,
    /// Do it; without this nothing is changed.
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON document in place of lines.
    #[arg(long)]
    pub json: bool,
}

/// Why there is no drill.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The account is not reached.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The name of the service is none.
    #[error("{0:?} names no service; write CLUSTER/SERVICE, such as prod/checkout")]
    NoName(String),
    /// There is no such stack.
    #[error(
        "there is no stack {stack:?} in {region}; name yours with --stack, take its region into AWS_REGION, or deploy \
         one (README, \"Deploy it\")"
    )]
    NoStack {
        /// The name.
        stack: String,
        /// Where it was looked for.
        region: String,
    },
    /// The stack is something else, or an old one.
    #[error("stack {stack:?} puts out no {output}: it is no Nightshift, or an older one; deploy this version first")]
    NoOutput {
        /// The name.
        stack: String,
        /// What it lacks.
        output: &'static str,
    },
    /// ECS does not know the service.
    #[error("ECS knows no service {service} in {region}; see `aws ecs list-services --cluster {cluster}`")]
    NoService {
        /// `CLUSTER/SERVICE`.
        service: String,
        /// Its cluster.
        cluster: String,
        /// Where it was looked for.
        region: String,
    },
    /// No alarm fits.
    #[error("{0}")]
    NoAlarm(String),
    /// It is in earnest.
    #[error("{alarm} is in ALARM already: that is no drill. Look at it first; once it is OK, drill again")]
    Rings {
        /// The alarm.
        alarm: String,
    },
    /// The responder would not answer it.
    #[error(
        "the actions of {alarm} are switched off, and Nightshift leaves such an alarm alone; switch them on with `aws \
         cloudwatch enable-alarm-actions --alarm-names {alarm}`"
    )]
    SwitchedOff {
        /// The alarm.
        alarm: String,
    },
    /// The drill would get lost in it.
    #[error("{service} has an open incident, {incident}: a drill would join it. Drill again once it is over")]
    Incident {
        /// `CLUSTER/SERVICE`.
        service: String,
        /// The incident.
        incident: String,
    },
    /// AWS does not answer.
    #[error("{}", unanswered(.0))]
    Fault(Fault),
    /// The alarm is left in ALARM.
    #[error(
        "{alarm} could not be set back ({fault}). CloudWatch takes a metric alarm back by itself, a composite only if \
         a child changes; to be sure: aws cloudwatch set-alarm-state --alarm-name {alarm} --state-value OK \
         --state-reason drill"
    )]
    LeftRinging {
        /// The alarm.
        alarm: String,
        /// Why.
        fault: Fault,
    },
    /// It cannot be printed.
    #[error("it cannot be printed")]
    Print(#[from] std::io::Error),
    /// It cannot be written as JSON.
    #[error("it cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

// By hand: as a source it would be said twice.
impl From<Fault> for DrillError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A fault with its cure.
fn unanswered(fault: &Fault) -> String {
    match fault.kind {
        FaultKind::Denied => {
            format!(
                "{fault}; the credentials in the environment need {} on it (docs/drill.md lists all)",
                fault.operation
            )
        }
        FaultKind::Transient => format!("{fault}; try again"),
        FaultKind::NotFound | FaultKind::Permanent => fault.to_string(),
    }
}
