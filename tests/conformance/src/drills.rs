//! What a drill sets and sends.

use nightshift_core::alarm::AlarmState;
use nightshift_core::drill::DrillEvent;
use nightshift_core::fault::FaultKind;
use nightshift_core::ports::{AlarmReads, AlarmWrites, DrillWrites};
use serde_json::json;

use crate::{Place, Verdict, fails, same, there};

/// Runs the suite on alarms set by hand. It leaves each as it was.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn set_by_hand<W: AlarmReads + AlarmWrites>(world: &W) -> Verdict {
    let name = "prod-checkout-cpu";
    for (state, reason) in
        [(AlarmState::Alarm, "a drill"), (AlarmState::Alarm, "again"), (AlarmState::Ok, "it is over")]
    {
        same("setting it", &world.set_alarm(name, state, reason).await, &Ok(()))?;
        let found = there(name, world.alarm(name).await)?;
        same("state and reason", &(found.state, found.reason.as_deref()), &(state, Some(reason)))?;
    }
    let nobody = world.set_alarm("conform-nobody", AlarmState::Alarm, "a drill").await;
    fails("an alarm that is not there", nobody, FaultKind::NotFound)
}

/// Runs the suite on events, and gives the one that must be on the bus now: no
/// port reads it. `prefix` keeps runs apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn events<W: DrillWrites>(world: &W, place: &Place, prefix: &str) -> Result<DrillEvent, String> {
    let event = DrillEvent {
        detail_type: "ECS Deployment State Change".into(),
        resources: vec![place.prod("checkout").arn()],
        detail: json!({"eventName": "SERVICE_DEPLOYMENT_FAILED", "deploymentId": prefix, "reason": "a drill \"ä\""}),
    };
    same("putting it", &world.put_drill(&event).await, &Ok(()))?;
    Ok(event)
}
