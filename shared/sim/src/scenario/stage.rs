//! The stages of a deployment that shifts traffic.

use serde::{Deserialize, Serialize};

/// Where a deployment that shifts traffic stands, in ECS's words and in the
/// order in which it goes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// What is left over from an earlier deployment is put in order.
    ReconcileService,
    /// No task of the release has started.
    PreScaleUp,
    /// Its tasks start.
    ScaleUp,
    /// They are all healthy.
    PostScaleUp,
    /// It gets the test traffic.
    TestTrafficShift,
    /// It has the test traffic.
    PostTestTrafficShift,
    /// It gets production traffic, at once or step by step.
    ProductionTrafficShift,
    /// It has all of it.
    PostProductionTrafficShift,
    /// The old tasks are kept, in case they are needed.
    BakeTime,
    /// The old tasks go.
    CleanUp,
}

impl Stage {
    /// Whether ECS lets a hook stop a deployment here.
    pub fn has_hooks(self) -> bool {
        !matches!(self, Self::ScaleUp | Self::BakeTime | Self::CleanUp)
    }

    /// As ECS writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::ReconcileService => "RECONCILE_SERVICE",
            Self::PreScaleUp => "PRE_SCALE_UP",
            Self::ScaleUp => "SCALE_UP",
            Self::PostScaleUp => "POST_SCALE_UP",
            Self::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
            Self::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
            Self::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
            Self::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Self::BakeTime => "BAKE_TIME",
            Self::CleanUp => "CLEAN_UP",
        }
    }

    /// The one after it; `None` after the last.
    pub(crate) fn next(self) -> Option<Self> {
        Some(match self {
            Self::ReconcileService => Self::PreScaleUp,
            Self::PreScaleUp => Self::ScaleUp,
            Self::ScaleUp => Self::PostScaleUp,
            Self::PostScaleUp => Self::TestTrafficShift,
            Self::TestTrafficShift => Self::PostTestTrafficShift,
            Self::PostTestTrafficShift => Self::ProductionTrafficShift,
            Self::ProductionTrafficShift => Self::PostProductionTrafficShift,
            Self::PostProductionTrafficShift => Self::BakeTime,
            Self::BakeTime => Self::CleanUp,
            Self::CleanUp => return None,
        })
    }
}
