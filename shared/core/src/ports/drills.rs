//! The ports of a drill that a person asks for: it rings an alarm, and tells what
//! only AWS could tell.

use std::future::Future;

use super::Answer;
use crate::alarm::AlarmState;
use crate::drill::DrillEvent;

/// Sets alarms by hand.
pub trait AlarmWrites: Sync {
    /// `cloudwatch:SetAlarmState`, metric or composite. CloudWatch takes a metric
    /// alarm back at its next evaluation, a composite only when a child changes.
    fn set_alarm(&self, name: &str, state: AlarmState, reason: &str) -> impl Future<Output = Answer<()>> + Send;
}

/// Puts a drill's events on the bus.
pub trait DrillWrites: Sync {
    /// `events:PutEvents` of source `nightshift.drill` to the account's default bus.
    fn put_drill(&self, event: &DrillEvent) -> impl Future<Output = Answer<()>> + Send;
}
