//! ECS's events: deployments, service actions, stopped tasks, pause hooks.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use jiff::Timestamp;
use nightshift_core::ids::{DeploymentId, EventId, ServiceRef, TaskDefinitionArn};
use nightshift_core::task::{ContainerExit, StoppedTask};
use nightshift_door::{DoorError, each_readable, if_readable, quoted, read};
use nightshift_release::learn::Told;
use serde::Deserialize;

use super::{DRILL_SOURCE, Incoming, News, ignored};

/// Service actions that a failing deployment can make.
const ACTIONS: [&str; 4] = [
    "SERVICE_TASK_START_IMPAIRED",
    "SERVICE_TASK_PLACEMENT_FAILURE",
    "SERVICE_TASK_CONFIGURATION_FAILURE",
    "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED",
];
/// The one of them that means that a task could not be placed.
const NOT_PLACED: &str = "SERVICE_TASK_PLACEMENT_FAILURE";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    event_name: String,
    #[serde(default, deserialize_with = "if_readable")]
    cluster_arn: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    reason: Option<String>,
}

/// `ECS Deployment State Change`.
pub(super) fn deployment(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    let detail: Named = read(&event.detail, "detail")?;
    of_service(event, &detail, None)
}

/// `ECS Service Action`: those that say that tasks do not start.
pub(super) fn action(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    let detail: Named = read(&event.detail, "detail")?;
    let name = detail.event_name.as_str();
    if !ACTIONS.contains(&name) {
        return Ok(ignored(format!("service action {} says nothing about a deployment", quoted(name))));
    }
    let told = (name == NOT_PLACED).then(|| Told::NotPlaced {
        event: id_of(event).0,
        at: time_of(event),
        reason: detail.reason.clone(),
    });
    of_service(event, &detail, told)
}

/// `ECS Hook State Change`. Its fields are hardly documented: the service is
/// taken from whatever ARN it names.
pub(super) fn hook(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    let text = event.detail.as_object();
    let arns = text.into_iter().flat_map(|fields| fields.values()).filter_map(|value| value.as_str());
    let resources = event.resources.iter().flatten().map(String::as_str);
    let all: Vec<&str> = resources.chain(arns).collect();
    match all.iter().find_map(|arn| service_in(arn)) {
        Some(service) => Ok(news(event, service, "HOOK".into(), None)),
        None => Err(DoorError::at("resources", "expected the ARN of a service or of a service deployment")),
    }
}

/// The service in the ARN of a service, of its deployment or of its revision.
fn service_in(arn: &str) -> Option<ServiceRef> {
    let of = |kind: &str| {
        let (front, rest) = arn.split_once(&format!(":{kind}/"))?;
        let mut parts = rest.split('/');
        let (cluster, service) = (parts.next()?, parts.next()?);
        ServiceRef::from_arn(&format!("{front}:service/{cluster}/{service}"))
    };
    of("service").or_else(|| of("service-deployment")).or_else(|| of("service-revision"))
}

fn of_service(event: &EventBridgeEvent, detail: &Named, told: Option<Told>) -> Result<Incoming, DoorError> {
    let arn = event
        .resources
        .iter()
        .flatten()
        .find(|arn| arn.contains(":service/"))
        .ok_or_else(|| DoorError::at("resources", "expected the ARN of a service"))?;
    // Accounts that never moved to the long format have ARNs without a
    // cluster; a service action names it beside.
    let whole = ServiceRef::from_arn(arn).or_else(|| with_cluster(arn, detail.cluster_arn.as_deref()?));
    Ok(match whole {
        Some(service) => news(event, service, detail.event_name.clone(), told),
        None => Incoming::Nameless { event: id_of(event), arn: arn.clone() },
    })
}

fn with_cluster(arn: &str, cluster: &str) -> Option<ServiceRef> {
    let (front, service) = arn.split_once(":service/")?;
    let cluster = cluster.rsplit('/').next()?;
    ServiceRef::from_arn(&format!("{front}:service/{cluster}/{service}"))
}

pub(super) fn news(event: &EventBridgeEvent, service: ServiceRef, what: String, told: Option<Told>) -> Incoming {
    let drill = event.source == DRILL_SOURCE;
    Incoming::News(News { event: id_of(event), service, what, at: time_of(event), told, drill })
}

/// EventBridge repeats an event under the same id.
pub(super) fn id_of(event: &EventBridgeEvent) -> EventId {
    match event.id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => EventId::new(id),
        None => EventId::of(&[&event.detail_type, &event.detail.to_string()]),
    }
}

/// Without a time of its own it is as old as can be: nothing rests on it but
/// the place of a failure among others.
fn time_of(event: &EventBridgeEvent) -> Timestamp {
    event.time.and_then(|time| Timestamp::from_second(time.timestamp()).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    task_arn: String,
    cluster_arn: String,
    task_definition_arn: String,
    last_status: String,
    #[serde(default, deserialize_with = "if_readable")]
    group: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    started_by: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    stop_code: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    stopped_reason: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "if_readable")]
    stopped_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "each_readable")]
    containers: Vec<Container>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    name: String,
    #[serde(default, deserialize_with = "if_readable")]
    exit_code: Option<i32>,
    #[serde(default, deserialize_with = "if_readable")]
    reason: Option<String>,
}

/// `ECS Task State Change`: stopped tasks of services whose end speaks against
/// them.
pub(super) fn task(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    let detail: Task = read(&event.detail, "detail")?;
    if detail.last_status != "STOPPED" {
        return Ok(ignored(format!("a task that is {}, not STOPPED", quoted(&detail.last_status))));
    }
    let Some(name) = detail.group.as_deref().and_then(|group| group.strip_prefix("service:")) else {
        return Ok(ignored("a task of no service"));
    };
    let service = of_cluster(&detail.cluster_arn, name)
        .ok_or_else(|| DoorError::at("detail.clusterArn", "expected the ARN of a cluster"))?;
    let task = StoppedTask {
        arn: detail.task_arn,
        task_definition: TaskDefinitionArn::new(detail.task_definition_arn),
        started_by: detail.started_by.map(DeploymentId::new),
        stop_code: detail.stop_code,
        reason: detail.stopped_reason,
        started_at: detail.started_at,
        stopped_at: Some(detail.stopped_at.unwrap_or_else(|| time_of(event))),
        containers: detail.containers.into_iter().map(exit).collect(),
    };
    if task.crash().is_none() {
        return Ok(ignored("a task that was asked to stop, or whose end says nothing"));
    }
    Ok(news(event, service, "STOPPED".into(), Some(Told::Task { task })))
}

fn exit(container: Container) -> ContainerExit {
    let Container { name, exit_code, reason } = container;
    ContainerExit { name, exit_code, reason }
}

fn of_cluster(cluster_arn: &str, service: &str) -> Option<ServiceRef> {
    let (front, cluster) = cluster_arn.split_once(":cluster/")?;
    ServiceRef::from_arn(&format!("{front}:service/{cluster}/{service}"))
}
