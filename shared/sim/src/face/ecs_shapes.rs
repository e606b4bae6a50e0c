//! ECS's answers, key for key as its API model names them.

use std::collections::BTreeMap;

use nightshift_core::ids::{ServiceRef, fingerprint};
use nightshift_core::release::{LogPlace, TaskDefinition};
use nightshift_core::service::{Deployment, Rollout, Strategy};
use serde_json::{Value, json};

use crate::state::service::{DeploymentState, Machine, RevisionState};

use super::ecs::goes_back;
use super::{setup, sizes};

/// Port of the container behind the load balancer.
pub(super) const PORT: u16 = 8080;

/// A moment as awsJson1.1 writes it: seconds since the epoch, a number.
pub(super) fn seconds(second: i64) -> Value {
    json!(second as f64)
}

/// Sets a key only where there is a value: AWS leaves the others out.
pub(super) fn put(to: &mut Value, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        to[key] = value;
    }
}

pub(super) fn cluster_arn(machine: &Machine) -> String {
    machine.arn(&format!("cluster/{}", machine.name.cluster))
}

pub(super) fn tags(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

pub(super) fn service(machine: &Machine, with_tags: bool) -> Value {
    let shown = machine.shown();
    let created = machine.deployments.first().map_or(0, |deployment| deployment.created);
    let mut service = json!({
        "serviceArn": machine.name.arn(),
        "serviceName": machine.name.service,
        "clusterArn": cluster_arn(machine),
        "loadBalancers": load_balancers(machine),
        "serviceRegistries": [],
        "status": shown.status,
        "desiredCount": shown.desired,
        "runningCount": shown.running,
        "pendingCount": shown.pending,
        "taskDefinition": shown.task_definition,
        "deploymentConfiguration": configuration(machine),
        "deployments": shown.deployments.iter().map(classic).collect::<Vec<_>>(),
        "events": [],
        "createdAt": seconds(created),
        "placementConstraints": [],
        "placementStrategy": [],
        "networkConfiguration": network(&machine.surroundings),
        "healthCheckGracePeriodSeconds": shown.grace_s,
        "schedulingStrategy": "REPLICA",
        "deploymentController": { "type": shown.controller },
        "enableECSManagedTags": true,
        "propagateTags": "SERVICE",
        "availabilityZoneRebalancing": "DISABLED",
    });
    sizes::put_launch(&mut service, machine.setup.launch);
    setup::put_service(&mut service, machine);
    let sets = || machine.classic().iter().map(|set| task_set(machine, set)).collect();
    put(&mut service, "taskSets", machine.by_codedeploy().then(sets));
    put(&mut service, "currentServiceDeployment", shown.current_deployment.map(|arn| json!(arn)));
    put(&mut service, "tags", with_tags.then(|| tags(&shown.tags)));
    service
}

fn configuration(machine: &Machine) -> Value {
    let on = machine.shown().breaker.is_some_and(|breaker| breaker.enabled);
    let mut breaker = json!({ "enable": on, "rollback": on && machine.setup.circuit_breaker_rollback });
    let threshold = machine.setup.circuit_breaker_failures.map(|value| json!({ "type": "COUNT", "value": value }));
    put(&mut breaker, "thresholdConfiguration", threshold);
    let mut configuration = json!({
        "bakeTimeInMinutes": machine.setup.bake.as_seconds() / 60,
        "deploymentCircuitBreaker": breaker,
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": machine.setup.strategy,
    });
    let setup = &machine.setup;
    match setup.strategy {
        Strategy::Canary => {
            let bake = setup.canary_bake.as_seconds() / 60;
            let canary = json!({ "canaryPercent": setup.canary_percent, "canaryBakeTimeInMinutes": bake });
            configuration["canaryConfiguration"] = canary;
        }
        Strategy::Linear => {
            let bake = setup.step_bake.as_seconds() / 60;
            let linear = json!({ "stepPercent": setup.step_percent, "stepBakeTimeInMinutes": bake });
            configuration["linearConfiguration"] = linear;
        }
        Strategy::Rolling | Strategy::BlueGreen => {}
    }
    configuration
}

fn load_balancers(machine: &Machine) -> Value {
    let Some(first) = machine.groups.first() else { return json!([]) };
    let mut one = json!({ "targetGroupArn": first.arn, "containerName": "app", "containerPort": PORT });
    if let Some(other) = machine.groups.get(1) {
        let balancer = first.load_balancer.as_str();
        let ServiceRef { account, region, .. } = &machine.name;
        let rule = format!("arn:aws:elasticloadbalancing:{region}:{account}:listener-rule/{balancer}/1/1");
        one["advancedConfiguration"] = json!({
            "alternateTargetGroupArn": other.arn,
            "productionListenerRule": rule,
            "roleArn": format!("arn:aws:iam::{account}:role/ecs-blue-green"),
        });
    }
    json!([one])
}

fn network(surroundings: &str) -> Value {
    let id = &fingerprint(&[surroundings])[..8];
    let vpc = json!({
        "subnets": [format!("subnet-{id}a"), format!("subnet-{id}b")],
        "securityGroups": [format!("sg-{id}")],
        "assignPublicIp": "DISABLED",
    });
    json!({ "awsvpcConfiguration": vpc })
}

fn classic(deployment: &Deployment) -> Value {
    let id = &deployment.id;
    let reason = |rollout: Rollout| match rollout {
        Rollout::Completed => format!("ECS deployment {id} completed."),
        Rollout::Failed => "ECS deployment circuit breaker: tasks failed to start.".into(),
        _ => format!("ECS deployment {id} in progress."),
    };
    let created = deployment.created_at.map_or(0, jiff::Timestamp::as_second);
    let mut shown = json!({
        "id": id,
        "status": if deployment.primary { "PRIMARY" } else { "ACTIVE" },
        "taskDefinition": deployment.task_definition,
        "desiredCount": deployment.desired,
        "pendingCount": deployment.pending,
        "runningCount": deployment.running,
        "failedTasks": deployment.failed_tasks,
        "createdAt": seconds(created),
        "updatedAt": seconds(created),
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
    });
    put(&mut shown, "rolloutState", deployment.rollout.map(|rollout| json!(rollout)));
    put(&mut shown, "rolloutStateReason", deployment.rollout.map(|rollout| json!(reason(rollout))));
    shown
}

fn task_set(machine: &Machine, set: &Deployment) -> Value {
    let made = machine.shown().task_sets.into_iter().find(|made| made.id == set.id);
    let created = seconds(set.created_at.map_or(0, jiff::Timestamp::as_second));
    json!({
        "id": set.id,
        "taskSetArn": machine.arn(&format!("task-set/{}/{}", machine.name, set.id.as_str())),
        "serviceArn": machine.name.arn(),
        "clusterArn": cluster_arn(machine),
        "startedBy": "CODE_DEPLOY",
        "externalId": made.and_then(|made| made.external_id),
        "status": if set.rollout == Some(Rollout::Completed) { "PRIMARY" } else { "ACTIVE" },
        "taskDefinition": set.task_definition,
        "computedDesiredCount": set.desired,
        "pendingCount": set.pending,
        "runningCount": set.running,
        "createdAt": created,
        "updatedAt": created,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "networkConfiguration": network(&machine.surroundings),
        "loadBalancers": load_balancers(machine),
        "serviceRegistries": [],
        "scale": { "value": 100.0, "unit": "PERCENT" },
        "stabilityStatus": if set.pending == 0 { "STEADY_STATE" } else { "STABILIZING" },
        "tags": [],
    })
}

/// A service deployment as ListServiceDeployments shows it.
pub(super) fn deployment_brief(machine: &Machine, state: &DeploymentState) -> Value {
    let mut brief = json!({
        "serviceDeploymentArn": state.arn,
        "serviceArn": machine.name.arn(),
        "clusterArn": cluster_arn(machine),
        "createdAt": seconds(state.created),
        "targetServiceRevisionArn": machine.revisions[state.target].arn,
        "status": state.status,
    });
    put(&mut brief, "startedAt", state.started.map(seconds));
    put(&mut brief, "finishedAt", state.finished.map(seconds));
    put(&mut brief, "statusReason", state.reason.as_ref().map(|reason| json!(reason)));
    brief
}

/// A service deployment as DescribeServiceDeployments shows it.
pub(super) fn deployment(machine: &Machine, state: &DeploymentState) -> Value {
    let tasks = |revision: usize| {
        let of = |wanted: fn(&Deployment) -> u32| -> u32 {
            let shown = machine.shown().deployments;
            let runs = |deployment: &&Deployment| {
                machine.rollouts.iter().any(|rollout| rollout.id == deployment.id && rollout.revision == revision)
            };
            shown.iter().filter(runs).map(wanted).sum()
        };
        json!({
            "arn": machine.revisions[revision].arn,
            "requestedTaskCount": of(|deployment| deployment.desired),
            "runningTaskCount": of(|deployment| deployment.running),
            "pendingTaskCount": of(|deployment| deployment.pending),
        })
    };
    let weighed = |revision: usize, weight: Option<f64>| {
        let mut tasks = tasks(revision);
        put(&mut tasks, "requestedProductionTrafficWeight", weight.map(|weight| json!(weight)));
        tasks
    };
    let green = state.shift.map(|shift| shift.weight);
    let blue = green.map(|weight| 100.0 - weight);
    let mut full = json!({
        "serviceDeploymentArn": state.arn,
        "serviceArn": machine.name.arn(),
        "clusterArn": cluster_arn(machine),
        "createdAt": seconds(state.created),
        "updatedAt": seconds(state.finished.or(state.started).unwrap_or(state.created)),
        "sourceServiceRevisions": state.source.into_iter().map(|source| weighed(source, blue)).collect::<Vec<_>>(),
        "targetServiceRevision": weighed(state.target, green),
        "status": state.status,
        "deploymentConfiguration": configuration(machine),
        "deploymentCircuitBreaker": {
            "status": if machine.has_breaker() { "MONITORING" } else { "DISABLED" },
            "failureCount": machine.rollouts.last().map_or(0, |rollout| rollout.failed),
            "threshold": machine.setup.circuit_breaker_failures.unwrap_or(3),
        },
    });
    put(&mut full, "lifecycleStage", state.stage().map(|stage| json!(stage)));
    put(&mut full, "startedAt", state.started.map(seconds));
    put(&mut full, "finishedAt", state.finished.map(seconds));
    put(&mut full, "statusReason", state.reason.as_ref().map(|reason| json!(reason)));
    let hook = |id: String| json!({ "hookId": id, "targetType": "PAUSE", "status": "AWAITING_ACTION" });
    put(&mut full, "lifecycleHookDetails", state.waits_at().map(|id| json!([hook(id)])));
    if goes_back(state.status) {
        let mut rollback = json!({ "reason": state.reason, "startedAt": seconds(state.due) });
        put(&mut rollback, "serviceRevisionArn", state.rolled_back_to.map(|to| json!(machine.revisions[to].arn)));
        full["rollback"] = rollback;
    }
    full
}

/// A service revision as DescribeServiceRevisions shows it.
pub(super) fn revision(machine: &Machine, state: &RevisionState) -> Value {
    let mut image = json!({ "containerName": "app", "image": state.image });
    put(&mut image, "imageDigest", state.digest.as_ref().map(|digest| json!(digest)));
    json!({
        "serviceRevisionArn": state.arn,
        "serviceArn": machine.name.arn(),
        "clusterArn": cluster_arn(machine),
        "taskDefinition": machine.task_definition(state.number),
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "loadBalancers": load_balancers(machine),
        "serviceRegistries": [],
        "networkConfiguration": network(&state.surroundings),
        "containerImages": [image],
        "guardDutyEnabled": false,
        "createdAt": seconds(state.created),
    })
}

fn log_configuration(place: &LogPlace) -> Value {
    let mut options = json!({ "awslogs-group": place.group, "awslogs-stream-prefix": place.prefix });
    put(&mut options, "awslogs-region", place.region.as_ref().map(|region| json!(region)));
    json!({ "logDriver": "awslogs", "options": options })
}

/// A task definition as DescribeTaskDefinition shows it.
pub(super) fn task_definition(machine: &Machine, registered: &TaskDefinition) -> Value {
    let container = |(name, image): (&String, &String)| {
        let mut container = json!({
            "name": name,
            "image": image,
            "cpu": 0,
            "essential": true,
            "portMappings": [{ "containerPort": PORT, "hostPort": PORT, "protocol": "tcp" }],
            "mountPoints": [],
            "volumesFrom": [],
        });
        put(&mut container, "logConfiguration", registered.logs.get(name).map(log_configuration));
        container
    };
    let number: u32 = registered.arn.as_str().rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    let mut shown = json!({
        "taskDefinitionArn": registered.arn,
        "family": machine.setup.name,
        "registeredBy": registered.registered_by,
        "revision": number,
        "status": if registered.active { "ACTIVE" } else { "INACTIVE" },
        "containerDefinitions": registered.images.iter().map(container).collect::<Vec<_>>(),
        "volumes": [],
        "placementConstraints": [],
        "networkMode": "awsvpc",
    });
    sizes::put_size(&mut shown, machine);
    setup::put_task(&mut shown, machine);
    shown
}
