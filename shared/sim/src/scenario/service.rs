//! Services and their releases.

use std::collections::BTreeMap;

use nightshift_core::service::{Controller, Strategy};
use nightshift_core::span::Span;
use serde::Deserialize;

use super::Moment;

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
    /// Its tags; `nightshift = "act"` opts it in.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// `ACTIVE`, or `DRAINING` and `INACTIVE` once somebody deleted it.
    #[serde(default = "active")]
    pub status: String,
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    #[serde(default = "controller")]
    pub controller: Controller,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR` or `CANARY`; the local account
    /// carries all of them out as rolling.
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
    #[serde(default = "no_bake")]
    pub bake: Span,
    /// `name` or `name/id`; unset: the service's name; empty: none.
    #[serde(default)]
    pub target_group: Option<String>,
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
    /// The CloudFormation stack it belongs to.
    #[serde(default)]
    pub stack: Option<String>,
    /// That stack's status.
    #[serde(default = "stack_status")]
    pub stack_status: String,
    /// What its metrics look like when all is well.
    #[serde(default)]
    pub baseline: Baseline,
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

/// A service's metrics when all is well.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Baseline {
    /// Over all tasks.
    pub requests_per_minute: f64,
    /// Requests answered with 5XX, per cent.
    pub errors_percent: f64,
    /// Mean time of an answer.
    pub latency_ms: f64,
    /// Per cent of the reservation.
    pub cpu_percent: f64,
    /// Per cent of the reservation.
    pub memory_percent: f64,
    /// How far requests swing with the hour: 0 is flat, 0.5 is half above at
    /// the afternoon's peak and half below before dawn.
    pub daily_rhythm: f64,
}

/// One deployment of a task definition, and the truth about it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Revision of the task definition.
    pub revision: u32,
    /// When it is deployed.
    pub at: Moment,
    /// `repository:tag` in the account's ECR, or a full reference elsewhere;
    /// unset: `<service>:<revision>`.
    #[serde(default)]
    pub image: Option<String>,
    /// `sha256:…`; unset: made from image and revision.
    #[serde(default)]
    pub digest: Option<String>,
    /// The task definition's tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The image's labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Annotations of the image's manifest.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Of its requests, answered with 5XX; unset: as the baseline.
    #[serde(default)]
    pub errors_percent: Option<f64>,
    /// Times the baseline's time of an answer.
    #[serde(default = "one")]
    pub latency_factor: f64,
    /// Its tasks end by themselves.
    #[serde(default)]
    pub crash: Option<CrashTruth>,
    /// `false`: its tasks run and never pass a health check.
    #[serde(default = "yes")]
    pub starts: bool,
    /// The task definition was deregistered.
    #[serde(default)]
    pub inactive: bool,
    /// The image was deleted from ECR before the clock starts.
    #[serde(default)]
    pub image_gone: bool,
    /// Before the clock starts, its tag was moved to the newest release's image.
    #[serde(default)]
    pub moved_tag: bool,
    /// A word for everything beyond the task definition; another word is
    /// another network, load balancer or capacity provider.
    #[serde(default)]
    pub surroundings: String,
    /// When somebody stopped its deployment with ROLLBACK.
    #[serde(default)]
    pub rolled_back_at: Option<Moment>,
    /// Its deployment waits at a pause hook once its tasks serve, until a
    /// person lets it go on then.
    #[serde(default)]
    pub paused_until: Option<Moment>,
}

/// How tasks of a release end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrashTruth {
    /// In which way.
    pub kind: CrashKind,
    /// Exit code, for `exit`.
    #[serde(default = "exit_code")]
    pub code: i32,
    /// How long a task lives, for `exit` and `oom`.
    #[serde(default = "lifetime")]
    pub every: Span,
}

/// In which way tasks of a release end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrashKind {
    /// The container exits.
    Exit,
    /// Memory grows until the kernel kills it.
    Oom,
    /// The image cannot be pulled: no task ever starts.
    Pull,
    /// A secret cannot be had: no task ever starts.
    Secret,
}

/// More work than usual.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// From when.
    pub at: Moment,
    /// Until when; unset: it stays.
    #[serde(default)]
    pub until: Option<Moment>,
    /// Times the usual.
    pub factor: f64,
}

impl ServiceSetup {
    /// Whether it is called that, with its cluster or without.
    pub fn is(&self, name: &str) -> bool {
        match name.split_once('/') {
            Some((cluster, service)) => self.cluster == cluster && self.name == service,
            None => self.name == name,
        }
    }
}

impl Default for Baseline {
    fn default() -> Self {
        Self {
            requests_per_minute: 600.0,
            errors_percent: 0.1,
            latency_ms: 80.0,
            cpu_percent: 35.0,
            memory_percent: 45.0,
            daily_rhythm: 0.3,
        }
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

fn controller() -> Controller {
    Controller::Ecs
}

fn strategy() -> Strategy {
    Strategy::Rolling
}

fn goes_back() -> bool {
    true
}

fn no_bake() -> Span {
    Span::seconds(0)
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

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

fn exit_code() -> i32 {
    1
}

fn lifetime() -> Span {
    Span::minutes(5)
}
