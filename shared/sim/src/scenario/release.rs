//! Releases of a service, and the truth about them.

use std::collections::BTreeMap;

use nightshift_core::span::Span;
use serde::Deserialize;

use super::{Moment, Stage};

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
    /// A word for what is in the image; unset: made from image and revision.
    /// The same word is the same image.
    #[serde(default)]
    pub content: Option<String>,
    /// Ids of the flaws that are in the image.
    #[serde(default)]
    pub findings: Vec<String>,
    /// `linux/amd64`, …: the image is an index of images for these.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// How the image's scan ends, if not well: `FAILED`, ….
    #[serde(default)]
    pub scan: Option<String>,
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
    /// Times the baseline's CPU for the same work.
    #[serde(default = "one")]
    pub cpu_factor: f64,
    /// A task of it serves well for so long first.
    #[serde(default = "super::moment::no_time")]
    pub sets_in_after: Span,
    /// Its fault then takes so long, evenly, to be whole.
    #[serde(default = "super::moment::no_time")]
    pub grows_over: Span,
    /// Its fault shows only while there are more than so many times the
    /// baseline's requests.
    #[serde(default)]
    pub above_load: f64,
    /// What it does to the data stays: once it has served, earlier releases have
    /// its fault as well.
    #[serde(default)]
    pub lasting: bool,
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
    /// The stage at which it waits, where traffic is shifted.
    #[serde(default = "scaled_up")]
    pub paused_stage: Stage,
}

impl Release {
    /// One of which nothing bad is known.
    pub(crate) fn plain(revision: u32) -> Self {
        Self {
            revision,
            at: Moment::Offset(0),
            image: None,
            content: None,
            findings: Vec::new(),
            platforms: Vec::new(),
            scan: None,
            tags: BTreeMap::new(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            errors_percent: None,
            latency_factor: one(),
            cpu_factor: one(),
            sets_in_after: super::moment::no_time(),
            grows_over: super::moment::no_time(),
            above_load: 0.0,
            lasting: false,
            crash: None,
            starts: yes(),
            inactive: false,
            image_gone: false,
            moved_tag: false,
            surroundings: String::new(),
            rolled_back_at: None,
            paused_until: None,
            paused_stage: scaled_up(),
        }
    }
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

fn scaled_up() -> Stage {
    Stage::PostScaleUp
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
