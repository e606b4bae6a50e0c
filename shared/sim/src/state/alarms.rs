//! Alarms: what they look at, and when they change their state.

use std::collections::BTreeMap;

use nightshift_core::alarm::{AlarmKind, AlarmState, LiveAlarm};
use nightshift_core::drill::DrillEvent;
use nightshift_core::ids::AlarmArn;
use nightshift_core::metric::MetricId;

use crate::account::Delivery;
use crate::scenario::{AlarmSetup, Comparison, Missing, Scenario, Watched};

use super::service::Machine;
use super::{State, event, moment};

/// An alarm and its state.
#[derive(Clone, Debug)]
pub(crate) struct Alarm {
    pub(crate) setup: AlarmSetup,
    pub(crate) arn: AlarmArn,
    pub(crate) kind: AlarmKind,
    /// For metric math: first the failed, then all requests.
    pub(crate) metrics: Vec<MetricId>,
    pub(crate) state: AlarmState,
    pub(crate) since: i64,
    pub(crate) reason: String,
    /// What holds its actions back, as CloudWatch names it.
    pub(crate) suppressed: Option<&'static str>,
    /// A composite's actions wait until then for its suppressor.
    waits_until: i64,
    /// Somebody set it, and it has not been evaluated since.
    by_hand: bool,
}

/// A new state with what it rests on.
pub(crate) struct Verdict {
    pub(crate) state: AlarmState,
    pub(crate) reason: String,
    /// `reasonData`, the document inside the string.
    pub(crate) basis: serde_json::Value,
}

impl Alarm {
    pub(crate) fn new(scenario: &Scenario, setup: &AlarmSetup, watched: Option<&Machine>) -> Self {
        let metrics = match (watched, setup.metric, &setup.outage) {
            (Some(machine), Some(metric), _) => watches(machine, metric, setup),
            (_, _, Some(outage)) => vec![MetricId {
                namespace: "AWS/RDS".into(),
                name: "CPUUtilization".into(),
                dimensions: BTreeMap::from([("DBInstanceIdentifier".to_owned(), outage.clone())]),
                stat: "Average".into(),
                period_s: period_s(setup),
            }],
            _ => Vec::new(),
        };
        let kind = match (setup.children.is_empty(), setup.metric) {
            (false, _) => AlarmKind::Composite,
            (_, Some(Watched::ErrorRatio)) => AlarmKind::Math,
            _ => AlarmKind::Metric,
        };
        Self {
            arn: AlarmArn::new(format!(
                "arn:aws:cloudwatch:{}:{}:alarm:{}",
                scenario.region, scenario.account, setup.name
            )),
            kind,
            metrics,
            state: AlarmState::Ok,
            since: setup.configured.second(scenario.event_second()),
            reason: "Unchecked: Initial alarm creation".into(),
            suppressed: None,
            waits_until: i64::MIN,
            by_hand: false,
            setup: setup.clone(),
        }
    }

    /// As `cloudwatch:DescribeAlarms` shows it.
    pub(crate) fn live(&self, event: i64, tags: bool) -> LiveAlarm {
        // A composite is evaluated whenever a child changes: it looks back on nothing.
        let looks_back = self.kind != AlarmKind::Composite;
        LiveAlarm {
            arn: self.arn.clone(),
            name: self.setup.name.clone(),
            kind: self.kind,
            state: self.state,
            since: Some(moment(self.since)),
            configured_at: Some(moment(self.setup.configured.second(event))),
            actions_enabled: self.setup.actions_enabled,
            suppressed_by: self.suppressed.map(Into::into),
            reason: Some(self.reason.clone()),
            description: self.setup.description.clone(),
            tags: if tags { self.setup.tags.clone() } else { BTreeMap::new() },
            metrics: self.metrics.clone(),
            children: self.setup.children.clone(),
            threshold: looks_back.then_some(self.setup.threshold),
            breaches_above: self.setup.comparison == Comparison::Above,
            period_s: if looks_back { period_s(&self.setup) } else { 0 },
            evaluation_periods: if looks_back { self.setup.evaluation_periods } else { 0 },
        }
    }
}

