//! The target groups that a service registers its tasks with.

use crate::scenario::{Scenario, ServiceSetup};

/// Ids of load balancer and target group where a scenario names none: those
/// that the sample events carry.
const LOAD_BALANCER_ID: &str = "50dc6c495c0c9188";
const TARGET_GROUP_ID: &str = "6d0ecf831eec9f09";

/// A target group as ELB and its metrics name it.
#[derive(Clone, Debug)]
pub(crate) struct TargetGroup {
    pub(crate) arn: String,
    /// `targetgroup/checkout/6d0ecf831eec9f09`.
    pub(crate) dimension: String,
    /// `app/prod/50dc6c495c0c9188`.
    pub(crate) load_balancer: String,
}

impl TargetGroup {
    /// All that the service has: two where traffic is shifted.
    pub(crate) fn all(scenario: &Scenario, setup: &ServiceSetup) -> Vec<Self> {
        let first = setup.target_group.as_deref().unwrap_or(&setup.name);
        if first.is_empty() {
            return Vec::new();
        }
        let other = || {
            let made = || format!("{}-alt", first.split('/').next().unwrap_or(first));
            setup.alternate_target_group.clone().unwrap_or_else(made)
        };
        let other = setup.shifts().then(other);
        [Some(first.to_owned()), other].iter().flatten().map(|name| Self::new(scenario, setup, name)).collect()
    }

    fn new(scenario: &Scenario, setup: &ServiceSetup, name: &str) -> Self {
        let dimension = format!("targetgroup/{}", named(name, TARGET_GROUP_ID));
        Self {
            arn: format!("arn:aws:elasticloadbalancing:{}:{}:{dimension}", scenario.region, scenario.account),
            dimension,
            load_balancer: balancer_dimension(&setup.load_balancer),
        }
    }
}

/// Metric dimension of an Application Load Balancer that is called so.
pub(crate) fn balancer_dimension(name: &str) -> String {
    format!("app/{}", named(name, LOAD_BALANCER_ID))
}

fn named(name: &str, id: &str) -> String {
    if name.contains('/') { name.to_owned() } else { format!("{name}/{id}") }
}
