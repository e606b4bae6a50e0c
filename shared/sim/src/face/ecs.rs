//! ECS: which operation does what.

use std::collections::BTreeSet;

use nightshift_core::ids::{ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use nightshift_core::release::DeploymentStatus;
use serde_json::{Value, json};

use crate::state::State;
use crate::state::change::Change;
use crate::state::releases::AwsError;
use crate::state::rollout::grid;
use crate::state::service::Machine;

use super::request::{Request, paged};
use super::{ecs_shapes as shapes, register, setup, tasks, unknown};

/// Pages of ListServices are this long unless asked for otherwise.
const SERVICES_A_PAGE: usize = 10;
/// Pages of the other lists.
const A_PAGE: usize = 100;
/// Seconds until a change of `desiredCount` is followed.
const COUNT_HEARD_S: i64 = 5;

pub(super) fn answer(state: &mut State, operation: &str, request: &Request) -> Result<Value, AwsError> {
    let named = ["service", "serviceName", "cluster", "taskDefinition", "serviceDeploymentArn", "family"];
    let resource = named.iter().find_map(|field| request.text(field)).unwrap_or("*").to_owned();
    let writes = ["UpdateService", "StopServiceDeployment", "ContinueServiceDeployment", "RegisterTaskDefinition"];
    let write = writes.contains(&operation);
    state.note_call(&format!("ecs:{operation}"), resource, write);
    match operation {
        "DescribeServices" => describe_services(state, request),
        "DescribeClusters" => Ok(setup::clusters(state, request)),
        "ListClusters" => list_clusters(state, request),
        "ListServices" => list_services(state, request),
        "ListServiceDeployments" => list_deployments(state, request),
        "DescribeServiceDeployments" => describe_deployments(state, request),
        "DescribeServiceRevisions" => describe_revisions(state, request),
        "ListTasks" => tasks::list(state, request),
        "DescribeTasks" => tasks::describe(state, request),
        "DescribeTaskDefinition" => describe_task_definition(state, request),
        "RegisterTaskDefinition" => register::task_definition(state, request),
        "UpdateService" => update(state, request),
        "StopServiceDeployment" => stop(state, request),
        "ContinueServiceDeployment" => go_on(state, request),
        _ => Err(unknown(operation)),
    }
}

/// The cluster's name, given its name, its ARN or nothing.
pub(super) fn cluster<'a>(state: &State, request: &'a Request) -> Result<&'a str, AwsError> {
    let given = request.text("cluster").unwrap_or("default");
    let name = given.rsplit('/').next().unwrap_or(given);
    let known = state.machines.iter().any(|machine| machine.name.cluster == name);
    known.then_some(name).ok_or_else(|| AwsError::new("ClusterNotFoundException", "Cluster not found."))
}

/// The service, given its name and cluster, or its ARN.
pub(super) fn service<'a>(state: &'a State, request: &Request, field: &str) -> Result<&'a Machine, AwsError> {
    let name = request.needed(field)?;
    let cluster = ServiceRef::from_arn(name).map_or_else(|| cluster(state, request), |_| Ok(""))?;
    find(state, cluster, name).ok_or_else(|| AwsError::new("ServiceNotFoundException", "Service not found."))
}

fn find<'a>(state: &'a State, cluster: &str, name: &str) -> Option<&'a Machine> {
    state.machines.iter().find(|machine| match ServiceRef::from_arn(name) {
        Some(named) => machine.name == named,
        None => machine.name.cluster == cluster && machine.name.service == name,
    })
}

fn describe_services(state: &State, request: &Request) -> Result<Value, AwsError> {
    let cluster = cluster(state, request)?;
    let names = request.texts("services");
    if names.is_empty() || names.len() > 10 {
        return Err(AwsError::new("InvalidParameterException", "Services must hold one to ten services."));
    }
    let tags = request.texts("include").contains(&"TAGS");
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match find(state, cluster, name) {
            Some(machine) => services.push(shapes::service(machine, tags)),
            None => failures.push(json!({ "arn": name, "reason": "MISSING" })),
        }
    }
    Ok(json!({ "services": services, "failures": failures }))
}

