//! A night to diagnose, built from a quiet one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::cause::{Cause, Diagnosis};
use nightshift_core::fault::{Fault, FaultKind, Sight};
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{ServiceRef, TaskDefinitionArn};
use nightshift_core::metric::{Point, Series, Signal};
use nightshift_core::policy::Policy;
use nightshift_core::release::ServiceDeployment;
use nightshift_core::service::{ScalableTarget, Service, TargetHealth};
use nightshift_core::span::Span;
use nightshift_core::task::StoppedTask;
use nightshift_diagnosis::{Other, ServiceView, diagnose};

pub use crate::parts::*;

/// Minutes before the moment of the diagnosis.
pub type Ago = i64;

pub const BALANCER: &str = "app/main/50dc6c49";
pub const GROUP: &str = "targetgroup/web/943f017f";

/// 2026-11-20T02:15:00Z, the beginning of the minute of the diagnosis.
const MINUTE: Timestamp = Timestamp::constant(1795140900, 0);

pub fn now() -> Timestamp {
    Span::seconds(20).after(MINUTE)
}

pub fn ago(minutes: Ago) -> Timestamp {
    Span::minutes(minutes).before(MINUTE)
}

pub fn web() -> ServiceRef {
    ServiceRef::from_arn("arn:aws:ecs:eu-west-1:123456789012:service/prod/web").unwrap()
}

