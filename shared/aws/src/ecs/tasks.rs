//! A service's tasks, running or stopped, and the images that they run.

use std::collections::BTreeSet;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{DesiredStatus, Task};
use futures_util::FutureExt as _;
use nightshift_core::ids::{Digest, ServiceRef};
use nightshift_core::image::RunningImage;
use nightshift_core::ports::Answer;

use crate::fault::fault;

/// The most one request may name.
const BATCH: usize = 100;

/// In no order.
pub(super) async fn read(client: &Client, service: &ServiceRef, status: DesiredStatus) -> Answer<Vec<Task>> {
    let request = client.list_tasks().cluster(&service.cluster).service_name(&service.service);
    let mut pages = request.desired_status(status).into_paginator().send();
    let mut arns = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| fault("ecs:ListTasks", service.to_string(), &error))?;
        arns.extend(page.task_arns.unwrap_or_default());
    }
    let mut tasks = Vec::new();
    for batch in arns.chunks(BATCH) {
        let request = client.describe_tasks().cluster(&service.cluster).set_tasks(Some(batch.to_vec()));
        let found = request.send().boxed().await;
        let found = found.map_err(|error| fault("ecs:DescribeTasks", service.to_string(), &error))?;
        tasks.extend(found.tasks.unwrap_or_default());
    }
    Ok(tasks)
}

/// Each once, in order.
pub(super) async fn images(client: &Client, service: &ServiceRef) -> Answer<Vec<RunningImage>> {
    let tasks = read(client, service, DesiredStatus::Running).await?;
    let images: BTreeSet<RunningImage> = tasks.iter().flat_map(of_task).collect();
    Ok(images.into_iter().collect())
}

fn of_task(task: &Task) -> impl Iterator<Item = RunningImage> {
    task.containers().iter().filter_map(|container| {
        Some(RunningImage {
            container: container.name()?.to_owned(),
            reference: container.image()?.to_owned(),
            // Not before it was pulled, and not of every registry.
            digest: container.image_digest().map(Digest::new),
        })
    })
}