impl State {
    /// Looks at every alarm: metric alarms first, then what is made of them.
    pub(crate) fn evaluate(&mut self) {
        for composite in [false, true] {
            for index in 0..self.alarms.len() {
                if (self.alarms[index].kind == AlarmKind::Composite) != composite {
                    continue;
                }
                let held = self.held_back(index);
                let verdict = if composite { self.judge_children(index) } else { self.judge_metrics(index) };
                let alarm = &self.alarms[index];
                // The end of a suppression is news although the state stays.
                let released = alarm.suppressed.is_some() && held.is_none() && alarm.state == AlarmState::Alarm;
                if verdict.state != alarm.state || released {
                    self.change(index, verdict);
                } else {
                    self.alarms[index].suppressed = held;
                }
            }
        }
    }

    /// Somebody sets an alarm; the next evaluation takes it back, which for a composite
    /// is when a child changes. `false`: there is none.
    pub(crate) fn set_by_hand(&mut self, name: &str, state: AlarmState, reason: &str) -> bool {
        let Some(index) = self.places.alarm(name) else { return false };
        if self.alarms[index].state == state {
            // No change of state, and so no event.
            reason.clone_into(&mut self.alarms[index].reason);
        } else {
            let verdict = Verdict { state, reason: reason.to_owned(), basis: serde_json::Value::Null };
            self.change(index, verdict);
            self.alarms[index].by_hand = true;
        }
        true
    }

    /// An event of a drill reaches whom the rules wake: those on deployments.
    pub(crate) fn drilled(&mut self, drill: &DrillEvent) {
        let event = event::drill(&self.scenario, drill, self.now);
        self.queue(self.now, Delivery::Deployment { event, at: moment(self.now) });
    }

    /// ECS polls the alarms of deployments.
    pub(crate) fn tell_deployments(&mut self) {
        let firing = self.alarms.iter().filter(|alarm| alarm.state == AlarmState::Alarm);
        let firing: Vec<(String, i64)> = firing.map(|alarm| (alarm.setup.name.clone(), alarm.since)).collect();
        for machine in self.machines.iter_mut().filter(|machine| !machine.setup.deployment_alarms.is_empty()) {
            machine.hear(&firing, self.now);
        }
    }

    fn change(&mut self, index: usize, verdict: Verdict) {
        let now = self.now;
        let before = self.alarms[index].clone();
        let alarm = &mut self.alarms[index];
        (alarm.state, alarm.since) = (verdict.state, now);
        alarm.by_hand &= before.state == verdict.state;
        if before.state != verdict.state {
            alarm.waits_until = now + alarm.setup.suppressor_wait.as_seconds();
        }
        alarm.reason.clone_from(&verdict.reason);
        self.alarms[index].suppressed = self.held_back(index);
        if now >= self.start {
            let event = event::alarm_changed(&self.scenario, &before, &self.alarms[index], &verdict.basis, now);
            let heard = now + self.alarms[index].setup.delay.as_seconds();
            self.queue(heard, Delivery::Alarm { event, at: moment(heard) });
        }
    }

