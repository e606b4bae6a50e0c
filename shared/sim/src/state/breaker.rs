//! When ECS itself gives a deployment up: its circuit breaker, and the
//! deployment's own alarms.

use nightshift_core::release::DeploymentStatus;
use nightshift_core::service::Rollout;

use super::releases::HEARD_S;
use super::rollout::grid;
use super::service::Machine;

impl Machine {
    /// The circuit breaker: it goes back, or gives the deployment up.
    pub(crate) fn trip(&mut self, now: i64) {
        self.give_up(
            "ECS deployment circuit breaker: tasks failed to start.",
            self.setup.circuit_breaker_rollback,
            now,
        );
    }

    /// Alarms that went to ALARM then: one of the deployment's own that did so
    /// while it was on its way makes ECS go back.
    pub(crate) fn hear(&mut self, firing: &[(String, i64)], now: i64) {
        let Some(deployment) = self.deployments.last() else { return };
        let (created, own) = (deployment.created, &self.setup.deployment_alarms);
        if firing.iter().any(|(name, since)| own.contains(name) && *since > created) && !self.by_codedeploy() {
            self.give_up("Service deployment rolled back because of a deployment alarm.", true, now);
        }
    }

    /// With ECS's own words.
    fn give_up(&mut self, reason: &str, goes_back: bool, now: i64) {
        let Some(deployment) = self.deployments.last_mut().filter(|deployment| deployment.status.in_flight()) else {
            return;
        };
        if goes_back {
            deployment.status = DeploymentStatus::RollbackRequested;
            deployment.due = grid(now + HEARD_S);
        } else {
            deployment.status = DeploymentStatus::Stopped;
            deployment.finished = Some(now);
        }
        deployment.reason = Some(reason.to_owned());
        deployment.hook = None;
        if let Some(rollout) = self.rollouts.last_mut() {
            rollout.state = Rollout::Failed;
        }
        self.says_of(self.rollouts.len() - 1, "FAILED", reason.to_owned());
    }
}
