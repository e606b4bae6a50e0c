//! CodeDeploy: the deployments of the services that it deploys.
//!
//! Each service has an application and a deployment group of its own, as the
//! ECS console makes them.

use nightshift_core::codedeploy::{CodeDeployStatus, CodeDeployment, CodeDeploymentId};
use nightshift_core::ids::{TaskDefinitionArn, fingerprint};
use nightshift_core::release::DeploymentStatus;
use serde_json::{Value, json};

use crate::state::State;
use crate::state::releases::AwsError;
use crate::state::service::Machine;

use super::ecs_shapes::{PORT, put, seconds};
use super::request::{Request, paged};
use super::unknown;

const CONFIG: &str = "CodeDeployDefault.ECSAllAtOnce";
const A_PAGE: usize = 100;

pub(super) fn answer(state: &mut State, operation: &str, request: &Request) -> Result<Value, AwsError> {
    let named = ["deploymentId", "deploymentGroupName", "applicationName"];
    let resource = named.iter().find_map(|field| request.text(field)).unwrap_or("*").to_owned();
    state.note_call(&format!("codedeploy:{operation}"), resource, operation == "StopDeployment");
    match operation {
        "GetDeployment" => get_deployment(state, request),
        "GetDeploymentGroup" => Ok(json!({ "deploymentGroupInfo": group(of_group(state, request)?) })),
        "GetApplicationRevision" => get_revision(state, request),
        "ListDeployments" => list_deployments(state, request),
        "StopDeployment" => stop(state, request),
        _ => Err(unknown(operation)),
    }
}

fn id(request: &Request) -> Result<CodeDeploymentId, AwsError> {
    let given = request.text("deploymentId").map(|id| CodeDeploymentId(id.to_owned()));
    given.ok_or_else(|| AwsError::new("DeploymentIdRequiredException", "The deployment ID must be specified"))
}

fn needed<'a>(request: &'a Request, field: &str, code: &'static str) -> Result<&'a str, AwsError> {
    request.text(field).ok_or_else(|| AwsError::new(code, format!("{field} must be specified")))
}

/// The service whose application that is.
fn of_application<'a>(state: &'a State, request: &Request) -> Result<&'a Machine, AwsError> {
    let application = needed(request, "applicationName", "ApplicationNameRequiredException")?;
    let mut deployed = state.machines.iter().filter(|machine| machine.by_codedeploy());
    deployed.find(|machine| machine.code_application() == application).ok_or_else(|| {
        AwsError::new("ApplicationDoesNotExistException", format!("No application found for name: {application}"))
    })
}

/// The service whose deployment group that is.
fn of_group<'a>(state: &'a State, request: &Request) -> Result<&'a Machine, AwsError> {
    let machine = of_application(state, request)?;
    let group = needed(request, "deploymentGroupName", "DeploymentGroupNameRequiredException")?;
    (machine.code_group() == group).then_some(machine).ok_or_else(|| {
        let says = format!("No Deployment Group found for name: {group}");
        AwsError::new("DeploymentGroupDoesNotExistException", says)
    })
}

/// What an AppSpec says about a task definition.
fn app_spec(task_definition: &TaskDefinitionArn) -> String {
    let container = json!({ "ContainerName": "app", "ContainerPort": PORT });
    let properties = json!({ "TaskDefinition": task_definition, "LoadBalancerInfo": container });
    let target = json!({ "Type": "AWS::ECS::Service", "Properties": properties });
    json!({ "version": 1, "Resources": [{ "TargetService": target }] }).to_string()
}

/// What stands for its SHA-256: as long, and another for another content.
fn digest(content: &str) -> String {
    ["1", "2", "3", "4"].map(|salt| fingerprint(&[content, salt])).concat()
}

/// Where the AppSpec is. Its content is never there, says CodeDeploy's API
/// reference; `GetApplicationRevision` has it.
fn revision(task_definition: &TaskDefinitionArn) -> Value {
    let sha256 = digest(&app_spec(task_definition));
    json!({ "revisionType": "AppSpecContent", "appSpecContent": { "sha256": sha256 } })
}

/// The AppSpec lies elsewhere, and what it says is not told.
fn in_s3(machine: &Machine) -> Value {
    let place = json!({ "bucket": "releases", "key": format!("{}.yaml", machine.setup.name), "bundleType": "YAML" });
    json!({ "revisionType": "S3", "s3Location": place })
}

