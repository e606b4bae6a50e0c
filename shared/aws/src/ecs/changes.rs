//! The changes. Each request names what it changes and nothing else: a field
//! that is echoed back would overwrite what autoscaling or a person set.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::types::{DeploymentLifecycleHookAction, StopServiceDeploymentStopType};
use futures_util::FutureExt as _;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::{DeploymentId, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use nightshift_core::ports::Answer;

use super::DESCRIBE_SERVICES;
use crate::fault::{fault, not_stopped, unreadable};

pub(super) const UPDATE: &str = "ecs:UpdateService";
pub(super) const STOP: &str = "ecs:StopServiceDeployment";
pub(super) const CONTINUE: &str = "ecs:ContinueServiceDeployment";

pub(super) async fn deploy(client: &Client, service: &ServiceRef, to: &TaskDefinitionArn) -> Answer<()> {
    // A bare family would mean its newest revision: the very one to get rid of.
    if !names_a_revision(to) {
        return Err(unreadable(UPDATE, service.to_string(), format!("{to} names no revision")));
    }
    let request = client.update_service().cluster(&service.cluster).service(&service.service);
    let done = request.task_definition(to.as_str()).send().boxed().await;
    done.map(drop).map_err(|error| fault(UPDATE, service.to_string(), &error))
}

pub(super) async fn restart(client: &Client, service: &ServiceRef, instead_of: &DeploymentId) -> Answer<()> {
    let request = client.describe_services().cluster(&service.cluster).services(&service.service);
    let found = request.send().boxed().await.map_err(|error| fault(DESCRIBE_SERVICES, service.to_string(), &error))?;
    let deployments = found.services().first().map(|found| found.deployments()).unwrap_or_default();
    let primary = deployments.iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    let Some(id) = primary.and_then(|primary| primary.id()) else {
        return Err(Fault::new(
            UPDATE,
            service.to_string(),
            FaultKind::NotFound,
            "the service has no PRIMARY deployment",
        ));
    };
    if id != instead_of.as_str() {
        return Ok(());
    }
    let request = client.update_service().cluster(&service.cluster).service(&service.service);
    // Asked once: what ECS did and did not get to say would be done twice. Whoever comes back to
    // it looks first whether it was done.
    let once = aws_sdk_ecs::config::Config::builder().retry_config(RetryConfig::disabled());
    let done = request.force_new_deployment(true).customize().config_override(once).send().boxed().await;
    done.map(drop).map_err(|error| fault(UPDATE, service.to_string(), &error))
}

pub(super) async fn stop(client: &Client, service: &ServiceRef, deployment: &ServiceDeploymentArn) -> Answer<()> {
    let request = client.stop_service_deployment().service_deployment_arn(deployment.as_str());
    let done = request.stop_type(StopServiceDeploymentStopType::Rollback).send().boxed().await;
    done.map(drop).map_err(|error| not_stopped(fault(STOP, service.to_string(), &error)))
}

pub(super) async fn roll_back_at_hook(
    client: &Client,
    service: &ServiceRef,
    deployment: &ServiceDeploymentArn,
    hook: &str,
) -> Answer<()> {
    let request = client.continue_service_deployment().service_deployment_arn(deployment.as_str()).hook_id(hook);
    // Without an action it would go on.
    let done = request.action(DeploymentLifecycleHookAction::Rollback).send().boxed().await;
    done.map(drop).map_err(|error| not_stopped(fault(CONTINUE, service.to_string(), &error)))
}

fn names_a_revision(to: &TaskDefinitionArn) -> bool {
    to.short()
        .rsplit_once(':')
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::config::{BehaviorVersion, Config, Credentials, Region};

    use super::*;
    use crate::scripted::Script;

    /// ECS did it and had no time to say so, or did not do it: to ask at once may do it twice.
    #[test]
    fn a_restart_is_asked_for_once_whatever_is_answered() {
        const SERVICE: &str = r#"{"services":[{"deployments":[{"id":"ecs-svc/1","status":"PRIMARY"}]}]}"#;
        let script = Script::of(&[(200, SERVICE), (500, r#"{"__type":"ServerException"}"#), (200, "{}")]);
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKID", "hush", None, None, "test"))
            .http_client(script.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(3));
        let client = Client::from_conf(config.build());
        let service = ServiceRef {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            cluster: "prod".into(),
            service: "checkout".into(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let done = runtime.block_on(restart(&client, &service, &DeploymentId::new("ecs-svc/1")));
        assert_eq!(done.unwrap_err().kind, FaultKind::Transient);
        assert_eq!(script.left(), 1, "it was asked for once");
    }

    #[test]
    fn only_a_task_definition_with_its_revision_is_deployed() {
        let named = |text: &str| names_a_revision(&TaskDefinitionArn::new(text));
        assert!(named("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:41"));
        assert!(!named("arn:aws:ecs:eu-west-1:111122223333:task-definition/web"));
        assert!(!named("web:latest"));
        assert!(!named("web:"));
    }
}
