//! What a service's users see at a moment, from the truth about what serves.

use crate::scenario::{CrashKind, Release};

use super::mix::{Mix, Part};
use super::series::Scope;
use super::service::Machine;
use super::weather::{Air, grown};

/// One instant of a service, before any noise.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Instant {
    /// Per minute.
    pub(crate) requests: f64,
    /// Share of them answered with 5XX.
    pub(crate) errors: f64,
    pub(crate) latency_s: f64,
    pub(crate) cpu: f64,
    pub(crate) memory: f64,
    pub(crate) healthy: f64,
    pub(crate) unhealthy: f64,
}

/// How far above (1) or below (-1) its mean a day's traffic is at each full
/// hour UTC: a cosine with its peak at 15:00.
const RHYTHM: [f64; 24] = [
    -0.707, -0.866, -0.966, -1.000, -0.966, -0.866, -0.707, -0.500, -0.259, 0.000, 0.259, 0.500, 0.707, 0.866, 0.966,
    1.000, 0.966, 0.866, 0.707, 0.500, 0.259, 0.000, -0.259, -0.500,
];
/// Above this a task queues and its answers take longer, per cent.
const QUEUES_ABOVE: f64 = 70.0;
/// Above this a task refuses a part of its requests, per cent.
const REFUSES_ABOVE: f64 = 95.0;
/// Where memory ends for a task that leaks, per cent.
const MEMORY_LIMIT: f64 = 99.0;

impl Machine {
    /// The truth at a moment.
    pub(crate) fn instant(&self, at: i64, scope: Scope) -> Instant {
        let baseline = &self.setup.baseline;
        let before_all = [Part::alone((!self.builds.is_empty()).then_some(0), self.setup.desired, at)];
        let mix = self.mix_at(at);
        let parts = mix.map_or(&before_all[..], |mix| &mix.parts).iter().filter(|part| scope.holds(part.side));
        let parts: Vec<&Part> = parts.collect();
        let tasks = parts.iter().map(|part| f64::from(part.tasks)).sum::<f64>();
        let weight = parts.iter().map(|part| part.weight).sum::<f64>();
        let unhealthy = mix.map_or(0.0, |mix| f64::from(scope.of(mix.unhealthy)));
        if tasks <= 0.0 {
            return Instant { unhealthy, ..Instant::default() };
        }
        let air = Air::at(&self.weather, at);
        let work = air.load * (1.0 + baseline.daily_rhythm * rhythm(at)) * self.of_the_week(at);
        let served = Served { machine: self, at, work };
        // What a set of tasks has to do by what it gets of the requests.
        let busy = |weight: f64, tasks: f64| {
            baseline.cpu_percent * work * f64::from(self.setup.desired) * (weight / 100.0) / tasks
        };
        let of_part = |part: &Part| busy(part.weight, f64::from(part.tasks)) * served.cpu(part);
        let of_requests = |of: &dyn Fn(&Part) -> f64| {
            parts.iter().map(|part| of(part) * part.weight).sum::<f64>() / weight.max(f64::MIN_POSITIVE)
        };
        let of_tasks =
            |of: &dyn Fn(&Part) -> f64| parts.iter().map(|part| of(part) * f64::from(part.tasks) / tasks).sum::<f64>();
        let errors = of_requests(&|part| 1.0 - (1.0 - refused(of_part(part))) * (1.0 - served.errors(part)));
        let latency = of_requests(&|part| queueing(of_part(part)) * served.latency(part));
        let errors = 1.0 - air.fine * (1.0 - errors);
        // What is sent again is work as well, and counted.
        let again = 1.0 + baseline.retries * errors;
        Instant {
            requests: baseline.requests_per_minute * work * (weight / 100.0) * again,
            errors,
            latency_s: baseline.latency_ms / 1000.0 * air.slower * latency,
            cpu: (of_tasks(&of_part) * again).min(100.0),
            memory: of_tasks(&|part| self.part_memory(part, at)),
            healthy: tasks,
            unhealthy,
        }
    }

    fn of_the_week(&self, at: i64) -> f64 {
        // The epoch began on a Thursday.
        let weekend = matches!(at.div_euclid(86_400).rem_euclid(7), 2 | 3);
        if weekend { self.setup.baseline.weekend } else { 1.0 }
    }

    fn mix_at(&self, at: i64) -> Option<&Mix> {
        let next = self.mixes.partition_point(|mix| mix.at <= at);
        next.checked_sub(1).map(|index| &self.mixes[index])
    }

    /// A task that will be killed for memory fills it evenly until then.
    fn part_memory(&self, part: &Part, at: i64) -> f64 {
        let usual = self.setup.baseline.memory_percent;
        let crash = part.build.and_then(|build| self.builds[build].truth.crash);
        match crash.filter(|crash| crash.kind == CrashKind::Oom) {
            None => usual,
            Some(crash) => {
                let age = (at - part.born).max(0) as f64 / crash.every.as_seconds() as f64;
                usual + (MEMORY_LIMIT - usual).max(0.0) * age.min(1.0)
            }
        }
    }
}

/// What is served at a moment, with that much work.
struct Served<'a> {
    machine: &'a Machine,
    at: i64,
    /// Times the baseline's requests.
    work: f64,
}

impl Served<'_> {
    /// Share of a part's requests that fail of the release's own fault.
    fn errors(&self, part: &Part) -> f64 {
        let usual = self.machine.setup.baseline.errors_percent;
        let fault = |truth: &Release| truth.errors_percent.unwrap_or(usual) - usual;
        (usual + self.worst(part, fault)) / 100.0
    }

    /// Times the usual time of an answer.
    fn latency(&self, part: &Part) -> f64 {
        1.0 + self.worst(part, |truth| truth.latency_factor - 1.0)
    }

    /// Times the usual CPU.
    fn cpu(&self, part: &Part) -> f64 {
        1.0 + self.worst(part, |truth| truth.cpu_factor - 1.0)
    }

    /// The part's own fault, or what a later release has left in the data.
    fn worst(&self, part: &Part, fault: impl Fn(&Release) -> f64) -> f64 {
        let Machine { builds, left_behind, .. } = self.machine;
        let own = part
            .build
            .map_or(0.0, |build| self.strength(&builds[build].truth, part.born) * fault(&builds[build].truth));
        let left = left_behind.iter().filter(|(since, build)| *since <= self.at && part.build < Some(*build));
        left.map(|(since, build)| self.strength(&builds[*build].truth, *since) * fault(&builds[*build].truth))
            .fold(own, |worst, one| if one.abs() > worst.abs() { one } else { worst })
    }

    /// How much of its fault a release shows since `born`, from none to all.
    fn strength(&self, truth: &Release, born: i64) -> f64 {
        let age = self.at - born - truth.sets_in_after.as_seconds();
        if age < 0 || self.work <= truth.above_load { 0.0 } else { grown(age, truth.grows_over.as_seconds()) }
    }
}

/// The share of its requests that a task this busy refuses.
fn refused(cpu: f64) -> f64 {
    if cpu > REFUSES_ABOVE { (cpu - REFUSES_ABOVE) / cpu } else { 0.0 }
}

/// How many times as long its answers take.
fn queueing(cpu: f64) -> f64 {
    1.0 + (cpu - QUEUES_ABOVE).max(0.0) / 15.0
}

fn rhythm(at: i64) -> f64 {
    let second = at.rem_euclid(86_400);
    let hour = (second / 3600) as usize;
    let (this, next) = (RHYTHM[hour % 24], RHYTHM[(hour + 1) % 24]);
    this + (next - this) * (second % 3600) as f64 / 3600.0
}
