//! What a check is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::fault::Sight;
use nightshift_core::ids::EventId;
use nightshift_core::incident::Incident;
use nightshift_core::policy::Policy;
use nightshift_core::timer::{Purpose, Timer};
use nightshift_incident::scene::{Check, Scene, Standing, observe_check, observe_ledger, observe_switch, observe_with};
use nightshift_incident::stack::Stack;
use nightshift_incident::{again, fleet};
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
    let standing = observe_ledger(world, &timer.service, &event, policy, now).await;
    let check = standing.seen().map_or(Check::Whole, |standing| check(standing, policy, now));
    let incident = standing.seen().and_then(|standing| standing.record.value.incident.as_ref());
    let alarms = match &timer.purpose {
        Purpose::Reread { alarm } => [(alarm.name().to_owned(), world.alarm_of(alarm).await.into())].into(),
        _ if matches!(check, Check::Service | Check::Nothing) => BTreeMap::new(),
        _ => now_of(world, names(timer, incident)).await,
    };
    let check = match check {
        // Whether it is well cannot be known, and in a storm others are to be looked at.
        Check::OneOfMany if alarms.values().any(|alarm| alarm.fault().is_some()) => Check::Nothing,
        check => check,
    };
    let live: Vec<LiveAlarm> = alarms.values().filter_map(|alarm| alarm.seen()?.clone()).collect();
    let with = (stack, policy);
    let again = standing.seen().is_some_and(|standing| looks_again(timer, standing));
    if let Some(symptom) = again.then(|| again::symptom(&live)).flatten() {
        let known = async { Ok(Some(symptom.clone())) };
        let standing = observe_switch(world, standing.clone());
        let scene = observe_with(world, &timer.service, known, standing, with, now).await.0;
        return Observed { timer: timer.clone(), alarms, scene };
    }
    let scene = match timer.purpose {
        // It may need more tasks than it got.
        Purpose::Verify { .. } if incident.is_some_and(|incident| incident.raised.is_some()) => {
            let standing = observe_switch(world, standing).await;
            observe_check(world, &timer.service, (check, &live), standing, with, now).await
        }
        Purpose::Reread { .. } => {
            let (first, standing) = (live.first().cloned(), observe_switch(world, standing));
            observe_with(world, &timer.service, async { Ok(first) }, standing, with, now).await.0
        }
        _ => observe_check(world, &timer.service, (check, &live), standing, with, now).await,
    };
    Observed { timer: timer.clone(), alarms, scene }
}

/// The check looks at everything again, to decide.
fn looks_again(timer: &Timer, standing: &Standing) -> bool {
    let checked = |open: &&Incident| matches!(timer.purpose, Purpose::Verify { number, .. } if number == open.checks);
    standing.record.value.incident.as_ref().filter(checked).is_some_and(|open| again::is_due(open, standing))
}

impl Observed {
    /// The alarm whose symptom was weighed: by a second look, or now that it is of age. `None`:
    /// a check weighs nothing.
    pub fn weighed(&self) -> Option<&LiveAlarm> {
        let standing = self.scene.standing.seen().filter(|standing| !standing.seen)?;
        let alarms = || self.alarms.values().filter_map(|alarm| alarm.seen()?.as_ref());
        let weighs = matches!(self.timer.purpose, Purpose::Reread { .. }) || looks_again(&self.timer, standing);
        weighs.then(|| again::symptom(alarms())).flatten()
    }
}

/// What the check of the service's incident looks at.
fn check(standing: &Standing, policy: &Policy, now: Timestamp) -> Check {
    let Some(incident) = &standing.record.value.incident else { return Check::Whole };
    if incident.open_intent().is_some() || incident.raised.is_some() {
        return Check::Whole;
    }
    match incident.told_by.is_some() && !fleet::is_over_for(incident, standing) {
        false => Check::Health,
        true if incident.all_ok() => Check::OneOfMany,
        true if !incident.rated => Check::Service,
        // That it cleared may have come before that it rang, or not at all.
        true if policy.verify.escalated_every.after(incident.heard_at) <= now => Check::OneOfMany,
        true => Check::Nothing,
    }
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
