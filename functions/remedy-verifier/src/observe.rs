//! What a check is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::fault::Sight;
use nightshift_core::ids::EventId;
use nightshift_core::incident::Incident;
use nightshift_core::policy::Policy;
use nightshift_core::timer::{Purpose, Timer};
use nightshift_incident::fleet;
use nightshift_incident::scene::{Scene, Standing, observe_check, observe_scene, observe_standing};
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
    let alarms = match &timer.purpose {
        Purpose::Reread { alarm } => [(alarm.name().to_owned(), world.alarm(alarm.name()).await.into())].into(),
        _ => now_of(world, names(timer, incident)).await,
    };
    let live: Vec<LiveAlarm> = alarms.values().filter_map(|alarm| alarm.seen()?.clone()).collect();
    let (with, first) = ((stack, policy), live.first());
    let scene = match timer.purpose {
        Purpose::Reread { .. } => observe_scene(world, &timer.service, first, &event, with, now).await,
        _ => {
            let alone =
                standing.seen().zip(incident).is_some_and(|(standing, incident)| one_of_many(standing, incident));
            observe_check(world, &timer.service, (&live, alone), &event, with, now).await
        }
    };
    Observed { timer: timer.clone(), alarms, scene }
}

/// The fleet's incident tells of it, and there is nothing to bring to its end.
fn one_of_many(standing: &Standing, incident: &Incident) -> bool {
    incident.told_by.is_some() && !fleet::is_over_for(incident, standing) && incident.open_intent().is_none()
}

/// The alarms of that name as they are now, all in one call.
async fn now_of<W: World>(world: &W, names: Vec<String>) -> BTreeMap<String, Sight<Option<LiveAlarm>>> {
    let found = world.alarms_named(&names).await;
    let sight = |name: &String| match &found {
        Ok(found) => Sight::Seen(found.iter().find(|alarm| alarm.name == *name).cloned()),
        Err(fault) => Sight::Unseen(fault.clone()),
    };
    names.iter().map(|name| (name.clone(), sight(name))).collect()
}

fn names(timer: &Timer, incident: Option<&Incident>) -> Vec<String> {
    match &timer.purpose {
        Purpose::Watch { .. } | Purpose::Look { .. } | Purpose::Fleet { .. } => Vec::new(),
        Purpose::Reread { .. } | Purpose::SelfDrill { .. } => Vec::new(),
        Purpose::Verify { .. } => {
            incident.into_iter().flat_map(|incident| incident.alarms.values()).map(|alarm| alarm.name.clone()).collect()
        }
    }
}
