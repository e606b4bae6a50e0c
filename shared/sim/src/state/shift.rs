//! Blue/green by ECS itself: a whole set of tasks beside the old one, and
//! production traffic that goes from the one to the other, at once or in steps.
//!
//! The old set is blue, the new one green. Both are classic deployments; green
//! is PRIMARY from its beginning.

use nightshift_core::release::DeploymentStatus;
use nightshift_core::service::Rollout;

use crate::scenario::Stage;

use super::news::News;
use super::service::{DeploymentState, Hook, Machine, Phase};

/// Seconds that stages take in which ECS only changes a listener or asks its
/// hooks.
const BRIEF_S: i64 = 5;
/// All production requests, in per cent.
const ALL: f64 = 100.0;

/// How far a deployment that shifts traffic is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shift {
    /// The classic deployments.
    pub(crate) blue: usize,
    pub(crate) green: usize,
    pub(crate) stage: Stage,
    /// When the stage began, or its pause hook was answered.
    pub(crate) since: i64,
    /// What green gets of production traffic, per cent.
    pub(crate) weight: f64,
    /// Where it waits if it has a pause hook.
    pauses_at: Stage,
}

impl DeploymentState {
    /// It shifts traffic, and moves towards its target.
    pub(crate) fn on_its_way(&self) -> bool {
        self.shift.is_some() && self.status == DeploymentStatus::InProgress
    }
}

impl Machine {
    /// The classic deployment that a new one would stand beside; `None` where
    /// tasks are replaced one by one.
    pub(crate) fn blue(&self) -> Option<usize> {
        let shift = self.deployments.last().filter(|newest| !newest.status.terminal()).and_then(|newest| newest.shift);
        let newest = self.rollouts.len().checked_sub(1).filter(|_| self.setup.shifts())?;
        // One that is under way makes room: what it came from serves on.
        Some(shift.filter(|shift| shift.stage != Stage::CleanUp).map_or(newest, |shift| shift.blue))
    }

    /// The newest deployment stands beside `blue`, in the other target group.
    pub(crate) fn begin_shift(&mut self, blue: usize, pauses_at: Stage, since: i64) {
        let green = self.rollouts.len() - 1;
        self.rollouts[blue].state = Rollout::Completed;
        self.rollouts[green].side = 1 - self.rollouts[blue].side;
        if let Some(newest) = self.deployments.last_mut() {
            let stage = Stage::ReconcileService;
            newest.shift = Some(Shift { blue, green, stage, since, weight: 0.0, pauses_at });
        }
    }

    /// The newest deployment goes back: blue is PRIMARY again, with the tasks it
    /// has. `false`: it does not shift traffic.
    pub(crate) fn shift_back(&mut self) -> bool {
        let primary = self.rollouts.len();
        let Some(shift) = self.deployments.last_mut().and_then(|newest| newest.shift.as_mut()) else { return false };
        let blue = std::mem::replace(&mut shift.blue, primary);
        for task in self.tasks.iter_mut().filter(|task| task.rollout == blue) {
            task.rollout = primary;
        }
        let mut again = self.rollouts[blue].clone();
        again.state = Rollout::InProgress;
        self.rollouts.push(again);
        true
    }

    /// The sets of tasks that are to stand, each whole; `None` where tasks are
    /// replaced one by one.
    pub(crate) fn sets(&self) -> Option<Vec<usize>> {
        let primary = self.rollouts.len().checked_sub(1).filter(|_| self.setup.shifts())?;
        let newest = self.deployments.last()?;
        let Some(shift) = newest.shift else { return Some(vec![primary]) };
        let Shift { blue, green, stage, weight, .. } = shift;
        Some(match newest.status {
            DeploymentStatus::Pending => vec![blue],
            DeploymentStatus::InProgress if stage < Stage::ScaleUp => vec![blue],
            DeploymentStatus::InProgress if stage < Stage::CleanUp => vec![blue, green],
            // Asked to go back, it has not begun to.
            DeploymentStatus::RollbackRequested if stage < Stage::ScaleUp => vec![blue],
            DeploymentStatus::RollbackRequested => vec![blue, green],
            DeploymentStatus::RollbackInProgress if weight > 0.0 => vec![blue, green],
            DeploymentStatus::RollbackInProgress => vec![blue],
            _ if weight < ALL => vec![blue],
            _ => vec![green],
        })
    }

