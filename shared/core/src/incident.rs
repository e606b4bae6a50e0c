//! An incident and what the ledger remembers of a service.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alarm::AlarmState;
use crate::cause::{Diagnosis, Suspect};
use crate::described::Signal;
use crate::ids::{AlarmArn, Digest, EventId, IncidentId, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use crate::image::ImageId;
use crate::mode::{Mode, Severity};
use crate::notice::Notice;
use crate::origin::Call;
use crate::refusal::Refusal;
use crate::remedy::{Outcome, Remedy, RemedyKind};
use crate::timer::Timer;
use crate::verdict::Release;

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Open; nothing was done, or nothing may be done.
    Firing,
    /// A person is asked.
    AwaitingApproval,
    /// A remedy is claimed.
    Acting,
    /// A remedy was taken; it is being checked.
    Verifying,
    /// A person is needed.
    Escalated,
    /// Over.
    Resolved,
    /// No incident: people may want to know.
    Noted,
}

/// An alarm that joined the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JoinedAlarm {
    /// Its name.
    pub name: String,
    /// Its state as last told.
    pub state: AlarmState,
    /// Since when.
    pub at: Timestamp,
    /// How often it went to ALARM in this incident.
    pub times: u32,
    /// What of the service it watches, where it says so.
    #[serde(default)]
    pub signal: Option<Signal>,
}

/// A remedy that was claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Intent {
    /// Fingerprint of (service, remedy, suspect release, incident).
    pub key: String,
    /// What to do.
    pub remedy: Remedy,
    /// The event that claimed it.
    pub event: EventId,
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// Until then whoever claimed it is at work; nobody else resumes it.
    pub lease_until: Timestamp,
    /// Seconds that the deployment it begins waits by its own configuration: bake time,
    /// steps of a traffic shift.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waits_s: u32,
    /// What is denied from now on, once it is taken.
    pub deny: Option<Denied>,
    /// What came of it.
    pub outcome: Option<Outcome>,
}

// As serde calls it.
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A minimum we raised and must lower again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RaisedMinimum {
    /// Before.
    pub from: u32,
    /// Now.
    pub to: u32,
}

/// What messages say about a service, kept so that they can be written when
/// nothing can be observed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct About {
    /// Tag `environment` or `env`.
    pub environment: Option<String>,
    /// Tag `team` or `owner`.
    pub team: Option<String>,
    /// The CloudFormation stack that made it.
    pub stack: Option<String>,
    /// Key `runbook` of the alarm, or the service's tag.
    pub runbook: Option<String>,
    /// Key `dashboard` of the alarm, or the service's tag: a CloudWatch
    /// dashboard's name.
    #[serde(default)]
    pub dashboard: Option<String>,
    /// Key `log_group` of the alarm, or the service's tag.
    #[serde(default)]
    pub log_group: Option<String>,
    /// Figures by name: tasks running and wanted, healthy targets, ….
    pub impact: BTreeMap<String, String>,
}

/// One incident of one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    /// Which one.
    pub id: IncidentId,
    /// When the first alarm opened it.
    pub opened_at: Timestamp,
    /// What messages say about the service.
    pub about: About,
    /// How bad.
    pub severity: Severity,
    /// The rule that made it so.
    pub severity_because: String,
    /// The service's mode when it opened.
    pub mode: Mode,
    /// Where it stands.
    pub phase: Phase,
    /// The alarms in it.
    pub alarms: BTreeMap<AlarmArn, JoinedAlarm>,
    /// The newest diagnosis.
    pub diagnosis: Option<Diagnosis>,
    /// The release it is about, once one is suspected.
    pub suspect: Option<Suspect>,
    /// Remedies claimed, oldest first; the last may be open.
    pub intents: Vec<Intent>,
    /// Why nothing was done, if nothing was.
    pub refusal: Option<Refusal>,
    /// A minimum that is raised because of it.
    pub raised: Option<RaisedMinimum>,
    /// Number of the last notice.
    pub sequence: u32,
    /// Pages sent; each has its own key.
    pub pages: u32,
    /// Checks made by the verifier.
    pub checks: u32,
    /// Until then it may heal; then it is escalated.
    pub deadline: Timestamp,
    /// The timer that is running for it.
    pub timer: Option<Timer>,
    /// Since when everything has looked healthy without a break.
    pub healthy_since: Option<Timestamp>,
    /// Silent for too long: it absorbs no more.
    pub chronic: bool,
    /// The last time something new was heard.
    pub heard_at: Timestamp,
    /// One of its notices went straight to the plain page topic; that is
    /// enough for one incident.
    #[serde(default)]
    pub told_plainly: bool,
    /// What is wrong with a deployment, where that opened it and no alarm.
    #[serde(default)]
    pub trouble: Option<String>,
    /// When it was over.
    #[serde(default)]
    pub closed_at: Option<Timestamp>,
    /// The remedy that fitted and was not taken, as last decided: what a mode
    /// above would have done.
    #[serde(default)]
    pub would: Option<Remedy>,
    /// When it was last handed to a person.
    #[serde(default)]
    pub escalated_at: Option<Timestamp>,
    /// The fleet's incident that tells of it, as long as nothing else does.
    #[serde(default)]
    pub told_by: Option<IncidentId>,
    /// Its first notices of which the fleet's incident told.
    #[serde(default)]
    pub untold: u32,
    /// One of its alarms measures what users feel.
    #[serde(default)]
    pub felt: bool,
    /// Its severity is by the service's tags, which were seen.
    #[serde(default)]
    pub rated: bool,
}

