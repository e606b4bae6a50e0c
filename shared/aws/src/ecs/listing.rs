//! Which clusters and services there are. Both lists are old by the time they
//! are used: what vanished in between is not there, and no fault.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{self as sdk, ServiceField};
use futures_util::FutureExt as _;
use nightshift_core::fault::FaultKind;
use nightshift_core::ids::ServiceRef;
use nightshift_core::ports::Answer;

use super::DESCRIBE_SERVICES;
use crate::fault::{fault, unreadable};

/// The most that one `DescribeServices` may name.
pub(super) const BATCH: usize = 10;
/// The most that a page of `ListServices` may hold.
const PAGE: i32 = 100;

/// ARNs of the clusters.
pub(super) async fn clusters(client: &Client) -> Answer<Vec<String>> {
    let mut arns = Vec::new();
    let mut pages = client.list_clusters().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| fault("ecs:ListClusters", "this account", &error))?;
        arns.extend(page.cluster_arns.unwrap_or_default());
    }
    Ok(arns)
}

/// ARNs of a cluster's services.
pub(super) async fn services(client: &Client, cluster: &str) -> Answer<Vec<String>> {
    let mut arns = Vec::new();
    let mut pages = client.list_services().cluster(cluster).max_results(PAGE).into_paginator().send();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => arns.extend(page.service_arns.unwrap_or_default()),
            Err(error) => {
                let fault = fault("ecs:ListServices", cluster, &error);
                return if fault.kind == FaultKind::NotFound { Ok(arns) } else { Err(fault) };
            }
        }
    }
    Ok(arns)
}

/// At most [`BATCH`] services of a cluster, with their tags.
pub(super) async fn describe(client: &Client, cluster: &str, services: Vec<String>) -> Answer<Vec<sdk::Service>> {
    let request = client.describe_services().cluster(cluster).set_services(Some(services));
    let found = match request.include(ServiceField::Tags).send().boxed().await {
        Ok(found) => found,
        Err(error) => {
            let fault = fault(DESCRIBE_SERVICES, cluster, &error);
            return if fault.kind == FaultKind::NotFound { Ok(Vec::new()) } else { Err(fault) };
        }
    };
    match found.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
        None => Ok(found.services.unwrap_or_default()),
        Some(failure) => {
            let reason = failure.reason().unwrap_or("a failure without a reason");
            Err(unreadable(DESCRIBE_SERVICES, failure.arn().unwrap_or(cluster), reason))
        }
    }
}

/// The service's name. Old ARNs lack the cluster, but who lists knows it.
pub(super) fn named(cluster: &str, found: &sdk::Service) -> Option<ServiceRef> {
    let arn = found.service_arn()?;
    ServiceRef::from_arn(arn).or_else(|| {
        let (head, name) = arn.split_once(":service/")?;
        let cluster = cluster.rsplit('/').next()?;
        ServiceRef::from_arn(&format!("{head}:service/{cluster}/{name}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arn: &str, expect: Option<&str>) {
        let found = sdk::Service::builder().service_arn(arn).build();
        let named = named("arn:aws:ecs:eu-west-1:111122223333:cluster/prod", &found);
        assert_eq!(named.map(|service| service.key()).as_deref(), expect, "{arn}");
    }

    #[test]
    fn a_service_with_an_old_arn_is_in_the_cluster_that_listed_it() {
        check("arn:aws:ecs:eu-west-1:111122223333:service/prod/web", Some("111122223333/eu-west-1/prod/web"));
        check("arn:aws:ecs:eu-west-1:111122223333:service/web", Some("111122223333/eu-west-1/prod/web"));
        check("arn:aws:ecs:eu-west-1:111122223333:task/prod/1", None);
    }
}
