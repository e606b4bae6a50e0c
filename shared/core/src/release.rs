//! What was deployed when: AWS's 90 days of service deployments.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, RevisionArn, ServiceDeploymentArn, TaskDefinitionArn};

/// Status of a service deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentStatus {
    /// Accepted, not begun.
    Pending,
    /// Tasks are being replaced.
    InProgress,
    /// Somebody asked for a stop.
    StopRequested,
    /// Stopped, or given up.
    Stopped,
    /// Reached steady state.
    Successful,
    /// Somebody asked for a rollback.
    RollbackRequested,
    /// Going back.
    RollbackInProgress,
    /// Went back.
    RollbackSuccessful,
    /// Could not go back.
    RollbackFailed,
    /// A value AWS added later.
    #[serde(other)]
    Unknown,
}

impl DeploymentStatus {
    /// Nothing moves any more.
    pub fn terminal(self) -> bool {
        matches!(self, Self::Stopped | Self::Successful | Self::RollbackSuccessful | Self::RollbackFailed)
    }

    /// Somebody is already taking it back.
    pub fn going_back(self) -> bool {
        matches!(self, Self::StopRequested | Self::RollbackRequested | Self::RollbackInProgress)
    }

    /// It moves towards its target.
    pub fn in_flight(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress)
    }
}

/// An image of a service revision: the name it was asked by and what that meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RevisionImage {
    /// As the task definition writes it, `repo:tag` or `repo@sha256:…`.
    pub image: String,
    /// What ECS resolved it to at deployment.
    pub digest: Option<Digest>,
}

/// A service revision: immutable workload configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// Which one.
    pub arn: RevisionArn,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Images by container name.
    pub images: BTreeMap<String, RevisionImage>,
    /// Fingerprint of everything beyond the task definition: network, load
    /// balancers, capacity, service connect, volumes.
    pub surroundings: String,
}

/// One service deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceDeployment {
    /// Which one.
    pub arn: ServiceDeploymentArn,
    /// Where it stands.
    pub status: DeploymentStatus,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Where it went, or goes.
    pub target: Revision,
    /// Where it came from.
    pub sources: Vec<RevisionArn>,
    /// ECS's words.
    pub reason: Option<String>,
    /// The revision it rolled back to, once it does.
    pub rolled_back_to: Option<RevisionArn>,
    /// It waits at a pause hook of this id.
    pub paused_at_hook: Option<String>,
    /// Whoever carries it out says that it is a rollback: CodeDeploy's are
    /// deployments of their own.
    #[serde(default)]
    pub rolls_back: bool,
    /// The stage of its life that ECS shows, such as `BAKE_TIME`.
    #[serde(default)]
    pub stage: Option<String>,
    /// Seconds that it is to wait by its own configuration: bake times, steps
    /// of a traffic shift.
    #[serde(default)]
    pub planned_wait_s: u32,
}

impl ServiceDeployment {
    /// When its first task could serve: its start, or else its creation.
    pub fn began_at(&self) -> Timestamp {
        self.started_at.unwrap_or(self.created_at)
    }
}

/// Where a container's log goes (`awslogs`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogPlace {
    /// `awslogs-group`.
    pub group: String,
    /// `awslogs-stream-prefix`: the stream is `PREFIX/CONTAINER/TASK`.
    pub prefix: String,
    /// `awslogs-region`.
    pub region: Option<String>,
}

/// A task definition, as far as a rollback's preflight needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskDefinition {
    /// Which one.
    pub arn: TaskDefinitionArn,
    /// `false`: INACTIVE, cannot be deployed.
    pub active: bool,
    /// Images by container name, as written.
    pub images: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Where its containers' logs go, by container.
    #[serde(default)]
    pub logs: BTreeMap<String, LogPlace>,
    /// ARN of the principal that registered it.
    #[serde(default)]
    pub registered_by: Option<String>,
}

/// What an image reference means right now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImageNow {
    /// The tag points here, and the image is there.
    At(Digest),
    /// ECR has no such image.
    Gone,
    /// Not in ECR, or not readable: nobody can tell.
    Unknown,
}
