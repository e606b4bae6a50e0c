//! The ports that only whoever watches deployments, or reports on them, needs.

use std::future::Future;

use jiff::Timestamp;
use jiff::civil::Date;

use super::Answer;
use crate::codedeploy::{CodeDeployment, CodeDeploymentId};
use crate::ids::{Digest, ServiceDeploymentArn, ServiceRef};
use crate::incident::Incident;
use crate::ledger::Silent;
use crate::release::LogPlace;
use crate::service::Service;
use crate::verdict::PastRelease;

/// Continues or ends a deployment that waits at a pause hook.
pub trait HookWrites: Sync {
    /// `ecs:ContinueServiceDeployment` with `ROLLBACK`. What does not wait at
    /// that hook, or no longer, is a permanent fault.
    fn roll_back_at_hook(
        &self,
        service: &ServiceRef,
        deployment: &ServiceDeploymentArn,
        hook: &str,
    ) -> impl Future<Output = Answer<()>> + Send;
}

/// Reads CodeDeploy's deployments of ECS services.
pub trait CodeDeployReads: Sync {
    /// `codedeploy:GetDeployment`, `codedeploy:GetDeploymentGroup`, and
    /// `codedeploy:GetApplicationRevision` for what it deploys. `None`: there
    /// is none, or it is not one of an ECS service.
    fn code_deployment(
        &self,
        deployment: &CodeDeploymentId,
    ) -> impl Future<Output = Answer<Option<CodeDeployment>>> + Send;
}

/// Stops CodeDeploy's deployments.
pub trait CodeDeployWrites: Sync {
    /// `codedeploy:StopDeployment` with `autoRollbackEnabled`: what takes it
    /// back is a deployment of its own. One that has ended, and so one that was
    /// stopped before, is a permanent fault.
    fn stop_code_deployment(
        &self,
        service: &ServiceRef,
        deployment: &CodeDeploymentId,
    ) -> impl Future<Output = Answer<()>> + Send;
}

/// Reads what a container said last.
pub trait LogReads: Sync {
    /// `logs:GetLogEvents`: the last `lines` lines of a container of a task, by
    /// its id or ARN, oldest first, as they were written. Empty: there is no
    /// such stream.
    fn last_lines(
        &self,
        place: &LogPlace,
        container: &str,
        task: &str,
        lines: u32,
    ) -> impl Future<Output = Answer<Vec<String>>> + Send;
}

/// Reads when images came.
pub trait ImageAges: Sync {
    /// `ecr:DescribeImages`: when the image of that digest was pushed to the
    /// repository of `image` (`repo:tag` or `repo@digest`). `None`: not in ECR,
    /// gone, or not ours to look at.
    fn pushed_at(&self, image: &str, digest: &Digest) -> impl Future<Output = Answer<Option<Timestamp>>> + Send;
}

/// Reads what images say about themselves.
pub trait ImageLabels: Sync {
    /// `ecr:BatchGetImage`, and `ecr:GetDownloadUrlForLayer` where the manifest
    /// does not say it: the revision that the image of `repo:tag` or
    /// `repo@digest` was built from (`org.opencontainers.image.revision`).
    /// `None`: it does not say, is gone, or is not ours to look at.
    fn built_from(&self, image: &str) -> impl Future<Output = Answer<Option<String>>> + Send;
}

/// Reads all services.
pub trait FleetReads: Sync {
    /// `ecs:ListClusters`, `ecs:ListServices` and `ecs:DescribeServices` with
    /// tags: every service of this account and Region, by their names.
    fn all_services(&self) -> impl Future<Output = Answer<Vec<Service>>> + Send;
}

/// Counts the services for the fleet brake.
pub trait FleetWrites: Sync {
    /// `dynamodb:GetItem` and `dynamodb:PutItem` of the fleet: the number of
    /// services alone, whatever claims write at the same time.
    fn keep_number_of_services(&self, services: u32) -> impl Future<Output = Answer<()>> + Send;
}

/// Reads what was recorded, day by day, for reports.
pub trait HistoryReads: Sync {
    /// `dynamodb:Query`: releases that began on that day (UTC).
    fn releases_of(&self, day: Date) -> impl Future<Output = Answer<Vec<PastRelease>>> + Send;

    /// `dynamodb:Query`: incidents that ended on that day (UTC), with their
    /// services.
    fn incidents_of(&self, day: Date) -> impl Future<Output = Answer<Vec<(ServiceRef, Incident)>>> + Send;

    /// `dynamodb:Query`: what was counted in silence on that day (UTC).
    fn silent_of(&self, day: Date) -> impl Future<Output = Answer<Vec<Silent>>> + Send;

    /// `dynamodb:Query` of the index, and `dynamodb:GetItem`: records of the
    /// services whose incident is open now.
    fn open_incidents(&self) -> impl Future<Output = Answer<Vec<(ServiceRef, Incident)>>> + Send;
}