fn list_clusters(state: &State, request: &Request) -> Result<Value, AwsError> {
    let clusters: BTreeSet<String> = state.machines.iter().map(shapes::cluster_arn).collect();
    Ok(paged("clusterArns", request.page(clusters.into_iter().map(Value::from).collect(), A_PAGE)?))
}

fn list_services(state: &State, request: &Request) -> Result<Value, AwsError> {
    let cluster = cluster(state, request)?;
    let of = state.machines.iter().filter(|machine| machine.name.cluster == cluster);
    Ok(paged("serviceArns", request.page(of.map(|machine| json!(machine.name.arn())).collect(), SERVICES_A_PAGE)?))
}

fn list_deployments(state: &State, request: &Request) -> Result<Value, AwsError> {
    let machine = service(state, request, "service")?;
    let wanted = request.texts("status");
    let created = request.value("createdAt");
    let (after, before) = (created["after"].as_f64(), created["before"].as_f64());
    let shown = machine.of_ecs().iter().rev().filter(|deployment| {
        let at = deployment.created as f64;
        let status = json!(deployment.status);
        (wanted.is_empty() || wanted.iter().any(|wanted| status == *wanted))
            && after.is_none_or(|after| at >= after)
            && before.is_none_or(|before| at < before)
    });
    let briefs = shown.map(|deployment| shapes::deployment_brief(machine, deployment)).collect();
    Ok(paged("serviceDeployments", request.page(briefs, A_PAGE)?))
}

/// Splits what was asked for by ARN into what is there and what is not.
fn by_arn(arns: &[&str], field: &str, shape: impl Fn(&str) -> Option<Value>) -> Value {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        match shape(arn) {
            Some(value) => found.push(value),
            None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
        }
    }
    json!({ field: found, "failures": failures })
}

fn describe_deployments(state: &State, request: &Request) -> Result<Value, AwsError> {
    let shape = |arn: &str| {
        state.machines.iter().find_map(|machine| {
            let deployment = machine.of_ecs().iter().find(|deployment| deployment.arn.as_str() == arn)?;
            Some(shapes::deployment(machine, deployment))
        })
    };
    Ok(by_arn(&request.texts("serviceDeploymentArns"), "serviceDeployments", shape))
}

fn describe_revisions(state: &State, request: &Request) -> Result<Value, AwsError> {
    let shape = |arn: &str| {
        state.machines.iter().find_map(|machine| {
            let revision = machine.revisions.iter().find(|revision| revision.arn.as_str() == arn)?;
            Some(shapes::revision(machine, revision))
        })
    };
    Ok(by_arn(&request.texts("serviceRevisionArns"), "serviceRevisions", shape))
}

/// The task definition's full ARN, given that, `family:revision` or `family`.
fn task_definition(state: &State, given: &str) -> Option<TaskDefinitionArn> {
    let short = given.rsplit('/').next().unwrap_or(given);
    let family = short.split(':').next().unwrap_or(short);
    let machine = state.machines.iter().find(|machine| machine.setup.name == family)?;
    let registered = machine.builds.iter().filter(|build| build.at <= state.now).map(|build| build.truth.revision);
    let number = match short.split_once(':') {
        Some((_, number)) => number.parse().ok().filter(|number| registered.clone().any(|known| known == *number)),
        None => registered.max(),
    };
    number.map(|number| machine.task_definition(number))
}

fn describe_task_definition(state: &State, request: &Request) -> Result<Value, AwsError> {
    let missing = || AwsError::new("ClientException", "Unable to describe task definition.");
    let arn = task_definition(state, request.needed("taskDefinition")?).ok_or_else(missing)?;
    let found = state.machines.iter().find_map(|machine| Some((machine, machine.registered(&arn, state.now)?)));
    let (machine, registered) = found.ok_or_else(missing)?;
    let mut answer = json!({ "taskDefinition": shapes::task_definition(machine, &registered) });
    if request.texts("include").contains(&"TAGS") {
        answer["tags"] = shapes::tags(&registered.tags);
    }
    Ok(answer)
}

