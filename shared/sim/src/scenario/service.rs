//! Services and their releases.

use std::collections::BTreeMap;

use nightshift_core::service::{Controller, Launch, Strategy};
use nightshift_core::span::Span;
use serde::Deserialize;

use super::{Baseline, ContainerTruth, Load, Moment, Release, TaskSetup};

/// One ECS service.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSetup {
    /// The cluster's name.
    #[serde(default = "cluster")]
    pub cluster: String,
    /// The service's name; also its task definitions' family.
    pub name: String,
    /// Tasks wanted.
    #[serde(default = "desired")]
    pub desired: u32,
    /// What they run on: `fargate`, `fargate-spot` or `instances`.
    #[serde(default = "fargate")]
    pub launch: Launch,
    /// How large they are.
    #[serde(default)]
    pub task: TaskSetup,
    /// Its tags; `nightshift = "act"` opts it in.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// `ACTIVE`, or `DRAINING` and `INACTIVE` once somebody deleted it.
    #[serde(default = "active")]
    pub status: String,
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    #[serde(default = "controller")]
    pub controller: Controller,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR` or `CANARY`.
    #[serde(default = "strategy")]
    pub strategy: Strategy,
    /// What CodeDeploy deploys stands in a file in S3, which nobody reads.
    #[serde(default)]
    pub app_spec_in_s3: bool,
    /// ECS rolls back by itself once three tasks in a row did not start;
    /// CodeDeploy, once a deployment has failed.
    #[serde(default)]
    pub circuit_breaker: bool,
    /// What it does then: go back, or only give the deployment up.
    #[serde(default = "goes_back")]
    pub circuit_breaker_rollback: bool,
    /// Failed tasks at which it trips; unset: half of those wanted, at least three.
    #[serde(default)]
    pub circuit_breaker_failures: Option<u32>,
    /// Alarms that make ECS go back while it deploys.
    #[serde(default)]
    pub deployment_alarms: Vec<String>,
    /// How long a deployment stays IN_PROGRESS once its tasks are there.
    #[serde(default = "super::moment::no_time")]
    pub bake: Span,
    /// CANARY: of production traffic, what a release gets first.
    #[serde(default = "canary_percent")]
    pub canary_percent: f64,
    /// CANARY: how long it has no more than that.
    #[serde(default = "canary_bake")]
    pub canary_bake: Span,
    /// LINEAR: of production traffic, what a release gets with each step.
    #[serde(default = "step_percent")]
    pub step_percent: f64,
    /// LINEAR: how long a step lasts.
    #[serde(default = "step_bake")]
    pub step_bake: Span,
    /// `name` or `name/id`; unset: the service's name; empty: none.
    #[serde(default)]
    pub target_group: Option<String>,
    /// The other one, where traffic is shifted; unset: the first one's name
    /// with `-alt` behind it.
    #[serde(default)]
    pub alternate_target_group: Option<String>,
    /// `name` or `name/id` of the load balancer before it.
    #[serde(default = "load_balancer")]
    pub load_balancer: String,
    /// How long a target drains.
    #[serde(default = "draining")]
    pub deregistration_delay: Span,
    /// How long a new task may fail its health checks.
    #[serde(default = "grace")]
    pub grace: Span,
    /// Its scalable target, if it has one.
    #[serde(default)]
    pub scaling: Option<ScalingSetup>,
    /// Metrics that target tracking scales it by.
    #[serde(default)]
    pub scales_by: Vec<String>,
    /// What its task definitions say of their container.
    #[serde(default)]
    pub container: ContainerTruth,
    /// Its tasks have public addresses.
    #[serde(default)]
    pub public_address: bool,
    /// A shell may be opened in its tasks (ECS Exec).
    #[serde(default)]
    pub exec: bool,
    /// The CloudFormation stack it belongs to.
    #[serde(default)]
    pub stack: Option<String>,
    /// That stack's status.
    #[serde(default = "stack_status")]
    pub stack_status: String,
    /// What its metrics look like when all is well.
    #[serde(default)]
    pub baseline: Baseline,
    /// From when on its tasks are replaced one by one, as AWS replaces those on
    /// hardware that it takes out of service.
    #[serde(default)]
    pub retired_at: Option<Moment>,
    /// Its releases, oldest first; the first one runs from its beginning.
    #[serde(rename = "release")]
    pub releases: Vec<Release>,
    /// When there is more work than usual.
    #[serde(default, rename = "load")]
    pub loads: Vec<Load>,
}

/// Bounds of Application Auto Scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalingSetup {
    /// Fewest tasks.
    pub min: u32,
    /// Most tasks.
    pub max: u32,
}

impl ServiceSetup {
    /// Whether it is called that, with its cluster or without.
    pub fn is(&self, name: &str) -> bool {
        match name.split_once('/') {
            Some((cluster, service)) => self.cluster == cluster && self.name == service,
            None => self.name == name,
        }
    }

    /// Whether ECS shifts traffic from one set of its tasks to another.
    pub fn shifts(&self) -> bool {
        self.controller == Controller::Ecs && self.strategy != Strategy::Rolling
    }

    /// What a release gets of production traffic, per cent, step by step, and
    /// how long each step but the last lasts.
    pub fn shift_steps(&self) -> (Vec<f64>, Span) {
        match self.strategy {
            Strategy::Canary => (vec![self.canary_percent, 100.0], self.canary_bake),
            Strategy::Linear => {
                let steps = (100.0 / self.step_percent).ceil() as u32;
                let weights = (1..=steps).map(|step| (f64::from(step) * self.step_percent).min(100.0));
                (weights.collect(), self.step_bake)
            }
            Strategy::Rolling | Strategy::BlueGreen => (vec![100.0], Span::seconds(0)),
        }
    }

    /// Seconds that a deployment waits as it is told to: those of its steps,
    /// each with its bake time, and those of its own bake time.
    pub fn planned_wait_s(&self) -> u32 {
        let (weights, bake) = self.shift_steps();
        let steps = match self.strategy {
            Strategy::Linear => weights.len() as i64,
            _ => weights.len() as i64 - 1,
        };
        let steps = if self.shifts() { steps * bake.as_seconds() } else { 0 };
        u32::try_from(self.bake.as_seconds() + steps).unwrap_or(u32::MAX)
    }
}

fn cluster() -> String {
    "prod".into()
}

fn active() -> String {
    "ACTIVE".into()
}

fn desired() -> u32 {
    4
}

fn fargate() -> Launch {
    Launch::Fargate
}

fn controller() -> Controller {
    Controller::Ecs
}

fn strategy() -> Strategy {
    Strategy::Rolling
}

fn goes_back() -> bool {
    true
}

fn canary_percent() -> f64 {
    5.0
}

fn canary_bake() -> Span {
    Span::minutes(10)
}

fn step_percent() -> f64 {
    10.0
}

fn step_bake() -> Span {
    Span::minutes(6)
}

fn load_balancer() -> String {
    "prod".into()
}

fn draining() -> Span {
    Span::seconds(30)
}

fn grace() -> Span {
    Span::seconds(60)
}

fn stack_status() -> String {
    "UPDATE_COMPLETE".into()
}