pub fn runs(revision: u32) -> TaskDefinitionArn {
    TaskDefinitionArn(format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:{revision}"))
}

/// One minute a point, oldest first, from a value per minute ago.
pub fn series(value: impl Fn(Ago) -> f64) -> Series {
    Series((1..180).rev().map(|minute| Point { at: ago(minute), value: value(minute) }).collect())
}

pub fn earlier(series: Series, by: Span) -> Series {
    Series(series.0.into_iter().map(|point| Point { at: by.before(point.at), ..point }).collect())
}

/// A value that steps at a minute.
pub fn step(before: f64, after: f64, at: Ago) -> impl Fn(Ago) -> f64 {
    move |minute| if minute <= at { after } else { before }
}

/// A night under test.
#[derive(Clone, Debug)]
pub struct Night {
    pub view: ServiceView,
    pub alarm: Option<LiveAlarm>,
    pub policy: Policy,
}

impl Night {
    /// web:43 was released 12 minutes ago after five days of web:42; nothing
    /// else is new, and nothing is wrong but an alarm on 5xx since 4 minutes.
    pub fn quiet() -> Self {
        let day = |signal: Series| earlier(signal, Span::hours(24));
        let week = |signal: Series| earlier(signal, Span::hours(168));
        let alarm = alarm("web-5xx", 4, errors());
        let flat = |value: f64| series(move |_| value);
        let metrics = BTreeMap::from([
            (Signal::Symptom, Series::default()),
            (Signal::SymptomYesterday, day(Series::default())),
            (Signal::SymptomLastWeek, week(Series::default())),
            (Signal::Requests, flat(600.0)),
            (Signal::RequestsYesterday, day(flat(600.0))),
            (Signal::RequestsLastWeek, week(flat(600.0))),
            (Signal::Cpu, flat(40.0)),
            (Signal::Memory, flat(50.0)),
        ]);
        let view = ServiceView {
            service: Sight::Seen(Some(live())),
            history: Sight::Seen(vec![release(43, 12, Some(8)), release(42, 7200, Some(7195))]),
            stopped: Sight::Seen(Vec::new()),
            metrics: Sight::Seen(metrics),
            firing: Sight::Seen(vec![alarm.clone()]),
            scaling: Sight::Seen(Some(ScalableTarget { min: 2, max: 10 })),
            targets: Sight::Seen(TargetHealth { healthy: 4, unhealthy: 0, draining: 0, deregistration_delay_s: 30 }),
            health_issues: Sight::Seen(Vec::new()),
            others: Sight::Seen(Vec::new()),
            traffic_shifts: Vec::new(),
        };
        Self { view, alarm: Some(alarm), policy: Policy::default() }
    }

    /// A quiet night in which 5xx began so many minutes ago.
    pub fn failing(since: Ago) -> Self {
        Self::quiet().signal(Signal::Symptom, series(step(0.0, 41.0, since)))
    }

    pub fn signal(mut self, signal: Signal, series: Series) -> Self {
        if let Sight::Seen(metrics) = &mut self.view.metrics {
            metrics.insert(signal, series);
        }
        self
    }

    pub fn without(mut self, signals: &[Signal]) -> Self {
        if let Sight::Seen(metrics) = &mut self.view.metrics {
            metrics.retain(|signal, _| !signals.contains(signal));
        }
        self
    }

    pub fn history(mut self, history: Vec<ServiceDeployment>) -> Self {
        self.view.history = Sight::Seen(history);
        self
    }

    pub fn stopped(mut self, tasks: Vec<StoppedTask>) -> Self {
        self.view.stopped = Sight::Seen(tasks);
        self
    }

    pub fn firing(mut self, others: Vec<LiveAlarm>) -> Self {
        let own = self.alarm.clone();
        self.view.firing = Sight::Seen(own.into_iter().chain(others).collect());
        self
    }

    pub fn issues(mut self, issues: Vec<HealthIssue>) -> Self {
        self.view.health_issues = Sight::Seen(issues);
        self
    }

    /// Other target groups, and since how many minutes each fails, if it does.
    pub fn others(mut self, others: &[(&str, Option<Ago>)]) -> Self {
        let other = |(name, since): &(&str, Option<Ago>)| Other {
            since: since.map(ago),
            clear: since.is_some(),
            after: if since.is_some() { 30.0 } else { 0.0 },
            ..well(name)
        };
        self.view.others = Sight::Seen(others.iter().map(other).collect());
        self
    }

    pub fn live(mut self, change: impl FnOnce(&mut Service)) -> Self {
        if let Sight::Seen(Some(service)) = &mut self.view.service {
            change(service);
        }
        self
    }

    /// Traffic that moved to another target group so many minutes ago.
    pub fn shifted(mut self, minutes: &[Ago]) -> Self {
        self.view.traffic_shifts = minutes.iter().copied().map(ago).collect();
        self
    }

    /// Twice the requests and busy tasks since then.
    pub fn busy(self, factor: f64, since: Ago) -> Self {
        self.signal(Signal::Requests, series(step(600.0, 600.0 * factor, since)))
            .signal(Signal::Cpu, series(step(40.0, 97.0, since)))
    }

    /// Hides one part of the view, by its place.
    pub fn hide(mut self, part: usize) -> Self {
        let fault = || Fault::new("ecs:DescribeServices", "prod/web", FaultKind::Denied, "AccessDenied");
        let view = &mut self.view;
        match part {
            0 => view.service = Sight::Unseen(fault()),
            1 => view.history = Sight::Unseen(fault()),
            2 => view.stopped = Sight::Unseen(fault()),
            3 => view.metrics = Sight::Unseen(fault()),
            4 => view.firing = Sight::Unseen(fault()),
            5 => view.scaling = Sight::Unseen(fault()),
            6 => view.targets = Sight::Unseen(fault()),
            7 => view.others = Sight::Unseen(fault()),
            _ => view.health_issues = Sight::Unseen(fault()),
        }
        self
    }

    pub fn diagnose(&self) -> Diagnosis {
        diagnose(&self.view, self.alarm.as_ref(), &self.policy, now())
    }
}

/// A target group that serves as ever.
pub fn well(name: &str) -> Other {
    Other {
        target_group: format!("targetgroup/{name}/1"),
        since: None,
        over: false,
        clear: false,
        before: 0.0,
        after: 0.0,
        requests_before: 60.0,
        requests_since: 60.0,
    }
}

/// Number of parts [`Night::hide`] can hide.
pub const PARTS: usize = 9;

/// The probability of one cause.
pub fn percent_of(diagnosis: &Diagnosis, cause: Cause) -> u8 {
    diagnosis.ranking.iter().find(|one| one.cause == cause).map_or(0, |one| one.percent)
}

/// Names of the evidence.
pub fn names(diagnosis: &Diagnosis) -> Vec<&str> {
    diagnosis.evidence.iter().map(|one| one.name.as_str()).collect()
}