impl Incident {
    /// No further alarm makes it worse.
    pub fn at_worst(&self) -> bool {
        self.felt && self.rated
    }

    /// The intent without an outcome, if there is one.
    pub fn open_intent(&self) -> Option<&Intent> {
        self.intents.last().filter(|intent| intent.outcome.is_none())
    }

    /// The remedy that was really taken, if one was; undoing one is none.
    pub fn taken(&self) -> Option<&Intent> {
        let taken = |intent: &&Intent| {
            let done = matches!(intent.outcome, Some(Outcome::Taken { .. } | Outcome::FoundTaken { .. }));
            done && intent.remedy.kind() != RemedyKind::RestoreScaling
        };
        self.intents.iter().rfind(taken)
    }

    /// Every joined alarm is OK.
    pub fn all_ok(&self) -> bool {
        self.alarms.values().all(|alarm| alarm.state == AlarmState::Ok)
    }

    /// Key of the page with that number, the same at PagerDuty for ever.
    pub fn page_key(&self, number: u32) -> String {
        format!("nightshift:{}:{number}", self.id)
    }
}

/// A remedy of the past, for cool-downs and budgets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PastRemedy {
    /// Its kind.
    pub kind: RemedyKind,
    /// When it was claimed.
    pub at: Timestamp,
    /// In which incident.
    pub incident: IncidentId,
}

/// A release that was rolled back and is not to be deployed again silently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Denied {
    /// What ran.
    pub task_definition: TaskDefinitionArn,
    /// Digests that the good release does not have.
    pub digests: Vec<Digest>,
    /// Because of which incident.
    pub incident: IncidentId,
    /// When.
    pub at: Timestamp,
    /// It no longer counts after this.
    pub until: Timestamp,
    /// The service deployment that was stopped for it. Whoever deploys the same
    /// again after that was told, and means it.
    #[serde(default)]
    pub enforced: Option<ServiceDeploymentArn>,
    /// It is denied because it runs this image, which is quarantined.
    #[serde(default)]
    pub quarantined: Option<Quarantined>,
}

/// An image that is kept from being deployed, as a denial names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quarantined {
    /// Which image.
    pub image: ImageId,
    /// Since when.
    pub at: Timestamp,
    /// Because of these findings.
    pub because: Vec<String>,
}

/// What the ledger remembers of one service: one item, one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceRecord {
    /// Which service.
    pub service: ServiceRef,
    /// The open incident.
    pub incident: Option<Incident>,
    /// Remedies of the last 24 hours, oldest first.
    pub remedies: Vec<PastRemedy>,
    /// Releases not to return to.
    pub denied: Vec<Denied>,
    /// When the service last fell ill, for flapping: an incident opened, or an
    /// alarm of an open one came back.
    pub flips: Vec<Timestamp>,
    /// Notices decided on and not yet known to be published, oldest first.
    pub unpublished: Vec<Notice>,
    /// Its releases, newest first; older ones are in history alone.
    #[serde(default)]
    pub releases: Vec<Release>,
    /// Calls whose release is not known, or not yet.
    #[serde(default)]
    pub calls: Vec<Call>,
}

impl ServiceRecord {
    /// A service nothing is known of.
    pub fn new(service: ServiceRef) -> Self {
        Self {
            service,
            incident: None,
            remedies: Vec::new(),
            denied: Vec::new(),
            flips: Vec::new(),
            unpublished: Vec::new(),
            releases: Vec::new(),
            calls: Vec::new(),
        }
    }
}
