//! What passes between decisions and the ledger.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::fleet::Fleet;
use crate::ids::{AlarmArn, EventId, IncidentId, ServiceRef};
use crate::incident::{Incident, ServiceRecord};
use crate::notice::Notice;
use crate::refusal::Refusal;
use crate::verdict::PastRelease;

/// A ledger item with the version it was read at; 0 means there is none yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Versioned<T> {
    /// The version read.
    pub version: u64,
    /// The item.
    pub value: T,
}

/// What every answer about a service begins with, as it was at one moment or nearly so.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    /// The service's record.
    pub record: Versioned<ServiceRecord>,
    /// What all services share.
    pub fleet: Versioned<Fleet>,
    /// This event was claimed before.
    pub seen: bool,
}

/// An open incident as the index shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opening {
    /// Of which service.
    pub service: ServiceRef,
    /// When.
    pub at: Timestamp,
}

/// One transaction: all of it or nothing.
///
/// It checks only that the event is new and that the versions are those the
/// decision was based on; every rule has been applied before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    /// The event, written once; `None` for a follow-up of an earlier claim.
    pub event: Option<EventId>,
    /// Version the record was read at.
    pub expected: u64,
    /// The record as it shall be.
    pub record: ServiceRecord,
    /// The fleet item with the version it was read at, when a remedy counts
    /// against the cap.
    pub fleet: Option<Versioned<Fleet>>,
    /// Releases of which this is news: history keeps them as they are here.
    #[serde(default)]
    pub releases: Vec<PastRelease>,
    /// An incident that ends here and is kept as history.
    pub closed: Option<Incident>,
    /// When this is decided: what expires, expires from here.
    pub at: Timestamp,
}

/// Why a claim was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimError {
    /// The event had been claimed before.
    EventSeen,
    /// Somebody else wrote in between: observe and plan again.
    Conflict,
    /// The ledger could not be reached.
    Fault(crate::fault::Fault),
}

/// An event that opens no incident: counted for the digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Silent {
    /// The event; the same one counts once.
    pub event: EventId,
    /// When.
    pub at: Timestamp,
    /// The alarm, where it was one.
    pub alarm: Option<AlarmArn>,
    /// The service, where one was found.
    pub service: Option<ServiceRef>,
    /// Why it opened none.
    pub refusal: Refusal,
    /// People were told of it at once, by a plain message.
    #[serde(default)]
    pub told: bool,
}

/// One line of an incident's time line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEntry {
    /// The incident.
    pub incident: IncidentId,
    /// The notice it goes with; also its place.
    pub sequence: u32,
    /// When.
    pub at: Timestamp,
    /// One sentence.
    pub says: String,
}

impl TimelineEntry {
    /// The notice's own line.
    pub fn of(notice: &Notice) -> Self {
        Self {
            incident: notice.incident.clone(),
            sequence: notice.sequence,
            at: notice.at,
            says: notice.timeline.clone(),
        }
    }
}

/// Where an incident stands in the chat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatThread {
    /// The channel's id, as Slack answered it.
    pub channel: String,
    /// The root message's timestamp, its id.
    pub root: String,
    /// Sequence of the newest notice that the root shows.
    pub shown: u32,
    /// Sequence of the newest notice that the thread has.
    pub threaded: u32,
    /// Sequences before `threaded` whose line the thread has not got yet:
    /// notices may overtake each other.
    #[serde(default)]
    pub missing: BTreeSet<u32>,
    /// The newest notice heard of: what the root shall show, whoever edits it.
    #[serde(default)]
    pub newest: Option<Notice>,
    /// What else went out, as `sink#sequence`, so that a retry repeats none.
    #[serde(default)]
    pub delivered: BTreeSet<String>,
}
