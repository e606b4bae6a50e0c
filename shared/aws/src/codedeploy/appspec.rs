//! The one line of an AppSpec that matters here.

use nightshift_core::ids::TaskDefinitionArn;
use serde_json::Value;

const KEY: &str = "TaskDefinition";

/// The task definition that an AppSpec deploys, in JSON or YAML. `None`: it
/// names none, or by something else than its ARN.
pub(super) fn task_definition(spec: &str) -> Option<TaskDefinitionArn> {
    let named = match serde_json::from_str::<Value>(spec) {
        Ok(json) => in_json(&json).map(ToOwned::to_owned),
        Err(_) => in_yaml(spec).map(ToOwned::to_owned),
    };
    named.filter(|named| named.contains(":task-definition/")).map(TaskDefinitionArn::new)
}

/// Wherever it stands: an AppSpec for ECS has one resource, by any name.
fn in_json(value: &Value) -> Option<&str> {
    match value {
        Value::Object(fields) => fields.get(KEY).and_then(Value::as_str).or_else(|| fields.values().find_map(in_json)),
        Value::Array(list) => list.iter().find_map(in_json),
        _ => None,
    }
}

/// By its line. AppSpecs are written by hand and by pipelines in block style,
/// where the key and its plain or quoted text share a line; a YAML parser would
/// be a dependency for one string that is checked to be an ARN anyway.
fn in_yaml(spec: &str) -> Option<&str> {
    spec.lines().find_map(|line| {
        let key = line.trim_start().trim_start_matches("- ").trim_start();
        let value = key.trim_start_matches(['"', '\'']).strip_prefix(KEY)?;
        let value = value.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?;
        let value = value.split(" #").next()?.trim().trim_matches(['"', '\'', ',']);
        (!value.is_empty()).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7";

    #[track_caller]
    fn check(spec: &str, expect: Option<&str>) {
        assert_eq!(task_definition(spec), expect.map(TaskDefinitionArn::new), "{spec}");
    }

    #[test]
    fn an_appspec_names_its_task_definition_in_json_and_in_yaml() {
        let json = |name: &str| {
            format!(
                r#"{{"version":1,"Resources":[{{"TargetService":{{"Type":"AWS::ECS::Service","Properties":{{"TaskDefinition":"{name}"}}}}}}]}}"#
            )
        };
        check(&json(ARN), Some(ARN));
        let yaml = |value: &str| {
            format!(
                "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      Properties:\n        \
                 TaskDefinition: {value}\n        LoadBalancerInfo:\n          ContainerName: app\n"
            )
        };
        check(&yaml(ARN), Some(ARN));
        check(&yaml(&format!("\"{ARN}\"  # the new one")), Some(ARN));
        check(&format!("'TaskDefinition' : '{ARN}'\r\n"), Some(ARN));
        // What a pipeline fills in, and did not.
        check(&yaml("<TASK_DEFINITION>"), None);
        check(&json("web:7"), None);
    }

    #[test]
    fn what_is_no_appspec_of_ecs_names_none() {
        check("", None);
        check("version: 0.0\nResources:\n  - fn:\n      Properties:\n        Name: fn\n", None);
        check(r#"{"TaskDefinition": 7}"#, None);
        check("TaskDefinitionArn: arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7", None);
    }
}
