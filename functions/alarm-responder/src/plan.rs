//! What to answer: pure rules over what was observed.

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmSignal, AlarmState, LiveAlarm, TARGET_TRACKING_PREFIX};
use nightshift_core::described::Described;
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::ledger::Silent;
use nightshift_core::notice::plain::subject;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_incident::answer::{answer, replay};
use nightshift_incident::decide::{mode, unseen};
use nightshift_incident::fleet;
use nightshift_incident::life::{self, Moment};
use nightshift_incident::plan::{Decision, PlainPage, Plan};
use nightshift_incident::scene::{Scene, Standing, not_looked_at};
use nightshift_incident::severity::hushed;
use nightshift_incident::stack::Home;

use crate::observe::Observed;
use crate::unmapped::{message, unfound, worth_a_message};

/// Decides what to do about the signal.
pub fn plan(observed: &Observed, policy: &Policy, now: Timestamp) -> Plan {
    if let Some(plan) = many_at_once(observed, policy, now) {
        return plan;
    }
    if let Some(refusal) = worth_a_message(observed) {
        return told(observed, refusal, now);
    }
    if let Some(refusal) = not_ours_to_answer(&observed.signal, &observed.home).or_else(|| not_firing(observed)) {
        return silent(observed, refusal, now);
    }
    match (&observed.standing, &observed.scene) {
        (Some(Sight::Seen(standing)), _) => back_to_ok(observed, standing, policy, now),
        (Some(Sight::Unseen(fault)), _) => Plan::of(Decision::Blind { fault: fault.clone() }),
        (None, Some(scene)) => match &scene.standing {
            Sight::Seen(standing) => firing(observed, scene, standing, policy, now),
            Sight::Unseen(fault) => blind(observed, scene, fault, policy),
        },
        (None, None) => match unfound(observed) {
            Some(fault) if fault.transient() => Plan::of(Decision::Blind { fault: fault.clone() }),
            // A return to OK of what cannot be found: its incident is checked
            // by timers, too.
            Some(fault) => silent(observed, unseen(fault), now),
            None if observed.signal.state == AlarmState::Ok => silent(observed, Refusal::NoNews, now),
            None => silent(observed, Refusal::Unmapped, now),
        },
    }
}

/// Where many services are ill at once, that is told before anything is decided of this.
fn many_at_once(observed: &Observed, policy: &Policy, now: Timestamp) -> Option<Plan> {
    let scene = observed.scene.as_ref().filter(|_| !observed.many_told)?;
    let standing = scene.standing.seen().filter(|standing| !standing.seen)?;
    let service = scene.service.clone();
    let mode = match &standing.record.value.incident {
        Some(open) if not_looked_at(&scene.view) => open.mode,
        _ => mode(&scene.view.service, scene.default_mode),
    };
    let news = fleet::is_news(standing, (&observed.signal.event, &service), mode, policy, now);
    news.then(|| Plan::of(Decision::ManyAtOnce { service, mode }))
}

/// People are told once: an event that was counted has been told. Only two
/// deliveries at the very same moment may both tell, which is better than that
/// neither does.
fn told(observed: &Observed, refusal: Refusal, now: Timestamp) -> Plan {
    if observed.counted == Some(Sight::Seen(true)) {
        return Plan::of(Decision::Settled);
    }
    let plain = Some(message(observed, &refusal));
    let silent = Some(Silent { told: true, ..silence(observed, refusal.clone(), now) });
    Plan { plain, silent, ..Plan::of(Decision::Told { refusal }) }
}

fn firing(observed: &Observed, scene: &Scene, standing: &Standing, policy: &Policy, now: Timestamp) -> Plan {
    let signal = &observed.signal;
    let moment = Moment { scene, standing, policy, event: &signal.event, now };
    if standing.seen {
        return replay(standing, Some(scene), policy, now);
    }
    answer(moment, signal, &observed.live, observed.symptom.as_ref())
}

