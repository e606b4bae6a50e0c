//! Causes, the evidence for and against them, and the diagnosis.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{RevisionArn, ServiceDeploymentArn, TaskDefinitionArn};

/// Why a service is unwell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The newest release.
    Release,
    /// More work than the tasks can do.
    Load,
    /// Memory that grows until the kernel kills the task.
    MemoryLeak,
    /// Something the service calls.
    Dependency,
    /// AWS itself.
    Provider,
    /// The image cannot be pulled.
    ImageUnavailable,
    /// A secret, role or parameter is missing.
    Configuration,
    /// Nothing is wrong; the metric is sparse or the blip is over.
    Noise,
    /// Nothing explains it.
    Unknown,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Release => "the release",
            Self::Load => "load",
            Self::MemoryLeak => "a memory leak",
            Self::Dependency => "a dependency",
            Self::Provider => "AWS",
            Self::ImageUnavailable => "an image that cannot be pulled",
            Self::Configuration => "configuration",
            Self::Noise => "noise",
            Self::Unknown => "unknown",
        })
    }
}

/// One finding and how far it moves one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The named weight's name, for example `onset-after-release`.
    pub name: String,
    /// Which cause it speaks for or against.
    pub cause: Cause,
    /// Hundredths of log-odds (base e); negative speaks against.
    pub weight: i32,
    /// One sentence for people, with the figures.
    pub says: String,
}

/// The release that evidence points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suspect {
    /// Its service deployment.
    pub deployment: ServiceDeploymentArn,
    /// Its service revision.
    pub revision: RevisionArn,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// When it began.
    pub began_at: Timestamp,
}

/// How likely a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Likelihood {
    /// The cause.
    pub cause: Cause,
    /// Sum of its evidence, prior included, in hundredths of log-odds.
    pub log_odds: i32,
    /// Whole per cent.
    pub percent: u8,
}

/// What the evidence adds up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// The likeliest cause.
    pub cause: Cause,
    /// Its probability in whole per cent.
    pub percent: u8,
    /// All causes, likeliest first.
    pub ranking: Vec<Likelihood>,
    /// Every piece of evidence, strongest first.
    pub evidence: Vec<Evidence>,
    /// When the symptom began, where it shows.
    pub onset: Option<Timestamp>,
    /// The newest release within reach, guilty or not.
    pub suspect: Option<Suspect>,
    /// The gate beside the score: the onset lies after the release, and at
    /// least one sign is specific to it.
    pub release_gate: bool,
    /// The CPU that the requests of now take, in per cent of what the tasks have, if
    /// that can be told.
    #[serde(default)]
    pub demand_percent: Option<u32>,
}
