//! A message to people, as a value. What it looks like is the notifier's.

pub mod plain;

mod chart;
mod report;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{IncidentId, ServiceRef};
use crate::incident::Phase;
use crate::mode::{Mode, Severity};

pub use chart::{Chart, Layer};

/// What the notice is about; a filter policy can choose by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// An incident opened.
    Opened,
    /// A remedy is about to be taken.
    Acting,
    /// A remedy was taken, and is being checked.
    Verifying,
    /// Something changed in an open incident.
    Updated,
    /// A person is needed.
    Escalated,
    /// It is over.
    Resolved,
    /// News of a deployment that makes no incident.
    Release,
    /// News of an image: what scans found in it, or what is done about it.
    Image,
    /// News of what is spent: an anomaly, a budget, an alarm on the bill.
    Cost,
    /// A report over all services; nothing follows it.
    Report,
    /// The daily self-drill came through: the notifier counts it, and tells
    /// nobody.
    SelfDrill,
}

impl NoticeKind {
    /// It is of no service, and nothing is asked of anybody.
    pub fn is_of_the_account(self) -> bool {
        matches!(self, Self::Cost | Self::Report | Self::SelfDrill)
    }
}

/// A link with its label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// What to call it.
    pub label: String,
    /// `https://…`.
    pub url: String,
}

/// One piece of evidence, for a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceLine {
    /// For which cause it speaks, in words.
    pub cause: String,
    /// Hundredths of log-odds.
    pub weight: i32,
    /// The sentence.
    pub says: String,
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// What it says, line by line.
    pub lines: Vec<String>,
    /// Its columns stand below each other: it wants type of one width.
    #[serde(default)]
    pub aligned: bool,
}

/// What the pager is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "pager", rename_all = "kebab-case")]
pub enum Pager {
    /// Wake somebody, under this key.
    Trigger {
        /// The page's key.
        key: String,
    },
    /// Take back every page of the incident.
    Resolve {
        /// The pages' keys.
        keys: Vec<String>,
    },
}

/// A message to people.
///
/// Every text in it is plain: whoever renders it escapes it for its medium.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// Of which incident.
    pub incident: IncidentId,
    /// From 1, without gaps: (incident, sequence) is the notice's key.
    pub sequence: u32,
    /// What it is about.
    pub kind: NoticeKind,
    /// Where the incident stands.
    pub phase: Phase,
    /// How bad.
    pub severity: Severity,
    /// The rule that made it so.
    pub severity_because: String,
    /// The service's mode.
    pub mode: Mode,
    /// Which service.
    pub service: ServiceRef,
    /// Tag `environment` or `env`, where set.
    pub environment: Option<String>,
    /// Tag `team` or `owner`, where set: who is told.
    pub team: Option<String>,
    /// When the incident opened.
    pub opened_at: Timestamp,
    /// When this was decided.
    pub at: Timestamp,
    /// What is wrong and what is being done, readable on a lock screen.
    pub headline: String,
    /// Two or three sentences: the alarm, the cause.
    pub why: Vec<String>,
    /// What was done, or not and by which rule.
    pub done: Vec<String>,
    /// The evidence, strongest first.
    pub evidence: Vec<EvidenceLine>,
    /// Figures by name: tasks running and wanted, healthy targets, ….
    pub impact: BTreeMap<String, String>,
    /// What will undo the remedy, and what to do about it.
    pub drift: Option<String>,
    /// Links that open at the right time range.
    pub links: Vec<Link>,
    /// One line for the thread, without the time.
    pub timeline: String,
    /// What the pager is to do, if anything.
    pub pager: Option<Pager>,
    /// It goes straight to the plain page topic as well: no remedy could even
    /// be considered, because what it needs could not be seen.
    #[serde(default)]
    pub plainly: bool,
    /// Of so many notices before it the fleet's incident told: nobody gets them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untold: u32,
    /// The fleet's incident that tells of this, which is not published itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_by: Option<IncidentId>,
    /// The parts of a report; an incident has none.
    #[serde(default)]
    pub sections: Vec<Section>,
    /// What is better looked at than read.
    #[serde(default)]
    pub chart: Option<Chart>,
}

// As serde calls it.
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Notice {
    /// The notice's key: the same wherever and however often it arrives.
    pub fn key(&self) -> String {
        format!("{}#{}", self.incident, self.sequence)
    }
}
