//! What the ledger remembers of an image, and of the images of a service.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Finding, FindingSeverity, ImageId, Run, ScanState};
use crate::ids::{DeploymentId, Digest, ServiceRef};
use crate::mode::Severity;
use crate::notice::Notice;
use crate::refusal::Refusal;

/// A finding, with when it was first seen in this image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Known {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// The clock of its deadline starts here.
    pub first_seen: Timestamp,
}

/// Whether the marker tag is on a quarantined image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "marked", rename_all = "kebab-case")]
pub enum Marked {
    /// It is to be put there.
    Not,
    /// It is there.
    Tagged,
    /// It cannot be: the quarantine holds by the ledger alone.
    Cannot {
        /// Why not, for people.
        why: String,
    },
}

/// An image that is not to be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quarantine {
    /// Since when.
    pub at: Timestamp,
    /// Because of these findings, by their ids.
    pub because: BTreeSet<String>,
    /// Whether its marker tag is on it.
    #[serde(flatten)]
    pub mark: Marked,
    /// It was moved to the archive.
    pub archived: bool,
}

/// What a team was told of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    /// Number of the last notice.
    pub sequence: u32,
    /// When the first one was due.
    pub since: Timestamp,
    /// Fingerprint of what the last one said: the same again is not told.
    pub said: String,
    /// How bad it was then.
    pub severity: Severity,
    /// It asks for something: it is not over yet.
    pub open: bool,
    /// The service that its notices are filed under.
    pub service: ServiceRef,
}

/// What the ledger remembers of one image: one item, one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageRecord {
    /// Which one.
    pub image: ImageId,
    /// Its tags, as last seen, without our own.
    pub tags: BTreeSet<String>,
    /// Where its newest scan stood; `None`: nobody has looked.
    pub scan: Option<ScanState>,
    /// When that scan was made.
    pub scanned_at: Option<Timestamp>,
    /// Findings by severity.
    pub counts: BTreeMap<FindingSeverity, u32>,
    /// Its findings by id, the worst of many.
    pub findings: BTreeMap<String, Known>,
    /// It is not to be deployed.
    pub quarantine: Option<Quarantine>,
    /// Why it was not quarantined, where its findings ask for it.
    pub spared: Option<Refusal>,
    /// A person, or an exception, let it go again: not quarantined a second
    /// time for these findings.
    pub released: BTreeSet<String>,
    /// Exceptions that held when it was last judged, by finding.
    pub excepted: BTreeSet<String>,
    /// The index that it is one platform of: its findings are told with that.
    pub index: Option<Digest>,
    /// What a lifecycle policy will do to it, as last computed.
    pub doomed: Option<String>,
    /// What was told, by team; the empty name is that of services without one.
    pub told: BTreeMap<String, Told>,
    /// Findings come in: it is looked at then, and not before.
    pub settles_at: Option<Timestamp>,
    /// Notices decided on and not yet known to be published, oldest first.
    pub unpublished: Vec<Notice>,
}

impl ImageRecord {
    /// An image nothing is known of.
    pub fn new(image: ImageId) -> Self {
        Self {
            image,
            tags: BTreeSet::new(),
            scan: None,
            scanned_at: None,
            counts: BTreeMap::new(),
            findings: BTreeMap::new(),
            quarantine: None,
            spared: None,
            released: BTreeSet::new(),
            excepted: BTreeSet::new(),
            index: None,
            doomed: None,
            told: BTreeMap::new(),
            settles_at: None,
            unpublished: Vec::new(),
        }
    }

    /// Somebody has to look at it again: it is quarantined or is to be once that
    /// is possible, or a team was told of something that is not over.
    pub fn open(&self) -> bool {
        let told = self.told.values().any(|told| told.open) || !self.unpublished.is_empty();
        let waits = matches!(self.spared, Some(Refusal::RunsNotKnown | Refusal::Halted));
        self.quarantine.is_some() || self.settles_at.is_some() || told || waits
    }
}

/// What is known of the images of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceImages {
    /// The deployment that was PRIMARY when it was looked at.
    pub deployment: Option<DeploymentId>,
    /// What it needs.
    pub runs: Vec<Run>,
    /// What it needed until lately, and that was not looked at since.
    #[serde(default)]
    pub left: BTreeSet<ImageId>,
}