    /// What holds the alarm's actions back now.
    fn held_back(&self, index: usize) -> Option<&'static str> {
        let Alarm { setup, state, waits_until, .. } = &self.alarms[index];
        let by = setup.suppressor.as_ref()?;
        if self.alarms.iter().any(|alarm| alarm.setup.name == *by && alarm.state == AlarmState::Alarm) {
            return Some("Alarm");
        }
        (*state == AlarmState::Alarm && self.now < *waits_until).then_some("WaitPeriod")
    }

    fn judge_children(&self, index: usize) -> Verdict {
        let composite = &self.alarms[index];
        let names = &composite.setup.children;
        let changed = |alarm: &Alarm| names.contains(&alarm.setup.name) && alarm.since >= composite.since;
        if composite.by_hand && !self.alarms.iter().any(changed) {
            let (state, reason) = (composite.state, composite.reason.clone());
            return Verdict { state, reason, basis: serde_json::Value::Null };
        }
        let firing = |alarm: &&Alarm| names.contains(&alarm.setup.name) && alarm.state == AlarmState::Alarm;
        let triggering: Vec<&Alarm> = self.alarms.iter().filter(firing).collect();
        let state = if triggering.is_empty() { AlarmState::Ok } else { AlarmState::Alarm };
        let told =
            triggering.first().or(self.alarms.iter().find(|alarm| names.contains(&alarm.setup.name)).as_ref()).copied();
        let reason = told.map_or_else(String::new, |child| {
            let day = moment(child.since).strftime("%A %d %B, %Y %H:%M:%S UTC");
            format!("{} transitioned to {} at {day}", child.arn, event::state_text(child.state))
        });
        Verdict { state, reason, basis: event::children_basis(&triggering) }
    }

    fn judge_metrics(&self, index: usize) -> Verdict {
        let alarm = &self.alarms[index];
        let AlarmSetup { threshold, comparison, missing, evaluation_periods, datapoints_to_alarm, .. } = &alarm.setup;
        let period = i64::from(period_s(&alarm.setup));
        let end = self.now.div_euclid(period) * period;
        let looked_at = i64::from((*evaluation_periods).max(1));
        let points: Vec<(i64, Option<f64>)> = (1..=looked_at)
            .rev()
            .map(|back| end - back * period)
            .map(|at| (at, self.value(alarm, at, period)))
            .collect();
        let breaches = |value: Option<f64>| match (value, missing) {
            (Some(value), _) if *comparison == Comparison::Above => value > *threshold,
            (Some(value), _) => value < *threshold,
            (None, missing) => *missing == Missing::Breaching,
        };
        let breaching = points.iter().filter(|(_, value)| breaches(*value)).count();
        let needed = datapoints_to_alarm.unwrap_or(*evaluation_periods).max(1) as usize;
        let state = if breaching >= needed {
            AlarmState::Alarm
        } else if *missing == Missing::Missing && points.iter().all(|(_, value)| value.is_none()) {
            AlarmState::InsufficientData
        } else {
            AlarmState::Ok
        };
        event::verdict(alarm, state, &points, breaching, self.now)
    }

    /// The alarm's value for one period; metric math over whole per cents.
    fn value(&self, alarm: &Alarm, at: i64, period: i64) -> Option<f64> {
        let first = alarm.metrics.first().and_then(|metric| self.datapoint(metric, at, period));
        match alarm.metrics.get(1) {
            None => first,
            Some(all) => self.datapoint(all, at, period).map(|all| 100.0 * first.unwrap_or(0.0) / all),
        }
    }
}

/// Seconds of one of its datapoints.
fn period_s(setup: &AlarmSetup) -> u32 {
    u32::try_from(setup.period.as_seconds()).unwrap_or(60)
}

/// Where traffic is shifted from one target group to another, a metric that
/// counts requests is watched at the load balancer, which sees both.
fn dimensions(machine: &Machine, namespace: &str, metric: Watched) -> BTreeMap<String, String> {
    let all = machine.dimensions(namespace);
    let both = all.len() > 1 && metric != Watched::Unhealthy;
    let mut first = all.into_iter().map(|(dimensions, _)| dimensions).next().unwrap_or_default();
    first.retain(|name, _| !both || name != "TargetGroup");
    first
}

fn watches(machine: &Machine, metric: Watched, setup: &AlarmSetup) -> Vec<MetricId> {
    let id = |namespace: &str, name: &str, stat: &str| MetricId {
        namespace: namespace.into(),
        name: name.into(),
        dimensions: dimensions(machine, namespace, metric),
        stat: setup.stat.clone().unwrap_or_else(|| stat.into()),
        period_s: period_s(setup),
    };
    let balancer = |name: &str, stat: &str| id("AWS/ApplicationELB", name, stat);
    match metric {
        Watched::Errors => vec![balancer("HTTPCode_Target_5XX_Count", "Sum")],
        Watched::ErrorRatio => vec![balancer("HTTPCode_Target_5XX_Count", "Sum"), balancer("RequestCount", "Sum")],
        Watched::Latency => vec![balancer("TargetResponseTime", "Average")],
        Watched::Unhealthy => vec![balancer("UnHealthyHostCount", "Maximum")],
        Watched::Requests => vec![balancer("RequestCount", "Sum")],
        Watched::Cpu => vec![id("AWS/ECS", "CPUUtilization", "Average")],
        Watched::Memory => vec![id("AWS/ECS", "MemoryUtilization", "Average")],
    }
}

#[cfg(test)]
#[path = "alarms_tests.rs"]
mod tests;
