//! Alarms, outages of what services depend on, and issues of AWS itself.

use std::collections::BTreeMap;

use nightshift_core::span::Span;
use serde::Deserialize;

use super::Moment;

/// One CloudWatch alarm.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmSetup {
    /// Its name.
    pub name: String,
    /// The service it watches; none for a composite or an outage's alarm.
    #[serde(default)]
    pub service: Option<String>,
    /// The outage it watches, by that thing's own metric.
    #[serde(default)]
    pub outage: Option<String>,
    /// What it watches of the service.
    #[serde(default)]
    pub metric: Option<Watched>,
    /// Its statistic, where the metric's usual one is not meant: `p99`.
    #[serde(default)]
    pub stat: Option<String>,
    /// In the metric's own unit; `errors` counts answers, `latency` seconds.
    #[serde(default)]
    pub threshold: f64,
    /// On which side of the threshold it is a breach.
    #[serde(default)]
    pub comparison: Comparison,
    /// Length of one datapoint.
    #[serde(default = "period")]
    pub period: Span,
    /// Datapoints looked at.
    #[serde(default = "three")]
    pub evaluation_periods: u32,
    /// Of them so many must breach; unset: all.
    #[serde(default)]
    pub datapoints_to_alarm: Option<u32>,
    /// What a missing datapoint means.
    #[serde(default)]
    pub missing: Missing,
    /// Free text or JSON.
    #[serde(default)]
    pub description: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// A composite: ALARM as soon as one of these is.
    #[serde(default)]
    pub children: Vec<String>,
    /// A composite: while this one is in ALARM, its actions are held back.
    #[serde(default)]
    pub suppressor: Option<String>,
    /// A composite with a suppressor: so long after it went to ALARM its actions are
    /// held back in any case, to see whether the suppressor follows.
    #[serde(default = "super::moment::no_time")]
    pub suppressor_wait: Span,
    /// `false`: somebody switched its actions off.
    #[serde(default = "yes")]
    pub actions_enabled: bool,
    /// When it was created or last changed.
    #[serde(default = "long_ago")]
    pub configured: Moment,
    /// Its events reach others so much later than its state changed.
    #[serde(default = "super::moment::no_time")]
    pub delay: Span,
    /// So many of it, `NAME-0001` and so on; unset: it alone.
    #[serde(default)]
    pub count: Option<u32>,
}

impl AlarmSetup {
    /// The alarms that it stands for.
    pub fn each(&self) -> Vec<Self> {
        let alone = |name: String| Self { name, count: None, ..self.clone() };
        match self.count {
            None => vec![self.clone()],
            Some(count) => (1..=count).map(|number| alone(format!("{}-{number:04}", self.name))).collect(),
        }
    }
}

/// What an alarm watches of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watched {
    /// `HTTPCode_Target_5XX_Count`, Sum: answers per period.
    Errors,
    /// The same over `RequestCount`, by metric math: per cent.
    ErrorRatio,
    /// `TargetResponseTime`, Average: seconds.
    Latency,
    /// `CPUUtilization`, Average: per cent.
    Cpu,
    /// `MemoryUtilization`, Average: per cent.
    Memory,
    /// `UnHealthyHostCount`, Maximum: targets.
    Unhealthy,
    /// `RequestCount`, Sum: per period.
    Requests,
}

impl Watched {
    /// Whether the metric exists only for targets of a load balancer.
    pub fn of_the_load_balancer(self) -> bool {
        !matches!(self, Self::Cpu | Self::Memory)
    }
}

/// On which side of the threshold it is a breach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// Greater than it.
    #[default]
    Above,
    /// Less than it.
    Below,
}

/// What a missing datapoint means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// All is well.
    #[default]
    NotBreaching,
    /// It counts as a breach.
    Breaching,
    /// Nothing: without any datapoint the state is INSUFFICIENT_DATA.
    Missing,
}

/// Something that several services call, and when it was down.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// What it is: an RDS instance's identifier.
    pub name: String,
    /// From when.
    pub at: Moment,
    /// Until when; unset: it stays.
    #[serde(default)]
    pub until: Option<Moment>,
    /// The services that call it.
    pub services: Vec<String>,
    /// Of their requests, answered with 5XX on top of their own.
    #[serde(default)]
    pub errors_percent: f64,
    /// Times their usual time of an answer.
    #[serde(default = "one")]
    pub latency_factor: f64,
    /// It takes so long, evenly, to be whole.
    #[serde(default = "super::moment::no_time")]
    pub grows_over: Span,
    /// It comes back so often, and came before; unset: once.
    #[serde(default)]
    pub every: Option<Span>,
}

/// Datapoints that nobody has.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Of which service.
    pub service: String,
    /// Of which metrics; none: of all.
    #[serde(default)]
    pub metrics: Vec<Watched>,
    /// From when; unset: since ever.
    #[serde(default)]
    pub at: Option<Moment>,
    /// Until when; unset: for ever.
    #[serde(default)]
    pub until: Option<Moment>,
    /// So many of a hundred datapoints, by chance.
    #[serde(default = "all")]
    pub percent: f64,
}

/// An issue that AWS reports about itself.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthSetup {
    /// `ECS`, `FARGATE`, `ELASTICLOADBALANCING`, `EC2`, ….
    pub service: String,
    /// `AWS_ECS_OPERATIONAL_ISSUE`; unset: made from the service.
    #[serde(default)]
    pub code: Option<String>,
    /// From when. Before the clock starts: the ledger holds it already; later:
    /// an event tells of it.
    pub at: Moment,
    /// When AWS closed it.
    #[serde(default)]
    pub until: Option<Moment>,
}

fn period() -> Span {
    Span::minutes(1)
}

fn all() -> f64 {
    100.0
}

fn three() -> u32 {
    3
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}

fn long_ago() -> Moment {
    Moment::Offset(-30 * 86_400)
}
