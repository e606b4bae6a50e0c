//! How tasks end, and what ECS says about it.

use nightshift_core::task::{ContainerExit, StoppedTask};

use crate::scenario::{CrashKind, CrashTruth};

use super::moment;
use super::news::News;
use super::registry::Registry;
use super::rollout::grid;
use super::service::{Machine, Phase, Task};

/// Seconds until ECS tries again after a task did not make it.
const RETRY_S: i64 = 15;
/// ECS's circuit breaker: half of the tasks wanted, and at least these.
const BREAKER_LEAST: u32 = 3;
/// Why a task ended.
pub(crate) struct End {
    code: &'static str,
    reason: String,
    exit: Option<i32>,
    container: Option<&'static str>,
    /// It speaks against the task.
    failed: bool,
}

impl Machine {
    pub(crate) fn cannot_start(&self, task: &Task, registry: &Registry) -> Option<End> {
        let revision = &self.revisions[self.rollouts[task.rollout].revision];
        let crash = self.truth_of(task.rollout).and_then(|truth| truth.crash).map(|crash| crash.kind);
        let pulled = revision.digest.as_ref().is_some_and(|digest| registry.has(&revision.image, digest));
        let reason = if !pulled || crash == Some(CrashKind::Pull) {
            format!("CannotPullContainerError: failed to resolve ref {}: not found", revision.image)
        } else if crash == Some(CrashKind::Secret) {
            "ResourceInitializationError: unable to pull secrets or registry auth: ResourceNotFoundException: \
             Secrets Manager can't find the specified secret."
                .into()
        } else {
            return None;
        };
        Some(End { code: "TaskFailedToStart", reason, exit: None, container: None, failed: true })
    }

    pub(crate) fn crash(&self, task: &Task) -> End {
        let crash = self.truth_of(task.rollout).and_then(|truth| truth.crash);
        let (exit, container) = match crash {
            Some(CrashTruth { kind: CrashKind::Exit, code, .. }) => (code, None),
            _ => (137, Some("OutOfMemoryError: Container killed due to memory usage")),
        };
        let reason = "Essential container in task exited".into();
        End { code: "EssentialContainerExited", reason, exit: Some(exit), container, failed: true }
    }

    pub(crate) fn fails_checks(&self, task: &Task) -> End {
        let reason = match self.groups.get(self.rollouts[task.rollout].side) {
            Some(group) => format!("Task failed ELB health checks in (target-group {})", group.arn),
            None => "Task failed container health checks".into(),
        };
        End { code: "ServiceSchedulerInitiated", reason, exit: Some(143), container: None, failed: true }
    }

    pub(crate) fn drained(&self, task: &Task) -> End {
        let by = self.rollouts.last().unwrap_or(&self.rollouts[task.rollout]);
        let reason = format!("Scaling activity initiated by (deployment {})", by.id);
        let exit = task.started.map(|_| 143);
        End { code: "ServiceSchedulerInitiated", reason, exit, container: None, failed: false }
    }

    pub(crate) fn bury(&mut self, task: &Task, end: End, now: i64) {
        let End { code, reason, exit, container, failed } = end;
        let rollout = &mut self.rollouts[task.rollout];
        if failed && task.phase != Phase::Draining {
            rollout.failed += 1;
            rollout.opens = grid(now + RETRY_S);
        }
        let (id, revision, failures) = (rollout.id.clone(), rollout.revision, rollout.failed);
        let stopped = StoppedTask {
            arn: self.task_arn(task.serial),
            task_definition: self.task_definition(self.revisions[revision].number),
            started_by: Some(id),
            stop_code: Some(code.into()),
            reason: Some(reason),
            started_at: task.started.map(moment),
            stopped_at: Some(moment(now)),
            containers: vec![ContainerExit { name: "app".into(), exit_code: exit, reason: container.map(Into::into) }],
        };
        if stopped.crash().is_some() {
            self.says(News::Stopped(stopped.clone()));
        }
        self.stopped.push(stopped);
        let newest = task.rollout + 1 == self.rollouts.len();
        let trips_at = self.setup.circuit_breaker_failures.unwrap_or(BREAKER_LEAST.max(self.desired / 2));
        if self.has_breaker() && newest && failures >= trips_at {
            self.trip(now);
        }
    }

    /// How many seconds a task lives, if it ends by itself.
    pub(crate) fn lifetime(&self, rollout: usize, serial: i64) -> Option<i64> {
        let crash = self.truth_of(rollout)?.crash?;
        let spread = 0.9 + 0.2 * self.ids.unit(serial);
        let lives = matches!(crash.kind, CrashKind::Exit | CrashKind::Oom);
        lives.then(|| (crash.every.as_seconds() as f64 * spread) as i64)
    }
}
