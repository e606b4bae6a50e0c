//! One-shot timers.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::ids::{AlarmArn, IncidentId};
use nightshift_core::ports::TimerWrites;
use nightshift_core::timer::Timer;

use crate::{Place, same};

/// AWS takes no longer name.
const LONGEST: usize = 64;

/// Runs the suite and gives the timers that must be set now, and no others:
/// no port reads them, so whoever runs it looks for himself. `prefix` keeps
/// runs apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn timers<W: TimerWrites>(world: &W, place: &Place, prefix: &str) -> Result<Vec<Timer>, String> {
    let checkout = place.prod("checkout");
    let incident = IncidentId::new(prefix);
    // Not to a whole second, which is the most that AWS is told.
    let at = place.now + SignedDuration::from_mins(90) + SignedDuration::from_millis(1);
    let alarm = AlarmArn::new(format!("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{prefix} \"quoted\" ä"));
    let first = Timer::verify(&checkout, &incident, 1, at);
    let second = Timer::verify(&checkout, &incident, 2, at);
    let reread = Timer::reread(&checkout, &alarm, at);
    let long = Timer { name: format!("{prefix}-{}", "x".repeat(LONGEST - 1 - prefix.len())), ..first.clone() };
    // Whoever carries out a claim again sets its timer again; a timer that is
    // set stays as it is.
    let again = Timer { at: later(at), ..first.clone() };
    for timer in [&first, &second, &reread, &long, &first, &again] {
        same(&timer.name, &world.set_timer(timer).await, &Ok(()))?;
    }
    Ok(vec![first, second, reread, long])
}

fn later(at: Timestamp) -> Timestamp {
    at + SignedDuration::from_hours(1)
}
