//! When a deployment counts as failing or stuck.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::span::Span;

/// Failures of one release that are counted; more prove nothing more.
pub const FAILURES_COUNTED: u32 = 20;

/// When a deployment counts as failing or stuck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Deployments {
    /// So many failed tasks of the new release prove that it fails …
    pub failures: u32,
    /// … and so many on a service that wants at most two tasks.
    pub small_failures: u32,
    /// Once ECS says that a deployment failed, its circuit breaker has this
    /// long to roll back before we judge.
    pub breaker_grace: Span,
    /// A deployment is stuck after this share, per cent, of what the service's
    /// deployments take …
    pub stuck_percent: u32,
    /// … but not before this …
    pub stuck_least: Span,
    /// … and in any case after this.
    pub stuck_most: Span,
    /// Say at a deployment's start what is wrong with it.
    pub warnings: bool,
}

impl Default for Deployments {
    fn default() -> Self {
        Self {
            failures: 3,
            small_failures: 2,
            breaker_grace: Span::seconds(90),
            stuck_percent: 300,
            stuck_least: Span::minutes(10),
            stuck_most: Span::minutes(60),
            warnings: true,
        }
    }
}
