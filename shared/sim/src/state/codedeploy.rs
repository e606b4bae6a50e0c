//! CodeDeploy as it deploys a service. Each of its deployments is a service
//! deployment in here, with the one classic deployment that it brings along;
//! and its way back is a deployment of its own.

use nightshift_core::codedeploy::{CodeDeployStatus, CodeDeployment, CodeDeploymentId};
use nightshift_core::ids::ServiceDeploymentArn;
use nightshift_core::release::DeploymentStatus;
use nightshift_core::service::{Controller, Rollout};

use super::change::Change;
use super::news::News;
use super::releases::{AwsError, HEARD_S};
use super::rollout::grid;
use super::service::{DeploymentState, Machine};
use super::{State, moment};

/// CodeDeploy waits so long for the tasks of a deployment to become healthy.
const TIMES_OUT_S: i64 = 60 * 60;

impl Machine {
    /// Whether CodeDeploy carries out its deployments, and not ECS.
    pub(crate) fn by_codedeploy(&self) -> bool {
        self.setup.controller == Controller::CodeDeploy
    }

    /// ECS's own service deployments, oldest first: CodeDeploy's are none.
    pub(crate) fn of_ecs(&self) -> &[DeploymentState] {
        if self.by_codedeploy() { &[] } else { &self.deployments }
    }

    /// `d-` and nine letters, as CodeDeploy names its deployments.
    pub(crate) fn codedeploy_id(&self, deployment: usize) -> Option<CodeDeploymentId> {
        let arn: &ServiceDeploymentArn = &self.deployments.get(deployment)?.arn;
        let letters: String = arn.short().chars().take(9).collect();
        self.by_codedeploy().then(|| CodeDeploymentId(format!("d-{}", letters.to_uppercase())))
    }

    /// Which one it is.
    pub(crate) fn code_deployed(&self, wanted: &CodeDeploymentId) -> Option<usize> {
        (0..self.deployments.len()).find(|index| self.codedeploy_id(*index).as_ref() == Some(wanted))
    }

    /// Its application, named as ECS's console names those that it makes.
    pub(crate) fn code_application(&self) -> String {
        format!("AppECS-{}-{}", self.name.cluster, self.name.service)
    }

    /// Its deployment group, likewise.
    pub(crate) fn code_group(&self) -> String {
        format!("DgpECS-{}-{}", self.name.cluster, self.name.service)
    }

    /// `codedeploy:GetDeployment` and `codedeploy:GetDeploymentGroup`.
    pub(crate) fn code_deployment(&self, wanted: &CodeDeploymentId) -> Option<CodeDeployment> {
        let index = self.code_deployed(wanted)?;
        let state = &self.deployments[index];
        let status = match state.status {
            DeploymentStatus::Successful => CodeDeployStatus::Succeeded,
            status if status.in_flight() => CodeDeployStatus::InProgress,
            _ if self.rollouts[index].state == Rollout::Failed => CodeDeployStatus::Failed,
            _ => CodeDeployStatus::Stopped,
        };
        let rolled_back_by = self.deployments.iter().position(|later| later.takes_back == Some(index));
        Some(CodeDeployment {
            id: wanted.clone(),
            service: self.name.clone(),
            status,
            rolls_back: state.takes_back.and_then(|index| self.codedeploy_id(index)),
            rolled_back_by: rolled_back_by.and_then(|index| self.codedeploy_id(index)),
            task_definition: (!self.setup.app_spec_in_s3)
                .then(|| self.task_definition(self.revisions[state.target].number)),
            created_at: moment(state.created),
            ended_at: state.finished.map(moment),
            reason: state.reason.clone(),
            planned_wait_s: 0,
        })
    }

