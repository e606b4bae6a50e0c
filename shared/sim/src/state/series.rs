//! Metrics as CloudWatch has them: names, dimensions, datapoints.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use nightshift_core::metric::{MetricId, Point, Series};

use crate::noise::Noise;
use crate::scenario::Watched;

use super::groups::TargetGroup;
use super::service::Machine;
use super::traffic::Instant;
use super::{State, moment};

/// Metrics reach back so far before the clock's start: CloudWatch keeps their
/// minutes for fifteen days.
const KEPT_S: i64 = 15 * 86_400;
/// What a metric measures, of which machines by their place, and of which of their
/// targets; `None`: there is no such metric.
pub(crate) type Sources = Option<(Measured, Vec<(usize, Scope)>)>;

/// One datapoint at its finest.
const MINUTE_S: i64 = 60;

/// What one minute of one metric looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measured {
    Requests,
    Errors,
    Latency,
    Cpu,
    Memory,
    Healthy,
    Unhealthy,
}

/// Which of a service's targets a metric is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Whole,
    /// Those of one of its target groups.
    Group(usize),
}

impl Scope {
    /// Whether it is about the targets of that group.
    pub(crate) fn holds(self, side: usize) -> bool {
        self == Self::Whole || self == Self::Group(side)
    }

    /// Its part of what was counted by target group.
    pub(crate) fn of(self, counted: [u32; 2]) -> u32 {
        (0..counted.len()).filter(|side| self.holds(*side)).map(|side| counted[side]).sum()
    }
}

/// Every metric of a service: namespace, name, whether it belongs to the load
/// balancer, and its unit.
pub(crate) const METRICS: [(Measured, &str, &str, &str); 7] = [
    (Measured::Requests, "AWS/ApplicationELB", "RequestCount", "Count"),
    (Measured::Errors, "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Count"),
    (Measured::Latency, "AWS/ApplicationELB", "TargetResponseTime", "Seconds"),
    (Measured::Healthy, "AWS/ApplicationELB", "HealthyHostCount", "Count"),
    (Measured::Unhealthy, "AWS/ApplicationELB", "UnHealthyHostCount", "Count"),
    (Measured::Cpu, "AWS/ECS", "CPUUtilization", "Percent"),
    (Measured::Memory, "AWS/ECS", "MemoryUtilization", "Percent"),
];

impl Measured {
    fn word(self) -> &'static str {
        METRICS.iter().find(|(measured, ..)| *measured == self).map_or("", |(_, _, name, _)| name)
    }

    /// What an alarm on `metric` watches is that.
    fn is_of(self, metric: Watched) -> bool {
        match metric {
            Watched::Errors => self == Self::Errors,
            Watched::ErrorRatio => matches!(self, Self::Errors | Self::Requests),
            Watched::Latency => self == Self::Latency,
            Watched::Cpu => self == Self::Cpu,
            Watched::Memory => self == Self::Memory,
            Watched::Unhealthy => matches!(self, Self::Healthy | Self::Unhealthy),
            Watched::Requests => self == Self::Requests,
        }
    }
}

impl State {
    /// `cloudwatch:GetMetricData`: datapoints that are complete, at or after
    /// `from` and before `to`.
    pub(crate) fn series(&self, wanted: &MetricId, from: Timestamp, to: Timestamp) -> Series {
        let period = i64::from(wanted.period_s.max(60)).div_euclid(MINUTE_S) * MINUTE_S;
        let earliest = from.as_second().max(self.start - KEPT_S);
        let mut at = (earliest + period - 1).div_euclid(period) * period;
        let mut points = Vec::new();
        let sources = self.sources(wanted);
        while at < to.as_second() && at + period <= self.now {
            if let Some(value) = self.datapoint_of(wanted, &sources, at, period) {
                points.push(Point { at: moment(at), value });
            }
            at += period;
        }
        Series(points)
    }

    /// One datapoint; `None`: nothing was reported.
    pub(crate) fn datapoint(&self, wanted: &MetricId, at: i64, period: i64) -> Option<f64> {
        self.datapoint_of(wanted, &self.sources(wanted), at, period)
    }

