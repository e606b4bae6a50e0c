//! A change of production, as it was asked for.

use std::fmt;

use nightshift_core::codedeploy::CodeDeploymentId;
use nightshift_core::ids::{DeploymentId, ServiceDeploymentArn, TaskDefinitionArn};
use nightshift_core::remedy::Remedy;

/// What a call asks for, by what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// `UpdateService` to a task definition.
    Deploy { to: TaskDefinitionArn },
    /// `UpdateService` with force and no task definition.
    Restart {
        /// The PRIMARY that it replaces.
        instead_of: Option<DeploymentId>,
    },
    /// `StopServiceDeployment` with ROLLBACK.
    Stop { deployment: ServiceDeploymentArn },
    /// `ContinueServiceDeployment`, which may end what it names.
    AtHook { deployment: ServiceDeploymentArn, hook: String, goes_back: bool },
    /// CodeDeploy's `StopDeployment`.
    StopCodeDeploy { deployment: CodeDeploymentId },
    /// `RegisterScalableTarget`.
    Scale { minimum: Option<u32>, maximum: Option<u32> },
}

impl Change {
    /// As IAM spells it.
    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Self::Deploy { .. } | Self::Restart { .. } => "ecs:UpdateService",
            Self::Stop { .. } => "ecs:StopServiceDeployment",
            Self::AtHook { .. } => "ecs:ContinueServiceDeployment",
            Self::StopCodeDeploy { .. } => "codedeploy:StopDeployment",
            Self::Scale { .. } => "application-autoscaling:RegisterScalableTarget",
        }
    }

    /// Whether it is what the remedy says: the same call, of the same thing.
    pub(crate) fn is(&self, remedy: &Remedy) -> bool {
        match (self, remedy) {
            (Self::Deploy { to }, Remedy::RollBack { to: claimed, .. }) => to == claimed,
            (Self::Restart { instead_of }, Remedy::Restart { instead_of: claimed }) => {
                instead_of.as_ref() == Some(claimed)
            }
            (Self::Stop { deployment }, Remedy::StopDeployment { deployment: claimed, .. }) => deployment == claimed,
            (
                Self::AtHook { deployment, hook, goes_back: true },
                Remedy::RollBackAtHook { deployment: claimed, hook: claimed_hook, .. },
            ) => (deployment, hook) == (claimed, claimed_hook),
            (Self::StopCodeDeploy { deployment }, Remedy::StopCodeDeploy { deployment: claimed, .. }) => {
                deployment == claimed
            }
            (
                Self::Scale { minimum, maximum: None },
                Remedy::ScaleOut { to, .. } | Remedy::RestoreScaling { to, .. },
            ) => minimum.as_ref() == Some(to),
            _ => false,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deploy { to } => write!(f, "task definition {}", to.short()),
            Self::Restart { .. } => f.write_str("force a new deployment"),
            Self::Stop { deployment } => write!(f, "stop {}", deployment.short()),
            Self::AtHook { deployment, hook, goes_back: true } => {
                write!(f, "roll {} back at hook {hook}", deployment.short())
            }
            Self::AtHook { deployment, hook, .. } => write!(f, "let {} go on from hook {hook}", deployment.short()),
            Self::StopCodeDeploy { deployment } => write!(f, "stop {deployment}"),
            Self::Scale { minimum: Some(minimum), maximum: None } => write!(f, "minimum {minimum}"),
            Self::Scale { minimum, maximum } => write!(f, "minimum {minimum:?}, maximum {maximum:?}"),
        }
    }
}
