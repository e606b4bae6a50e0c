//! What an answer is made from.

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmSignal, AlarmState, LiveAlarm};
use nightshift_core::fault::Sight;
use nightshift_core::ids::ServiceRef;
use nightshift_core::policy::Policy;
use nightshift_incident::scene::{Scene, Standing, observe_standing, observe_unless_braked};
use nightshift_incident::stack::{Home, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::World;
use crate::mapping::service_of;
use crate::plan::{not_firing, not_ours_to_answer, silence};
use crate::unmapped::worth_a_message;

/// Everything an answer is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Observed {
    /// The signal.
    pub signal: AlarmSignal,
    /// Where this stack is.
    pub home: Home,
    /// The alarm as it is now.
    pub live: Sight<Option<LiveAlarm>>,
    /// The alarm whose metric shows the symptom: this one, or a composite's
    /// child.
    pub symptom: Option<LiveAlarm>,
    /// The service it watches; `None` if none was found or needed.
    pub service: Sight<Option<ServiceRef>>,
    /// Whether the event was counted before, where people would be told of it
    /// by a plain message.
    pub counted: Option<Sight<bool>>,
    /// What is remembered of the service, for a return to OK.
    pub standing: Option<Sight<Standing>>,
    /// If many services are ill at once, that has been told.
    #[serde(default)]
    pub many_told: bool,
    /// All about the service, for an ALARM.
    pub scene: Option<Scene>,
}

/// Looks at what the plan can use, and at nothing else.
pub async fn observe<W: World>(
    world: &W,
    signal: &AlarmSignal,
    stack: &Stack,
    policy: &Policy,
    now: Timestamp,
) -> Observed {
    let mut observed = Observed {
        signal: signal.clone(),
        home: stack.home.clone(),
        live: Sight::Seen(None),
        symptom: None,
        service: Sight::Seen(None),
        counted: None,
        standing: None,
        many_told: false,
        scene: None,
    };
    if not_ours_to_answer(signal, &stack.home).is_none() {
        observed.live = world.alarm(&signal.name).await.into();
        let found = observed.live.seen().and_then(Option::as_ref);
        match service_of(world, signal, found, policy).await {
            Ok((service, child)) => {
                observed.symptom = child.or_else(|| found.cloned());
                observed.service = Sight::Seen(service);
            }
            Err(fault) => observed.service = Sight::Unseen(fault),
        }
    }
    if let Sight::Seen(Some(service)) = &observed.service {
        if signal.state == AlarmState::Ok {
            observed.standing = Some(observe_standing(world, service, &signal.event, policy, now).await);
        } else if not_firing(&observed).is_none() {
            let event = &signal.event;
            let symptom = observed.symptom.as_ref();
            observed.scene = Some(observe_unless_braked(world, service, symptom, event, (stack, policy), now).await);
        }
    } else if let Some(refusal) = worth_a_message(&observed) {
        observed.counted = Some(world.counted(&silence(&observed, refusal, now)).await.into());
    }
    observed
}
