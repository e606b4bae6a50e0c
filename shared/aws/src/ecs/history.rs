//! What was deployed when: three calls that belong together, the last two at once.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{
    self as sdk, DeploymentLifecycleHookStatus, ServiceDeploymentBrief, ServiceDeploymentStatus, ServiceRevision,
};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use nightshift_core::ids::{Digest, RevisionArn, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use nightshift_core::ports::Answer;
use nightshift_core::release::{DeploymentStatus, Revision, RevisionImage, ServiceDeployment};

use super::surroundings::surroundings;
use crate::fault::fault;
use crate::moment::moment;

/// As many as the describing calls take at once.
const MOST: usize = 20;
/// The most one page may hold.
const PAGE: i32 = 100;

pub(super) async fn read(client: &Client, service: &ServiceRef) -> Answer<Vec<ServiceDeployment>> {
    let newest = newest(client, service).await?;
    if newest.is_empty() {
        return Ok(Vec::new());
    }
    let listed: BTreeSet<String> = newest.iter().filter_map(|brief| brief.target.clone()).collect();
    let arns = newest.into_iter().map(|brief| brief.arn).collect();
    let deployments = async {
        let request = client.describe_service_deployments().set_service_deployment_arns(Some(arns));
        let found = request.send().boxed().await;
        let found = found.map_err(|error| fault("ecs:DescribeServiceDeployments", service.to_string(), &error))?;
        Ok(found.service_deployments.unwrap_or_default())
    };
    let (deployments, mut known) = tokio::try_join!(deployments, revisions(client, service, listed.clone()))?;
    // A target that the list does not name yet.
    let targets = deployments.iter().filter_map(target).map(ToOwned::to_owned);
    known.extend(revisions(client, service, targets.filter(|target| !listed.contains(target)).collect()).await?);
    let named = known.iter().filter_map(|found| Some((found.service_revision_arn()?, found)));
    Ok(joined(deployments, &named.collect()))
}

async fn revisions(client: &Client, service: &ServiceRef, arns: BTreeSet<String>) -> Answer<Vec<ServiceRevision>> {
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let request = client.describe_service_revisions().set_service_revision_arns(Some(arns.into_iter().collect()));
    let found = request.send().boxed().await;
    let found = found.map_err(|error| fault("ecs:DescribeServiceRevisions", service.to_string(), &error))?;
    Ok(found.service_revisions.unwrap_or_default())
}

/// A deployment as it is listed.
struct Brief {
    created_at: Timestamp,
    arn: String,
    target: Option<String>,
}

/// The newest. AWS does not say in which order it lists, so the listing is
/// read to its end, unless what came so far shows that it begins with the
/// newest: of 90 days a busy service has many pages.
async fn newest(client: &Client, service: &ServiceRef) -> Answer<Vec<Brief>> {
    let mut all: Vec<Brief> = Vec::new();
    let mut token = None;
    loop {
        let request = client.list_service_deployments().cluster(&service.cluster).service(&service.service);
        let page = request.max_results(PAGE).set_next_token(token).send().boxed().await;
        let page = page.map_err(|error| fault("ecs:ListServiceDeployments", service.to_string(), &error))?;
        all.extend(page.service_deployments().iter().filter_map(brief));
        token = page.next_token.filter(|token| !token.is_empty());
        let newest_first = all.len() > 1 && all.is_sorted_by(|a, b| a.created_at >= b.created_at);
        if token.is_none() || (newest_first && all.len() >= MOST) {
            break;
        }
    }
    all.sort_by(|a, b| (b.created_at, &b.arn).cmp(&(a.created_at, &a.arn)));
    all.truncate(MOST);
    Ok(all)
}

fn brief(found: &ServiceDeploymentBrief) -> Option<Brief> {
    Some(Brief {
        created_at: moment(found.created_at())?,
        arn: found.service_deployment_arn()?.to_owned(),
        target: found.target_service_revision_arn().map(ToOwned::to_owned),
    })
}

fn target(found: &sdk::ServiceDeployment) -> Option<&str> {
    found.target_service_revision()?.arn()
}

/// Newest first. The history ends before the first deployment of which ECS no
/// longer describes the revision: what ran then is unknown, so nothing beyond
/// it may be returned to, over it.
fn joined(
    deployments: Vec<sdk::ServiceDeployment>,
    revisions: &BTreeMap<&str, &ServiceRevision>,
) -> Vec<ServiceDeployment> {
    let mut dated: Vec<_> = deployments.iter().filter_map(|found| Some((moment(found.created_at())?, found))).collect();
    dated.sort_by(|a, b| (b.0, b.1.service_deployment_arn()).cmp(&(a.0, a.1.service_deployment_arn())));
    dated.into_iter().map_while(|(created_at, found)| deployment(created_at, found, revisions)).collect()
}

fn deployment(
    created_at: Timestamp,
    found: &sdk::ServiceDeployment,
    revisions: &BTreeMap<&str, &ServiceRevision>,
) -> Option<ServiceDeployment> {
    let sources = found.source_service_revisions().iter().filter_map(|source| source.arn());
    let waiting = found.lifecycle_hook_details().iter();
    let mut waiting = waiting.filter(|hook| hook.status() == Some(&DeploymentLifecycleHookStatus::AwaitingAction));
    Some(ServiceDeployment {
        arn: ServiceDeploymentArn::new(found.service_deployment_arn()?),
        status: status(found.status()),
        created_at,
        started_at: moment(found.started_at()),
        finished_at: moment(found.finished_at().or(found.stopped_at())),
        target: revision(revisions.get(target(found)?)?)?,
        sources: sources.map(RevisionArn::new).collect(),
        reason: found.status_reason().map(ToOwned::to_owned),
        rolled_back_to: found.rollback().and_then(|rollback| rollback.service_revision_arn()).map(RevisionArn::new),
        paused_at_hook: waiting.find_map(|hook| hook.hook_id()).map(ToOwned::to_owned),
        rolls_back: false,
        stage: found.lifecycle_stage().map(|stage| stage.as_str().to_owned()),
        planned_wait_s: found.deployment_configuration().map_or(0, planned_wait_s),
    })
}

/// Bake times and the steps of a traffic shift.
fn planned_wait_s(of: &sdk::DeploymentConfiguration) -> u32 {
    let minutes = |minutes: Option<i32>| minutes.map_or(0, i32::unsigned_abs);
    let canary = of.canary_configuration().map_or(0, |canary| minutes(canary.canary_bake_time_in_minutes()));
    let linear = of.linear_configuration().map_or(0, |linear| {
        let percent = linear.step_percent().filter(|percent| *percent > 0.0);
        let steps = percent.map_or(0, |percent| (100.0 / percent).ceil() as u32);
        steps.saturating_mul(minutes(linear.step_bake_time_in_minutes()))
    });
    minutes(of.bake_time_in_minutes()).saturating_add(canary).saturating_add(linear).saturating_mul(60)
}

fn revision(found: &ServiceRevision) -> Option<Revision> {
    let image = |image: &sdk::ContainerImage| {
        let digest = image.image_digest().map(Digest::new);
        Some((image.container_name()?.to_owned(), RevisionImage { image: image.image()?.to_owned(), digest }))
    };
    Some(Revision {
        arn: RevisionArn::new(found.service_revision_arn()?),
        task_definition: TaskDefinitionArn::new(found.task_definition()?),
        created_at: moment(found.created_at()),
        images: found.container_images().iter().filter_map(image).collect(),
        surroundings: surroundings(found),
    })
}

fn status(found: Option<&ServiceDeploymentStatus>) -> DeploymentStatus {
    match found {
        Some(ServiceDeploymentStatus::Pending) => DeploymentStatus::Pending,
        Some(ServiceDeploymentStatus::InProgress) => DeploymentStatus::InProgress,
        Some(ServiceDeploymentStatus::StopRequested) => DeploymentStatus::StopRequested,
        Some(ServiceDeploymentStatus::Stopped) => DeploymentStatus::Stopped,
        Some(ServiceDeploymentStatus::Successful) => DeploymentStatus::Successful,
        Some(ServiceDeploymentStatus::RollbackRequested) => DeploymentStatus::RollbackRequested,
        Some(ServiceDeploymentStatus::RollbackInProgress) => DeploymentStatus::RollbackInProgress,
        Some(ServiceDeploymentStatus::RollbackSuccessful) => DeploymentStatus::RollbackSuccessful,
        Some(ServiceDeploymentStatus::RollbackFailed) => DeploymentStatus::RollbackFailed,
        _ => DeploymentStatus::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::primitives::DateTime;
    use aws_sdk_ecs::types::{DeploymentLifecycleHookDetail, ServiceRevisionSummary};

    fn found(number: i64) -> sdk::ServiceDeployment {
        let hook =
            |id: &str, status: &str| DeploymentLifecycleHookDetail::builder().hook_id(id).status(status.into()).build();
        sdk::ServiceDeployment::builder()
            .service_deployment_arn(format!("deployment/{number}"))
            .status(ServiceDeploymentStatus::Successful)
            .created_at(DateTime::from_secs(number))
            .target_service_revision(ServiceRevisionSummary::builder().arn(format!("revision/{number}")).build())
            .lifecycle_hook_details(hook("done", "SUCCEEDED"))
            .lifecycle_hook_details(hook("open", "AWAITING_ACTION"))
            .build()
    }

    fn described(number: i64) -> ServiceRevision {
        let image = sdk::ContainerImage::builder().container_name("app").image("web:latest").image_digest("sha256:1");
        let arn = format!("revision/{number}");
        ServiceRevision::builder()
            .service_revision_arn(arn)
            .task_definition("web:1")
            .container_images(image.build())
            .build()
    }

    #[track_caller]
    fn check(deployments: &[i64], revisions: &[i64], expect: &[&str]) {
        let described: Vec<_> = revisions.iter().copied().map(described).collect();
        let named = described.iter().map(|one| (one.service_revision_arn().unwrap(), one)).collect();
        let history = joined(deployments.iter().copied().map(found).collect(), &named);
        let arns: Vec<_> = history.iter().map(|one| one.arn.short()).collect();
        assert_eq!(arns, expect);
    }

    #[test]
    fn history_is_newest_first_and_ends_where_a_revision_is_unknown() {
        check(&[1, 3, 2], &[1, 2, 3], &["3", "2", "1"]);
        check(&[1, 3, 2, 4], &[1, 3, 4], &["4", "3"]);
        check(&[1, 2], &[1], &[]);
    }

    #[test]
    fn a_deployment_carries_digests_and_the_hook_it_waits_at() {
        let revision = described(1);
        let named = BTreeMap::from([("revision/1", &revision)]);
        let history = joined(vec![found(1)], &named);
        assert_eq!(history[0].paused_at_hook.as_deref(), Some("open"));
        assert_eq!(history[0].target.images["app"].digest, Some(Digest::new("sha256:1")));
    }

    #[test]
    fn a_deployment_waits_as_its_configuration_says() {
        let of = sdk::DeploymentConfiguration::builder();
        let linear = sdk::LinearConfiguration::builder().step_percent(30.0).step_bake_time_in_minutes(6).build();
        let canary = sdk::CanaryConfiguration::builder().canary_percent(5.0).canary_bake_time_in_minutes(20).build();
        assert_eq!(planned_wait_s(&of.clone().build()), 0);
        assert_eq!(planned_wait_s(&of.clone().bake_time_in_minutes(5).linear_configuration(linear).build()), 29 * 60);
        assert_eq!(planned_wait_s(&of.canary_configuration(canary).build()), 20 * 60);
    }

    #[test]
    fn a_status_aws_adds_later_is_unknown() {
        assert_eq!(status(Some(&"ON_HOLIDAY".into())), DeploymentStatus::Unknown);
        assert_eq!(status(Some(&"ROLLBACK_REQUESTED".into())), DeploymentStatus::RollbackRequested);
    }
}
