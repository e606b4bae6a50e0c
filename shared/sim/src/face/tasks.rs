//! ECS tasks, those that run and those that ended within the hour.

use nightshift_core::task::StoppedTask;
use serde_json::{Value, json};

use crate::state::State;
use crate::state::registry::Registry;
use crate::state::releases::AwsError;
use crate::state::service::{Machine, Phase, Task};

use super::ecs::{cluster, service};
use super::ecs_shapes::{cluster_arn, put};
use super::request::{Request, paged};

/// ListTasks has pages of a hundred.
const A_PAGE: usize = 100;

pub(super) fn list(state: &State, request: &Request) -> Result<Value, AwsError> {
    let cluster = cluster(state, request)?;
    let only = request.text("serviceName").map(|_| service(state, request, "serviceName")).transpose()?;
    let machines = state.machines.iter().filter(|machine| match only {
        Some(only) => only.name == machine.name,
        None => machine.name.cluster == cluster,
    });
    let stopped = request.text("desiredStatus") == Some("STOPPED");
    let arns = machines.flat_map(|machine| if stopped { ended_arns(state, machine) } else { running_arns(machine) });
    Ok(paged("taskArns", request.page(arns.collect(), A_PAGE)?))
}

fn ended_arns(state: &State, machine: &Machine) -> Vec<Value> {
    let draining = machine.tasks.iter().filter(|task| task.phase == Phase::Draining);
    let ended = machine.stopped_lately(state.now).into_iter().map(|task| json!(task.arn));
    ended.chain(draining.map(|task| json!(machine.task_arn(task.serial)))).collect()
}

fn running_arns(machine: &Machine) -> Vec<Value> {
    let living = machine.tasks.iter().filter(|task| task.phase != Phase::Draining);
    living.map(|task| json!(machine.task_arn(task.serial))).collect()
}

pub(super) fn describe(state: &State, request: &Request) -> Result<Value, AwsError> {
    let cluster = cluster(state, request)?;
    let wanted = request.texts("tasks");
    if wanted.is_empty() || wanted.len() > A_PAGE {
        return Err(AwsError::new("InvalidParameterException", "Tasks must hold one to a hundred tasks."));
    }
    let here = || state.machines.iter().filter(|machine| machine.name.cluster == cluster);
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for given in wanted {
        let is = |arn: &str| arn == given || arn.rsplit('/').next() == Some(given);
        let found = here().find_map(|machine| {
            let lives = machine.tasks.iter().find(|task| is(&machine.task_arn(task.serial)));
            let ended = || machine.stopped_lately(state.now).into_iter().find(|task| is(&task.arn));
            lives
                .map(|task| living(&state.registry, machine, task))
                .or_else(|| ended().map(|task| stopped(machine, &task)))
        });
        match found {
            Some(task) => tasks.push(task),
            None => failures.push(json!({ "arn": given, "reason": "MISSING" })),
        }
    }
    Ok(json!({ "tasks": tasks, "failures": failures }))
}

fn common(machine: &Machine, arn: &str) -> Value {
    json!({
        "taskArn": arn,
        "clusterArn": cluster_arn(machine),
        "group": format!("service:{}", machine.name.service),
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "cpu": "512",
        "memory": "1024",
        "attachments": [],
        "overrides": { "containerOverrides": [] },
        "tags": [],
        "version": 1,
    })
}

fn living(registry: &Registry, machine: &Machine, task: &Task) -> Value {
    let rollout = &machine.rollouts[task.rollout];
    let revision = &machine.revisions[rollout.revision];
    let arn = machine.task_arn(task.serial);
    let status = match task.phase {
        Phase::Starting => "PENDING",
        Phase::Running | Phase::Healthy => "RUNNING",
        Phase::Draining => "DEACTIVATING",
    };
    let mut container = json!({ "name": "app", "taskArn": arn, "image": revision.image, "lastStatus": status });
    put(&mut container, "imageDigest", machine.runs(task, registry).map(|digest| json!(digest)));
    let mut shown = common(machine, &arn);
    shown["taskDefinitionArn"] = json!(machine.task_definition(revision.number));
    shown["lastStatus"] = json!(status);
    shown["desiredStatus"] = json!(if task.phase == Phase::Draining { "STOPPED" } else { "RUNNING" });
    shown["healthStatus"] = json!("UNKNOWN");
    shown["createdAt"] = json!(task.created as f64);
    shown["startedBy"] = json!(rollout.id);
    shown["containers"] = json!([container]);
    put(&mut shown, "startedAt", task.started.map(|at| json!(at as f64)));
    shown
}

fn stopped(machine: &Machine, task: &StoppedTask) -> Value {
    let second = |at: jiff::Timestamp| json!(at.as_second() as f64);
    let containers = task.containers.iter().map(|end| {
        let mut container = json!({ "name": end.name, "taskArn": task.arn, "lastStatus": "STOPPED" });
        put(&mut container, "exitCode", end.exit_code.map(|code| json!(code)));
        put(&mut container, "reason", end.reason.as_ref().map(|reason| json!(reason)));
        container
    });
    let mut shown = common(machine, &task.arn);
    shown["taskDefinitionArn"] = json!(task.task_definition);
    shown["lastStatus"] = json!("STOPPED");
    shown["desiredStatus"] = json!("STOPPED");
    shown["healthStatus"] = json!("UNKNOWN");
    shown["containers"] = containers.collect();
    put(&mut shown, "startedBy", task.started_by.as_ref().map(|id| json!(id)));
    put(&mut shown, "stopCode", task.stop_code.as_ref().map(|code| json!(code)));
    put(&mut shown, "stoppedReason", task.reason.as_ref().map(|reason| json!(reason)));
    put(&mut shown, "startedAt", task.started_at.map(second));
    put(&mut shown, "stoppedAt", task.stopped_at.map(second));
    shown
}
