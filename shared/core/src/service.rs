//! An ECS service as `ecs:DescribeServices` shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{DeploymentId, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};

/// Who carries out deployments of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Controller {
    /// ECS itself; also when the field is missing.
    Ecs,
    /// AWS CodeDeploy: `UpdateService` cannot change its task definition.
    CodeDeploy,
    /// Somebody's own controller, by task sets.
    External,
}

/// How ECS replaces tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Strategy {
    /// Task by task.
    Rolling,
    /// A second fleet, then the switch.
    BlueGreen,
    /// Traffic in equal steps.
    Linear,
    /// A small share of traffic first.
    Canary,
}

/// What a service's tasks run on, as far as that has a price of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Launch {
    /// Fargate, on demand.
    Fargate,
    /// Fargate Spot, some of it or all: its price moves.
    FargateSpot,
    /// Instances, ours or others'.
    Instances,
}

/// Where a classic deployment's rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Rollout {
    /// Tasks are being replaced.
    InProgress,
    /// Steady state reached.
    Completed,
    /// Given up.
    Failed,
}

/// One entry of `deployments[]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deployment {
    /// `ecs-svc/N`.
    pub id: DeploymentId,
    /// The one that ECS moves towards.
    pub primary: bool,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running.
    pub running: u32,
    /// Tasks starting.
    pub pending: u32,
    /// Tasks that failed to start in a row.
    pub failed_tasks: u32,
    /// Rolling deployments only.
    pub rollout: Option<Rollout>,
    /// When it began.
    pub created_at: Option<Timestamp>,
}

/// One entry of `taskSets[]`: what somebody else than ECS deploys has these
/// instead of deployments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskSet {
    /// `ecs-svc/N`: what its tasks say they were started by.
    pub id: DeploymentId,
    /// `externalId`: the id of the CodeDeploy deployment that made it.
    pub external_id: Option<String>,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
}

/// The service, as far as a decision needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// Which one.
    pub service: ServiceRef,
    /// `ACTIVE`, `DRAINING`, `INACTIVE`, as AWS writes it.
    pub status: String,
    /// Its deployment controller.
    pub controller: Controller,
    /// Its deployment strategy.
    pub strategy: Strategy,
    /// `resourceManagementType: ECS`: Express-managed, not ours to touch.
    pub express_managed: bool,
    /// `schedulingStrategy: DAEMON`.
    pub daemon: bool,
    /// The PRIMARY deployment's task definition.
    pub task_definition: TaskDefinitionArn,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running.
    pub running: u32,
    /// Tasks starting.
    pub pending: u32,
    /// PRIMARY first.
    pub deployments: Vec<Deployment>,
    /// Its task sets, where ECS does not deploy it.
    #[serde(default)]
    pub task_sets: Vec<TaskSet>,
    /// The current service deployment, where ECS names one.
    pub current_deployment: Option<ServiceDeploymentArn>,
    /// ARNs of the target groups it registers with.
    pub target_groups: Vec<String>,
    /// Seconds a new task may fail its load balancer checks.
    pub grace_s: u32,
    /// Its deployment circuit breaker, where it has a setting for one.
    #[serde(default)]
    pub breaker: Option<Breaker>,
    /// What its tasks run on; `None`: ECS does not say it of the service.
    #[serde(default)]
    pub launch: Option<Launch>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// ECS's deployment circuit breaker, as it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Breaker {
    /// It counts failed tasks.
    pub enabled: bool,
    /// It goes back by itself when it trips.
    pub rolls_back: bool,
    /// Failed tasks at which it trips, of as many as are wanted now; `None`:
    /// as ECS has it unless told otherwise.
    #[serde(default)]
    pub threshold: Option<u32>,
}

/// The tag that opts a service in, with the mode as its value.
pub const MODE_TAG: &str = "nightshift";
/// The tag that names the one stack that owns the service.
pub const STACK_TAG: &str = "nightshift:stack";
/// The tag by which off-hours parks a service.
pub const PARKED_TAG: &str = "nightshift:parked";
/// The tag, on a task definition, that forbids crossing or reaching it.
pub const ROLLBACK_SAFE_TAG: &str = "nightshift:rollback-safe";

impl Service {
    /// The deployment that ECS moves towards.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.primary)
    }

    /// One deployment alone, complete, with all its tasks.
    pub fn settled(&self) -> bool {
        let alone = || {
            let done = |primary: &Deployment| primary.rollout != Some(Rollout::InProgress);
            self.deployments.len() == 1 && self.primary().is_some_and(done)
        };
        // CodeDeploy's services have task sets and no deployments.
        let still = self.controller == Controller::CodeDeploy || alone();
        still && self.running == self.desired && self.pending == 0
    }

    /// A tag's value.
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.get(key).map(String::as_str)
    }
}

/// The environment a service says it is in.
pub fn environment(service: &Service) -> Option<&str> {
    service.tag("environment").or_else(|| service.tag("env"))
}

/// Whether an environment of that name is production.
pub fn production(environment: &str) -> bool {
    matches!(environment.to_ascii_lowercase().as_str(), "prod" | "production" | "live")
}

/// How many of a service's targets its load balancers find healthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetHealth {
    /// In state `healthy`.
    pub healthy: u32,
    /// In state `unhealthy`, `unavailable` or `initial`.
    pub unhealthy: u32,
    /// Being deregistered.
    pub draining: u32,
    /// The longest deregistration delay of the groups, in seconds.
    pub deregistration_delay_s: u32,
}

/// The scalable target of a service (Application Auto Scaling).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScalableTarget {
    /// Fewest tasks.
    pub min: u32,
    /// Most tasks.
    pub max: u32,
}
