//! Application Auto Scaling: the bounds of ECS services.

use serde_json::{Value, json};

use crate::state::State;
use crate::state::change::Change;
use crate::state::releases::AwsError;
use crate::state::service::Machine;

use super::request::Request;
use super::{setup, unknown};

/// The only dimension of an ECS service.
const DIMENSION: &str = "ecs:service:DesiredCount";

pub(super) fn answer(state: &mut State, operation: &str, request: &Request) -> Result<Value, AwsError> {
    let write = operation == "RegisterScalableTarget";
    let resource = request.text("ResourceId").unwrap_or("*").to_owned();
    state.note_call(&format!("application-autoscaling:{operation}"), resource, write);
    match operation {
        "DescribeScalableTargets" => Ok(describe(state, request)),
        "DescribeScalingPolicies" => setup::policies(state, request),
        "RegisterScalableTarget" => register(state, request),
        _ => Err(unknown(operation)),
    }
}

/// `service/CLUSTER/SERVICE`.
fn resource_id(machine: &Machine) -> String {
    format!("service/{}/{}", machine.name.cluster, machine.name.service)
}

fn target_arn(machine: &Machine) -> String {
    let id = nightshift_core::ids::fingerprint(&[&machine.name.key()]);
    let name = &machine.name;
    format!("arn:aws:application-autoscaling:{}:{}:scalable-target/{id}", name.region, name.account)
}

fn describe(state: &State, request: &Request) -> Value {
    let wanted = request.texts("ResourceIds");
    let named = |machine: &&Machine| wanted.is_empty() || wanted.contains(&resource_id(machine).as_str());
    let ours = request.text("ServiceNamespace") == Some("ecs");
    let targets = state.machines.iter().filter(named).filter(|_| ours).filter_map(|machine| {
        let scaling = machine.scaling?;
        let role = "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService";
        let off = json!({
            "DynamicScalingInSuspended": false,
            "DynamicScalingOutSuspended": false,
            "ScheduledScalingSuspended": false,
        });
        Some(json!({
            "ServiceNamespace": "ecs",
            "ResourceId": resource_id(machine),
            "ScalableDimension": DIMENSION,
            "MinCapacity": scaling.min,
            "MaxCapacity": scaling.max,
            "RoleARN": format!("arn:aws:iam::{}:role/{role}", machine.name.account),
            "CreationTime": machine.deployments.first().map_or(0.0, |first| first.created as f64),
            "SuspendedState": off,
            "ScalableTargetARN": target_arn(machine),
        }))
    });
    json!({ "ScalableTargets": targets.collect::<Vec<_>>() })
}

fn register(state: &mut State, request: &Request) -> Result<Value, AwsError> {
    let wanted = request.needed("ResourceId")?;
    let missing = || AwsError::new("ValidationException", format!("ECS service doesn't exist: {wanted}"));
    let found = state.machines.iter().find(|machine| resource_id(machine) == wanted).ok_or_else(missing)?;
    let (name, arn) = (found.name.clone(), target_arn(found));
    let (least, most) = (request.number("MinCapacity"), request.number("MaxCapacity"));
    let change = Change::Scale { minimum: least, maximum: most };
    state.try_change(&name, change, |machine, _, now| {
        if let (Some(scaling), Some(most)) = (&mut machine.scaling, most) {
            scaling.max = most;
        }
        match least {
            Some(least) => machine.set_minimum(least, now).map(|()| true),
            None => Ok(most.is_some()),
        }
    })?;
    Ok(json!({ "ScalableTargetARN": arn }))
}
