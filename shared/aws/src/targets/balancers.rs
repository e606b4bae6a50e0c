//! Load balancers, and which target groups hang on them.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{LoadBalancer, LoadBalancerTypeEnum};
use nightshift_core::ports::{Answer, BalancerReads};
use nightshift_core::waste::Balancer;

use super::dimension;
use crate::client::Account;
use crate::fault::fault;
use crate::moment::moment;

/// The most that a page may hold.
const PAGE: i32 = 400;

impl BalancerReads for Account {
    async fn balancers(&self) -> Answer<Vec<Balancer>> {
        const OPERATION: &str = "elasticloadbalancing:DescribeLoadBalancers";
        let mut pages = self.elb.describe_load_balancers().page_size(PAGE).into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| fault(OPERATION, "this account", &error))?;
            all.extend(application(&found));
        }
        all.sort();
        Ok(all)
    }

    async fn balancers_of_groups(&self) -> Answer<BTreeMap<String, String>> {
        const OPERATION: &str = "elasticloadbalancing:DescribeTargetGroups";
        let mut pages = self.elb.describe_target_groups().page_size(PAGE).into_paginator().items().send();
        let mut all = BTreeMap::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| fault(OPERATION, "this account", &error))?;
            let balancer = found.load_balancer_arns().first().and_then(|arn| dimension(arn));
            let pair = found.target_group_arn().zip(balancer);
            all.extend(pair.map(|(group, balancer)| (group.to_owned(), balancer.to_owned())));
        }
        Ok(all)
    }
}

fn application(found: &LoadBalancer) -> Option<Balancer> {
    let is_one = found.r#type() == Some(&LoadBalancerTypeEnum::Application);
    let dimension = found.load_balancer_arn().and_then(dimension).filter(|_| is_one)?;
    Some(Balancer { dimension: dimension.to_owned(), created_at: moment(found.created_time()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_application_load_balancer_counts_requests() {
        let of = |kind: LoadBalancerTypeEnum, name: &str| {
            let arn = format!("arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/{name}");
            application(&LoadBalancer::builder().load_balancer_arn(arn).r#type(kind).build())
        };
        let web = Balancer { dimension: "app/web/1".into(), created_at: None };
        assert_eq!(of(LoadBalancerTypeEnum::Application, "app/web/1"), Some(web));
        assert_eq!(of(LoadBalancerTypeEnum::Network, "net/web/1"), None);
    }
}
