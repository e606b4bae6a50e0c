//! Which services stand behind a target group. No call answers that, so all
//! services of the account are looked at; whoever asks remembers the answer.

use std::collections::BTreeSet;

use aws_sdk_ecs::Client;
use nightshift_core::ids::ServiceRef;
use nightshift_core::ports::Answer;

use super::service::target_groups;
use crate::fault::fault;

/// The most that one `DescribeServices` may name.
const BATCH: usize = 10;

/// Stops as soon as every group has its service.
pub(super) async fn read(client: &Client, wanted: &[String]) -> Answer<Vec<ServiceRef>> {
    let mut missing: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    let mut found = BTreeSet::new();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    for cluster in clusters(client).await? {
        for batch in services(client, &cluster).await?.chunks(BATCH) {
            let request = client.describe_services().cluster(&cluster).set_services(Some(batch.to_vec()));
            let described = request.send().await;
            let described = described.map_err(|error| fault("ecs:DescribeServices", &cluster, &error))?;
            for service in described.services() {
                let groups = target_groups(service);
                if !wanted.iter().any(|group| groups.contains(group)) {
                    continue;
                }
                missing.retain(|group| !groups.contains(*group));
                found.extend(service.service_arn().and_then(ServiceRef::from_arn));
            }
            if missing.is_empty() {
                return Ok(found.into_iter().collect());
            }
        }
    }
    Ok(found.into_iter().collect())
}

async fn clusters(client: &Client) -> Answer<Vec<String>> {
    let mut arns = Vec::new();
    let mut pages = client.list_clusters().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| fault("ecs:ListClusters", "this account", &error))?;
        arns.extend(page.cluster_arns.unwrap_or_default());
    }
    Ok(arns)
}

async fn services(client: &Client, cluster: &str) -> Answer<Vec<String>> {
    let mut arns = Vec::new();
    let mut pages = client.list_services().cluster(cluster).max_results(100).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| fault("ecs:ListServices", cluster, &error))?;
        arns.extend(page.service_arns.unwrap_or_default());
    }
    Ok(arns)
}
