//! Everything that is looked at about one service.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::health::HealthIssue;
use nightshift_core::metric::{Point, Series, Signal};
use nightshift_core::release::ServiceDeployment;
use nightshift_core::service::{ScalableTarget, Service, TargetHealth};
use nightshift_core::task::StoppedTask;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::others::Other;
use crate::trend;

/// One service as it looked at one moment. Each part was seen, or says by
/// which fault it was not: what could not be seen is part of the case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceView {
    /// The service itself; `None` if ECS has none of that name.
    pub service: Sight<Option<Service>>,
    /// Its service deployments, newest first.
    pub history: Sight<Vec<ServiceDeployment>>,
    /// Tasks that stopped in the last hour.
    pub stopped: Sight<Vec<StoppedTask>>,
    /// Three hours of metrics at one point a minute. A signal nobody reports
    /// is absent or empty.
    pub metrics: Sight<BTreeMap<Signal, Series>>,
    /// All alarms of the account and region that are in ALARM.
    pub firing: Sight<Vec<LiveAlarm>>,
    /// Its scaling bounds; `None` if it is not scaled.
    pub scaling: Sight<Option<ScalableTarget>>,
    /// What its load balancers think of its tasks; all zero without any.
    pub targets: Sight<TargetHealth>,
    /// Open AWS Health issues of the region.
    pub health_issues: Sight<Vec<HealthIssue>>,
    /// Other target groups, by the symptom's metric; none where that shows no failures
    /// of a target group.
    #[serde(default = "none")]
    pub others: Sight<Vec<Other>>,
    /// Where ECS shifts traffic: the minutes in which one of its target groups
    /// got a larger share of the requests, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traffic_shifts: Vec<Timestamp>,
}

/// An older case knows of none.
fn none() -> Sight<Vec<Other>> {
    Sight::Seen(Vec::new())
}

impl ServiceView {
    /// Nothing of it was seen, and this is why.
    pub fn unseen(fault: Fault) -> Self {
        Self {
            service: Sight::Unseen(fault.clone()),
            history: Sight::Unseen(fault.clone()),
            stopped: Sight::Unseen(fault.clone()),
            metrics: Sight::Unseen(fault.clone()),
            firing: Sight::Unseen(fault.clone()),
            scaling: Sight::Unseen(fault.clone()),
            targets: Sight::Unseen(fault.clone()),
            health_issues: Sight::Unseen(fault.clone()),
            others: Sight::Unseen(fault),
            traffic_shifts: Vec::new(),
        }
    }

    /// The service, if it was seen and exists.
    pub fn live_service(&self) -> Option<&Service> {
        self.service.seen().and_then(Option::as_ref)
    }

    /// One signal's datapoints; `None` if the metrics were not seen or nobody
    /// asked for this one.
    pub fn signal(&self, signal: Signal) -> Option<&Series> {
        self.metrics.seen().and_then(|metrics| metrics.get(&signal))
    }

    /// Its datapoints in order of time; none if there are none.
    pub(crate) fn points(&self, signal: Signal) -> Cow<'_, [Point]> {
        self.signal(signal).map(trend::in_order).unwrap_or_default()
    }
}
