//! AWS CodeDeploy: its deployments of ECS services.

mod appspec;

use aws_sdk_codedeploy::types::{
    self as sdk, ComputePlatform, DeploymentGroupInfo, DeploymentInfo, DeploymentStatus, RollbackInfo,
};
use futures_util::FutureExt as _;
use nightshift_core::codedeploy::{CodeDeployStatus, CodeDeployment, CodeDeploymentId};
use nightshift_core::ids::{ServiceRef, TaskDefinitionArn};
use nightshift_core::ports::{Answer, CodeDeployReads, CodeDeployWrites};

use crate::client::Account;
use crate::fault::{absent, fault, not_stopped, unreadable};
use crate::moment::moment;

const GET: &str = "codedeploy:GetDeployment";
const GET_GROUP: &str = "codedeploy:GetDeploymentGroup";
const GET_REVISION: &str = "codedeploy:GetApplicationRevision";
const STOP: &str = "codedeploy:StopDeployment";
/// CodeDeploy shifts traffic within two days.
const LONGEST_SHIFT_MINUTES: u32 = 2880;

impl CodeDeployReads for Account {
    async fn code_deployment(&self, deployment: &CodeDeploymentId) -> Answer<Option<CodeDeployment>> {
        let found = match self.codedeploy.get_deployment().deployment_id(&deployment.0).send().boxed().await {
            Ok(found) => found,
            Err(error) => return absent(fault(GET, &deployment.0, &error)),
        };
        let Some(info) = found.deployment_info().filter(|info| of_ecs(info)) else {
            return Ok(None);
        };
        let (application, group) = (info.application_name(), info.deployment_group_name());
        let request = self.codedeploy.get_deployment_group();
        let request = request.set_application_name(application.map(ToOwned::to_owned));
        let found = match request.set_deployment_group_name(group.map(ToOwned::to_owned)).send().boxed().await {
            Ok(found) => found,
            // It went with its group: nobody can tell of which service it was.
            Err(error) => return absent(fault(GET_GROUP, &deployment.0, &error)),
        };
        let service = found.deployment_group_info().and_then(|group| service(&self.settings.region, group));
        let Some(service) = service else { return Ok(None) };
        let mut read = code_deployment(deployment, service, info)?;
        if read.task_definition.is_none() {
            read.task_definition = self.of_revision(deployment, info).await?;
        }
        Ok(Some(read))
    }
}

impl Account {
    /// What an AppSpec deploys of which the deployment names but the SHA-256;
    /// `None`: it lies in S3, and the service's task sets tell, or CodeDeploy
    /// has it no longer.
    async fn of_revision(
        &self,
        deployment: &CodeDeploymentId,
        info: &DeploymentInfo,
    ) -> Answer<Option<TaskDefinitionArn>> {
        let named =
            info.revision().filter(|revision| revision.app_spec_content().is_some() || revision.string().is_some());
        let Some((application, revision)) = info.application_name().zip(named) else { return Ok(None) };
        let request = self.codedeploy.get_application_revision().application_name(application);
        match request.revision(revision.clone()).send().boxed().await {
            Ok(found) => Ok(found.revision().and_then(spec).and_then(appspec::task_definition)),
            Err(error) => absent(fault(GET_REVISION, &deployment.0, &error)),
        }
    }
}

impl CodeDeployWrites for Account {
    async fn stop_code_deployment(&self, service: &ServiceRef, deployment: &CodeDeploymentId) -> Answer<()> {
        self.is_here(STOP, service)?;
        let request = self.codedeploy.stop_deployment().deployment_id(&deployment.0);
        // Said out loud: without it the group's own setting would hold.
        let done = request.auto_rollback_enabled(true).send().boxed().await;
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
        planned_wait_s: planned_wait_s(info),
    })
}

/// It stays `InProgress` while it waits for its traffic to be rerouted and
/// shifted, and until the old tasks are ended.
fn planned_wait_s(info: &DeploymentInfo) -> u32 {
    let waits = info.blue_green_deployment_configuration();
    let ready = waits.and_then(|waits| waits.deployment_ready_option()).map_or(0, |ready| ready.wait_time_in_minutes());
    let ends = waits.and_then(|waits| waits.terminate_blue_instances_on_deployment_success());
    let ends = ends.map_or(0, |ends| ends.termination_wait_time_in_minutes());
    let minutes = ready.unsigned_abs().saturating_add(ends.unsigned_abs());
    minutes.saturating_add(shift_minutes(info.deployment_config_name())).saturating_mul(60)
}

/// Minutes that a traffic shift takes: AWS's own configurations say it in their
/// names; of a team's own one nobody knows without asking for it.
fn shift_minutes(config: Option<&str>) -> u32 {
    let Some(name) = config.and_then(|name| name.strip_prefix("CodeDeployDefault.ECS")) else {
        return LONGEST_SHIFT_MINUTES;
    };
    let numbers = |of: &str| -> Option<(u32, u32)> {
        let (percent, minutes) = name.strip_prefix(of)?.split_once("Percent")?;
        let minutes = minutes.strip_prefix("Every").unwrap_or(minutes).strip_suffix("Minutes")?;
        Some((percent.parse().ok()?, minutes.parse().ok()?))
    };
    match (numbers("Linear"), numbers("Canary")) {
        _ if name == "AllAtOnce" => 0,
        (Some((percent, minutes)), _) if percent > 0 => 100_u32.div_ceil(percent).saturating_mul(minutes),
        (_, Some((_, minutes))) => minutes,
        _ => LONGEST_SHIFT_MINUTES,
    }
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

    fn web() -> ServiceRef {
        ServiceRef::from_arn("arn:aws:ecs:eu-west-1:111122223333:service/prod/web").unwrap()
    }

    fn group(cluster: &str) -> DeploymentGroupInfo {
        let service = EcsService::builder().cluster_name(cluster).service_name("web").build();
        let role = "arn:aws:iam::111122223333:role/service-role/deploys";
        DeploymentGroupInfo::builder().ecs_services(service).service_role_arn(role).build()
    }

    #[test]
    fn a_deployment_waits_as_its_configuration_says() {
        let check = |name: &str, minutes: u32| assert_eq!(shift_minutes(Some(name)), minutes, "{name}");
        check("CodeDeployDefault.ECSAllAtOnce", 0);
        check("CodeDeployDefault.ECSLinear10PercentEvery1Minutes", 10);
        check("CodeDeployDefault.ECSLinear10PercentEvery3Minutes", 30);
        check("CodeDeployDefault.ECSCanary10Percent5Minutes", 5);
        check("CodeDeployDefault.ECSCanary10Percent15Minutes", 15);
        check("our-own", LONGEST_SHIFT_MINUTES);
        check("CodeDeployDefault.ECSCanary10Percent5Seconds", LONGEST_SHIFT_MINUTES);
        let ends = sdk::BlueInstanceTerminationOption::builder().termination_wait_time_in_minutes(60).build();
        let ready = sdk::DeploymentReadyOption::builder().wait_time_in_minutes(15).build();
        let waits = sdk::BlueGreenDeploymentConfiguration::builder()
            .terminate_blue_instances_on_deployment_success(ends)
            .deployment_ready_option(ready)
            .build();
        let info = DeploymentInfo::builder()
            .deployment_config_name("CodeDeployDefault.ECSAllAtOnce")
            .blue_green_deployment_configuration(waits)
            .build();
        assert_eq!(planned_wait_s(&info), 75 * 60);
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
