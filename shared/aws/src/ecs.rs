//! Amazon ECS: services, their deployments and tasks, and the changes that a
//! remedy can make.

mod all;
mod behind;
mod changes;
mod history;
mod listing;
mod service;
mod setup;
mod size;
mod stopped;
mod surroundings;
mod tasks;

use aws_sdk_ecs::types::{ServiceField, TaskDefinitionField, TaskDefinitionStatus};
use futures_util::FutureExt as _;
use nightshift_core::fault::Fault;
use nightshift_core::ids::{DeploymentId, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use nightshift_core::image::RunningImage;
use nightshift_core::ports::{Answer, FleetReads, HookWrites, RunningReads, ServiceReads, ServiceWrites};
use nightshift_core::release::{LogPlace, ServiceDeployment, TaskDefinition};
use nightshift_core::service::Service;
use nightshift_core::task::StoppedTask;

use crate::client::Account;
use crate::fault::{absent, fault, unreadable};

const DESCRIBE_SERVICES: &str = "ecs:DescribeServices";

impl ServiceReads for Account {
    async fn service(&self, service: &ServiceRef) -> Answer<Option<Service>> {
        self.is_here(DESCRIBE_SERVICES, service)?;
        let request = self.ecs.describe_services().cluster(&service.cluster).services(&service.service);
        let found = match request.include(ServiceField::Tags).send().boxed().await {
            Ok(found) => found,
            Err(error) => return absent(fault(DESCRIBE_SERVICES, service.to_string(), &error)),
        };
        if let Some(one) = found.services().first() {
            return Ok(Some(service::of(service, one)));
        }
        let reason = found.failures().first().and_then(|failure| failure.reason());
        match reason {
            None | Some("MISSING") => Ok(None),
            Some(other) => Err(unreadable(DESCRIBE_SERVICES, service.to_string(), other)),
        }
    }

    async fn history(&self, service: &ServiceRef) -> Answer<Vec<ServiceDeployment>> {
        self.is_here("ecs:ListServiceDeployments", service)?;
        history::read(&self.ecs, service).await
    }

    async fn stopped_tasks(&self, service: &ServiceRef) -> Answer<Vec<StoppedTask>> {
        self.is_here("ecs:ListTasks", service)?;
        stopped::read(&self.ecs, service).await
    }

    async fn task_definition(&self, task_definition: &TaskDefinitionArn) -> Answer<Option<TaskDefinition>> {
        let operation = "ecs:DescribeTaskDefinition";
        let request = self.ecs.describe_task_definition().task_definition(task_definition.as_str());
        let found = match request.include(TaskDefinitionField::Tags).send().boxed().await {
            Ok(found) => found,
            Err(error) => {
                let fault = fault(operation, task_definition.as_str(), &error);
                return if is_no_task_definition(&fault) { Ok(None) } else { absent(fault) };
            }
        };
        let Some(definition) = found.task_definition() else {
            return Ok(None);
        };
        let image = |container: &aws_sdk_ecs::types::ContainerDefinition| {
            Some((container.name()?.to_owned(), container.image()?.to_owned()))
        };
        Ok(Some(TaskDefinition {
            arn: definition.task_definition_arn().map_or_else(|| task_definition.clone(), TaskDefinitionArn::new),
            active: definition.status() == Some(&TaskDefinitionStatus::Active),
            images: definition.container_definitions().iter().filter_map(image).collect(),
            tags: service::tags(found.tags()),
            logs: definition.container_definitions().iter().filter_map(log_place).collect(),
            registered_by: definition.registered_by().map(ToOwned::to_owned),
        }))
    }

    async fn services_behind(&self, target_groups: &[String]) -> Answer<Vec<ServiceRef>> {
        behind::read(&self.ecs, target_groups).await
    }
}

/// ECS has no code of its own for this.
fn is_no_task_definition(fault: &Fault) -> bool {
    fault.causes.iter().any(|cause| cause.contains("Unable to describe task definition"))
}

/// Where a container's log goes, if the `awslogs` driver writes it: only its
/// streams can be told from the task's id.
fn log_place(container: &aws_sdk_ecs::types::ContainerDefinition) -> Option<(String, LogPlace)> {
    let log = container.log_configuration()?;
    let options = log.options()?;
    let place = LogPlace {
        group: options.get("awslogs-group")?.clone(),
        prefix: options.get("awslogs-stream-prefix")?.clone(),
        region: options.get("awslogs-region").cloned(),
    };
    (*log.log_driver() == aws_sdk_ecs::types::LogDriver::Awslogs)
        .then(|| Some((container.name()?.to_owned(), place)))?
}

impl ServiceWrites for Account {
    async fn deploy(&self, service: &ServiceRef, task_definition: &TaskDefinitionArn) -> Answer<()> {
        self.is_here(changes::UPDATE, service)?;
        changes::deploy(&self.ecs, service, task_definition).await
    }

    async fn restart(&self, service: &ServiceRef, instead_of: &DeploymentId) -> Answer<()> {
        self.is_here(changes::UPDATE, service)?;
        changes::restart(&self.ecs, service, instead_of).await
    }

    async fn stop_deployment(&self, service: &ServiceRef, deployment: &ServiceDeploymentArn) -> Answer<()> {
        self.is_here(changes::STOP, service)?;
        changes::stop(&self.ecs, service, deployment).await
    }
}

impl HookWrites for Account {
    async fn roll_back_at_hook(
        &self,
        service: &ServiceRef,
        deployment: &ServiceDeploymentArn,
        hook: &str,
    ) -> Answer<()> {
        self.is_here(changes::CONTINUE, service)?;
        changes::roll_back_at_hook(&self.ecs, service, deployment, hook).await
    }
}

impl RunningReads for Account {
    async fn running_images(&self, service: &ServiceRef) -> Answer<Vec<RunningImage>> {
        self.is_here("ecs:ListTasks", service)?;
        tasks::images(&self.ecs, service).await
    }
}

impl FleetReads for Account {
    async fn all_services(&self) -> Answer<Vec<Service>> {
        all::read(&self.ecs).await
    }
}

/// A count, which the SDK has as a signed number.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