fn get_revision(state: &State, request: &Request) -> Result<Value, AwsError> {
    let machine = of_application(state, request)?;
    let wanted = request.value("revision")["appSpecContent"]["sha256"].as_str();
    let specs = machine.revisions.iter().map(|revision| app_spec(&machine.task_definition(revision.number)));
    let missing = || AwsError::new("RevisionDoesNotExistException", "The revision does not exist");
    let found = specs.rev().find(|spec| wanted == Some(digest(spec).as_str())).ok_or_else(missing)?;
    let content = json!({ "sha256": digest(&found), "content": found });
    Ok(json!({
        "applicationName": machine.code_application(),
        "revision": { "revisionType": "AppSpecContent", "appSpecContent": content },
        "revisionInfo": { "deploymentGroups": [machine.code_group()] },
    }))
}

fn get_deployment(state: &State, request: &Request) -> Result<Value, AwsError> {
    let id = id(request)?;
    let machine = state.code_deployer(&id)?;
    let shown = machine.code_deployment(&id).map(|found| deployment(machine, &found));
    Ok(json!({ "deploymentInfo": shown }))
}

fn deployment(machine: &Machine, found: &CodeDeployment) -> Value {
    let held = machine.code_deployed(&found.id).map(|index| &machine.deployments[index]);
    let status = match found.status {
        CodeDeployStatus::Succeeded => "Succeeded",
        CodeDeployStatus::Failed => "Failed",
        CodeDeployStatus::Stopped => "Stopped",
        _ if held.is_some_and(|held| held.status == DeploymentStatus::Pending) => "Created",
        _ => "InProgress",
    };
    let mut info = json!({
        "applicationName": machine.code_application(),
        "deploymentGroupName": machine.code_group(),
        "deploymentConfigName": CONFIG,
        "deploymentId": found.id,
        "status": status,
        "createTime": seconds(found.created_at.as_second()),
        "creator": if found.rolls_back.is_some() { "codeDeployRollback" } else { "user" },
        "deploymentStyle": style(),
        "computePlatform": "ECS",
    });
    info["revision"] = found.task_definition.as_ref().map_or_else(|| in_s3(machine), revision);
    put(&mut info, "startTime", held.and_then(|held| held.started).map(seconds));
    put(&mut info, "completeTime", found.ended_at.map(|at| seconds(at.as_second())));
    let code = if status == "Failed" { "TIMEOUT" } else { "MANUAL_STOP" };
    put(&mut info, "errorInformation", found.reason.as_ref().map(|reason| json!({ "code": code, "message": reason })));
    if found.rolls_back.is_some() || found.rolled_back_by.is_some() {
        let mut rollback = json!({});
        put(&mut rollback, "rollbackTriggeringDeploymentId", found.rolls_back.as_ref().map(|id| json!(id)));
        put(&mut rollback, "rollbackDeploymentId", found.rolled_back_by.as_ref().map(|id| json!(id)));
        info["rollbackInfo"] = rollback;
    }
    info
}

fn style() -> Value {
    json!({ "deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL" })
}

fn group(machine: &Machine) -> Value {
    let name = &machine.name;
    let failed: &[&str] = if machine.setup.circuit_breaker { &["DEPLOYMENT_FAILURE"] } else { &[] };
    json!({
        "applicationName": machine.code_application(),
        "deploymentGroupId": fingerprint(&[&machine.code_group()]),
        "deploymentGroupName": machine.code_group(),
        "deploymentConfigName": CONFIG,
        "serviceRoleArn": format!("arn:aws:iam::{}:role/ecsCodeDeployRole", name.account),
        "autoRollbackConfiguration": { "enabled": machine.setup.circuit_breaker, "events": failed },
        "deploymentStyle": style(),
        "computePlatform": "ECS",
        "ecsServices": [{ "clusterName": name.cluster, "serviceName": name.service }],
    })
}

/// Newest first, though AWS promises no order.
fn list_deployments(state: &State, request: &Request) -> Result<Value, AwsError> {
    let machine = of_group(state, request)?;
    let ids = (0..machine.deployments.len()).rev().filter_map(|index| machine.codedeploy_id(index));
    Ok(paged("deployments", request.page(ids.map(|id| json!(id)).collect(), A_PAGE)?))
}

fn stop(state: &mut State, request: &Request) -> Result<Value, AwsError> {
    state.stop_code_deployment(&id(request)?, request.flag("autoRollbackEnabled"))?;
    Ok(json!({ "status": "Succeeded", "statusMessage": "The deployment was stopped." }))
}
