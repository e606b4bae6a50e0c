//! Who serves production requests, from one moment to the next.

use nightshift_core::service::Rollout;

use super::service::{Machine, Phase, Task};

/// All production requests, in per cent.
const ALL: f64 = 100.0;

/// Who serves from this moment on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mix {
    pub(crate) at: i64,
    pub(crate) parts: Vec<Part>,
    /// Targets that should serve and do not, by target group.
    pub(crate) unhealthy: [u32; 2],
}

/// Healthy tasks of one build in one target group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Part {
    /// `None`: an image that the scenario says nothing about.
    pub(crate) build: Option<usize>,
    /// Which target group.
    pub(crate) side: usize,
    pub(crate) tasks: u32,
    /// What they get of production traffic, per cent.
    pub(crate) weight: f64,
    /// When they started, on average.
    pub(crate) born: i64,
}

impl Part {
    /// So many tasks that serve alone.
    pub(crate) fn alone(build: Option<usize>, tasks: u32, born: i64) -> Self {
        Self { build, side: 0, tasks, weight: ALL, born }
    }
}

impl Machine {
    /// Remembers who serves, for the metrics.
    pub(crate) fn note_mix(&mut self, now: i64) {
        let mut parts: Vec<Part> = Vec::new();
        for task in self.tasks.iter().filter(|task| task.phase == Phase::Healthy) {
            let rollout = &self.rollouts[task.rollout];
            let build = self.build_of(self.revisions[rollout.revision].digest.as_ref());
            let (side, born) = (rollout.side, task.started.unwrap_or(task.created));
            let weight = self.weight_of(task.rollout);
            match parts.iter_mut().find(|part| (part.build, part.side) == (build, side)) {
                Some(part) => {
                    part.born += born;
                    part.weight += weight;
                    part.tasks += 1;
                }
                None => parts.push(Part { build, side, tasks: 1, weight, born }),
            }
        }
        for part in &mut parts {
            part.born /= i64::from(part.tasks);
        }
        for build in parts.iter().filter_map(|part| part.build) {
            if self.builds[build].truth.lasting && self.left_behind.iter().all(|(_, known)| *known != build) {
                self.left_behind.push((now, build));
            }
        }
        let mix = Mix { at: now, parts, unhealthy: self.unhealthy() };
        if self.mixes.last().is_none_or(|last| last.parts != mix.parts || last.unhealthy != mix.unhealthy) {
            self.mixes.push(mix);
        }
    }

    /// What one healthy task of that classic deployment gets of production
    /// traffic: its own share of what its set gets, or of all.
    fn weight_of(&self, rollout: usize) -> f64 {
        match self.weights() {
            Some(weights) => {
                let set = weights.iter().find(|(of, _)| *of == rollout).map_or(0.0, |(_, weight)| *weight);
                set / f64::from(self.tasks_in(rollout, Phase::Healthy).max(1))
            }
            None => {
                let healthy = self.tasks.iter().filter(|task| task.phase == Phase::Healthy).count();
                ALL / healthy.max(1) as f64
            }
        }
    }

    /// Targets that fail their checks or have crashed, by target group.
    fn unhealthy(&self) -> [u32; 2] {
        let failing = |task: &&Task| {
            task.phase == Phase::Running && self.truth_of(task.rollout).is_some_and(|truth| !truth.starts)
        };
        let mut unhealthy = [0; 2];
        for task in self.tasks.iter().filter(failing) {
            unhealthy[self.rollouts[task.rollout].side] += 1;
        }
        if let Some(newest) = self.rollouts.last() {
            unhealthy[newest.side] += self.missing();
        }
        unhealthy
    }

    /// Targets of a finished rollout that should serve and have crashed.
    fn missing(&self) -> u32 {
        let crashing =
            self.rollouts.last().is_some_and(|rollout| rollout.state == Rollout::Completed && rollout.failed > 0);
        let healthy = self.tasks.iter().filter(|task| task.phase == Phase::Healthy).count() as u32;
        if crashing { self.desired.saturating_sub(healthy) } else { 0 }
    }
}
