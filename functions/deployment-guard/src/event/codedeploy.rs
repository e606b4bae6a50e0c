//! CodeDeploy's events.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use nightshift_core::codedeploy::CodeDeploymentId;
use nightshift_door::{DoorError, read};
use serde::Deserialize;

use super::Incoming;
use super::ecs::id_of;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    deployment_id: String,
}

/// `CodeDeploy Deployment State-change Notification`: it names application and
/// group, not the ECS service; that is asked.
pub(super) fn parse(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    let Detail { deployment_id } = read(&event.detail, "detail")?;
    Ok(Incoming::CodeDeploy { deployment: CodeDeploymentId(deployment_id), event: id_of(event) })
}
