//! Whether an incident is over: pure rules over what was observed.

mod reread;

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmState, LiveAlarm};
use nightshift_core::cause::Diagnosis;
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::ids::{IncidentId, fingerprint};
use nightshift_core::incident::{Incident, Intent, JoinedAlarm, Phase, ServiceRecord};
use nightshift_core::mode::Mode;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::RemedyKind;
use nightshift_core::service::Service;
use nightshift_core::span::Span;
use nightshift_core::timer::{Purpose, Timer};
use nightshift_diagnosis::{Recovery, diagnose, recovery};
use nightshift_incident::answer::replay;
use nightshift_incident::flapping::hold_down;
use nightshift_incident::life::{self, Moment};
use nightshift_incident::plan::{Decision, Plan};
use nightshift_incident::rating::rate;
use nightshift_incident::resume::{resume, resume_intent};
use nightshift_incident::scene::{looked_at_alone, not_checked};
use nightshift_incident::spread::within;
use nightshift_incident::{about, again, more};
use nightshift_incident::{end, fleet, intent};

use self::reread::reread;
use crate::observe::{Observed, event_of};

/// Decides what the timer's check comes to.
pub fn plan(observed: &Observed, policy: &Policy, now: Timestamp) -> Plan {
    plan_by(observed, &|alarm| diagnose(&observed.scene.view, Some(alarm), policy, now), policy, now)
}

/// The evidence, once the alarm is known whose symptom it is.
type Weigh<'a> = &'a dyn Fn(&LiveAlarm) -> Diagnosis;

/// The same, where the evidence adds up to that.
pub fn plan_by(observed: &Observed, weigh: Weigh<'_>, policy: &Policy, now: Timestamp) -> Plan {
    let scene = &observed.scene;
    let standing = match &scene.standing {
        Sight::Seen(standing) => standing,
        Sight::Unseen(fault) => return blind(&observed.timer, fault, policy, now),
    };
    if standing.seen {
        return replay(standing, Some(scene), policy, now);
    }
    let event = event_of(&observed.timer);
    let moment = Moment { scene, standing, policy, event: &event, now };
    match &observed.timer.purpose {
        Purpose::Verify { incident, number } => verify(moment, (incident, *number), observed, weigh),
        // Those of other functions, and what is of no service.
        Purpose::Watch { .. } | Purpose::Look { .. } | Purpose::Fleet { .. } | Purpose::SelfDrill { .. } => {
            Plan::of(Decision::Settled)
        }
        Purpose::Reread { alarm } => match observed.alarms.values().find_map(Sight::fault) {
            Some(fault) => blind(&observed.timer, fault, policy, now),
            None => reread(moment, alarm, observed, weigh),
        },
    }
}

/// Nothing can be decided. Should every retry fail as well, a later timer goes
/// on: without one the incident would be left alone. It is named after this one
/// alone, so that every retry sets the same.
fn blind(timer: &Timer, fault: &Fault, policy: &Policy, now: Timestamp) -> Plan {
    let at = policy.verify.escalated_every.after(now);
    let name = format!("again-{}", fingerprint(&[&timer.name]));
    let again = Timer { name, at, ..timer.clone() };
    Plan { timers: vec![again], ..Plan::of(Decision::Blind { fault: fault.clone() }) }
}

/// Decides what the check of the fleet's incident comes to.
pub fn of_the_fleet(timer: &Timer, observed: &fleet::Observed, policy: &Policy, now: Timestamp) -> Plan {
    let plan = fleet::plan(observed, policy, now);
    match &plan.decision {
        Decision::Blind { fault } => blind(timer, fault, policy, now),
        _ => plan,
    }
}

fn verify(moment: Moment<'_>, (id, number): (&IncidentId, u32), observed: &Observed, weigh: Weigh<'_>) -> Plan {
    let mut record = moment.record();
    if let Some(incident) = record.incident.as_mut() {
        forget_deleted(incident, observed);
    }
    let alarms: Vec<&LiveAlarm> = observed.alarms.values().filter_map(|alarm| alarm.seen()?.as_ref()).collect();
    match &record.incident {
        // A later timer, or another incident, has taken over.
        Some(open) if open.id == *id && open.checks == number => {
            let open = open.clone();
            match open.open_intent() {
                Some(intent) => orphan(moment, record, intent),
                None => check(moment, record, open, &alarms, weigh),
            }
        }
        _ => Plan::of(Decision::Settled),
    }
}

/// An alarm that was deleted will never be OK; it is waited for no longer. One
/// that joined since the alarms were read stays.
fn forget_deleted(incident: &mut Incident, observed: &Observed) {
    incident.alarms.retain(|_, joined| still_there(&observed.alarms, joined));
}

fn still_there(read: &BTreeMap<String, Sight<Option<LiveAlarm>>>, joined: &JoinedAlarm) -> bool {
    !matches!(read.get(&joined.name), Some(Sight::Seen(None)))
}

