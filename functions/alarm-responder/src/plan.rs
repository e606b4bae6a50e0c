//! What to answer: pure rules over what was observed.

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmSignal, AlarmState, LiveAlarm, TARGET_TRACKING_PREFIX};
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::ledger::Silent;
use nightshift_core::mode::Mode;
use nightshift_core::notice::plain::subject;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_incident::answer::{answer, replay};
use nightshift_incident::decide::mode;
use nightshift_incident::life::{self, Moment};
use nightshift_incident::plan::{Decision, PlainPage, Plan};
use nightshift_incident::scene::{Scene, Standing};

use crate::observe::Observed;

/// Decides what to do about the signal.
pub fn plan(observed: &Observed, policy: &Policy, now: Timestamp) -> Plan {
    let signal = &observed.signal;
    if let Some(refusal) = not_ours_to_answer(signal).or_else(|| not_firing(observed)) {
        return silent(observed, refusal, now);
    }
    match (&observed.standing, &observed.scene) {
        (Some(Sight::Seen(standing)), _) => back_to_ok(observed, standing, policy, now),
        (Some(Sight::Unseen(fault)), _) => Plan::of(Decision::Blind { fault: fault.clone() }),
        (None, Some(scene)) => match &scene.standing {
            Sight::Seen(standing) => firing(observed, scene, standing, policy, now),
            Sight::Unseen(fault) => blind(observed, scene, fault, policy),
        },
        (None, None) => silent(observed, Refusal::Unmapped, now),
    }
}

fn firing(observed: &Observed, scene: &Scene, standing: &Standing, policy: &Policy, now: Timestamp) -> Plan {
    let signal = &observed.signal;
    let moment = Moment { scene, standing, policy, event: &signal.event, now };
    if standing.seen {
        return replay(standing, Some(scene), policy, now);
    }
    let live = observed.live.seen().and_then(Option::as_ref);
    answer(moment, signal, live, observed.symptom.as_ref())
}

/// What the signal alone rules out, before anything is looked at.
pub fn not_ours_to_answer(signal: &AlarmSignal) -> Option<Refusal> {
    if signal.name.starts_with(TARGET_TRACKING_PREFIX) {
        return Some(Refusal::TargetTracking);
    }
    if signal.state == AlarmState::InsufficientData {
        return Some(Refusal::NoNews);
    }
    let by = signal.suppressed_by.clone()?;
    Some(Refusal::ActionsSuppressed { by })
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
    Plan::silent(Silent {
        event: observed.signal.event.clone(),
        at: now,
        alarm: Some(observed.signal.arn.clone()),
        service: observed.service.clone(),
        refusal,
    })
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
    let observed_only =
        mode(&scene.view.service, scene.default_mode) == Mode::Observe && !policy.paging.observed_services;
    let signal = &observed.signal;
    let plain = (signal.state == AlarmState::Alarm && !observed_only).then(|| PlainPage {
        subject: subject(&format!("{} - {} - needs you: the ledger cannot be read", scene.service, signal.name)),
        text: format!(
            "Alarm {} of {} is in ALARM.\n{}\nNothing was done, because Nightshift cannot read its ledger: {fault}",
            signal.name, scene.service, signal.reason
        ),
    });
    Plan { plain, ..Plan::of(Decision::Blind { fault: fault.clone() }) }
}
