//! RegisterTaskDefinition.
//!
//! A service's tasks have one container here, so of a task definition its family, the
//! image of its first container and its tags are kept. A family that no service has is
//! refused: nothing could be done with it.

use std::collections::BTreeMap;

use nightshift_core::release::ImageNow;
use serde_json::{Value, json};

use crate::state::State;
use crate::state::releases::AwsError;

use super::ecs_shapes as shapes;
use super::request::Request;

pub(super) fn task_definition(state: &mut State, request: &Request) -> Result<Value, AwsError> {
    let wrong = |says: String| AwsError::new("ClientException", says);
    let family = request.needed("family")?;
    let image = request.value("containerDefinitions")[0]["image"].as_str().unwrap_or_default();
    if image.is_empty() {
        return Err(wrong("Container.image should not be null or empty.".into()));
    }
    let State { machines, registry, now, .. } = state;
    let Some(machine) = machines.iter_mut().find(|machine| machine.setup.name == family) else {
        return Err(wrong(format!("the local account has no service of family {family}")));
    };
    let digest = match registry.resolve(image) {
        ImageNow::At(digest) => digest,
        // ECS asks nobody whether an image is there: its tasks will not start.
        ImageNow::Gone | ImageNow::Unknown => registry.digest_of(image),
    };
    let number = machine.register(image, tags(request), digest, *now);
    let arn = machine.task_definition(number);
    let registered = machine.registered(&arn, *now).ok_or_else(|| wrong(format!("{arn} is lost")))?;
    let shown = shapes::task_definition(machine, &registered);
    Ok(json!({ "taskDefinition": shown, "tags": shapes::tags(&registered.tags) }))
}

fn tags(request: &Request) -> BTreeMap<String, String> {
    let pair = |tag: &Value| Some((tag["key"].as_str()?.to_owned(), tag["value"].as_str()?.to_owned()));
    request.value("tags").as_array().into_iter().flatten().filter_map(pair).collect()
}