    /// The services that a metric counts, and which of their targets: looked for
    /// once, since services move to no other target group.
    pub(crate) fn sources(&self, wanted: &MetricId) -> Arc<Sources> {
        if let Some(known) = self.known_sources.borrow().get(wanted) {
            return Arc::clone(known);
        }
        let measured = METRICS.iter().find(|(_, space, name, _)| *space == wanted.namespace && *name == wanted.name);
        let emits = |measured| {
            let emits = |at: usize| Some((at, self.machines.get(at)?.emits(measured, &wanted.dimensions)?));
            match wanted.dimensions.get("TargetGroup") {
                Some(group) => self.places.behind(group).iter().copied().filter_map(emits).collect(),
                None => (0..self.machines.len()).filter_map(emits).collect(),
            }
        };
        let found = Arc::new(measured.map(|(measured, ..)| (*measured, emits(*measured))));
        self.known_sources.borrow_mut().insert(wanted.clone(), Arc::clone(&found));
        found
    }

    fn datapoint_of(&self, wanted: &MetricId, sources: &Sources, at: i64, period: i64) -> Option<f64> {
        if let Some(name) = wanted.dimensions.get("DBInstanceIdentifier") {
            return self.dependency(name, at);
        }
        let (measured, sources) = sources.as_ref()?;
        let minutes = (0..period / MINUTE_S).map(|minute| at + minute * MINUTE_S);
        let values: Vec<f64> = minutes
            .flat_map(|minute| {
                let each = sources.iter().filter_map(|(at, scope)| Some((self.machines.get(*at)?, *scope)));
                let seen = each.filter(move |(machine, _)| !self.missing(machine, *measured, minute));
                seen.filter_map(move |(machine, scope)| machine.minute(*measured, minute, scope))
            })
            .collect();
        combine(*measured, &wanted.stat, &values)
    }

    /// Nobody has the datapoint of that minute.
    fn missing(&self, machine: &Machine, measured: Measured, at: i64) -> bool {
        let event = self.scenario.event_second();
        let mut gaps = self.scenario.gaps.iter().filter(|gap| machine.setup.is(&gap.service));
        gaps.any(|gap| {
            gap.at.is_none_or(|from| from.second(event) <= at)
                && gap.until.is_none_or(|until| at < until.second(event))
                && (gap.metrics.is_empty() || gap.metrics.iter().any(|metric| measured.is_of(*metric)))
                && machine.ids.under("gap").under(measured.word()).unit(at / MINUTE_S) * 100.0 < gap.percent
        })
    }

    /// The CPU of a database that services call: busy while it is down.
    fn dependency(&self, name: &str, at: i64) -> Option<f64> {
        let event = self.scenario.event_second();
        let outage = self.scenario.outages.iter().find(|outage| outage.name == name)?;
        let holds = outage.at.second(event) <= at && outage.until.is_none_or(|until| at < until.second(event));
        let wobble = Noise::new(self.scenario.seed, name).wobble(at / MINUTE_S);
        Some(if holds { 97.0 } else { 22.0 } + wobble * 2.0)
    }
}