/// A claimed remedy without an outcome: its owner is at work, or died.
fn orphan(moment: Moment<'_>, mut record: ServiceRecord, intent: &Intent) -> Plan {
    let Moment { policy, now, scene, .. } = moment;
    if intent.lease_until > now {
        life::next_check(&mut record, intent.lease_until);
        let waiting_for = vec!["whoever claimed the remedy".to_owned()];
        return Plan::claiming(Decision::CheckAgain { waiting_for }, moment.claim(record, None));
    }
    let found = resume_intent(intent, scene, policy, now);
    life::renew_lease(&mut record, policy, now);
    life::next_check(&mut record, policy.verify.every.after(now));
    let decision = Decision::Resumed { resume: Some(found) };
    Plan { resume: Some(found), ..Plan::claiming(decision, moment.claim(record, None)) }
}

fn check(
    moment: Moment<'_>,
    mut record: ServiceRecord,
    open: Incident,
    alarms: &[&LiveAlarm],
    weigh: Weigh<'_>,
) -> Plan {
    let Moment { scene, policy, now, .. } = moment;
    if not_checked(&scene.view) && !open.all_ok() {
        let open = rated(&mut record, moment, open);
        let joined = open.alarms.values().filter(|joined| joined.state == AlarmState::Alarm);
        let waiting_for =
            joined.map(|joined| format!("{}, which fired when it was heard of last", joined.name)).collect();
        return unhealthy(moment, record, &open, alarms, waiting_for);
    }
    let live: Vec<LiveAlarm> = alarms.iter().map(|alarm| (*alarm).clone()).collect();
    if is_gone(&scene.view.service) {
        return gone(moment, record, &open, alarms);
    }
    let found = recovery(&scene.view, &open, &live, policy, now);
    if let Some(incident) = record.incident.as_mut() {
        refresh(incident, alarms);
        let (_, service) = nightshift_incident::decide::known_service(scene);
        let impact = about::impact(scene, service);
        match looked_at_alone(&scene.view) {
            // What was not asked for is as it was.
            true => incident.about.impact.extend(impact),
            false => incident.about.impact = impact,
        }
    }
    match found {
        Recovery::Healed { because } => healthy(moment, record, &open, because),
        Recovery::NotYet { waiting_for, rollout_alone } => {
            let open = rated(&mut record, moment, open);
            let again = again::is_due(&open, moment.standing).then(|| again::symptom(alarms.iter().copied())).flatten();
            let decided = match again {
                Some(alarm) => again::look(moment, record.clone(), &open, (alarm, weigh(alarm))),
                None => more::more(moment, record.clone(), &open, alarms),
            };
            let waits_s = open.taken().filter(|_| rollout_alone).map_or(0, |intent| intent.waits_s);
            let open = Incident { deadline: Span::seconds(i64::from(waits_s)).after(open.deadline), ..open };
            decided.unwrap_or_else(|| unhealthy(moment, record, &open, alarms, waiting_for))
        }
    }
}

/// Who could not be looked at when the incident opened is, by the first check that can.
fn rated(record: &mut ServiceRecord, moment: Moment<'_>, open: Incident) -> Incident {
    if open.rated || moment.scene.view.service.seen().is_none() {
        return open;
    }
    rate(record, moment);
    record.incident.clone().unwrap_or(open)
}

/// ECS shows a service that was deleted as INACTIVE for a while, and then no more.
fn is_gone(service: &Sight<Option<Service>>) -> bool {
    service.seen().is_some_and(|found| found.as_ref().is_none_or(|service| service.status == "INACTIVE"))
}

/// ECS knows no such service. It was deleted, and all is over once its alarms
/// are silent; or an alarm names one that never was, and nothing heals by that.
fn gone(moment: Moment<'_>, mut record: ServiceRecord, open: &Incident, alarms: &[&LiveAlarm]) -> Plan {
    let service = &moment.scene.service;
    if let Some(incident) = record.incident.as_mut() {
        refresh(incident, alarms);
    }
    let joined = record.incident.iter().flat_map(|incident| incident.alarms.values());
    let firing: Vec<&str> =
        joined.filter(|joined| joined.state == AlarmState::Alarm).map(|joined| joined.name.as_str()).collect();
    if firing.is_empty() {
        let because = ["the service no longer exists, and none of its alarms fires".to_owned()];
        let closed = end::resolve(&mut record, &because, moment.now);
        return Plan::claiming(Decision::Resolved, moment.claim(record, closed));
    }
    let waiting_for = vec![format!("ECS knows no service {service}, and {} is in ALARM", firing.join(", "))];
    unhealthy(moment, record, open, alarms, waiting_for)
}

/// What the alarms are now counts more than what was last heard of them.
fn refresh(incident: &mut Incident, alarms: &[&LiveAlarm]) {
    for alarm in alarms {
        if let Some(joined) = incident.alarms.get_mut(&alarm.arn) {
            joined.state = alarm.state;
        }
    }
}

