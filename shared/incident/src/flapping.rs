//! Whether the alarms of a service change so often that it is one state.

use jiff::Timestamp;
use nightshift_core::alarm::AlarmState;
use nightshift_core::ids::AlarmArn;
use nightshift_core::incident::ServiceRecord;
use nightshift_core::policy::Policy;
use nightshift_core::span::Span;

/// Notes that an alarm went to ALARM, if that is a change. Says whether the
/// service flaps by that and did not before.
pub fn note(record: &mut ServiceRecord, alarm: &AlarmArn, policy: &Policy, now: Timestamp) -> bool {
    let before = flapping(record, policy, now);
    let since = policy.alarms.flapping_window.before(now);
    record.flips.retain(|at| *at > since);
    if is_a_flip(record, alarm) {
        record.flips.push(now);
    }
    flapping(record, policy, now) && !before
}

/// Several alarms of one trouble are one change; an alarm that comes back, or
/// the next trouble, is another.
fn is_a_flip(record: &ServiceRecord, alarm: &AlarmArn) -> bool {
    let Some(incident) = &record.incident else { return true };
    match incident.alarms.get(alarm) {
        Some(joined) => joined.state != AlarmState::Alarm,
        None => incident.alarms.is_empty(),
    }
}

/// Whether the service's alarms change so often that it is one state.
pub fn flapping(record: &ServiceRecord, policy: &Policy, now: Timestamp) -> bool {
    let since = policy.alarms.flapping_window.before(now);
    let flips = record.flips.iter().filter(|at| **at > since).count();
    flips >= policy.alarms.flapping_flips as usize
}

/// How long all must look healthy: longer while alarms flap.
pub fn hold_down(record: &ServiceRecord, policy: &Policy, now: Timestamp) -> Span {
    if flapping(record, policy, now) { policy.alarms.flapping_window } else { policy.verify.hold_down }
}
