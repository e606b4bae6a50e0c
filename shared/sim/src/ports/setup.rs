//! How services are set up, by what they scale, and what roles may do.

use nightshift_core::ids::{ServiceRef, TaskDefinitionArn};
use nightshift_core::ports::{Answer, PermissionReads, ScalingPolicyReads, SetupReads};
use nightshift_core::setup::{ContainerSetup, ScalingPolicy, ServiceSetup, TaskSetup};

use crate::account::Account;
use crate::scenario::ContainerTruth;
use crate::state::State;
use crate::state::service::Machine;

/// Subnets of every service.
const SUBNETS: u32 = 2;

impl SetupReads for Account {
    async fn service_setup(&self, service: &ServiceRef) -> Answer<Option<ServiceSetup>> {
        self.read("ecs:DescribeServices", service.to_string(), |state| {
            Ok(state.machine(service).map(|machine| of_service(state, machine)))
        })
        .await
    }

    async fn task_setup(&self, task_definition: &TaskDefinitionArn) -> Answer<Option<TaskSetup>> {
        self.read("ecs:DescribeTaskDefinition", task_definition.short(), |state| {
            let mut found = state.machines.iter();
            Ok(found.find_map(|machine| Some(of_task(machine, &image(state, machine, task_definition)?))))
        })
        .await
    }
}

impl ScalingPolicyReads for Account {
    async fn scaling_policies(&self, service: &ServiceRef) -> Answer<Vec<ScalingPolicy>> {
        self.read("application-autoscaling:DescribeScalingPolicies", service.to_string(), |state| {
            let by = state.machine(service).map(|machine| machine.setup.scales_by.clone()).unwrap_or_default();
            let mut all: Vec<ScalingPolicy> =
                by.into_iter().map(|by| ScalingPolicy { name: policy_name(service, &by), by }).collect();
            all.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(all)
        })
        .await
    }
}

impl PermissionReads for Account {
    async fn refused_actions(&self, role: &str, actions: &[&str], _: &str, _: &[(&str, &str)]) -> Answer<Vec<String>> {
        self.read("iam:SimulatePrincipalPolicy", role, |state| {
            let denied = &state.scenario.denied;
            let refused = actions.iter().filter(|action| denied.iter().any(|denied| denied == *action));
            Ok(refused.map(|action| (*action).to_owned()).collect())
        })
        .await
    }
}

/// The name of the policy that tracks this metric.
pub(crate) fn policy_name(service: &ServiceRef, by: &str) -> String {
    format!("{}--{}-{by}", service.cluster, service.service)
}

fn image(state: &State, machine: &Machine, task_definition: &TaskDefinitionArn) -> Option<String> {
    let registered = machine.registered(task_definition, state.now)?;
    registered.images.get("app").cloned()
}

fn of_service(state: &State, machine: &Machine) -> ServiceSetup {
    let setup = &machine.setup;
    ServiceSetup {
        deployment_alarms: setup.deployment_alarms.clone(),
        alarms_roll_back: !setup.deployment_alarms.is_empty(),
        public_address: setup.public_address,
        exec: setup.exec,
        subnets: SUBNETS,
        insights: state.scenario.insights.contains(&setup.cluster),
    }
}

fn of_task(machine: &Machine, image: &str) -> TaskSetup {
    let ContainerTruth { user, read_only, health_check, plain_secrets, .. } = machine.setup.container.clone();
    let container = ContainerSetup {
        name: "app".into(),
        image: image.to_owned(),
        user,
        read_only,
        privileged: false,
        health_check,
        log_driver: Some("awslogs".into()),
        log_group: Some(machine.log_place().group),
        plain_secrets,
    };
    let (task_role, execution_role) = roles(machine);
    TaskSetup { containers: vec![container], task_role: Some(task_role), execution_role: Some(execution_role) }
}

/// ARNs of the roles of a service's tasks.
pub(crate) fn roles(machine: &Machine) -> (String, String) {
    let (account, name) = (&machine.name.account, &machine.name.service);
    let execution = format!("arn:aws:iam::{account}:role/{name}-execution");
    let task = format!("arn:aws:iam::{account}:role/{name}-task");
    (if machine.setup.container.one_role { execution.clone() } else { task }, execution)
}