/// All looks healthy: over, if it has for long enough.
fn healthy(moment: Moment<'_>, mut record: ServiceRecord, open: &Incident, because: Vec<String>) -> Plan {
    let Moment { policy, now, .. } = moment;
    let since = open.healthy_since.unwrap_or(now);
    let until = hold_down(&record, policy, now).after(since);
    if until > now {
        if let Some(incident) = record.incident.as_mut() {
            incident.healthy_since = Some(since);
        }
        life::next_check(&mut record, until);
        let waiting_for = vec![format!("the hold-down until {}", until.strftime("%H:%M:%S UTC"))];
        return Plan::claiming(Decision::CheckAgain { waiting_for }, moment.claim(record, None));
    }
    if open.raised.is_some() {
        return restore(moment, record);
    }
    let closed = end::resolve(&mut record, &because, now);
    Plan::claiming(Decision::Resolved, moment.claim(record, closed))
}

/// Lowers a raised minimum again; what comes of it ends the incident.
fn restore(moment: Moment<'_>, mut record: ServiceRecord) -> Plan {
    intent::claim_restore(&mut record, moment);
    life::next_check(&mut record, moment.policy.verify.every.after(moment.now));
    let intent = record.incident.as_ref().and_then(|incident| incident.intents.last());
    // Somebody may have set another minimum since: that one is theirs.
    let found = intent.map(|intent| resume(&intent.remedy, &moment.scene.view));
    let decision = intent.map_or(Decision::Settled, |intent| Decision::Remedy { remedy: intent.remedy.clone() });
    Plan { resume: found, ..Plan::claiming(decision, moment.claim(record, None)) }
}

/// Not healthy: look again, or hand it to a person once the time is up.
fn unhealthy(
    moment: Moment<'_>,
    mut record: ServiceRecord,
    open: &Incident,
    alarms: &[&LiveAlarm],
    waiting_for: Vec<String>,
) -> Plan {
    let Moment { policy, now, .. } = moment;
    if let Some(incident) = record.incident.as_mut() {
        incident.healthy_since = None;
    }
    let eased = eased(moment, open, alarms);
    let spent = open.checks >= policy.verify.most_checks;
    if spent && eased {
        return restore(moment, record);
    }
    let due = now >= open.deadline && open.mode != Mode::Observe && !eased;
    let by_us = matches!(open.phase, Phase::Acting | Phase::Verifying | Phase::Firing);
    if due && by_us && !silenced(open, alarms) {
        end::escalate(&mut record, &waiting_for, policy, now);
        return Plan::claiming(Decision::Escalated, moment.claim(record, None));
    }
    // Once all its alarms are OK no event will come any more, and while a
    // remedy is checked somebody must look.
    let checked = matches!(open.phase, Phase::Acting | Phase::Verifying);
    if fleet::is_over_for(open, moment.standing) {
        end::tell_alone(&mut record, &waiting_for, policy, now);
        life::next_check(&mut record, policy.verify.escalated_every.after(now));
        return Plan::claiming(Decision::CheckAgain { waiting_for }, moment.claim(record, None));
    }
    // What only the fleet's incident tells of is looked at until that is over.
    if spent && !quiet(alarms) && !checked && open.told_by.is_none() {
        // From here on its alarms wake it; but one that somebody deletes says nothing.
        life::next_check(&mut record, policy.alarms.chronic_after.after(now));
        return Plan::claiming(Decision::CheckAgain { waiting_for }, moment.claim(record, None));
    }
    let told = record.incident.as_ref().is_some_and(|incident| incident.told_by.is_some() && incident.rated);
    let every = match now >= open.deadline {
        _ if told => within(policy.verify.escalated_every, &open.id),
        true => policy.verify.escalated_every,
        false => policy.verify.every,
    };
    life::next_check(&mut record, every.after(now));
    Plan::claiming(Decision::CheckAgain { waiting_for }, moment.claim(record, None))
}

/// Nothing was decided of an alarm that was too new, and by now somebody keeps it silent.
fn silenced(open: &Incident, alarms: &[&LiveAlarm]) -> bool {
    let new = matches!(open.refusal, Some(Refusal::AlarmNewborn { .. }));
    let fires = alarms.iter().any(|alarm| alarm.state == AlarmState::Alarm);
    new && fires && again::symptom(alarms.iter().copied()).is_none()
}

fn quiet(alarms: &[&LiveAlarm]) -> bool {
    alarms.iter().all(|alarm| alarm.state == AlarmState::Ok)
}

/// More tasks helped and the load is still there: nothing for a person to do.
fn eased(moment: Moment<'_>, open: &Incident, alarms: &[&LiveAlarm]) -> bool {
    let scaled = open.taken().is_some_and(|intent| intent.remedy.kind() == RemedyKind::ScaleOut);
    let service = moment.scene.view.service.seen().and_then(Option::as_ref);
    scaled && open.raised.is_some() && quiet(alarms) && service.is_some_and(Service::settled)
}

#[cfg(test)]
mod tests;
