//! CloudTrail's events: somebody updated or created a service.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use jiff::Timestamp;
use nightshift_core::ids::{DeploymentId, ServiceRef};
use nightshift_core::origin::Call;
use nightshift_door::{DoorError, each_readable, if_readable, quoted, read};
use nightshift_release::learn::Told;
use nightshift_release::origin::principal;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ecs::{id_of, news};
use super::{Incoming, ignored};

/// What begins a deployment when it is sent with `UpdateService`. All else,
/// such as the number of tasks, changes a service without one.
const DEPLOYS: [&str; 8] = [
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];
/// And what begins one where it is `true`.
const FORCES: &str = "forceNewDeployment";
/// An AWS service that calls for somebody is named `cloudformation.amazonaws.com`.
const AWS_SERVICE: &str = ".amazonaws.com";
/// Letters of a principal that are kept: a role's name and its session's have
/// at most 64 each.
const KEPT: usize = 160;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trail {
    event_name: String,
    event_time: Timestamp,
    #[serde(default, deserialize_with = "if_readable", rename = "eventID")]
    event_id: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    error_code: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    user_identity: Option<Identity>,
    #[serde(default, deserialize_with = "if_readable")]
    aws_region: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    recipient_account_id: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    request_parameters: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "if_readable")]
    response_elements: Option<Response>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(default, deserialize_with = "if_readable")]
    arn: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    user_name: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    invoked_by: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default, deserialize_with = "if_readable")]
    service: Option<Answered>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    #[serde(default, deserialize_with = "if_readable")]
    service_arn: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    task_definition: Option<String>,
    #[serde(default, deserialize_with = "each_readable")]
    deployments: Vec<Deployment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deployment {
    id: String,
    status: String,
    #[serde(default, deserialize_with = "if_readable")]
    task_definition: Option<String>,
}

/// `AWS API Call via CloudTrail`: calls that succeeded and began a deployment,
/// of a principal that is named.
pub(super) fn parse(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    let trail: Trail = read(&event.detail, "detail")?;
    if !matches!(trail.event_name.as_str(), "UpdateService" | "CreateService") {
        return Ok(ignored(format!("API call {} begins no deployment", quoted(&trail.event_name))));
    }
    if let Some(code) = &trail.error_code {
        return Ok(ignored(format!("an API call that failed: {}", quoted(code))));
    }
    if trail.event_name == "UpdateService" && !trail.request_parameters.as_ref().is_some_and(deploys) {
        return Ok(ignored("an update that begins no deployment"));
    }
    let Some(by) = trail.user_identity.as_ref().and_then(caller) else {
        return Ok(ignored("an API call of nobody who is named"));
    };
    let service = service(event, &trail)
        .ok_or_else(|| DoorError::at("detail", "expected the service that the call is about, by ARN or by name"))?;
    let answer = trail.response_elements.as_ref().and_then(|answer| answer.service.as_ref());
    let primary = answer.and_then(|answer| answer.deployments.iter().find(|one| one.status == "PRIMARY"));
    let asked = || Some(trail.request_parameters.as_ref()?.get("taskDefinition")?.as_str()?.to_owned());
    let call = Call {
        at: trail.event_time,
        event: trail.event_id.clone().unwrap_or_else(|| id_of(event).0),
        by,
        deployment: primary.map(|primary| DeploymentId::new(primary.id.clone())),
        task_definition: primary
            .and_then(|primary| primary.task_definition.clone())
            .or_else(|| answer.and_then(|answer| answer.task_definition.clone()))
            .or_else(asked),
    };
    Ok(news(event, service, trail.event_name.clone(), Some(Told::Called { call })))
}

fn deploys(parameters: &Map<String, Value>) -> bool {
    let sent = |name: &str| parameters.get(name).is_some_and(|value| !value.is_null());
    DEPLOYS.into_iter().any(sent) || parameters.get(FORCES) == Some(&Value::Bool(true))
}

/// `ROLE/SESSION` or a user, and the AWS service that called for them.
fn caller(identity: &Identity) -> Option<String> {
    let who = identity.arn.as_deref().map(principal).or_else(|| identity.user_name.clone());
    let through = identity.invoked_by.as_deref().map(|name| name.strip_suffix(AWS_SERVICE).unwrap_or(name));
    let named = match (who, through) {
        (Some(who), Some(through)) => format!("{who} by {through}"),
        (Some(who), None) => who,
        (None, Some(through)) => through.to_owned(),
        (None, None) => return None,
    };
    Some(named.chars().take(KEPT).collect())
}

/// The service of the answer, or else the one asked for, by its ARN or by the
/// names of cluster and service.
fn service(event: &EventBridgeEvent, trail: &Trail) -> Option<ServiceRef> {
    let parameter = |name: &str| trail.request_parameters.as_ref()?.get(name)?.as_str();
    let answered = || ServiceRef::from_arn(trail.response_elements.as_ref()?.service.as_ref()?.service_arn.as_deref()?);
    let asked = || parameter("service").or_else(|| parameter("serviceName"));
    let by_names = || {
        Some(ServiceRef {
            account: trail.recipient_account_id.clone().or_else(|| event.account.clone())?,
            region: trail.aws_region.clone().or_else(|| event.region.clone())?,
            // Both may be ARNs, which end with the name.
            cluster: last(parameter("cluster").unwrap_or("default")).to_owned(),
            service: last(asked()?).to_owned(),
        })
    };
    answered().or_else(|| ServiceRef::from_arn(asked()?)).or_else(by_names)
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
