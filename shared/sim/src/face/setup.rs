//! How services and their tasks are set up, in AWS's answers.

use serde_json::{Value, json};

use crate::ports::{policy_name, roles};
use crate::state::State;
use crate::state::releases::AwsError;
use crate::state::service::Machine;

use super::ecs_shapes::put;
use super::request::Request;

/// Puts what a service says beside what decisions need.
pub(super) fn put_service(service: &mut Value, machine: &Machine) {
    let setup = &machine.setup;
    service["enableExecuteCommand"] = json!(setup.exec);
    let address = if setup.public_address { "ENABLED" } else { "DISABLED" };
    service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] = json!(address);
    let alarms = &setup.deployment_alarms;
    let on = !alarms.is_empty();
    let watched = json!({ "alarmNames": alarms, "enable": on, "rollback": on });
    service["deploymentConfiguration"]["alarms"] = watched;
}

/// Puts what a task definition says of its roles and of its container.
pub(super) fn put_task(definition: &mut Value, machine: &Machine) {
    let setup = &machine.setup.container;
    let (task_role, execution_role) = roles(machine);
    definition["taskRoleArn"] = json!(task_role);
    definition["executionRoleArn"] = json!(execution_role);
    let container = &mut definition["containerDefinitions"][0];
    if container.is_null() {
        return;
    }
    put(container, "user", setup.user.as_ref().map(|user| json!(user)));
    put(container, "readonlyRootFilesystem", setup.read_only.then_some(json!(true)));
    let check = json!({ "command": ["CMD-SHELL", "curl -f http://localhost:8080/"], "interval": 30, "retries": 3, "timeout": 5 });
    put(container, "healthCheck", setup.health_check.then_some(check));
    let plain = setup.plain_secrets.iter().map(|name| json!({ "name": name, "value": "in-plain-text" }));
    container["environment"] = plain.collect();
}

/// `ecs:DescribeClusters`.
pub(super) fn clusters(state: &State, request: &Request) -> Value {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    let settings = request.texts("include").contains(&"SETTINGS");
    for name in request.texts("clusters") {
        let short = name.rsplit('/').next().unwrap_or(name);
        let Some(one) = state.machines.iter().find(|machine| machine.name.cluster == short) else {
            failures.push(json!({ "arn": name, "reason": "MISSING" }));
            continue;
        };
        let on = if state.scenario.insights.iter().any(|cluster| cluster == short) { "enabled" } else { "disabled" };
        let mut cluster = json!({
            "clusterArn": super::ecs_shapes::cluster_arn(one),
            "clusterName": short,
            "status": "ACTIVE",
        });
        put(&mut cluster, "settings", settings.then(|| json!([{ "name": "containerInsights", "value": on }])));
        found.push(cluster);
    }
    json!({ "clusters": found, "failures": failures })
}

/// `application-autoscaling:DescribeScalingPolicies`.
pub(super) fn policies(state: &State, request: &Request) -> Result<Value, AwsError> {
    let wanted = request.text("ResourceId");
    let all = state.machines.iter().flat_map(|machine| {
        let resource = format!("service/{}/{}", machine.name.cluster, machine.name.service);
        let fits = wanted.is_none_or(|wanted| wanted == resource);
        machine.setup.scales_by.iter().filter(move |_| fits).map(move |by| policy(machine, &resource, by))
    });
    let all: Vec<Value> = all.collect();
    Ok(json!({ "ScalingPolicies": all }))
}

fn policy(machine: &Machine, resource: &str, by: &str) -> Value {
    let name = policy_name(&machine.name, by);
    let id = nightshift_core::ids::fingerprint(&[&machine.name.key(), by]);
    let (account, region) = (&machine.name.account, &machine.name.region);
    let home = format!("arn:aws:autoscaling:{region}:{account}:scalingPolicy:{id}");
    json!({
        "PolicyARN": format!("{home}:resource/ecs/{resource}:policyName/{name}"),
        "PolicyName": name,
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": "ecs:service:DesiredCount",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": { "PredefinedMetricType": by },
        },
        "Alarms": [],
        "CreationTime": machine.deployments.first().map_or(0.0, |first| first.created as f64),
    })
}
