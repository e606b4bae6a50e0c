//! ECS's event that a service has another deployment.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use nightshift_core::ids::ServiceRef;
use nightshift_door::{DoorError, quoted, read};
use serde::Deserialize;

use super::{Incoming, ignored};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    event_name: String,
}

/// Each of them may mean that other images run: while one deployment replaces
/// another, both do.
const NEWS: [&str; 3] = ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_FAILED"];

/// `ECS Deployment State Change`. One whose ARN lacks the cluster is found by the sweep.
pub(super) fn deployment(event: &EventBridgeEvent) -> Result<Incoming, DoorError> {
    let detail: Named = read(&event.detail, "detail")?;
    if !NEWS.contains(&detail.event_name.as_str()) {
        return Ok(ignored(format!("{} changes no image yet", quoted(&detail.event_name))));
    }
    let mut arns = event.resources.iter().flatten();
    match arns.find_map(|arn| ServiceRef::from_arn(arn)) {
        Some(service) => Ok(Incoming::Deployed { service }),
        None => Ok(ignored("its service is named without the cluster")),
    }
}
