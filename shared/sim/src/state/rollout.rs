//! A service from one moment to the next: tasks start, pass or fail their
//! checks, crash and drain, and deployments end.

use nightshift_core::release::DeploymentStatus;
use nightshift_core::service::Rollout;

use super::codedeploy::times_out;
use super::ends::End;
use super::news::News;
use super::registry::Registry;
use super::service::{Hook, Machine, Mix, Part, Phase, Task};

/// Everything happens at multiples of this many seconds.
const GRID_S: i64 = 5;
/// Seconds until a task runs, at least and at most.
const STARTS_S: (i64, i64) = (20, 40);
/// Seconds from running to the first passed health check.
const HEALTHY_S: i64 = 20;
/// Seconds after its grace period in which a task fails enough checks.
const UNHEALTHY_S: i64 = 30;
/// Stopped tasks stay visible for an hour.
pub(crate) const VISIBLE_S: i64 = 3600;

/// The moment on the grid that is not before `at`.
pub(crate) fn grid(at: i64) -> i64 {
    (at + GRID_S - 1).div_euclid(GRID_S) * GRID_S
}

impl Machine {
    /// When something will happen by itself; `i64::MAX`: never.
    pub(crate) fn wake(&self) -> i64 {
        let script = self.script.front().map(|(at, _)| *at);
        let rescale = self.rescale.map(|(at, _)| at);
        let waits = |status| match status {
            DeploymentStatus::Pending | DeploymentStatus::RollbackRequested => true,
            DeploymentStatus::InProgress => self.by_codedeploy(),
            _ => false,
        };
        let due =
            self.deployments.last().filter(|deployment| waits(deployment.status)).map(|deployment| deployment.due);
        let baked = self.deployments.last().and_then(|deployment| deployment.bakes_since);
        let baked = baked.map(|since| since + self.setup.bake.as_seconds());
        let opens = self.rollouts.last().map(|rollout| rollout.opens);
        let tasks = self.tasks.iter().map(|task| task.next);
        let all = tasks.chain([script, rescale, due, opens, baked].into_iter().flatten());
        all.filter(|at| *at > self.stepped).min().unwrap_or(i64::MAX)
    }

    /// Everything that is due by `now`.
    pub(crate) fn step(&mut self, registry: &mut Registry, now: i64) {
        while let Some((_, step)) = self.script.pop_front_if(|(at, _)| *at <= now) {
            self.play(step, registry, now);
        }
        if let Some((_, desired)) = self.rescale.take_if(|(at, _)| *at <= now) {
            self.desired = desired;
        }
        self.move_deployment(now);
        self.move_tasks(registry, now);
        self.start_missing(now);
        self.drain_surplus(now);
        self.finish(now);
        self.note_mix(now);
        self.stopped.retain(|task| task.stopped_at.is_some_and(|at| at.as_second() + 2 * VISIBLE_S > now));
        self.stepped = now;
    }

    fn move_deployment(&mut self, now: i64) {
        let by_codedeploy = self.by_codedeploy();
        let Some(deployment) = self.deployments.last_mut().filter(|deployment| deployment.due <= now) else { return };
        match deployment.status {
            DeploymentStatus::Pending => {
                deployment.begin(now);
                deployment.due = times_out(now);
            }
            DeploymentStatus::InProgress if by_codedeploy => self.time_out(now),
            DeploymentStatus::RollbackRequested => self.go_back(now),
            _ => {}
        }
    }

    fn move_tasks(&mut self, registry: &Registry, now: i64) {
        let tasks = std::mem::take(&mut self.tasks);
        for mut task in tasks {
            match (task.next <= now).then(|| self.move_task(&mut task, registry, now)).flatten() {
                None => self.tasks.push(task),
                Some(end) => self.bury(&task, end, now),
            }
        }
    }

    /// The task's next phase, or its end.
    fn move_task(&mut self, task: &mut Task, registry: &Registry, now: i64) -> Option<End> {
        if task.ends.is_some_and(|ends| ends <= now) && task.phase != Phase::Draining {
            return Some(self.crash(task));
        }
        match task.phase {
            Phase::Starting => {
                if let Some(end) = self.cannot_start(task, registry) {
                    return Some(end);
                }
                task.phase = Phase::Running;
                task.started = Some(now);
                task.ends = self.lifetime(task.rollout, task.serial).map(|life| grid(now + life).max(now + GRID_S));
                let passes = self.truth_of(task.rollout).is_none_or(|truth| truth.starts);
                let checked = if passes { HEALTHY_S } else { self.setup.grace.as_seconds() + UNHEALTHY_S };
                task.next = task.ends.unwrap_or(i64::MAX).min(grid(now + checked));
                None
            }
            Phase::Running => {
                if self.truth_of(task.rollout).is_some_and(|truth| !truth.starts) {
                    return Some(self.fails_checks());
                }
                task.phase = Phase::Healthy;
                task.next = task.ends.unwrap_or(i64::MAX);
                // ECS forgets failures in a row as soon as one task is healthy.
                self.rollouts[task.rollout].failed = 0;
                None
            }
            Phase::Healthy => None,
            Phase::Draining => Some(self.drained(task)),
        }
    }

