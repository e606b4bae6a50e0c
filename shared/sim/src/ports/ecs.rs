//! Services, their deployments and their tasks; and what changes them.

use std::fmt;

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::{DeploymentId, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use nightshift_core::ports::{Answer, HookWrites, ServiceReads, ServiceWrites};
use nightshift_core::release::{ServiceDeployment, TaskDefinition};
use nightshift_core::service::{Controller, Service};
use nightshift_core::task::StoppedTask;

use crate::account::{Account, ProductionWrite};
use crate::state::change::Change;
use crate::state::registry::Registry;
use crate::state::releases::AwsError;
use crate::state::service::Machine;
use crate::state::{State, moment};

impl ServiceReads for Account {
    async fn service(&self, service: &ServiceRef) -> Answer<Option<Service>> {
        const OPERATION: &str = "ecs:DescribeServices";
        self.read(OPERATION, service.to_string(), |state| {
            state.is_here(OPERATION, service)?;
            Ok(state.machine(service).map(Machine::shown))
        })
        .await
    }

    async fn history(&self, service: &ServiceRef) -> Answer<Vec<ServiceDeployment>> {
        const OPERATION: &str = "ecs:ListServiceDeployments";
        self.read(OPERATION, service.to_string(), |state| {
            state.is_here(OPERATION, service)?;
            let found = state.machine(service).map(Machine::history);
            found.ok_or_else(|| missing(OPERATION, service))
        })
        .await
    }

    async fn stopped_tasks(&self, service: &ServiceRef) -> Answer<Vec<StoppedTask>> {
        const OPERATION: &str = "ecs:ListTasks";
        self.read(OPERATION, service.to_string(), |state| {
            state.is_here(OPERATION, service)?;
            let found = state.machine(service).map(|machine| machine.stopped_lately(state.now));
            found.ok_or_else(|| missing(OPERATION, service))
        })
        .await
    }

    async fn task_definition(&self, task_definition: &TaskDefinitionArn) -> Answer<Option<TaskDefinition>> {
        self.read("ecs:DescribeTaskDefinition", task_definition.short(), |state| {
            let now = state.now;
            Ok(state.machines.iter().find_map(|machine| machine.registered(task_definition, now)))
        })
        .await
    }

    async fn services_behind(&self, target_groups: &[String]) -> Answer<Vec<ServiceRef>> {
        self.read("ecs:ListServices", target_groups.join(","), |state| {
            let behind = state.machines.iter().filter(|machine| machine.behind(target_groups));
            let mut names: Vec<ServiceRef> = behind.map(|machine| machine.name.clone()).collect();
            names.sort();
            Ok(names)
        })
        .await
    }
}

impl ServiceWrites for Account {
    async fn deploy(&self, service: &ServiceRef, task_definition: &TaskDefinitionArn) -> Answer<()> {
        const OPERATION: &str = "ecs:UpdateService";
        self.write(OPERATION, service.to_string(), |state| {
            state.is_here(OPERATION, service)?;
            let change = Change::Deploy { to: task_definition.clone() };
            state.change_production(service, change, |machine, registry, now| {
                machine.update(Some(task_definition.short()), false, registry, now)
            })
        })
        .await
    }

    async fn restart(&self, service: &ServiceRef, instead_of: &DeploymentId) -> Answer<()> {
        const OPERATION: &str = "ecs:UpdateService";
        self.write(OPERATION, service.to_string(), |state| {
            state.is_here(OPERATION, service)?;
            let change = Change::Restart { instead_of: Some(instead_of.clone()) };
            state.change_production(service, change, |machine, registry, now| {
                if machine.primary() != Some(instead_of) {
                    return Ok(false);
                }
                machine.update(None, true, registry, now)
            })
        })
        .await
    }

    async fn stop_deployment(&self, service: &ServiceRef, deployment: &ServiceDeploymentArn) -> Answer<()> {
        const OPERATION: &str = "ecs:StopServiceDeployment";
        self.write(OPERATION, service.to_string(), |state| {
            state.is_here(OPERATION, service)?;
            let change = Change::Stop { deployment: deployment.clone() };
            let stopped = state.change_production(service, change, |machine, _, now| machine.stop(deployment, now));
            // Whatever a deployment that is over is called: there is nothing to stop.
            stopped.map_err(|fault| Fault { kind: FaultKind::Permanent, ..fault })
        })
        .await
    }
}

impl HookWrites for Account {
    async fn roll_back_at_hook(
        &self,
        service: &ServiceRef,
        deployment: &ServiceDeploymentArn,
        hook: &str,
    ) -> Answer<()> {
        const OPERATION: &str = "ecs:ContinueServiceDeployment";
        self.write(OPERATION, service.to_string(), |state| {
            state.is_here(OPERATION, service)?;
            let change = Change::AtHook { deployment: deployment.clone(), hook: hook.to_owned(), goes_back: true };
            let ended =
                state.change_production(service, change, |machine, _, now| machine.answer(deployment, hook, true, now));
            ended.map_err(|fault| Fault { kind: FaultKind::Permanent, ..fault })
        })
        .await
    }
}

fn missing(operation: &str, service: &ServiceRef) -> Fault {
    Fault::new(operation, service.to_string(), FaultKind::NotFound, "ServiceNotFoundException: Service not found.")
}

impl AwsError {
    /// What a caller of the port gets.
    pub(crate) fn fault(self, operation: &str, resource: &impl fmt::Display) -> Fault {
        let kind = if self.code.contains("NotFound") { FaultKind::NotFound } else { FaultKind::Permanent };
        Fault::new(operation, resource.to_string(), kind, format!("{}: {}", self.code, self.message))
    }
}

impl Machine {
    /// Whether it registers with one of these target groups.
    pub(crate) fn behind(&self, target_groups: &[String]) -> bool {
        self.groups.iter().any(|group| target_groups.contains(&group.arn))
    }

    /// UpdateService as ECS checks it: `family:revision` or nothing but force.
    /// `false`: it needs no new deployment.
    pub(crate) fn update(
        &mut self,
        wanted: Option<&str>,
        force: bool,
        registry: &Registry,
        now: i64,
    ) -> Result<bool, AwsError> {
        if self.setup.status != "ACTIVE" {
            return Err(AwsError::new("ServiceNotActiveException", "Service was not ACTIVE."));
        }
        let running = self.rollouts.last().map(|rollout| self.revisions[rollout.revision].number);
        let Some(wanted) = wanted else {
            return Ok(force && running.is_some_and(|number| self.deploy(number, true, registry, now)));
        };
        if self.setup.controller != Controller::Ecs {
            let says = "Unable to update task definition on services with this deployment controller.";
            return Err(AwsError::new("InvalidParameterException", says));
        }
        let known = self
            .builds
            .iter()
            .rfind(|build| build.at <= now && wanted == format!("{}:{}", self.setup.name, build.truth.revision));
        match known.map(|build| (build.truth.revision, build.truth.inactive)) {
            None => Err(AwsError::new("ClientException", format!("Unable to describe task definition {wanted}."))),
            Some((_, true)) => Err(AwsError::new("ClientException", "TaskDefinition is inactive")),
            Some((number, false)) => Ok(self.deploy(number, force, registry, now)),
        }
    }
}

impl State {
    /// Calls name cluster and service, not ARNs: those of another region would
    /// reach a namesake here.
    pub(crate) fn is_here(&self, operation: &str, service: &ServiceRef) -> Answer<()> {
        let here = &self.scenario.region;
        if service.region == *here {
            return Ok(());
        }
        let says = format!("the service is in {}, this account is looked at in {here}", service.region);
        Err(Fault::new(operation, service.to_string(), FaultKind::Permanent, says))
    }

    /// Changes a service if that has an effect, and notes it.
    pub(crate) fn change_production(
        &mut self,
        service: &ServiceRef,
        change: Change,
        effect: impl FnOnce(&mut Machine, &Registry, i64) -> Result<bool, AwsError>,
    ) -> Answer<()> {
        let operation = change.operation();
        self.try_change(service, change, effect).map_err(|error| error.fault(operation, service))
    }

    /// The same, in AWS's own words.
    pub(crate) fn try_change(
        &mut self,
        service: &ServiceRef,
        change: Change,
        effect: impl FnOnce(&mut Machine, &Registry, i64) -> Result<bool, AwsError>,
    ) -> Result<(), AwsError> {
        let Self { machines, registry, now, .. } = self;
        let Some(machine) = machines.iter_mut().find(|machine| machine.name == *service) else {
            return Err(AwsError::new("ServiceNotFoundException", "Service not found."));
        };
        let going = machine.deployments.last().map(|deployment| deployment.arn.clone());
        if effect(machine, registry, *now)? {
            let at = moment(*now);
            self.watch(service, &change, going);
            let operation = change.operation().to_owned();
            self.writes.push(ProductionWrite { operation, service: service.clone(), change: change.to_string(), at });
        }
        Ok(())
    }
}
