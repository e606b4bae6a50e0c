//! What a check is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::fault::Sight;
use nightshift_core::ids::EventId;
use nightshift_core::incident::Incident;
use nightshift_core::policy::Policy;
use nightshift_core::timer::{Purpose, Timer};
use nightshift_incident::scene::{Scene, observe_scene, observe_standing};
use nightshift_incident::stack::Stack;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::World;

/// Everything a check is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Observed {
    /// The timer.
    pub timer: Timer,
    /// The joined alarms, or the one to be read again, by name, as they are now.
    pub alarms: BTreeMap<String, Sight<Option<LiveAlarm>>>,
    /// All about the service.
    pub scene: Scene,
}

/// A timer is one event, whatever number of times it is delivered.
pub fn event_of(timer: &Timer) -> EventId {
    EventId::new(timer.name.clone())
}

/// Looks at the service and at every alarm of its incident.
pub async fn observe<W: World>(world: &W, timer: &Timer, stack: &Stack, policy: &Policy, now: Timestamp) -> Observed {
    let event = event_of(timer);
    let standing = observe_standing(world, &timer.service, &event, policy, now).await;
    let incident = standing.seen().and_then(|standing| standing.record.value.incident.as_ref());
    let mut alarms: BTreeMap<String, Sight<Option<LiveAlarm>>> = BTreeMap::new();
    for name in names(timer, incident) {
        let alarm = world.alarm(&name).await.into();
        alarms.insert(name, alarm);
    }
    let symptom = alarms.values().find_map(|alarm| alarm.seen().and_then(Option::as_ref));
    let scene = observe_scene(world, &timer.service, symptom, &event, (stack, policy), now).await;
    Observed { timer: timer.clone(), alarms, scene }
}

fn names(timer: &Timer, incident: Option<&Incident>) -> Vec<String> {
    match &timer.purpose {
        Purpose::Watch { .. } | Purpose::Look { .. } | Purpose::SelfDrill { .. } => Vec::new(),
        Purpose::Reread { alarm } => vec![alarm.name().to_owned()],
        Purpose::Verify { .. } => {
            incident.into_iter().flat_map(|incident| incident.alarms.values()).map(|alarm| alarm.name.clone()).collect()
        }
    }
}
