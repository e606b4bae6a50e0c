//! How a service and its tasks are set up.

use aws_sdk_ecs::types::{
    AssignPublicIp, ClusterField, ClusterSettingName, ContainerDefinition, Service, TaskDefinition,
};
use futures_util::FutureExt as _;
use nightshift_core::ids::{ServiceRef, TaskDefinitionArn};
use nightshift_core::ports::{Answer, SetupReads};
use nightshift_core::setup::{ContainerSetup, ServiceSetup, TaskSetup, looks_secret};

use super::DESCRIBE_SERVICES;
use crate::client::Account;
use crate::fault::{absent, fault};

impl SetupReads for Account {
    async fn service_setup(&self, service: &ServiceRef) -> Answer<Option<ServiceSetup>> {
        self.is_here(DESCRIBE_SERVICES, service)?;
        let request = self.ecs.describe_services().cluster(&service.cluster).services(&service.service);
        let found = match request.send().boxed().await {
            Ok(found) => found,
            Err(error) => return absent(fault(DESCRIBE_SERVICES, service.to_string(), &error)),
        };
        let Some(found) = found.services().first() else { return Ok(None) };
        Ok(Some(ServiceSetup { insights: insights(self, &service.cluster).await?, ..of_service(found) }))
    }

    async fn task_setup(&self, task_definition: &TaskDefinitionArn) -> Answer<Option<TaskSetup>> {
        match self.ecs.describe_task_definition().task_definition(task_definition.as_str()).send().boxed().await {
            Ok(found) => Ok(found.task_definition().map(of_task)),
            Err(error) => {
                let fault = fault("ecs:DescribeTaskDefinition", task_definition.as_str(), &error);
                if super::is_no_task_definition(&fault) { Ok(None) } else { absent(fault) }
            }
        }
    }
}

/// Whether the cluster counts its services' tasks.
async fn insights(account: &Account, cluster: &str) -> Answer<bool> {
    let request = account.ecs.describe_clusters().clusters(cluster).include(ClusterField::Settings);
    let found = request.send().boxed().await.map_err(|error| fault("ecs:DescribeClusters", cluster, &error))?;
    let settings = found.clusters().iter().flat_map(|cluster| cluster.settings());
    let mut insights = settings.filter(|setting| setting.name() == Some(&ClusterSettingName::ContainerInsights));
    Ok(insights.any(|setting| matches!(setting.value(), Some("enabled" | "enhanced"))))
}

fn of_service(found: &Service) -> ServiceSetup {
    let alarms = found.deployment_configuration().and_then(|deploying| deploying.alarms()).filter(|it| it.enable());
    let network = found.network_configuration().and_then(|network| network.awsvpc_configuration());
    ServiceSetup {
        deployment_alarms: alarms.map(|it| it.alarm_names().to_vec()).unwrap_or_default(),
        alarms_roll_back: alarms.is_some_and(|it| it.rollback()),
        public_address: network.and_then(|it| it.assign_public_ip()) == Some(&AssignPublicIp::Enabled),
        exec: found.enable_execute_command(),
        subnets: network.map_or(0, |it| it.subnets().len() as u32),
        insights: false,
    }
}

fn of_task(found: &TaskDefinition) -> TaskSetup {
    let some = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    TaskSetup {
        containers: found.container_definitions().iter().map(of_container).collect(),
        task_role: some(found.task_role_arn()),
        execution_role: some(found.execution_role_arn()),
    }
}

/// The values of what looks like a secret go no further than this.
fn of_container(found: &ContainerDefinition) -> ContainerSetup {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let secret = found.environment().iter().filter_map(|pair| {
        let (name, value) = (pair.name()?, pair.value()?);
        looks_secret(name, value).then(|| name.to_owned())
    });
    let log = found.log_configuration();
    ContainerSetup {
        name: text(found.name()),
        image: text(found.image()),
        user: found.user().filter(|user| !user.is_empty()).map(ToOwned::to_owned),
        read_only: found.readonly_root_filesystem().unwrap_or(false),
        privileged: found.privileged().unwrap_or(false),
        health_check: found.health_check().is_some_and(|check| !check.command().is_empty()),
        log_driver: log.map(|log| log.log_driver().as_str().to_owned()),
        log_group: log.and_then(|log| log.options()).and_then(|options| options.get("awslogs-group").cloned()),
        plain_secrets: secret.collect(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::KeyValuePair;

    use super::*;

    #[test]
    fn a_secret_is_named_and_its_value_left_where_it_is() {
        let pair = |name: &str, value: &str| KeyValuePair::builder().name(name).value(value).build();
        let container = ContainerDefinition::builder()
            .name("app")
            .environment(pair("DB_PASSWORD", "hunter2"))
            .environment(pair("PORT", "8080"))
            .build();
        let setup = of_container(&container);
        assert_eq!(setup.plain_secrets, ["DB_PASSWORD"]);
        assert!(!format!("{setup:?}").contains("hunter2"));
    }
}
