//! The truth about a night, for whoever judges what was made of it.

use nightshift_core::cause::Cause;
use serde::{Deserialize, Serialize};

/// What really happened.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// The service that it happened to.
    pub service: String,
    /// A word for what happened: `slow-leak`.
    pub kind: String,
    /// Why the service is unwell.
    pub cause: Cause,
    /// Revisions that have the fault, where it is a release's.
    #[serde(default)]
    pub guilty: Vec<u32>,
    /// What a rollback of one of them would do.
    #[serde(default)]
    pub rollback: Cures,
}

/// What a rollback would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cures {
    /// Harm: no release is to blame.
    #[default]
    Never,
    /// It is the remedy.
    Yes,
    /// It is the remedy, until somebody deploys a better one.
    InTime,
    /// Nothing, or worse: a release is to blame, and its fault outlives it.
    InVain,
}
