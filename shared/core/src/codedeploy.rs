//! CodeDeploy's deployments of ECS services.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ServiceRef, TaskDefinitionArn};

/// A CodeDeploy deployment's id, `d-…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct CodeDeploymentId(pub String);

impl std::fmt::Display for CodeDeploymentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a CodeDeploy deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CodeDeployStatus {
    /// `Created`, `Queued`, `InProgress`, `Baking` or `Ready`.
    InProgress,
    /// It got there.
    Succeeded,
    /// It did not.
    Failed,
    /// Somebody stopped it.
    Stopped,
    /// A value AWS added later.
    Unknown,
}

/// A CodeDeploy deployment of one ECS service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CodeDeployment {
    /// Which one.
    pub id: CodeDeploymentId,
    /// Of which service.
    pub service: ServiceRef,
    /// Where it stands.
    pub status: CodeDeployStatus,
    /// It takes back another one: `rollbackInfo` names what it rolls back.
    pub rolls_back: Option<CodeDeploymentId>,
    /// What took it back: `rollbackInfo` names the rollback's id.
    pub rolled_back_by: Option<CodeDeploymentId>,
    /// What it deploys, where its revision says.
    pub task_definition: Option<TaskDefinitionArn>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// CodeDeploy's words about its failure.
    pub reason: Option<String>,
    /// Seconds that it is to wait by its own configuration: for the traffic to
    /// be rerouted and shifted, and before the old tasks are ended.
    #[serde(default)]
    pub planned_wait_s: u32,
}