    /// `codedeploy:StopDeployment`. Without automatic rollback the group's own
    /// setting would hold, which is for failures alone: nothing goes back.
    pub(crate) fn stop_code_deployment(
        &mut self,
        wanted: &CodeDeploymentId,
        goes_back: bool,
        now: i64,
    ) -> Result<(), AwsError> {
        let index = self.code_deployed(wanted).ok_or_else(|| missing(wanted))?;
        if !self.deployments[index].status.in_flight() {
            let says = format!("The deployment {wanted} has already completed.");
            return Err(AwsError::new("DeploymentAlreadyCompletedException", says));
        }
        self.end_code_deployment("STOP", "The deployment was stopped by a user.", goes_back, now);
        Ok(())
    }

    /// The newest deployment has not got there in time. The circuit breaker is
    /// ECS's; what it stands for here is the group's automatic rollback of a
    /// deployment that failed. A rollback is not rolled back.
    pub(crate) fn time_out(&mut self, now: i64) {
        let (Some(rollout), Some(newest)) = (self.rollouts.last_mut(), self.deployments.last()) else { return };
        rollout.state = Rollout::Failed;
        let goes_back = self.setup.circuit_breaker && newest.takes_back.is_none();
        let reason = "The deployment timed out while waiting for the replacement task set to become healthy.";
        self.end_code_deployment("FAILURE", reason, goes_back, now);
    }

    /// The newest deployment ends where it stands; its rollback begins as soon
    /// as CodeDeploy has come to it.
    pub(crate) fn end_code_deployment(&mut self, state: &'static str, reason: &str, goes_back: bool, now: i64) {
        let id = self.codedeploy_id(self.deployments.len().saturating_sub(1));
        let (Some(newest), Some(id)) = (self.deployments.last_mut(), id) else { return };
        newest.status = if goes_back { DeploymentStatus::RollbackRequested } else { DeploymentStatus::Stopped };
        newest.reason = Some(reason.to_owned());
        newest.finished = Some(now);
        newest.due = grid(now + HEARD_S);
        newest.hook = None;
        self.says(News::CodeDeploy { state, id });
    }

    /// The rollback begins: another deployment, of the old revision with the
    /// digest it had.
    pub(crate) fn roll_back_code_deployment(&mut self, now: i64) {
        let good = self.good_revision();
        let ended = self.deployments.len().saturating_sub(1);
        let Some(newest) = self.deployments.last_mut() else { return };
        newest.status = DeploymentStatus::Stopped;
        let Some(old) = newest.source else { return };
        self.new_deployment(old, good, now, now);
        if let Some(rollback) = self.deployments.last_mut() {
            rollback.takes_back = Some(ended);
            rollback.begin(now);
            rollback.due = times_out(now);
        }
        self.new_rollout(old, now, now);
        self.says_began();
    }
}

/// When a deployment that begins now is given up.
pub(crate) fn times_out(now: i64) -> i64 {
    grid(now + TIMES_OUT_S)
}

fn missing(wanted: &CodeDeploymentId) -> AwsError {
    AwsError::new("DeploymentDoesNotExistException", format!("The deployment {wanted} could not be found"))
}

impl State {
    /// The service of which CodeDeploy has this deployment.
    pub(crate) fn code_deployer(&self, wanted: &CodeDeploymentId) -> Result<&Machine, AwsError> {
        let found = self.machines.iter().find(|machine| machine.code_deployed(wanted).is_some());
        found.ok_or_else(|| missing(wanted))
    }

    /// `codedeploy:StopDeployment`, which knows the deployment alone: whose it
    /// is, it finds out.
    pub(crate) fn stop_code_deployment(&mut self, wanted: &CodeDeploymentId, goes_back: bool) -> Result<(), AwsError> {
        let service = self.code_deployer(wanted)?.name.clone();
        let change = Change::StopCodeDeploy { deployment: wanted.clone() };
        self.try_change(&service, change, |machine, _, now| {
            machine.stop_code_deployment(wanted, goes_back, now).map(|()| true)
        })
    }
}

#[cfg(test)]
#[path = "codedeploy_tests.rs"]
mod tests;
