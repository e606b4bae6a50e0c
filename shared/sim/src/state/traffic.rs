//! What a service's users see at a moment, from the truth about what serves.

use crate::scenario::{CrashKind, Moment, Scenario, ServiceSetup};

use super::mix::{Mix, Part};
use super::series::Scope;
use super::service::Machine;

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

/// A window of time in which something differs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) from: i64,
    pub(crate) until: i64,
    /// Times the usual requests.
    pub(crate) load: f64,
    /// Share of requests that fail besides.
    pub(crate) errors: f64,
    /// Times the usual time of an answer.
    pub(crate) latency: f64,
}

impl Weather {
    /// All windows that concern a service.
    pub(crate) fn of(scenario: &Scenario, setup: &ServiceSetup) -> Vec<Self> {
        let event = scenario.event_second();
        let end = |until: Option<Moment>| until.map_or(i64::MAX, |until| until.second(event));
        let loads = setup.loads.iter().map(|load| Self {
            from: load.at.second(event),
            until: end(load.until),
            load: load.factor,
            errors: 0.0,
            latency: 1.0,
        });
        let outages = scenario.outages.iter().filter(|outage| outage.services.iter().any(|name| setup.is(name)));
        let troubles = outages.map(|outage| Self {
            from: outage.at.second(event),
            until: end(outage.until),
            load: 1.0,
            errors: outage.errors_percent / 100.0,
            latency: outage.latency_factor,
        });
        loads.chain(troubles).collect()
    }
}

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
        let weather = self.weather.iter().filter(|window| window.from <= at && at < window.until);
        let (mut load, mut fine, mut slower) = (1.0, 1.0, 1.0);
        for window in weather {
            load *= window.load;
            fine *= 1.0 - window.errors;
            slower *= window.latency;
        }
        let work = load * (1.0 + baseline.daily_rhythm * rhythm(at));
        // What a set of tasks has to do by what it gets of the requests.
        let busy = |weight: f64, tasks: f64| {
            baseline.cpu_percent * work * f64::from(self.setup.desired) * (weight / 100.0) / tasks
        };
        let of_requests = |of: &dyn Fn(&Part) -> f64| {
            parts.iter().map(|part| of(part) * part.weight).sum::<f64>() / weight.max(f64::MIN_POSITIVE)
        };
        let of_tasks =
            |of: &dyn Fn(&Part) -> f64| parts.iter().map(|part| of(part) * f64::from(part.tasks) / tasks).sum::<f64>();
        let errors = of_requests(&|part| {
            1.0 - (1.0 - refused(busy(part.weight, f64::from(part.tasks)))) * (1.0 - self.part_errors(part))
        });
        let latency = of_requests(&|part| queueing(busy(part.weight, f64::from(part.tasks))) * self.part_latency(part));
        Instant {
            requests: baseline.requests_per_minute * work * (weight / 100.0),
            errors: 1.0 - fine * (1.0 - errors),
            latency_s: baseline.latency_ms / 1000.0 * slower * latency,
            cpu: busy(weight, tasks).min(100.0),
            memory: of_tasks(&|part| self.part_memory(part, at)),
            healthy: tasks,
            unhealthy,
        }
    }

    fn mix_at(&self, at: i64) -> Option<&Mix> {
        let next = self.mixes.partition_point(|mix| mix.at <= at);
        next.checked_sub(1).map(|index| &self.mixes[index])
    }

    fn part_errors(&self, part: &Part) -> f64 {
        let truth = part.build.and_then(|build| self.builds[build].truth.errors_percent);
        truth.unwrap_or(self.setup.baseline.errors_percent) / 100.0
    }

    fn part_latency(&self, part: &Part) -> f64 {
        part.build.map_or(1.0, |build| self.builds[build].truth.latency_factor)
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
