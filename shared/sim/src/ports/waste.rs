//! Log groups, sizes of tasks, and load balancers.

use std::collections::BTreeMap;

use nightshift_core::ids::TaskDefinitionArn;
use nightshift_core::ports::{Answer, BalancerReads, LogGroupReads, TaskSizeReads};
use nightshift_core::waste::{Balancer, LogGroup, TaskSize};

use crate::account::Account;
use crate::state::groups::balancer_dimension;
use crate::state::{State, moment};

/// A load balancer that services have is so much older than the event.
const OLD_S: i64 = 365 * 86_400;

impl LogGroupReads for Account {
    async fn log_groups(&self) -> Answer<Vec<LogGroup>> {
        self.read("logs:DescribeLogGroups", "*", |state| Ok(state.log_groups())).await
    }
}

impl TaskSizeReads for Account {
    async fn task_size(&self, task_definition: &TaskDefinitionArn) -> Answer<Option<TaskSize>> {
        self.read("ecs:DescribeTaskDefinition", task_definition.short(), |state| {
            let now = state.now;
            let machine = state.machines.iter().find(|machine| machine.registered(task_definition, now).is_some());
            Ok(machine.map(|machine| machine.size()))
        })
        .await
    }
}

impl BalancerReads for Account {
    async fn balancers(&self) -> Answer<Vec<Balancer>> {
        self.read("elasticloadbalancing:DescribeLoadBalancers", "*", |state| Ok(state.balancers())).await
    }

    async fn balancers_of_groups(&self) -> Answer<BTreeMap<String, String>> {
        self.read("elasticloadbalancing:DescribeTargetGroups", "*", |state| {
            let groups = state.machines.iter().flat_map(|machine| &machine.groups);
            Ok(groups.map(|group| (group.arn.clone(), group.load_balancer.clone())).collect())
        })
        .await
    }
}

impl State {
    /// Those of the services, which keep all that little that their tasks say, and
    /// those of the scenario.
    pub(crate) fn log_groups(&self) -> Vec<LogGroup> {
        let of_services = self.machines.iter().map(|machine| machine.log_place().group);
        let plain = |name: String| (name.clone(), LogGroup { name, retention_days: None, stored_bytes: 0 });
        let mut all: BTreeMap<String, LogGroup> = of_services.map(plain).collect();
        for setup in &self.scenario.log_groups {
            let (retention_days, stored_bytes) = (setup.retention_days, setup.stored_bytes);
            let one = |name: String| (name.clone(), LogGroup { name, retention_days, stored_bytes });
            all.extend(setup.names().into_iter().map(one));
        }
        all.into_values().collect()
    }

    /// Application Load Balancers alone.
    fn balancers(&self) -> Vec<Balancer> {
        let event = self.scenario.event_second();
        let of_services = self.machines.iter().flat_map(|machine| &machine.groups);
        let of_services = of_services.map(|group| (group.load_balancer.clone(), event - OLD_S));
        let others = self.scenario.balancers.iter().filter(|setup| !setup.network);
        let others = others.map(|setup| (balancer_dimension(&setup.name), setup.at.second(event)));
        let all: BTreeMap<String, i64> = of_services.chain(others).filter(|(_, at)| *at <= self.now).collect();
        all.into_iter().map(|(dimension, at)| Balancer { dimension, created_at: Some(moment(at)) }).collect()
    }
}
