//! The ports of whoever judges how a service is set up.

use std::future::Future;

use super::Answer;
use crate::ids::{ServiceRef, TaskDefinitionArn};
use crate::setup::{ScalingPolicy, ServiceSetup, TaskSetup};

/// Reads how services and their tasks are set up.
pub trait SetupReads: Sync {
    /// `ecs:DescribeServices` and `ecs:DescribeClusters`. `None`: there is no
    /// such service.
    fn service_setup(&self, service: &ServiceRef) -> impl Future<Output = Answer<Option<ServiceSetup>>> + Send;

    /// `ecs:DescribeTaskDefinition`. `None`: there is no such task definition.
    fn task_setup(&self, task_definition: &TaskDefinitionArn)
    -> impl Future<Output = Answer<Option<TaskSetup>>> + Send;
}

/// Reads by what services scale.
pub trait ScalingPolicyReads: Sync {
    /// `application-autoscaling:DescribeScalingPolicies`, in order of their names.
    fn scaling_policies(&self, service: &ServiceRef) -> impl Future<Output = Answer<Vec<ScalingPolicy>>> + Send;
}

/// Asks IAM what a role may do, without doing it.
pub trait PermissionReads: Sync {
    /// `iam:SimulatePrincipalPolicy`: of `actions`, those that the role may not
    /// take on `resource` where these context keys have these values; in the order
    /// asked.
    fn refused_actions(
        &self,
        role: &str,
        actions: &[&str],
        resource: &str,
        context: &[(&str, &str)],
    ) -> impl Future<Output = Answer<Vec<String>>> + Send;
}
