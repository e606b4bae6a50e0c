//! CodeDeploy's deployments of the services that it deploys.

use nightshift_core::codedeploy::{CodeDeployStatus, CodeDeployment, CodeDeploymentId};
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::ServiceRef;
use nightshift_core::ports::{Answer, CodeDeployReads, CodeDeployWrites};
use nightshift_core::release::DeploymentStatus;
use nightshift_core::service::Controller;

use crate::account::Account;
use crate::state::moment;
use crate::state::service::Machine;

impl CodeDeployReads for Account {
    async fn code_deployment(&self, deployment: &CodeDeploymentId) -> Answer<Option<CodeDeployment>> {
        self.read("codedeploy:GetDeployment", deployment.to_string(), |state| {
            Ok(state.machines.iter().find_map(|machine| machine.code_deployment(deployment)))
        })
        .await
    }
}

impl CodeDeployWrites for Account {
    async fn stop_code_deployment(&self, service: &ServiceRef, deployment: &CodeDeploymentId) -> Answer<()> {
        const OPERATION: &str = "codedeploy:StopDeployment";
        self.write(OPERATION, service.to_string(), |state| {
            state.is_here(OPERATION, service)?;
            let change = format!("stop {deployment}");
            let stopped = state.change_production(OPERATION, service, change, |machine, _, now| {
                let index = (0..machine.deployments.len())
                    .find(|index| machine.codedeploy_id(*index).as_ref() == Some(&deployment.0));
                let Some(arn) = index.map(|index| machine.deployments[index].arn.clone()) else {
                    let says = format!("The deployment {deployment} could not be found");
                    return Err(crate::state::releases::AwsError::new("DeploymentDoesNotExistException", says));
                };
                machine.stop(&arn, now).map(|()| true)
            });
            stopped.map_err(|fault| Fault { kind: FaultKind::Permanent, ..fault })
        })
        .await
    }
}

impl Machine {
    fn code_deployment(&self, wanted: &CodeDeploymentId) -> Option<CodeDeployment> {
        if self.setup.controller != Controller::CodeDeploy {
            return None;
        }
        let index = (0..self.deployments.len()).find(|index| self.codedeploy_id(*index).as_ref() == Some(&wanted.0))?;
        let state = &self.deployments[index];
        let status = match state.status {
            DeploymentStatus::Successful => CodeDeployStatus::Succeeded,
            DeploymentStatus::RollbackSuccessful
            | DeploymentStatus::RollbackInProgress
            | DeploymentStatus::RollbackRequested
            | DeploymentStatus::StopRequested => CodeDeployStatus::Stopped,
            DeploymentStatus::Stopped | DeploymentStatus::RollbackFailed => CodeDeployStatus::Failed,
            DeploymentStatus::Pending | DeploymentStatus::InProgress | DeploymentStatus::Unknown => {
                CodeDeployStatus::InProgress
            }
        };
        let rolled_back = state.status == DeploymentStatus::RollbackSuccessful;
        Some(CodeDeployment {
            id: wanted.clone(),
            service: self.name.clone(),
            status,
            rolls_back: None,
            rolled_back_by: rolled_back.then(|| CodeDeploymentId(format!("{wanted}R"))),
            task_definition: Some(self.task_definition(self.revisions[state.target].number)),
            created_at: moment(state.created),
            ended_at: state.finished.map(moment),
            reason: state.reason.clone(),
            planned_wait_s: 0,
        })
    }
}
