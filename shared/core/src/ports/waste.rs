//! The ports of whoever looks for waste. Services, repositories, images and
//! metrics are read through the ports that there are; these ask for no action
//! that a report does not need.

use std::collections::BTreeMap;
use std::future::Future;

use super::Answer;
use crate::ids::TaskDefinitionArn;
use crate::waste::{Balancer, LogGroup, TaskSize};

/// Reads log groups.
pub trait LogGroupReads: Sync {
    /// `logs:DescribeLogGroups`, all pages of it: all groups of this account and
    /// region, by name. What the class of a group lets expire has a retention.
    fn log_groups(&self) -> impl Future<Output = Answer<Vec<LogGroup>>> + Send;
}

/// Reads how large tasks are.
pub trait TaskSizeReads: Sync {
    /// `ecs:DescribeTaskDefinition`: CPU and memory of a task. `None`: there is no
    /// such task definition, or it leaves the size to its containers.
    fn task_size(&self, task_definition: &TaskDefinitionArn) -> impl Future<Output = Answer<Option<TaskSize>>> + Send;
}

/// Reads load balancers.
pub trait BalancerReads: Sync {
    /// `elasticloadbalancing:DescribeLoadBalancers`, all pages of it: Application
    /// Load Balancers alone, in order of their names.
    fn balancers(&self) -> impl Future<Output = Answer<Vec<Balancer>>> + Send;

    /// `elasticloadbalancing:DescribeTargetGroups`, all pages of it: metric
    /// dimension `LoadBalancer` of each target group that hangs on a load balancer
    /// of whatever kind, by the ARN of the group. Asked by name, one that is gone
    /// would fail those beside it.
    fn balancers_of_groups(&self) -> impl Future<Output = Answer<BTreeMap<String, String>>> + Send;
}
