//! Moments, between the SDK's type and ours.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// The moment, unless it lies beyond what a `Timestamp` can hold.
pub(crate) fn moment(time: Option<&DateTime>) -> Option<Timestamp> {
    let time = time?;
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

/// The moment as the SDK wants it.
#[cfg(feature = "alarms")]
pub(crate) fn date_time(at: Timestamp) -> DateTime {
    // Before 1970 the two count fractions in opposite directions; no metric is that old.
    DateTime::from_secs_and_nanos(at.as_second(), u32::try_from(at.subsec_nanosecond()).unwrap_or(0))
}
