//! CodeDeploy's deployments as service deployments, so that one set of rules
//! holds for both.

use std::collections::BTreeMap;

use nightshift_core::codedeploy::{CodeDeployStatus, CodeDeployment};
use nightshift_core::ids::{RevisionArn, ServiceDeploymentArn, TaskDefinitionArn};
use nightshift_core::release::{DeploymentStatus, Revision, ServiceDeployment};
use nightshift_core::verdict::Release;

/// Ids of CodeDeploy's deployments begin with this.
pub const PREFIX: &str = "codedeploy:";

/// The deployment's id as a release carries it.
pub fn id(deployment: &CodeDeployment) -> ServiceDeploymentArn {
    ServiceDeploymentArn::new(format!("{PREFIX}{}", deployment.id))
}

/// The history that CodeDeploy does not list: what is known, with this
/// deployment in it.
pub fn history(deployment: &CodeDeployment, known: &[Release]) -> Vec<ServiceDeployment> {
    let this = of(deployment, known);
    let others = known.iter().filter(|release| release.id != this.arn).map(again);
    let mut all: Vec<ServiceDeployment> = others.chain([this.clone()]).collect();
    all.sort_by_key(|deployment| std::cmp::Reverse(deployment.created_at));
    all
}

fn of(deployment: &CodeDeployment, known: &[Release]) -> ServiceDeployment {
    let before = known.iter().find(|release| release.began_at < deployment.created_at);
    let unknown = || TaskDefinitionArn::new("unknown");
    let task_definition = deployment.task_definition.clone().unwrap_or_else(unknown);
    let status = match deployment.status {
        CodeDeployStatus::InProgress => DeploymentStatus::InProgress,
        CodeDeployStatus::Succeeded => DeploymentStatus::Successful,
        CodeDeployStatus::Failed | CodeDeployStatus::Stopped if deployment.rolled_back_by.is_some() => {
            DeploymentStatus::RollbackSuccessful
        }
        CodeDeployStatus::Failed | CodeDeployStatus::Stopped => DeploymentStatus::Stopped,
        CodeDeployStatus::Unknown => DeploymentStatus::Unknown,
    };
    let said = match deployment.status {
        CodeDeployStatus::Failed => Some("CodeDeploy deployment failed".to_owned()),
        _ => None,
    };
    ServiceDeployment {
        arn: id(deployment),
        status,
        created_at: deployment.created_at,
        started_at: Some(deployment.created_at),
        finished_at: deployment.ended_at,
        target: Revision {
            arn: RevisionArn::new(task_definition.as_str()),
            task_definition,
            created_at: Some(deployment.created_at),
            images: BTreeMap::new(),
            surroundings: String::new(),
        },
        sources: before.map(|release| release.target.arn.clone()).into_iter().collect(),
        reason: deployment.reason.clone().or(said),
        rolled_back_to: None,
        paused_at_hook: None,
    }
}

fn again(release: &Release) -> ServiceDeployment {
    ServiceDeployment {
        arn: release.id.clone(),
        status: release.status,
        created_at: release.began_at,
        started_at: Some(release.began_at),
        finished_at: release.ended_at,
        target: release.target.clone(),
        sources: Vec::new(),
        reason: release.reason.clone(),
        rolled_back_to: release.rolled_back_to.clone(),
        paused_at_hook: None,
    }
}
