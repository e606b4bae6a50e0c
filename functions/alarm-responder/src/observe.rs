//! What an answer is made from.

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmSignal, AlarmState, LiveAlarm};
use nightshift_core::fault::Sight;
use nightshift_core::ids::ServiceRef;
use nightshift_core::policy::Policy;
use nightshift_core::ports::Answer;
use nightshift_incident::scene::{Scene, Stack, Standing, observe_scene, observe_standing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::World;
use crate::mapping::service_of;
use crate::plan::{not_firing, not_ours_to_answer};

/// Everything an answer is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Observed {
    /// The signal.
    pub signal: AlarmSignal,
    /// The alarm as it is now.
    pub live: Sight<Option<LiveAlarm>>,
    /// The alarm whose metric shows the symptom: this one, or a composite's
    /// child.
    pub symptom: Option<LiveAlarm>,
    /// The service it watches; `None` if none was found or needed.
    pub service: Option<ServiceRef>,
    /// What is remembered of the service, for a return to OK.
    pub standing: Option<Sight<Standing>>,
    /// All about the service, for an ALARM.
    pub scene: Option<Scene>,
}

/// Looks at what the plan can use, and at nothing else.
///
/// # Errors
/// If it could not be found out which service the alarm watches.
pub async fn observe<W: World>(
    world: &W,
    signal: &AlarmSignal,
    stack: &Stack,
    policy: &Policy,
    now: Timestamp,
) -> Answer<Observed> {
    let nothing =
        |live| Observed { signal: signal.clone(), live, symptom: None, service: None, standing: None, scene: None };
    if not_ours_to_answer(signal).is_some() {
        return Ok(nothing(Sight::Seen(None)));
    }
    let live: Sight<Option<LiveAlarm>> = world.alarm(&signal.name).await.into();
    let found = live.seen().and_then(Option::as_ref);
    let (service, child) = service_of(world, signal, found, policy).await?;
    let symptom = child.or_else(|| found.cloned());
    let observed = Observed { symptom, service: service.clone(), ..nothing(live) };
    let Some(service) = service else { return Ok(observed) };
    if signal.state == AlarmState::Ok {
        let standing = observe_standing(world, &service, &signal.event, policy, now).await;
        return Ok(Observed { standing: Some(standing), ..observed });
    }
    if not_firing(&observed).is_some() {
        return Ok(observed);
    }
    let scene = observe_scene(world, &service, observed.symptom.as_ref(), &signal.event, (stack, policy), now).await;
    Ok(Observed { scene: Some(scene), ..observed })
}