    /// What each set gets of production traffic; `None`: everybody healthy an
    /// equal share.
    pub(crate) fn weights(&self) -> Option<[(usize, f64); 2]> {
        let newest = self.deployments.last().filter(|newest| !newest.status.terminal())?;
        let shift = newest.shift?;
        Some([(shift.blue, ALL - shift.weight), (shift.green, shift.weight)])
    }

    /// When the newest deployment's stage will be over by itself.
    pub(crate) fn next_of_shift(&self) -> Option<i64> {
        let newest = self.deployments.last().filter(|newest| newest.on_its_way())?;
        let shift = newest.shift.filter(|_| newest.hook != Some(Hook::Waiting))?;
        let (weights, step) = self.setup.shift_steps();
        let steps = (1..weights.len() as i64).map(|step_over| shift.since + step_over * step.as_seconds());
        let steps = steps.filter(|_| shift.stage == Stage::ProductionTrafficShift);
        steps.chain(self.stage_ends(shift)).filter(|at| *at > self.stepped).min()
    }

    /// `None`: when its tasks are there, or gone.
    fn stage_ends(&self, shift: Shift) -> Option<i64> {
        let (weights, step) = self.setup.shift_steps();
        let lasts = match shift.stage {
            Stage::ScaleUp | Stage::CleanUp => return None,
            Stage::ProductionTrafficShift => (weights.len() as i64 - 1) * step.as_seconds() + BRIEF_S,
            Stage::BakeTime => self.setup.bake.as_seconds(),
            _ => BRIEF_S,
        };
        Some(shift.since + lasts)
    }

    /// Takes the newest deployment as far as it is by now.
    pub(crate) fn move_shift(&mut self, now: i64) {
        let Some(newest) = self.deployments.last() else { return };
        match (newest.status, newest.shift) {
            (DeploymentStatus::InProgress, Some(_)) => while self.leave_stage(now) {},
            (DeploymentStatus::RollbackInProgress, Some(shift)) => {
                let whole = self.tasks_in(shift.blue, Phase::Healthy) >= self.desired;
                if whole && let Some(shift) = self.deployments.last_mut().and_then(|newest| newest.shift.as_mut()) {
                    shift.weight = 0.0;
                }
            }
            _ => {}
        }
    }

    /// Does what is to be done in a stage; `true`: it is over.
    fn leave_stage(&mut self, now: i64) -> bool {
        let Some(newest) = self.deployments.last_mut() else { return false };
        let Some(mut shift) = newest.shift else { return false };
        if newest.hook == Some(Hook::Ahead) && shift.pauses_at == shift.stage {
            newest.hook = Some(Hook::Waiting);
            let arn = newest.arn.clone();
            self.says(News::AtHook(arn));
        }
        if self.deployments.last().is_some_and(|newest| newest.hook == Some(Hook::Waiting)) {
            return false;
        }
        if shift.stage == Stage::ProductionTrafficShift {
            shift.weight = self.weight_at(now - shift.since);
        }
        let over = match shift.stage {
            Stage::ScaleUp => self.tasks_in(shift.green, Phase::Healthy) >= self.desired,
            Stage::CleanUp => {
                self.tasks.iter().all(|task| task.rollout == shift.green)
                    && self.tasks_in(shift.green, Phase::Healthy) >= self.desired
            }
            _ => self.stage_ends(shift).is_some_and(|at| at <= now),
        };
        let next = shift.stage.next().filter(|_| over);
        if let Some(next) = next {
            (shift.stage, shift.since) = (next, now);
        }
        if let Some(newest) = self.deployments.last_mut() {
            newest.shift = Some(shift);
        }
        if over && next.is_none() {
            self.complete(now);
        }
        next.is_some()
    }

    /// Green's share so long after its traffic began to shift.
    fn weight_at(&self, seconds: i64) -> f64 {
        let (weights, step) = self.setup.shift_steps();
        let done = seconds.checked_div(step.as_seconds()).unwrap_or(i64::MAX);
        let step = usize::try_from(done).unwrap_or(usize::MAX).min(weights.len() - 1);
        weights[step]
    }

    /// Green has everything, and blue is gone.
    fn complete(&mut self, now: i64) {
        let Some(newest) = self.deployments.last_mut() else { return };
        newest.status = DeploymentStatus::Successful;
        newest.finished = Some(now);
        let primary = self.rollouts.len() - 1;
        self.rollouts[primary].state = Rollout::Completed;
        let reason = format!("ECS deployment {} completed.", self.rollouts[primary].id);
        self.says_of(primary, "COMPLETED", reason);
    }
}

#[cfg(test)]
#[path = "shift_tests.rs"]
mod tests;
