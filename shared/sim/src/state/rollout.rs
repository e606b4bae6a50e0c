//! A service from one moment to the next: tasks start, pass or fail their
//! checks, crash and drain, and deployments end.

use nightshift_core::release::DeploymentStatus;
use nightshift_core::service::Rollout;

use super::codedeploy::times_out;
use super::ends::End;
use super::news::News;
use super::registry::Registry;
use super::service::{Hook, Machine, Phase, Task};

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
        let opens = self.rollouts.iter().map(|rollout| rollout.opens).filter(|at| *at > self.stepped).min();
        let tasks = self.tasks.iter().map(|task| task.next);
        let shifts = self.next_of_shift();
        let all = tasks.chain([script, rescale, due, opens, baked, shifts].into_iter().flatten());
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
        self.move_shift(now);
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
                    return Some(self.fails_checks(task));
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
        if let Some(sets) = self.sets() {
            for rollout in sets {
                self.start(rollout, self.desired, now);
            }
            return;
        }
        let Some(primary) = self.rollouts.len().checked_sub(1) else { return };
        // Between a stop and the way back, or without a way back.
        let stopped = |status| matches!(status, DeploymentStatus::RollbackRequested | DeploymentStatus::Stopped);
        if self.deployments.last().is_some_and(|newest| stopped(newest.status)) {
            return;
        }
        let all = self.tasks.iter().filter(|task| task.phase != Phase::Draining).count() as u32;
        self.start(primary, (2 * self.desired).saturating_sub(all), now);
    }

    /// Starts what that classic deployment lacks, but not more than there is
    /// room for.
    fn start(&mut self, rollout: usize, room: u32, now: i64) {
        if self.rollouts[rollout].opens > now {
            return;
        }
        let ours = self.living(|task| task.rollout == rollout).len() as u32;
        for _ in 0..self.desired.saturating_sub(ours).min(room) {
            let serial = self.count();
            let (least, most) = STARTS_S;
            let takes = least + (self.ids.unit(serial) * (most - least) as f64) as i64;
            let next = grid(now + takes);
            let (phase, created) = (Phase::Starting, now);
            self.tasks.push(Task { serial, rollout, phase, created, started: None, ends: None, next });
        }
    }

    /// Which tasks of that kind are not on their way out.
    fn living(&self, kind: impl Fn(&Task) -> bool) -> Vec<usize> {
        let of = self.tasks.iter().enumerate().filter(|(_, task)| task.phase != Phase::Draining && kind(task));
        of.map(|(index, _)| index).collect()
    }

    /// Old tasks go as healthy new ones take their place; surplus ones go.
    fn drain_surplus(&mut self, now: i64) {
        let Some(primary) = self.rollouts.len().checked_sub(1) else { return };
        if let Some(sets) = self.sets() {
            let mut going = self.living(|task| !sets.contains(&task.rollout));
            for set in sets {
                let ours = self.living(|task| task.rollout == set);
                going.extend(ours.iter().rev().take(ours.len().saturating_sub(self.desired as usize)));
            }
            return self.drain(&going, now);
        }
        let healthy = self.tasks_in(primary, Phase::Healthy);
        let keep_old = self.desired.saturating_sub(healthy) as usize;
        let mut old = self.living(|task| task.rollout != primary);
        let ours = self.living(|task| task.rollout == primary);
        // Those that do not serve go first.
        old.sort_by_key(|index| self.tasks[*index].phase == Phase::Healthy);
        let spare = old.len().saturating_sub(keep_old);
        let surplus = ours.len().saturating_sub(self.desired as usize);
        let youngest = ours.iter().rev().take(surplus);
        let going: Vec<usize> = old.iter().take(spare).chain(youngest).copied().collect();
        self.drain(&going, now);
    }

    pub(crate) fn drain(&mut self, going: &[usize], now: i64) {
        let drains = self.setup.deregistration_delay.as_seconds().max(GRID_S);
        for index in going {
            let task = &mut self.tasks[*index];
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
        let Some(deployment) = self.deployments.last_mut().filter(|deployment| !deployment.on_its_way()) else {
            return;
        };
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
}
