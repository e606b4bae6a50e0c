//! Releases: what the ledger remembers of a service's deployments, and the
//! verdict on each.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{DeploymentId, IncidentId, RevisionArn, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use crate::origin::{Call, Origin};
use crate::release::{DeploymentStatus, Revision};
use crate::task::Crash;

/// What a deployment was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentKind {
    /// Something new came.
    Release,
    /// The same images of the same task definition: new tasks, nothing new.
    Restart,
    /// What had run before came back.
    Rollback,
}

/// Who took a release back, or stopped it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum By {
    /// ECS, because tasks failed.
    CircuitBreaker,
    /// ECS, because an alarm of the deployment rang.
    DeploymentAlarm,
    /// Nightshift, in this incident.
    Nightshift {
        /// Which one.
        incident: IncidentId,
    },
    /// Somebody else: a person or a pipeline.
    Person,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CircuitBreaker => "the circuit breaker",
            Self::DeploymentAlarm => "a deployment alarm",
            Self::Nightshift { .. } => "Nightshift",
            Self::Person => "a person",
        })
    }
}

/// Why a release failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum FailedBy {
    /// Its tasks ended like this, most of them.
    Tasks {
        /// The most frequent end.
        crash: Crash,
    },
    /// ECS could not place its tasks.
    Placement,
    /// It never reached steady state.
    Stuck,
    /// An alarm of the deployment rang.
    Alarm,
    /// ECS said that it failed and nothing says why.
    Unsaid,
}

impl fmt::Display for FailedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tasks { crash } => crash.words(),
            Self::Placement => "tasks could not be placed",
            Self::Stuck => "it never reached steady state",
            Self::Alarm => "a deployment alarm rang",
            Self::Unsaid => "ECS gave no reason",
        })
    }
}

/// Why there is no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unjudged {
    /// AWS lists it no longer, and nobody saw it end.
    Vanished,
    /// Its service was deleted while it ran.
    ServiceGone,
    /// AWS calls its status by a name that this build does not know.
    UnknownStatus,
}

impl fmt::Display for Unjudged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vanished => "AWS lists it no longer, and nobody saw it end",
            Self::ServiceGone => "its service was deleted while it ran",
            Self::UnknownStatus => "AWS calls its status by a name that this build does not know",
        })
    }
}

/// What became of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It is on its way.
    InProgress,
    /// It reached steady state.
    Healthy {
        /// When.
        since: Timestamp,
    },
    /// It did not get there, and was not taken back, or not yet.
    Failed {
        /// Why.
        #[serde(flatten)]
        cause: FailedBy,
    },
    /// It was taken back.
    RolledBack {
        /// By whom.
        #[serde(flatten)]
        by: By,
    },
    /// The next one began before it was done.
    Superseded,
    /// Somebody stopped it, and nothing came back.
    Stopped,
    /// Nobody can tell.
    Unknown {
        /// Why not.
        reason: Unjudged,
    },
}

impl Verdict {
    /// The name operators see, for example `RolledBack`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Healthy { .. } => "Healthy",
            Self::Failed { .. } => "Failed",
            Self::RolledBack { .. } => "RolledBack",
            Self::Superseded => "Superseded",
            Self::Stopped => "Stopped",
            Self::Unknown { .. } => "Unknown",
        }
    }

    /// It counts as a failed change.
    pub fn failed(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::RolledBack { .. })
    }
}

/// A failure of a release: of one of its tasks, or of ECS to place one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The task's ARN, or the id of the event that told of it: counts once.
    pub of: String,
    /// When.
    pub at: Timestamp,
    /// What kind; `None`: no task could be placed.
    pub crash: Option<Crash>,
    /// The container that ended it.
    pub container: Option<String>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// AWS's words.
    pub reason: Option<String>,
}

