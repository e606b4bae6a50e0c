//! Elastic Load Balancing: what load balancers think of a service's targets, and
//! which load balancers there are.

mod balancers;

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{TargetHealthDescription, TargetHealthStateEnum};
use futures_util::FutureExt as _;
use nightshift_core::ports::{Answer, TargetReads};
use nightshift_core::service::TargetHealth;

use crate::client::Account;
use crate::fault::fault;

/// Of a group that does not say otherwise, in seconds.
const DEFAULT_DEREGISTRATION_DELAY_S: u32 = 300;
/// How many groups one request may name.
const BATCH: usize = 20;

impl TargetReads for Account {
    async fn targets(&self, target_groups: &[String]) -> Answer<TargetHealth> {
        let mut sum = TargetHealth::default();
        for group in target_groups {
            let (health, delay) = tokio::try_join!(health(&self.elb, group), delay(&self.elb, group))?;
            count(&mut sum, &health);
            sum.deregistration_delay_s = sum.deregistration_delay_s.max(delay);
        }
        Ok(sum)
    }

    async fn load_balancers(&self, target_groups: &[String]) -> Answer<BTreeMap<String, String>> {
        let mut all = BTreeMap::new();
        // Not one request for an empty list: it would mean every group there is.
        for batch in target_groups.chunks(BATCH) {
            let request = self.elb.describe_target_groups().set_target_group_arns(Some(batch.to_vec()));
            let found = request.send().boxed().await;
            let found =
                found.map_err(|error| fault("elasticloadbalancing:DescribeTargetGroups", batch.join(", "), &error))?;
            for group in found.target_groups() {
                let balancer = group.load_balancer_arns().first().and_then(|arn| dimension(arn));
                if let Some((arn, balancer)) = group.target_group_arn().zip(balancer) {
                    all.insert(arn.to_owned(), balancer.to_owned());
                }
            }
        }
        Ok(all)
    }
}

async fn health(client: &Client, group: &str) -> Answer<Vec<TargetHealthDescription>> {
    let found = client.describe_target_health().target_group_arn(group).send().boxed().await;
    let found = found.map_err(|error| fault("elasticloadbalancing:DescribeTargetHealth", group, &error))?;
    Ok(found.target_health_descriptions.unwrap_or_default())
}

async fn delay(client: &Client, group: &str) -> Answer<u32> {
    let found = client.describe_target_group_attributes().target_group_arn(group).send().boxed().await;
    let found = found.map_err(|error| fault("elasticloadbalancing:DescribeTargetGroupAttributes", group, &error))?;
    let delay = found.attributes().iter().find(|one| one.key() == Some("deregistration_delay.timeout_seconds"));
    let delay = delay.and_then(|one| one.value()).and_then(|seconds| seconds.parse().ok());
    Ok(delay.unwrap_or(DEFAULT_DEREGISTRATION_DELAY_S))
}

/// `unused` counts nowhere: such a target gets no traffic whatever its health.
fn count(sum: &mut TargetHealth, targets: &[TargetHealthDescription]) {
    for target in targets {
        let state = target.target_health().and_then(|health| health.state());
        match state {
            Some(TargetHealthStateEnum::Healthy) => sum.healthy += 1,
            Some(TargetHealthStateEnum::Draining | TargetHealthStateEnum::UnhealthyDraining) => sum.draining += 1,
            Some(TargetHealthStateEnum::Unused) | None => {}
            Some(_) => sum.unhealthy += 1,
        }
    }
}

/// Metric dimension `LoadBalancer` of a load balancer's ARN: `app/web/50dc6c49`.
fn dimension(arn: &str) -> Option<&str> {
    arn.split_once(":loadbalancer/").map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dimension_is_what_follows_loadbalancer() {
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188";
        assert_eq!(dimension(arn), Some("app/web/50dc6c495c0c9188"));
        assert_eq!(dimension("arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/1"), None);
    }

    #[test]
    fn a_target_in_a_state_nobody_knows_is_not_healthy() {
        let states = ["healthy", "initial", "unavailable", "draining", "unhealthy.draining", "unused", "vacationing"];
        let target = |state: &&str| {
            let health = aws_sdk_elasticloadbalancingv2::types::TargetHealth::builder().state((*state).into()).build();
            TargetHealthDescription::builder().target_health(health).build()
        };
        let mut sum = TargetHealth::default();
        count(&mut sum, &states.iter().map(target).collect::<Vec<_>>());
        assert_eq!((sum.healthy, sum.unhealthy, sum.draining), (1, 3, 2));
    }
}