fn update(state: &mut State, request: &Request) -> Result<Value, AwsError> {
    let name = service(state, request, "service")?.name.clone();
    let wanted = match request.text("taskDefinition") {
        None => None,
        Some(given) => {
            let missing = || AwsError::new("ClientException", "Unable to describe task definition.");
            Some(task_definition(state, given).ok_or_else(missing)?)
        }
    };
    let (force, count) = (request.flag("forceNewDeployment"), request.number("desiredCount"));
    if wanted.is_some() || force {
        let short = wanted.as_ref().map(TaskDefinitionArn::short);
        let instead_of = state.machine(&name).and_then(Machine::primary).cloned();
        let change = wanted.clone().map_or(Change::Restart { instead_of }, |to| Change::Deploy { to });
        state.try_change(&name, change, |machine, registry, now| machine.update(short, force, registry, now))?;
    }
    let due = grid(state.now + COUNT_HEARD_S);
    let gone = || AwsError::new("ServiceNotFoundException", "Service not found.");
    let machine = state.machine_mut(&name).ok_or_else(gone)?;
    if let Some(count) = count {
        machine.rescale = Some((due, count));
    }
    Ok(json!({ "service": shapes::service(machine, false) }))
}

fn stop(state: &mut State, request: &Request) -> Result<Value, AwsError> {
    let arn = ServiceDeploymentArn::new(request.needed("serviceDeploymentArn")?);
    if request.text("stopType").is_some_and(|kind| kind != "ROLLBACK") {
        return Err(AwsError::new("InvalidParameterException", "stopType: only ROLLBACK is supported."));
    }
    let change = Change::Stop { deployment: arn.clone() };
    state.try_change(&holder(state, &arn)?, change, |machine, _, now| machine.stop(&arn, now))?;
    Ok(json!({ "serviceDeploymentArn": arn }))
}

/// The service of which ECS has this deployment.
fn holder(state: &State, arn: &ServiceDeploymentArn) -> Result<ServiceRef, AwsError> {
    let missing = || AwsError::new("ServiceDeploymentNotFoundException", format!("{arn} was not found"));
    let holds = |machine: &&Machine| machine.of_ecs().iter().any(|deployment| deployment.arn == *arn);
    state.machines.iter().find(holds).map(|machine| machine.name.clone()).ok_or_else(missing)
}

/// ContinueServiceDeployment. Without an action it goes on.
fn go_on(state: &mut State, request: &Request) -> Result<Value, AwsError> {
    let arn = ServiceDeploymentArn::new(request.needed("serviceDeploymentArn")?);
    let hook = request.needed("hookId")?.to_owned();
    let goes_back = match request.text("action") {
        None | Some("CONTINUE") => false,
        Some("ROLLBACK") => true,
        Some(other) => {
            let says = format!("action: expected CONTINUE or ROLLBACK, found {other}");
            return Err(AwsError::new("InvalidParameterException", says));
        }
    };
    let change = Change::AtHook { deployment: arn.clone(), hook: hook.clone(), goes_back };
    state.try_change(&holder(state, &arn)?, change, |machine, _, now| machine.answer(&arn, &hook, goes_back, now))?;
    Ok(json!({ "serviceDeploymentArn": arn }))
}

/// The rollback part of a service deployment exists from these on.
pub(super) fn goes_back(status: DeploymentStatus) -> bool {
    use DeploymentStatus::{RollbackFailed, RollbackInProgress, RollbackRequested, RollbackSuccessful};
    matches!(status, RollbackRequested | RollbackInProgress | RollbackSuccessful | RollbackFailed)
}
