//! What people may set: `config/nightshift.toml`. Every default is safe.

mod broken;
mod costs;
mod deployments;
mod freeze;
mod images;
mod lists;
mod mistake;
mod read;
mod scans;
mod section;
mod typed;
mod unknown;
mod windows;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::span::Span;

pub use costs::Costs;
pub use deployments::{Deployments, FAILURES_COUNTED};
pub use freeze::{Day, Freeze, Frozen};
pub use images::{ImageException, ImageRule, Images, Worth};
pub use mistake::{Mistake, PolicyError};

/// The whole policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How sure one must be.
    pub confidence: Confidence,
    /// Which alarms count.
    pub alarms: Alarms,
    /// When a rollback is offered.
    pub rollback: Rollback,
    /// When a deployment fails or hangs.
    pub deployments: Deployments,
    /// Scaling out.
    pub scaling: Scaling,
    /// Limits on remedies.
    pub guardrails: Guardrails,
    /// When an incident is over.
    pub verify: Verify,
    /// Who is woken.
    pub paging: Paging,
    /// Findings in images.
    pub images: Images,
    /// What is spent.
    pub costs: Costs,
    /// Windows without deployments or without remedies.
    pub freeze: Vec<Freeze>,
    /// Alarm name prefix → `cluster/service`, for alarms that do not say.
    pub services: BTreeMap<String, String>,
    /// Team (tag `team` or `owner`) → where it is told.
    pub teams: BTreeMap<String, Team>,
}

/// How sure one must be, in whole per cent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Confidence {
    /// At or above: act.
    pub act_at: u8,
    /// At or above: ask. Below: page with the evidence.
    pub ask_at: u8,
    /// At or above: scale out. More tasks within the bounds that people set,
    /// taken back afterwards, need less certainty than another release.
    pub scale_out_at: u8,
}

/// Which alarms count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Alarms {
    /// A change of state older than this forbids remedies.
    pub stale: Span,
    /// An alarm created or changed within this forbids remedies.
    pub newborn: Span,
    /// So many changes to ALARM …
    pub flapping_flips: u32,
    /// … within this are one state, "flapping".
    pub flapping_window: Span,
    /// An incident silent for this long turns chronic.
    pub chronic_after: Span,
}

/// When a rollback is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rollback {
    /// Only a release that began, or last got more of the traffic, within this
    /// before the onset is suspected.
    pub blame_window: Span,
    /// A release counts as good if it ran at least this long.
    pub soak: Span,
    /// A rolled-back release is denied for this long.
    pub deny_for: Span,
}

/// Scaling out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scaling {
    /// The minimum is raised to this share of the tasks that are wanted, per cent …
    pub step_percent: u32,
    /// … or, where the load is known to need more, to as much as it needs and to this
    /// share at most.
    pub most_percent: u32,
}

/// Limits on remedies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Guardrails {
    /// The same remedy on the same service not again within this.
    pub cooldown: Span,
    /// At most so many remedies on one service in 24 hours.
    pub remedies_per_day: u32,
    /// At most so many remedies over all services …
    pub fleet_remedies: u32,
    /// … within this.
    pub fleet_remedies_window: Span,
    /// At least so many services with a new incident …
    pub fleet_services: u32,
    /// … and at least this share of all services, per cent …
    pub fleet_share_percent: u32,
    /// … within this are one fleet incident, without remedies.
    pub fleet_window: Span,
    /// Whoever claims a remedy has this long before another may resume it.
    pub lease: Span,
}

/// When an incident is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Verify {
    /// Everything must look healthy for this long.
    pub hold_down: Span,
    /// From one check to the next.
    pub every: Span,
    /// The longest a rollout may take before the incident is escalated, over
    /// and above deregistration and the alarm's own span.
    pub rollout: Span,
    /// From one check to the next once it is escalated.
    pub escalated_every: Span,
    /// Checks of an incident end here; it then waits for its alarms alone.
    pub most_checks: u32,
}

/// Who is woken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Paging {
    /// Page for services in mode `observe` too.
    pub observed_services: bool,
}

/// Where a team is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Team {
    /// Slack channel, id or `#name`.
    pub channel: Option<String>,
}

impl Default for Confidence {
    fn default() -> Self {
        Self { act_at: 90, ask_at: 60, scale_out_at: 70 }
    }
}

impl Default for Alarms {
    fn default() -> Self {
        Self {
            stale: Span::minutes(10),
            newborn: Span::minutes(10),
            flapping_flips: 3,
            flapping_window: Span::minutes(30),
            chronic_after: Span::hours(24),
        }
    }
}

impl Default for Rollback {
    fn default() -> Self {
        Self { blame_window: Span::minutes(60), soak: Span::minutes(30), deny_for: Span::hours(168) }
    }
}

impl Default for Scaling {
    fn default() -> Self {
        Self { step_percent: 150, most_percent: 400 }
    }
}

impl Default for Guardrails {
    fn default() -> Self {
        Self {
            cooldown: Span::minutes(30),
            remedies_per_day: 2,
            fleet_remedies: 2,
            fleet_remedies_window: Span::minutes(10),
            fleet_services: 3,
            fleet_share_percent: 20,
            fleet_window: Span::minutes(5),
            lease: Span::seconds(60),
        }
    }
}

impl Default for Verify {
    fn default() -> Self {
        Self {
            hold_down: Span::minutes(2),
            every: Span::minutes(1),
            rollout: Span::minutes(10),
            escalated_every: Span::minutes(15),
            most_checks: 60,
        }
    }
}
