//! Carrying a drill out: ring, watch, set back.

use jiff::Timestamp;
use nightshift_core::alarm::AlarmState;
use nightshift_core::fault::Fault;
use nightshift_core::ports::{AlarmWrites, Answer, DrillWrites};
use nightshift_core::span::Span;

use super::DrillError;
use super::observe::{Reads, Watched, look};
use super::plan::{Plan, Step};
use super::progress::{Arrival, Progress};

/// After so long the alarm goes back even if nothing was heard of it; while CloudWatch
/// waits for the alarm's suppressor, that time does not run.
const RINGS_AT_MOST: Span = Span::minutes(2);
/// So often the alarm is tried to be set back.
const TRIES: u32 = 3;
const REASON: &str = "a drill (nightshift drill): nothing is wrong";
const OVER: &str = "the drill (nightshift drill) is over";

/// The ports of a drill.
pub trait World: Reads + AlarmWrites + DrillWrites {}

impl<W: Reads + AlarmWrites + DrillWrites> World for W {}

/// The clock and the waiting: a terminal's, or a simulated account's.
pub trait Pace {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Waits until the next look; `false`: the person at the terminal has had enough.
    fn pause(&self) -> impl Future<Output = bool>;
}

/// Carries the plan out, and calls `says` with each thing that arrives. Whatever
/// happens in between, the alarms are set back.
///
/// # Errors
/// If nothing could be set, or an alarm could not be set back.
pub async fn carry_out<'a, W: World>(
    world: &W,
    plan: &'a Plan,
    pace: &impl Pace,
    within: Span,
    mut says: impl FnMut(&Arrival),
) -> Result<Progress<'a>, DrillError> {
    let mut progress = Progress::new(plan, pace.now());
    let began = begin(world, plan, &mut progress, pace).await;
    progress.arrived().iter().for_each(&mut says);
    if began.is_ok() {
        watch(world, plan, pace, within, &mut progress, &mut says).await;
    }
    // Also those that were not set: what failed may have taken effect.
    let back = set_back(world, plan).await;
    began?;
    match back {
        Ok(()) => Ok(progress),
        Err((alarm, fault)) => Err(DrillError::LeftRinging { alarm, fault }),
    }
}

async fn begin<W: World>(world: &W, plan: &Plan, progress: &mut Progress<'_>, pace: &impl Pace) -> Answer<()> {
    if let Some(dependency) = &plan.dependency {
        world.set_alarm(dependency, AlarmState::Alarm, REASON).await?;
        progress.did(None, format!("{dependency} set to ALARM: what {} depends on", plan.service), pace.now());
    }
    world.set_alarm(&plan.alarm, AlarmState::Alarm, REASON).await?;
    progress.did(Some(Step::AlarmSet), format!("{} set to ALARM", plan.alarm), pace.now());
    if let Some(event) = &plan.event {
        world.put_drill(event).await?;
        progress.did(None, format!("{:?} put on the bus, for deployment-guard", event.detail_type), pace.now());
    }
    Ok(())
}

async fn watch<W: World>(
    world: &W,
    plan: &Plan,
    pace: &impl Pace,
    within: Span,
    progress: &mut Progress<'_>,
    says: &mut impl FnMut(&Arrival),
) {
    let end = within.after(progress.started());
    let mut rings = true;
    while !progress.over() && pace.now() < end {
        let now = pace.now();
        let known = progress.arrived().len();
        let incident = progress.incident().cloned();
        let watched =
            Watched { alarm: &plan.alarm, arn: &plan.arn, since: progress.started(), incident: incident.as_ref() };
        match look(world, &plan.service, &watched, now).await {
            Ok(seen) => progress.learn(&seen, now),
            // The next look may see it.
            Err(fault) if fault.transient() => {}
            Err(fault) => {
                progress.did(None, format!("{fault}: the rest cannot be watched"), now);
                progress.arrived()[known..].iter().for_each(&mut *says);
                return;
            }
        }
        if rings && (progress.settled() || now >= RINGS_AT_MOST.after(progress.rings_since())) {
            rings = false;
            // An error here is met again at the end, and told then.
            if set_back(world, plan).await.is_ok() {
                progress.did(None, "set back to OK".into(), pace.now());
            }
        }
        progress.arrived()[known..].iter().for_each(&mut *says);
        if !progress.over() && !pace.pause().await {
            return;
        }
    }
}

/// Sets the alarms to OK; what they really are they find at their next evaluation.
async fn set_back<W: AlarmWrites>(world: &W, plan: &Plan) -> Result<(), (String, Fault)> {
    for alarm in [Some(&plan.alarm), plan.dependency.as_ref()].into_iter().flatten() {
        let mut tried = world.set_alarm(alarm, AlarmState::Ok, OVER).await;
        for _ in 1..TRIES {
            if tried.is_ok() {
                break;
            }
            tried = world.set_alarm(alarm, AlarmState::Ok, OVER).await;
        }
        tried.map_err(|fault| (alarm.clone(), fault))?;
    }
    Ok(())
}
