//! AWS CodeDeploy: its deployments of ECS services.

mod appspec;

use aws_sdk_codedeploy::types::{
    self as sdk, ComputePlatform, DeploymentGroupInfo, DeploymentInfo, DeploymentStatus, RollbackInfo,
};
use nightshift_core::codedeploy::{CodeDeployStatus, CodeDeployment, CodeDeploymentId};
use nightshift_core::ids::ServiceRef;
use nightshift_core::ports::{Answer, CodeDeployReads, CodeDeployWrites};

use crate::client::Account;
use crate::fault::{absent, fault, not_stopped, unreadable};
use crate::moment::moment;

const GET: &str = "codedeploy:GetDeployment";
const GET_GROUP: &str = "codedeploy:GetDeploymentGroup";
const STOP: &str = "codedeploy:StopDeployment";

impl CodeDeployReads for Account {
    async fn code_deployment(&self, deployment: &CodeDeploymentId) -> Answer<Option<CodeDeployment>> {
        let found = match self.codedeploy.get_deployment().deployment_id(&deployment.0).send().await {
            Ok(found) => found,
            Err(error) => return absent(fault(GET, &deployment.0, &error)),
        };
        let Some(info) = found.deployment_info().filter(|info| of_ecs(info)) else {
            return Ok(None);
        };
        let (application, group) = (info.application_name(), info.deployment_group_name());
        let request = self.codedeploy.get_deployment_group();
        let request = request.set_application_name(application.map(ToOwned::to_owned));
        let found = match request.set_deployment_group_name(group.map(ToOwned::to_owned)).send().await {
            Ok(found) => found,
            // It went with its group: nobody can tell of which service it was.
            Err(error) => return absent(fault(GET_GROUP, &deployment.0, &error)),
        };
        let service = found.deployment_group_info().and_then(|group| service(&self.settings.region, group));
        service.map(|service| code_deployment(deployment, service, info)).transpose()
    }
}

impl CodeDeployWrites for Account {
    async fn stop_code_deployment(&self, service: &ServiceRef, deployment: &CodeDeploymentId) -> Answer<()> {
        self.is_here(STOP, service)?;
        let request = self.codedeploy.stop_deployment().deployment_id(&deployment.0);
        // Said out loud: without it the group's own setting would hold.
        let done = request.auto_rollback_enabled(true).send().await;
        done.map(drop).map_err(|error| not_stopped(fault(STOP, service.to_string(), &error)))
    }
}

/// One whose platform is not told may be one.
fn of_ecs(info: &DeploymentInfo) -> bool {
    matches!(info.compute_platform(), None | Some(ComputePlatform::Ecs))
}

/// The service that a group deploys. A group names cluster and service and no
/// account; its service role is of the same account, since no role can be
/// passed to another one.
fn service(region: &str, group: &DeploymentGroupInfo) -> Option<ServiceRef> {
    let found = group.ecs_services().first()?;
    Some(ServiceRef {
        account: account_of_role(group.service_role_arn()?)?.to_owned(),
        region: region.to_owned(),
        // Both may be ARNs, which end with the name.
        cluster: last(found.cluster_name()?).to_owned(),
        service: last(found.service_name()?).to_owned(),
    })
}

