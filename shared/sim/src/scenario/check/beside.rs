//! What is wrong with log groups, load balancers, stacks and sizes of tasks.

use std::collections::BTreeSet;

use super::Wrong;
use crate::scenario::Scenario;

/// What `logs:PutRetentionPolicy` takes.
const RETENTIONS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// The first thing that is wrong with them.
pub(super) fn wrong(scenario: &Scenario) -> Option<Wrong> {
    log_groups(scenario).or_else(|| balancers(scenario)).or_else(|| stacks(scenario)).or_else(|| tasks(scenario))
}

fn log_groups(scenario: &Scenario) -> Option<Wrong> {
    let mut seen = BTreeSet::new();
    scenario.log_groups.iter().enumerate().find_map(|(index, group)| {
        let at = |field: &str| format!("log_group[{index}].{field}");
        if let Some(name) = group.names().into_iter().find(|name| !seen.insert(name.clone())) {
            return Some((at("name"), format!("{name:?} is there twice")));
        }
        let days = group.retention_days.filter(|days| !RETENTIONS.contains(days))?;
        Some((at("retention_days"), format!("CloudWatch Logs keeps nothing for {days} days; it takes {RETENTIONS:?}")))
    })
}

fn balancers(scenario: &Scenario) -> Option<Wrong> {
    scenario.balancers.iter().enumerate().find_map(|(index, balancer)| {
        let twice = scenario.balancers[..index].iter().any(|other| other.name == balancer.name);
        let used = scenario.services.iter().any(|service| service.load_balancer == balancer.name);
        let says = if used { "a service has it already" } else { "it is there twice" };
        (twice || used).then(|| (format!("load_balancer[{index}].name"), format!("{:?}: {says}", balancer.name)))
    })
}

fn stacks(scenario: &Scenario) -> Option<Wrong> {
    scenario.stacks.iter().enumerate().find_map(|(index, stack)| {
        let twice = scenario.stacks[..index].iter().any(|other| other.name == stack.name);
        twice.then(|| (format!("stack[{index}].name"), format!("{:?} is there twice", stack.name)))
    })
}

fn tasks(scenario: &Scenario) -> Option<Wrong> {
    scenario.services.iter().enumerate().find_map(|(index, service)| {
        let nothing = service.task.cpu == 0 || service.task.memory == 0;
        nothing.then(|| (format!("service[{index}].task"), "a task needs CPU and memory".into()))
    })
}
