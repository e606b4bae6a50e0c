//! Remedies: what may be done to a service, and what came of it.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codedeploy::CodeDeploymentId;
use crate::fault::Fault;
use crate::ids::{DeploymentId, ServiceDeploymentArn, TaskDefinitionArn};
use crate::refusal::Refusal;

/// A corrective action with all that is needed to take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Remedy {
    /// `ecs:StopServiceDeployment` with ROLLBACK, while it is in flight.
    StopDeployment {
        /// What to stop.
        deployment: ServiceDeploymentArn,
        /// What it was deploying.
        from: TaskDefinitionArn,
        /// What ECS goes back to, for people.
        to: Option<TaskDefinitionArn>,
    },
    /// `ecs:ContinueServiceDeployment` with ROLLBACK, while it waits at a pause
    /// hook.
    RollBackAtHook {
        /// What waits.
        deployment: ServiceDeploymentArn,
        /// The hook it waits at.
        hook: String,
        /// What it was deploying.
        from: TaskDefinitionArn,
        /// What ECS goes back to, for people.
        to: Option<TaskDefinitionArn>,
    },
    /// `codedeploy:StopDeployment` with automatic rollback.
    StopCodeDeploy {
        /// CodeDeploy's deployment.
        deployment: CodeDeploymentId,
        /// What it was deploying.
        from: TaskDefinitionArn,
    },
    /// `ecs:UpdateService` to the last release that ran well.
    RollBack {
        /// What runs now.
        from: TaskDefinitionArn,
        /// What ran well.
        to: TaskDefinitionArn,
    },
    /// `ecs:UpdateService` with `forceNewDeployment`.
    Restart {
        /// The PRIMARY deployment it replaces: how a repeat is recognised.
        instead_of: DeploymentId,
    },
    /// Raise the scalable target's minimum within its maximum.
    ScaleOut {
        /// The minimum before.
        from: u32,
        /// The minimum for now.
        to: u32,
    },
    /// Lower the scalable target's minimum to what it was.
    RestoreScaling {
        /// The raised minimum that we set; anything else is somebody's.
        from: u32,
        /// The minimum before.
        to: u32,
    },
}

/// The kind of a remedy alone: what cool-downs count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RemedyKind {
    /// Either way back to an earlier release.
    RollBack,
    /// New tasks of the same release.
    Restart,
    /// More tasks.
    ScaleOut,
    /// Undo of `ScaleOut`; needs no budget.
    RestoreScaling,
}

impl Remedy {
    /// Its kind.
    pub fn kind(&self) -> RemedyKind {
        match self {
            Self::StopDeployment { .. }
            | Self::RollBackAtHook { .. }
            | Self::StopCodeDeploy { .. }
            | Self::RollBack { .. } => RemedyKind::RollBack,
            Self::Restart { .. } => RemedyKind::Restart,
            Self::ScaleOut { .. } => RemedyKind::ScaleOut,
            Self::RestoreScaling { .. } => RemedyKind::RestoreScaling,
        }
    }

    /// The AWS operation it takes, as IAM spells it.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::StopDeployment { .. } => "ecs:StopServiceDeployment",
            Self::RollBackAtHook { .. } => "ecs:ContinueServiceDeployment",
            Self::StopCodeDeploy { .. } => "codedeploy:StopDeployment",
            Self::RollBack { .. } | Self::Restart { .. } => "ecs:UpdateService",
            Self::ScaleOut { .. } | Self::RestoreScaling { .. } => "application-autoscaling:RegisterScalableTarget",
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StopDeployment { from, to: Some(to), .. } => {
                write!(f, "stop the deployment of {} and go back to {}", from.short(), to.short())
            }
            Self::StopDeployment { from, to: None, .. } | Self::StopCodeDeploy { from, .. } => {
                write!(f, "stop the deployment of {}", from.short())
            }
            Self::RollBackAtHook { from, .. } => {
                write!(f, "end the deployment of {} at its pause hook and go back", from.short())
            }
            Self::RollBack { from, to } => write!(f, "roll back {} → {}", from.short(), to.short()),
            Self::Restart { .. } => f.write_str("restart all tasks"),
            Self::ScaleOut { from, to } => write!(f, "raise the minimum from {from} to {to} tasks"),
            Self::RestoreScaling { from, to } => write!(f, "lower the minimum from {from} back to {to} tasks"),
        }
    }
}

/// What came of a remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// AWS accepted it.
    Taken {
        /// When.
        at: Timestamp,
    },
    /// The account already showed it: an earlier run had done it.
    FoundTaken {
        /// When that was seen.
        at: Timestamp,
    },
    /// AWS refused it for good.
    Failed {
        /// Operation, resource, kind and chain.
        fault: Fault,
    },
    /// A rule forbade it at the last look.
    Withheld {
        /// The rule.
        refusal: Refusal,
    },
}

/// What an open intent needs, read from the account alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resume {
    /// The account shows it done.
    Done,
    /// Something is moving; look again later.
    NotYet,
    /// The account shows it was not done: do it.
    DoAgain,
    /// The world has moved on: doing it now would undo somebody's change.
    Moot,
    /// It was not done, and the decision is too old to do it now.
    TooLate,
}