/// `arn:PARTITION:iam::ACCOUNT:role/…`.
fn account_of_role(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn code_deployment(id: &CodeDeploymentId, service: ServiceRef, info: &DeploymentInfo) -> Answer<CodeDeployment> {
    let rollback = info.rollback_info();
    Ok(CodeDeployment {
        id: id.clone(),
        service,
        status: status(info.status()),
        rolls_back: another(id, rollback.and_then(RollbackInfo::rollback_triggering_deployment_id)),
        rolled_back_by: another(id, rollback.and_then(RollbackInfo::rollback_deployment_id)),
        task_definition: info.revision().and_then(spec).and_then(appspec::task_definition),
        created_at: moment(info.create_time()).ok_or_else(|| unreadable(GET, &id.0, "it has no createTime"))?,
        ended_at: moment(info.complete_time()),
        reason: info.error_information().and_then(|error| error.message()).map(ToOwned::to_owned),
    })
}

/// `rollbackInfo` may stand on both ends of a rollback, and names both: the end
/// that it stands on is not what it tells.
fn another(id: &CodeDeploymentId, named: Option<&str>) -> Option<CodeDeploymentId> {
    named.filter(|named| !named.is_empty() && *named != id.0).map(|named| CodeDeploymentId(named.to_owned()))
}

/// The AppSpec, where the revision carries it itself; one that lies in S3 is
/// not read.
fn spec(revision: &sdk::RevisionLocation) -> Option<&str> {
    let inline = revision.app_spec_content().and_then(|spec| spec.content());
    // The way before AppSpecContent; pipelines still use it.
    inline.or_else(|| revision.string().and_then(|string| string.content()))
}

fn status(found: Option<&DeploymentStatus>) -> CodeDeployStatus {
    match found {
        Some(
            DeploymentStatus::Created
            | DeploymentStatus::Queued
            | DeploymentStatus::InProgress
            | DeploymentStatus::Baking
            | DeploymentStatus::Ready,
        ) => CodeDeployStatus::InProgress,
        Some(DeploymentStatus::Succeeded) => CodeDeployStatus::Succeeded,
        Some(DeploymentStatus::Failed) => CodeDeployStatus::Failed,
        Some(DeploymentStatus::Stopped) => CodeDeployStatus::Stopped,
        _ => CodeDeployStatus::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_codedeploy::primitives::DateTime;
    use aws_sdk_codedeploy::types::{AppSpecContent, EcsService, RevisionLocation};
    use nightshift_core::ids::TaskDefinitionArn;

    fn web() -> ServiceRef {
        ServiceRef::from_arn("arn:aws:ecs:eu-west-1:111122223333:service/prod/web").unwrap()
    }

    fn group(cluster: &str) -> DeploymentGroupInfo {
        let service = EcsService::builder().cluster_name(cluster).service_name("web").build();
        let role = "arn:aws:iam::111122223333:role/service-role/deploys";
        DeploymentGroupInfo::builder().ecs_services(service).service_role_arn(role).build()
    }

    #[test]
    fn a_group_names_its_service_and_by_its_role_the_account() {
        assert_eq!(service("eu-west-1", &group("prod")), Some(web()));
        let by_arn = group("arn:aws:ecs:eu-west-1:111122223333:cluster/prod");
        assert_eq!(service("eu-west-1", &by_arn), Some(web()));
        assert_eq!(service("eu-west-1", &DeploymentGroupInfo::builder().build()), None);
    }

    #[test]
    fn both_ends_of_a_rollback_name_the_other() {
        let info = RollbackInfo::builder().rollback_deployment_id("d-2").rollback_triggering_deployment_id("d-1");
        let info = DeploymentInfo::builder().rollback_info(info.build()).create_time(DateTime::from_secs(1)).build();
        let read = |id: &str| code_deployment(&CodeDeploymentId(id.into()), web(), &info).unwrap();
        let (taken_back, rollback) = (read("d-1"), read("d-2"));
        assert_eq!((taken_back.rolls_back, taken_back.rolled_back_by), (None, Some(CodeDeploymentId("d-2".into()))));
        assert_eq!((rollback.rolls_back, rollback.rolled_back_by), (Some(CodeDeploymentId("d-1".into())), None));
    }

    #[test]
    fn a_deployment_says_what_it_deploys_where_its_revision_does() {
        let arn = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7";
        let spec = AppSpecContent::builder().content(format!("TaskDefinition: {arn}")).build();
        let revision = RevisionLocation::builder().app_spec_content(spec).build();
        let info = DeploymentInfo::builder().revision(revision).create_time(DateTime::from_secs(1)).build();
        let read = code_deployment(&CodeDeploymentId("d-1".into()), web(), &info).unwrap();
        assert_eq!(read.task_definition, Some(TaskDefinitionArn::new(arn)));
        let undated = code_deployment(&CodeDeploymentId("d-1".into()), web(), &DeploymentInfo::builder().build());
        assert!(undated.unwrap_err().to_string().ends_with("it has no createTime"));
    }

    #[test]
    fn whatever_still_moves_is_in_progress_and_what_aws_adds_later_unknown() {
        for moving in ["Created", "Queued", "InProgress", "Baking", "Ready"] {
            assert_eq!(status(Some(&moving.into())), CodeDeployStatus::InProgress, "{moving}");
        }
        assert_eq!(status(Some(&"Succeeded".into())), CodeDeployStatus::Succeeded);
        assert_eq!(status(Some(&"Resting".into())), CodeDeployStatus::Unknown);
        assert_eq!(status(None), CodeDeployStatus::Unknown);
    }
}