impl Machine {
    /// Its dimensions for the metrics of this namespace, and what each set of
    /// them is about: one for each of its target groups.
    pub(crate) fn dimensions(&self, namespace: &str) -> Vec<(BTreeMap<String, String>, Scope)> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        if namespace == "AWS/ECS" {
            let Self { name, .. } = self;
            let own = [pair("ClusterName", &name.cluster), pair("ServiceName", &name.service)].into();
            return vec![(own, Scope::Whole)];
        }
        let of = |(side, group): (usize, &TargetGroup)| {
            let own = [pair("LoadBalancer", &group.load_balancer), pair("TargetGroup", &group.dimension)].into();
            (own, Scope::Group(side))
        };
        self.groups.iter().enumerate().map(of).collect()
    }

    /// What a metric of these dimensions counts of this service; `None`:
    /// nothing. A load balancer alone counts all services behind it, but never
    /// their hosts.
    fn emits(&self, measured: Measured, wanted: &BTreeMap<String, String>) -> Option<Scope> {
        let hosts = matches!(measured, Measured::Healthy | Measured::Unhealthy);
        if matches!(measured, Measured::Cpu | Measured::Memory) {
            let own = [("ClusterName", &self.name.cluster), ("ServiceName", &self.name.service)];
            let fits = wanted.len() == own.len() && own.iter().all(|(name, value)| wanted.get(*name) == Some(value));
            return fits.then_some(Scope::Whole);
        }
        // Nothing is allocated here: a fleet has thousands of services and alarms.
        let fits = |group: &TargetGroup| {
            let of = |(name, value): (&String, &String)| match name.as_str() {
                "LoadBalancer" => *value == group.load_balancer,
                "TargetGroup" => *value == group.dimension,
                _ => false,
            };
            !wanted.is_empty() && wanted.iter().all(of) && (!hosts || wanted.len() == 2)
        };
        let sides = self.groups.iter().enumerate();
        let mut fitting = sides.filter(|(_, group)| fits(group)).map(|(side, _)| Scope::Group(side));
        // Both of its target groups are behind that load balancer.
        match (fitting.next()?, fitting.next()) {
            (scope, None) => Some(scope),
            (_, Some(_)) => Some(Scope::Whole),
        }
    }

    /// The value of the minute that begins at `at`; `None`: not reported.
    pub(crate) fn minute(&self, measured: Measured, at: i64, scope: Scope) -> Option<f64> {
        // A change in the middle of a minute shows in part.
        let (early, late) = (self.instant(at + 15, scope), self.instant(at + 45, scope));
        let mean = |of: fn(&Instant) -> f64| f64::midpoint(of(&early), of(&late));
        let noise = self.setup.baseline.noise;
        let wobble = |key: &str| noise * self.ids.under(key).wobble(at / MINUTE_S);
        let requests = (mean(|it| it.requests) * (1.0 + 0.06 * wobble("requests"))).round();
        let serves = mean(|it| it.healthy) > 0.0;
        match measured {
            Measured::Requests => (requests > 0.0).then_some(requests),
            Measured::Errors => {
                let expected = requests * mean(|it| it.errors);
                // As far off as a count of independent failures is.
                let count = (expected + expected.sqrt() * 1.5 * wobble("errors")).round();
                (count > 0.0).then_some(count.min(requests))
            }
            Measured::Latency => (requests > 0.0).then(|| mean(|it| it.latency_s) * (1.0 + 0.1 * wobble("latency"))),
            Measured::Cpu => serves.then(|| (mean(|it| it.cpu) * (1.0 + 0.05 * wobble("cpu"))).clamp(0.1, 100.0)),
            Measured::Memory => serves.then(|| (mean(|it| it.memory) + wobble("memory")).clamp(0.1, 100.0)),
            Measured::Healthy => Some(early.healthy.min(late.healthy)),
            Measured::Unhealthy => Some(early.unhealthy.max(late.unhealthy)),
        }
    }
}

/// The statistic over minutes and services; `None` without any value.
fn combine(measured: Measured, stat: &str, values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let sum = values.iter().sum::<f64>();
    let mean = sum / values.len() as f64;
    let most = values.iter().copied().fold(f64::MIN, f64::max);
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    if matches!(measured, Measured::Requests | Measured::Errors) {
        // Each request is a sample of value one.
        return Some(if matches!(stat, "Sum" | "SampleCount") { sum } else { 1.0 });
    }
    // Of times of answers a minute shows the mean alone; CPU and memory are
    // samples themselves.
    let tail = |share: f64, factor: f64| {
        if measured == Measured::Latency { mean * factor } else { percentile(values, share) }
    };
    Some(match stat {
        "Sum" => sum,
        "SampleCount" => values.len() as f64,
        "Maximum" if measured == Measured::Latency => most * 6.0,
        "Maximum" => most,
        "Minimum" if measured == Measured::Latency => least * 0.2,
        "Minimum" => least,
        "p50" => tail(0.5, 0.8),
        "p90" => tail(0.9, 2.0),
        "p95" => tail(0.95, 2.5),
        "p99" => tail(0.99, 4.0),
        _ => mean,
    })
}

/// The least value that is not below so large a share of them; there is one.
fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}