/// What is wrong with a release before it has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// The circuit breaker is off, or does not roll back.
    NoCircuitBreaker,
    /// The service runs a single task.
    SingleTask,
    /// An image is asked for as `:latest`, or without a tag.
    LatestTag,
    /// An image was pushed before the one that it replaces.
    OlderImage,
    /// A freeze of `deploys` holds.
    DeploysFrozen,
    /// The service has an open incident.
    OpenIncident,
}

/// A deployment of a service as the ledger keeps it.
///
/// What is seen of it only ever adds up, so that no order of events and no
/// repetition changes what it says in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    /// Its service deployment; `codedeploy:d-…` where CodeDeploy carries it out.
    pub id: ServiceDeploymentArn,
    /// What it was for.
    pub kind: DeploymentKind,
    /// Its classic id, once known: what its tasks say they were started by.
    pub deployment: Option<DeploymentId>,
    /// Where it came from.
    pub from: Option<TaskDefinitionArn>,
    /// The service revision that it replaces.
    #[serde(default)]
    pub source: Option<RevisionArn>,
    /// Where it went, or goes.
    pub target: Revision,
    /// Who made it, and from what.
    pub origin: Origin,
    /// The API call that began it, where CloudTrail tells of one.
    #[serde(default)]
    pub call: Option<Call>,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The furthest status that was seen.
    pub status: DeploymentStatus,
    /// ECS's words.
    pub reason: Option<String>,
    /// The revision it went back to.
    pub rolled_back_to: Option<RevisionArn>,
    /// When ECS was first seen to have given it up.
    pub given_up_at: Option<Timestamp>,
    /// Its failures, oldest first, the first of many.
    pub failures: Vec<Failure>,
    /// How many failures there were, at least: some are not kept.
    pub failed: u32,
    /// The incident that opened while it was on trial.
    pub troubled: Option<IncidentId>,
    /// The incident in which Nightshift took it back or stopped it.
    pub taken_back: Option<IncidentId>,
    /// What was wrong with it at its start.
    pub warnings: Vec<Warning>,
    /// What became of it.
    pub verdict: Verdict,
    /// Its watchdog is set for then.
    pub watched_until: Option<Timestamp>,
    /// Seconds that it is to wait by its own configuration.
    #[serde(default)]
    pub planned_wait_s: u32,
    /// When it was last seen to wait at a pause hook, or first seen to have gone
    /// on from there.
    #[serde(default)]
    pub paused_at: Option<Timestamp>,
    /// It waited there when it was last looked at.
    #[serde(default)]
    pub waits: bool,
    /// Number of the last notice about it.
    pub sequence: u32,
}

impl Release {
    /// What people call it: the task definition's family and revision.
    pub fn name(&self) -> &str {
        self.target.task_definition.short()
    }

    /// Who deployed it: whoever a tag names, or else the principal that made
    /// the call, or else the one that registered what is deployed.
    pub fn by(&self) -> Option<&str> {
        let call = self.call.as_ref().map(|call| &call.by);
        self.origin.by.as_ref().or(call).or(self.origin.registered_by.as_ref()).map(String::as_str)
    }

    /// It has ended, one way or the other.
    pub fn over(&self) -> bool {
        self.status.terminal() || matches!(self.verdict, Verdict::Unknown { .. } | Verdict::Superseded)
    }

    /// How long it took, once it has ended.
    pub fn took_s(&self) -> Option<i64> {
        self.ended_at.map(|end| end.duration_since(self.began_at).as_secs().max(0))
    }

    /// The key that its notices share.
    pub fn thread(&self) -> IncidentId {
        IncidentId::new(format!(
            "{}-{}",
            self.began_at.strftime("%Y%m%d-%H%M"),
            &crate::ids::fingerprint(&["release", self.id.as_str()])[..8]
        ))
    }
}

/// A release with its service, as history keeps it for reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PastRelease {
    /// Of which service.
    pub service: ServiceRef,
    /// Tag `environment` or `env`.
    pub environment: Option<String>,
    /// Tag `team` or `owner`.
    pub team: Option<String>,
    /// The release.
    pub release: Release,
}