    /// Up to twice the wanted number may run at once.
    fn start_missing(&mut self, now: i64) {
        let Some(primary) = self.rollouts.len().checked_sub(1) else { return };
        // Between a stop and the way back, or without a way back.
        let stopped = |status| matches!(status, DeploymentStatus::RollbackRequested | DeploymentStatus::Stopped);
        if self.rollouts[primary].opens > now || self.deployments.last().is_some_and(|newest| stopped(newest.status)) {
            return;
        }
        let living = self.tasks.iter().filter(|task| task.phase != Phase::Draining);
        let (all, ours) = living.fold((0, 0), |(all, ours), task| (all + 1, ours + u32::from(task.rollout == primary)));
        let room = (2 * self.desired).saturating_sub(all);
        for _ in 0..self.desired.saturating_sub(ours).min(room) {
            let serial = self.count();
            let (least, most) = STARTS_S;
            let takes = least + (self.ids.unit(serial) * (most - least) as f64) as i64;
            let next = grid(now + takes);
            self.tasks.push(Task {
                serial,
                rollout: primary,
                phase: Phase::Starting,
                created: now,
                started: None,
                ends: None,
                next,
            });
        }
    }

    /// Old tasks go as healthy new ones take their place; surplus ones go.
    fn drain_surplus(&mut self, now: i64) {
        let Some(primary) = self.rollouts.len().checked_sub(1) else { return };
        let healthy = self.tasks_in(primary, Phase::Healthy);
        let keep_old = self.desired.saturating_sub(healthy) as usize;
        let living = |old: bool| {
            let of = self.tasks.iter().enumerate().filter(|(_, task)| task.phase != Phase::Draining);
            of.filter(|(_, task)| (task.rollout != primary) == old).map(|(index, _)| index).collect::<Vec<_>>()
        };
        let (mut old, ours) = (living(true), living(false));
        // Those that do not serve go first.
        old.sort_by_key(|index| self.tasks[*index].phase == Phase::Healthy);
        let spare = old.len().saturating_sub(keep_old);
        let surplus = ours.len().saturating_sub(self.desired as usize);
        let youngest = ours.iter().rev().take(surplus);
        let going: Vec<usize> = old.iter().take(spare).chain(youngest).copied().collect();
        let drains = self.setup.deregistration_delay.as_seconds().max(GRID_S);
        for index in going {
            let task = &mut self.tasks[index];
            task.next = grid(now + if task.phase == Phase::Healthy { drains } else { GRID_S });
            task.phase = Phase::Draining;
        }
    }

    /// Steady state: enough healthy tasks, and none of another deployment.
    fn finish(&mut self, now: i64) {
        let Some(primary) = self.rollouts.len().checked_sub(1) else { return };
        let alone = self.tasks.iter().all(|task| task.rollout == primary);
        let enough = self.tasks_in(primary, Phase::Healthy) >= self.desired;
        if self.rollouts[primary].state != Rollout::InProgress || !alone || !enough {
            return;
        }
        let Some(deployment) = self.deployments.last_mut() else { return };
        if let Some(hook) = &mut deployment.hook {
            let arrived = *hook != Hook::Waiting;
            *hook = Hook::Waiting;
            let arn = deployment.arn.clone();
            if arrived {
                self.says(News::AtHook(arn));
            }
            return;
        }
        let bake = self.setup.bake.as_seconds();
        if deployment.status == DeploymentStatus::InProgress && bake > 0 {
            let since = *deployment.bakes_since.get_or_insert(now);
            if now < since + bake {
                return;
            }
        }
        deployment.status = match deployment.status {
            DeploymentStatus::InProgress => DeploymentStatus::Successful,
            DeploymentStatus::RollbackInProgress => DeploymentStatus::RollbackSuccessful,
            _ => return,
        };
        deployment.finished = Some(now);
        self.rollouts[primary].state = Rollout::Completed;
        let reason = format!("ECS deployment {} completed.", self.rollouts[primary].id);
        self.says_of(primary, "COMPLETED", reason);
    }

    /// Remembers who serves, for the metrics.
    fn note_mix(&mut self, now: i64) {
        let mut parts: Vec<Part> = Vec::new();
        for task in self.tasks.iter().filter(|task| task.phase == Phase::Healthy) {
            let build = self.build_of(self.revisions[self.rollouts[task.rollout].revision].digest.as_ref());
            let born = task.started.unwrap_or(task.created);
            match parts.iter_mut().find(|part| part.build == build) {
                Some(part) => {
                    part.born += born;
                    part.tasks += 1;
                }
                None => parts.push(Part { build, tasks: 1, born }),
            }
        }
        for part in &mut parts {
            part.born /= i64::from(part.tasks);
        }
        let failing = |task: &&Task| {
            task.phase == Phase::Running && self.truth_of(task.rollout).is_some_and(|truth| !truth.starts)
        };
        let unhealthy = self.tasks.iter().filter(failing).count() as u32 + self.missing();
        let mix = Mix { at: now, parts, unhealthy };
        if self.mixes.last().is_none_or(|last| last.parts != mix.parts || last.unhealthy != mix.unhealthy) {
            self.mixes.push(mix);
        }
    }

    /// Targets of a finished rollout that should serve and have crashed.
    fn missing(&self) -> u32 {
        let crashing =
            self.rollouts.last().is_some_and(|rollout| rollout.state == Rollout::Completed && rollout.failed > 0);
        let healthy = self.tasks.iter().filter(|task| task.phase == Phase::Healthy).count() as u32;
        if crashing { self.desired.saturating_sub(healthy) } else { 0 }
    }
}
