//! CodeDeploy's deployments as service deployments, so that one set of rules
//! holds for both.

use std::collections::BTreeMap;

use nightshift_core::codedeploy::{CodeDeployStatus, CodeDeployment, CodeDeploymentId};
use nightshift_core::ids::{RevisionArn, ServiceDeploymentArn, TaskDefinitionArn};
use nightshift_core::release::{DeploymentStatus, Revision, ServiceDeployment};
use nightshift_core::service::{Service, TaskSet};
use nightshift_core::verdict::{DeploymentKind, Release};

/// Ids of CodeDeploy's deployments begin with this.
pub const PREFIX: &str = "codedeploy:";

/// The deployment's id as a release carries it.
pub fn release_id(deployment: &CodeDeploymentId) -> ServiceDeploymentArn {
    ServiceDeploymentArn::new(format!("{PREFIX}{deployment}"))
}

/// The deployment that a release is of, if it is one of CodeDeploy's.
pub fn deployment_of(release: &Release) -> Option<CodeDeploymentId> {
    release.id.as_str().strip_prefix(PREFIX).map(|id| CodeDeploymentId(id.to_owned()))
}

/// What nobody says that a deployment deploys is called so, with its id: of two
/// such deployments nobody can tell that they are the same.
const UNKNOWN: &str = "unknown/";

/// Nobody says what it deploys, or not yet.
pub fn is_unknown(task_definition: &TaskDefinitionArn) -> bool {
    task_definition.as_str().starts_with(UNKNOWN)
}

/// The task set that CodeDeploy made for the release.
pub fn task_set<'a>(service: &'a Service, release: &ServiceDeploymentArn) -> Option<&'a TaskSet> {
    let id = release.as_str().strip_prefix(PREFIX)?;
    service.task_sets.iter().find(|set| set.external_id.as_deref() == Some(id))
}

/// The history that CodeDeploy does not list: what is known, with this
/// deployment in it.
pub fn history(deployment: &CodeDeployment, known: &[Release], service: Option<&Service>) -> Vec<ServiceDeployment> {
    let this = of(deployment, known, service);
    let others = known.iter().filter(|release| release.id != this.arn).map(again);
    let mut all: Vec<ServiceDeployment> = others.chain([this.clone()]).collect();
    all.sort_by_key(|deployment| std::cmp::Reverse(deployment.created_at));
    all
}

fn of(deployment: &CodeDeployment, known: &[Release], service: Option<&Service>) -> ServiceDeployment {
    // A rollback deploys what got there last; its revision often lies in S3.
    let got_there =
        || known.iter().find(|old| old.status == DeploymentStatus::Successful && old.began_at < deployment.created_at);
    let returned_to =
        deployment.rolls_back.as_ref().and_then(|_| got_there()).map(|old| old.target.task_definition.clone());
    let id = release_id(&deployment.id);
    // The AppSpec says it, or it lies in S3: then ECS shows what CodeDeploy
    // made of it, until the tasks are gone.
    let shown = || service.and_then(|service| task_set(service, &id)).map(|set| set.task_definition.clone());
    let remembered = || {
        let before = known.iter().find(|release| release.id == id)?;
        Some(before.target.task_definition.clone()).filter(|known| !is_unknown(known))
    };
    let unknown = || TaskDefinitionArn::new(format!("{UNKNOWN}{}", deployment.id));
    let task_definition =
        deployment.task_definition.clone().or_else(shown).or_else(remembered).or(returned_to).unwrap_or_else(unknown);
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
        arn: id,
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
        sources: got_there().map(|release| release.target.arn.clone()).into_iter().collect(),
        reason: deployment.reason.clone().or(said),
        rolled_back_to: None,
        paused_at_hook: None,
        rolls_back: deployment.rolls_back.is_some(),
        stage: None,
        planned_wait_s: deployment.planned_wait_s,
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
        rolls_back: release.kind == DeploymentKind::Rollback,
        stage: None,
        planned_wait_s: release.planned_wait_s,
    }
}
