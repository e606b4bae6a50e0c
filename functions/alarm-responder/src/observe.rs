//! What an answer is made from.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmSignal, AlarmState, LiveAlarm};
use nightshift_core::fault::Sight;
use nightshift_core::ids::ServiceRef;
use nightshift_core::mode::Severity;
use nightshift_core::policy::Policy;
use nightshift_incident::decide::mode;
use nightshift_incident::scene::{
    Scene, Standing, observe_braked, observe_ledger, observe_standing, observe_switch, observe_with,
};
use nightshift_incident::severity::{felt_by_users, hushed, severity};
use nightshift_incident::stack::{Home, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::World;
use crate::mapping::{service_named, service_of};
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
    (policy, many): (&Policy, &Many),
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
    let with = (stack, policy);
    let mut ledger = None;
    if not_ours_to_answer(signal, &stack.home).is_none() {
        let named = service_named(signal);
        let scene = match (&named, signal.state) {
            (Some(named), AlarmState::Alarm) => first_look(world, &mut observed, named, (with, many), now).await,
            (named, _) => {
                ledger = remembered(world, signal, named.as_ref(), policy, now).await;
                if let Some((service, standing)) = ledger.take_if(|(_, standing)| joined(standing, signal)) {
                    return Observed { service: Sight::Seen(Some(service)), standing: Some(standing), ..observed };
                }
                observed.live = world.alarm_of(&signal.arn).await.into();
                None
            }
        };
        let found = observed.live.seen().and_then(Option::as_ref);
        match service_of(world, signal, found, policy).await {
            Ok((service, child)) => {
                observed.symptom = child.or_else(|| found.cloned());
                observed.service = Sight::Seen(service);
            }
            Err(fault) => observed.service = Sight::Unseen(fault),
        }
        let looked_at_it = observed.service.seen() == Some(&named);
        observed.scene = scene.filter(|_| looked_at_it && not_firing(&observed).is_none());
    }
    if let Sight::Seen(Some(service)) = &observed.service {
        let event = &signal.event;
        if signal.state == AlarmState::Ok {
            observed.standing = Some(match ledger.filter(|(of, _)| of == service) {
                Some((_, standing)) => standing,
                None => observe_ledger(world, service, event, policy, now).await,
            });
        } else if observed.scene.is_none() && not_firing(&observed).is_none() {
            let symptom = observed.symptom.clone();
            let felt = felt_by_users(symptom.as_ref());
            observed.scene = Some(match observe_braked(world, service, felt, event, with, now).await {
                Ok(scene) => scene,
                Err(ledger) => {
                    let standing = observe_switch(world, ledger);
                    observe_with(world, service, async { Ok(symptom) }, standing, with, now).await.0
                }
            });
        }
    } else if let Some(refusal) = worth_a_message(&observed) {
        observed.counted = Some(world.counted(&silence(&observed, refusal, now)).await.into());
    }
    observed
}

/// What is remembered of the service that a return to OK names.
async fn remembered<W: World>(
    world: &W,
    signal: &AlarmSignal,
    named: Option<&ServiceRef>,
    policy: &Policy,
    now: Timestamp,
) -> Option<(ServiceRef, Sight<Standing>)> {
    let named = named.filter(|_| signal.state == AlarmState::Ok)?;
    Some((named.clone(), observe_ledger(world, named, &signal.event, policy, now).await))
}

/// The alarm is one of the service's incident: nobody has to be asked whose it is.
fn joined(standing: &Sight<Standing>, signal: &AlarmSignal) -> bool {
    let incident = standing.seen().and_then(|standing| standing.record.value.incident.as_ref());
    incident.is_some_and(|incident| incident.alarms.contains_key(&signal.arn))
}

/// Whether the fleet's incident was open when this environment looked last. Then the next
/// look is at the ledger first, and at little else if many are still ill. It decides how is
/// looked, never what is done.
#[derive(Debug, Default)]
pub struct Many(AtomicBool);

impl Many {
    /// It was opened by this environment itself.
    pub fn are_ill(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn ill(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn note(&self, scene: &Scene) {
        let open = scene.standing.seen().is_some_and(|standing| standing.fleet.value.incident.is_some());
        self.0.store(open, Ordering::Relaxed);
    }
}

/// Looks at the service that the signal names and at its alarm at the same time.
async fn first_look<W: World>(
    world: &W,
    observed: &mut Observed,
    service: &ServiceRef,
    ((stack, policy), many): ((&Stack, &Policy), &Many),
    now: Timestamp,
) -> Option<Scene> {
    let (signal, with) = (observed.signal.clone(), (stack, policy));
    let ledger = match many.ill() {
        true => match observe_braked(world, service, felt(&signal), &signal.event, with, now).await {
            Ok(scene) => {
                observed.live = alarm_of_one_of_many(world, &signal, &scene, policy).await;
                many.note(&scene);
                return Some(scene);
            }
            Err(ledger) => Some(ledger),
        },
        false => None,
    };
    let standing = async {
        match ledger {
            Some(ledger) => observe_switch(world, ledger).await,
            None => observe_standing(world, service, &signal.event, policy, now).await,
        }
    };
    let (scene, alarm) = observe_with(world, service, world.alarm_of(&signal.arn), standing, with, now).await;
    observed.live = alarm.into();
    many.note(&scene);
    Some(scene)
}

fn felt(signal: &AlarmSignal) -> bool {
    felt_by_users(Some(&signal.at_its_word()))
}

/// Where the fleet's incident tells of it, its alarm is taken at its word, unless that
/// would wake somebody.
async fn alarm_of_one_of_many<W: World>(
    world: &W,
    signal: &AlarmSignal,
    scene: &Scene,
    policy: &Policy,
) -> Sight<Option<LiveAlarm>> {
    let told = scene.standing.seen().is_some_and(|standing| standing.fleet.value.incident.is_some());
    let word = signal.at_its_word();
    let service = scene.view.service.seen().and_then(Option::as_ref);
    let mode = mode(&scene.view.service, scene.default_mode);
    let wakes = severity(service, felt(signal)).0 == Severity::P1 && !hushed(mode, policy);
    match told && !wakes {
        true => Sight::Seen(Some(word)),
        false => world.alarm_of(&signal.arn).await.into(),
    }
}
