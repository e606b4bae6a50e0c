//! Where a release comes from: who made it, and from what.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::DeploymentId;

/// Who made a release and from what, as far as anybody says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The git commit: tag `commit` or `git-sha` of the task definition, an
    /// image tag that is one, or what the image says it was built from.
    pub commit: Option<String>,
    /// When it was committed, where the task definition's tag `commit-time` says.
    pub committed_at: Option<Timestamp>,
    /// Who: tag `deployed-by` of the task definition.
    pub by: Option<String>,
    /// The principal that registered the task definition.
    #[serde(default)]
    pub registered_by: Option<String>,
}

/// A call of `ecs:UpdateService` or `ecs:CreateService` that succeeded and
/// asked for a deployment, as CloudTrail tells of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// When it was made; CloudTrail leaves out parts of a second.
    pub at: Timestamp,
    /// CloudTrail's id of it.
    pub event: String,
    /// The principal without its account: `ROLE/SESSION`, a user, or the AWS
    /// service that made it.
    pub by: String,
    /// The classic deployment that its answer calls PRIMARY.
    pub deployment: Option<DeploymentId>,
    /// The task definition of its answer, or else the one it asked for: an ARN,
    /// `family:revision`, or a family alone.
    pub task_definition: Option<String>,
}