/// What the signal alone rules out, before anything is looked at: an alarm of
/// another account may have a namesake in this one.
pub fn not_ours_to_answer(signal: &AlarmSignal, home: &Home) -> Option<Refusal> {
    if signal.name.starts_with(TARGET_TRACKING_PREFIX) {
        return Some(Refusal::TargetTracking);
    }
    if signal.state == AlarmState::InsufficientData {
        return Some(Refusal::NoNews);
    }
    if let Some(by) = signal.suppressed_by.clone() {
        return Some(Refusal::ActionsSuppressed { by });
    }
    home.elsewhere(&signal.account, &signal.region).or_else(|| of_a_dependency(signal))
}

fn of_a_dependency(signal: &AlarmSignal) -> Option<Refusal> {
    let said = Described::of(signal, None);
    said.is_of_a_dependency().then_some(Refusal::OfADependency { of: said.dependency_of })
}

/// What the alarm as it is now rules out. An alarm that cannot be read is
/// taken at its word: people hear of it, and no remedy is taken.
pub fn not_firing(observed: &Observed) -> Option<Refusal> {
    if observed.signal.state != AlarmState::Alarm {
        return None;
    }
    let Sight::Seen(live) = &observed.live else { return None };
    let Some(LiveAlarm { state, actions_enabled, suppressed_by, .. }) = live else {
        return Some(Refusal::AlarmAlreadyClear);
    };
    if *state != AlarmState::Alarm {
        return Some(Refusal::AlarmAlreadyClear);
    }
    if !actions_enabled {
        return Some(Refusal::ActionsDisabled);
    }
    suppressed_by.clone().map(|by| Refusal::ActionsSuppressed { by })
}

fn silent(observed: &Observed, refusal: Refusal, now: Timestamp) -> Plan {
    Plan::silent(silence(observed, refusal, now))
}

/// The event as it is counted for the digest.
pub fn silence(observed: &Observed, refusal: Refusal, now: Timestamp) -> Silent {
    Silent {
        event: observed.signal.event.clone(),
        at: now,
        alarm: Some(observed.signal.arn.clone()),
        service: observed.service.seen().cloned().flatten(),
        refusal,
        told: false,
    }
}

/// An alarm of an open incident cleared: look whether it is over. Any other
/// return to OK is no news.
fn back_to_ok(observed: &Observed, standing: &Standing, policy: &Policy, now: Timestamp) -> Plan {
    let signal = &observed.signal;
    if standing.seen {
        return replay(standing, None, policy, now);
    }
    let joined = standing.record.value.incident.as_ref().and_then(|incident| incident.alarms.get(&signal.arn));
    match joined {
        // Older than what the incident knows: delivered late.
        Some(joined) if joined.at > signal.at => silent(observed, Refusal::AlarmStale { at: signal.at }, now),
        Some(_) => {
            let mut record = standing.record.value.clone();
            life::cleared(&mut record, &signal.arn, signal.at, policy, now);
            Plan::claiming(Decision::Cleared, life::claim(standing, &signal.event, record, None, now))
        }
        None => silent(observed, Refusal::NoNews, now),
    }
}

/// Without the ledger nothing may be done, and somebody must know.
fn blind(observed: &Observed, scene: &Scene, fault: &Fault, policy: &Policy) -> Plan {
    let quiet = hushed(mode(&scene.view.service, scene.default_mode), policy);
    let signal = &observed.signal;
    let plain = (signal.state == AlarmState::Alarm && !quiet).then(|| PlainPage {
        subject: subject(&format!("{} - {} - needs you: the ledger cannot be read", scene.service, signal.name)),
        text: format!(
            "Alarm {} of {} is in ALARM.\n{}\nNothing was done, because Nightshift cannot read its ledger: {fault}",
            signal.name, scene.service, signal.reason
        ),
    });
    Plan { plain, ..Plan::of(Decision::Blind { fault: fault.clone() }) }
}
