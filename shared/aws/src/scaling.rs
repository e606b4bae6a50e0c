//! Application Auto Scaling: the bounds of a service's task count.

use aws_sdk_applicationautoscaling::types::{self as sdk, ScalableDimension, ServiceNamespace};
use futures_util::FutureExt as _;
use nightshift_core::ids::ServiceRef;
use nightshift_core::ports::{Answer, ScalingPolicyReads, ScalingReads, ScalingWrites};
use nightshift_core::service::ScalableTarget;
use nightshift_core::setup::ScalingPolicy;

use crate::client::Account;
use crate::fault::{fault, unreadable};

const REGISTER: &str = "application-autoscaling:RegisterScalableTarget";

impl ScalingReads for Account {
    async fn scalable_target(&self, service: &ServiceRef) -> Answer<Option<ScalableTarget>> {
        let request = self
            .scaling
            .describe_scalable_targets()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_ids(resource(service));
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let operation = "application-autoscaling:DescribeScalableTargets";
            let page = page.map_err(|error| fault(operation, service.to_string(), &error))?;
            if let Some(found) = page.scalable_targets().first() {
                let bound = |count| u32::try_from(count).unwrap_or(0);
                return Ok(Some(ScalableTarget { min: bound(found.min_capacity()), max: bound(found.max_capacity()) }));
            }
        }
        Ok(None)
    }
}

impl ScalingPolicyReads for Account {
    async fn scaling_policies(&self, service: &ServiceRef) -> Answer<Vec<ScalingPolicy>> {
        let request = self
            .scaling
            .describe_scaling_policies()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(resource(service));
        let mut pages = request.into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(found) = pages.next().await {
            let operation = "application-autoscaling:DescribeScalingPolicies";
            all.push(policy(&found.map_err(|error| fault(operation, service.to_string(), &error))?));
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }
}

fn policy(found: &sdk::ScalingPolicy) -> ScalingPolicy {
    let tracked = found.target_tracking_scaling_policy_configuration();
    let metric = tracked.and_then(|tracked| tracked.predefined_metric_specification());
    let by = metric.map_or(found.policy_type().as_str(), |metric| metric.predefined_metric_type().as_str());
    ScalingPolicy { name: found.policy_name().to_owned(), by: by.to_owned() }
}

impl ScalingWrites for Account {
    async fn set_minimum(&self, service: &ServiceRef, minimum: u32) -> Answer<()> {
        let too_many =
            |_| unreadable(REGISTER, service.to_string(), format!("{minimum} tasks are more than there can be"));
        let request = self
            .scaling
            .register_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(resource(service))
            .min_capacity(i32::try_from(minimum).map_err(too_many)?);
        request.send().boxed().await.map(drop).map_err(|error| fault(REGISTER, service.to_string(), &error))
    }
}

/// As Application Auto Scaling names an ECS service.
fn resource(service: &ServiceRef) -> String {
    format!("service/{}/{}", service.cluster, service.service)
}
