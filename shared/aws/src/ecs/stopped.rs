//! Tasks that stopped. ECS shows them for about an hour.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{DesiredStatus, Task};
use nightshift_core::ids::{DeploymentId, ServiceRef, TaskDefinitionArn};
use nightshift_core::ports::Answer;
use nightshift_core::task::{ContainerExit, StoppedTask};

use super::tasks;
use crate::moment::moment;

/// Newest first.
pub(super) async fn read(client: &Client, service: &ServiceRef) -> Answer<Vec<StoppedTask>> {
    let found = tasks::read(client, service, DesiredStatus::Stopped).await?;
    let mut tasks: Vec<StoppedTask> = found.iter().filter_map(stopped).collect();
    tasks.sort_by(|a, b| (b.stopped_at, &b.arn).cmp(&(a.stopped_at, &a.arn)));
    Ok(tasks)
}

/// `None` for one that is only about to stop.
fn stopped(task: &Task) -> Option<StoppedTask> {
    if task.last_status() != Some("STOPPED") {
        return None;
    }
    let exits = task.containers().iter().map(|container| ContainerExit {
        name: container.name().unwrap_or_default().to_owned(),
        exit_code: container.exit_code(),
        reason: container.reason().map(ToOwned::to_owned),
    });
    Some(StoppedTask {
        arn: task.task_arn()?.to_owned(),
        task_definition: TaskDefinitionArn::new(task.task_definition_arn()?),
        started_by: task.started_by().map(DeploymentId::new),
        stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
        reason: task.stopped_reason().map(ToOwned::to_owned),
        started_at: moment(task.started_at()),
        stopped_at: moment(task.stopped_at()),
        containers: exits.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_code_aws_adds_later_is_kept_as_it_is() {
        let task = Task::builder().task_arn("t").task_definition_arn("web:1").stop_code("Meteor".into());
        assert_eq!(stopped(&task.clone().last_status("RUNNING").build()), None);
        let stopped = stopped(&task.last_status("STOPPED").build()).unwrap();
        assert_eq!(stopped.stop_code.as_deref(), Some("Meteor"));
    }
}
