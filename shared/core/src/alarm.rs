//! What an alarm says, however it arrived, and what it is right now.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AlarmArn, EventId};
use crate::metric::MetricId;

/// A CloudWatch alarm's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// The condition does not hold.
    Ok,
    /// The condition holds.
    Alarm,
    /// There are too few datapoints to tell.
    InsufficientData,
}

/// By which way a signal came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    /// `CloudWatch Alarm State Change` on the default bus.
    EventBridge,
    /// The alarm's own message to an SNS topic.
    Sns,
    /// The alarm's Lambda action.
    Direct,
    /// A timer of ours that read the alarm again.
    Timer,
}

impl Door {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::EventBridge, Self::Sns, Self::Direct, Self::Timer];
}

/// Which kind of alarm it is; what can be known from its event differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// One metric against a threshold.
    Metric,
    /// A metric-math expression.
    Math,
    /// An anomaly-detection band.
    AnomalyBand,
    /// Other alarms, joined by a rule.
    Composite,
}

/// One alarm's change of state, the same value for all doors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmSignal {
    /// Same alarm, same state, same moment: same event, by whichever door.
    pub event: EventId,
    /// By which way this delivery came.
    pub door: Door,
    /// The alarm.
    pub arn: AlarmArn,
    /// Its name.
    pub name: String,
    /// Account of the alarm.
    pub account: String,
    /// Region of the alarm.
    pub region: String,
    /// What kind of alarm.
    pub kind: AlarmKind,
    /// The state it went to.
    pub state: AlarmState,
    /// The state it came from, where told.
    pub previous: Option<AlarmState>,
    /// `state.actionsSuppressedBy`: a composite's suppressor holds it back.
    pub suppressed_by: Option<String>,
    /// The state before was suppressed: ALARM → ALARM is then news.
    pub was_suppressed: bool,
    /// When it changed.
    pub at: Timestamp,
    /// CloudWatch's reason, free text from outside.
    pub reason: String,
    /// The alarm's description, free text or JSON.
    pub description: Option<String>,
    /// The alarm's tags, where the event carries them.
    pub tags: BTreeMap<String, String>,
    /// The metrics it looks at; none for a composite.
    pub metrics: Vec<MetricId>,
    /// A composite's triggering children.
    pub children: Vec<AlarmArn>,
    /// From the stack's own drill: never acts but on the drill service.
    pub drill: bool,
}

impl AlarmSignal {
    /// The alarm as its event tells of it, for whoever does not read it again. When it was
    /// changed last nobody knows then.
    pub fn at_its_word(&self) -> LiveAlarm {
        LiveAlarm {
            arn: self.arn.clone(),
            name: self.name.clone(),
            kind: self.kind,
            state: self.state,
            since: Some(self.at),
            configured_at: None,
            actions_enabled: true,
            suppressed_by: self.suppressed_by.clone(),
            reason: Some(self.reason.clone()),
            description: self.description.clone(),
            tags: self.tags.clone(),
            metrics: self.metrics.clone(),
            children: self.children.iter().map(|child| child.name().to_owned()).collect(),
            threshold: None,
            breaches_above: true,
            period_s: MINUTE_S,
            evaluation_periods: 1,
        }
    }
}

/// Of an alarm whose period nobody knows.
const MINUTE_S: u32 = 60;

/// The alarm as `cloudwatch:DescribeAlarms` shows it now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LiveAlarm {
    /// The alarm.
    pub arn: AlarmArn,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: AlarmKind,
    /// Its state now.
    pub state: AlarmState,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When it was created or last changed.
    pub configured_at: Option<Timestamp>,
    /// `false`: somebody switched its actions off.
    pub actions_enabled: bool,
    /// `ActionsSuppressedBy` of a composite.
    pub suppressed_by: Option<String>,
    /// CloudWatch's reason.
    pub reason: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Its tags (`cloudwatch:ListTagsForResource`), where asked for.
    pub tags: BTreeMap<String, String>,
    /// The metrics it looks at.
    pub metrics: Vec<MetricId>,
    /// Names in a composite's rule.
    pub children: Vec<String>,
    /// The threshold, where there is a fixed one.
    pub threshold: Option<f64>,
    /// `true`: a breach is above the threshold; `false`: below it.
    pub breaches_above: bool,
    /// Seconds of one datapoint.
    pub period_s: u32,
    /// Datapoints looked at.
    pub evaluation_periods: u32,
}

/// So many alarms in ALARM tell that many are ill, and in whichever services; an account
/// in a storm has thousands, a hundred to a page.
pub const MOST_FIRING: usize = 300;

/// Alarms that Application Auto Scaling keeps for itself begin like this.
pub const TARGET_TRACKING_PREFIX: &str = "TargetTracking-";

/// The alarm's tag, or key of its JSON description, that asks for a message
/// although no service is known for it.
pub const NOTIFY_TAG: &str = "nightshift:notify";

impl LiveAlarm {
    /// How long the alarm looks back, in seconds.
    pub fn span_s(&self) -> u32 {
        self.period_s.saturating_mul(self.evaluation_periods.max(1))
    }
}
