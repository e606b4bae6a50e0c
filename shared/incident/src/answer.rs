//! The answer to an alarm that is in ALARM, whichever function asks.

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmSignal, LiveAlarm};
use nightshift_core::cause::{Diagnosis, Suspect};
use nightshift_core::fault::Sight;
use nightshift_core::incident::{Incident, Phase, ServiceRecord};
use nightshift_core::ledger::Claim;
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::notice::NoticeKind;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::timer::Timer;

use crate::decide::{Trigger, Verdict, decide, known_service};
use crate::life::{self, Moment};
use crate::plan::{Decision, Plan};
use crate::resume::resume_intent;
use crate::scene::{Scene, Standing, looked_at_alone, not_looked_at};
use crate::{about, again, end, severity};

/// Answers an ALARM of a known service: opens an incident, or joins the open
/// one, and decides where there is something new to decide.
pub fn answer(
    moment: Moment<'_>,
    signal: &AlarmSignal,
    live: &Sight<Option<LiveAlarm>>,
    symptom: Option<&LiveAlarm>,
) -> Plan {
    let weigh = || nightshift_diagnosis::diagnose(&moment.scene.view, symptom, moment.policy, moment.now);
    answer_by(moment, signal, live, symptom, weigh)
}

/// The same, where the evidence adds up to what `weigh` says; it is not asked where nothing
/// was looked at.
pub fn answer_by(
    moment: Moment<'_>,
    signal: &AlarmSignal,
    live: &Sight<Option<LiveAlarm>>,
    symptom: Option<&LiveAlarm>,
    weigh: impl FnOnce() -> Diagnosis,
) -> Plan {
    let open = moment.standing.record.value.incident.as_ref();
    let goes_on = open.is_some_and(|open| !chronic(open, moment.policy, moment.now));
    if goes_on && not_looked_at(&moment.scene.view) {
        let mut record = moment.record();
        life::join(&mut record, moment, signal);
        if let Some(incident) = record.incident.as_mut() {
            incident.felt |= severity::felt_by_users(symptom);
        }
        return Plan::claiming(Decision::Joined, moment.claim(record, None));
    }
    answer_to(moment, signal, live, symptom, &weigh())
}

/// The same, where the evidence adds up to that.
pub fn answer_to(
    moment: Moment<'_>,
    signal: &AlarmSignal,
    live: &Sight<Option<LiveAlarm>>,
    symptom: Option<&LiveAlarm>,
    diagnosis: &Diagnosis,
) -> Plan {
    let Moment { scene, standing, policy, now, .. } = moment;
    let trigger = Trigger { alarm: live, at: signal.at, drill: signal.drill };
    match &standing.record.value.incident {
        Some(open) if !chronic(open, policy, now) => join(moment, open, signal, diagnosis, trigger),
        // A chronic incident makes room: what it tried counts no more, what it
        // raised is still to be lowered.
        _ => {
            let mut fresh = standing.clone();
            let old = end::retire(&mut fresh.record.value, policy, now);
            let moment = Moment { standing: &fresh, ..moment };
            let scene = Scene { standing: Sight::Seen(fresh.clone()), ..scene.clone() };
            let verdict = decide(&scene, diagnosis, trigger, policy, now);
            let alarm = live.seen().and_then(Option::as_ref);
            let mut record = life::open(moment, signal, (alarm, symptom), diagnosis, &verdict);
            if let (Some(incident), Some(old)) = (record.incident.as_mut(), &old) {
                incident.raised = old.raised;
            }
            ruled(moment, record, &verdict, signal, old)
        }
    }
}

/// An incident that has been silent for too long absorbs no more.
pub(crate) fn chronic(incident: &Incident, policy: &Policy, now: Timestamp) -> bool {
    policy.alarms.chronic_after.after(incident.heard_at) < now
}

fn join(
    moment: Moment<'_>,
    open: &Incident,
    signal: &AlarmSignal,
    diagnosis: &Diagnosis,
    trigger: Trigger<'_>,
) -> Plan {
    let Moment { scene, policy, now, .. } = moment;
    let (_, found) = known_service(scene);
    let mut record = moment.record();
    life::join(&mut record, moment, signal);
    if let Some(incident) = record.incident.as_mut() {
        let impact = about::impact(scene, found);
        match looked_at_alone(&scene.view) {
            // What was not asked for is as it was.
            true => incident.about.impact.extend(impact),
            false => incident.about.impact = impact,
        }
    }
    let alarm = trigger.alarm.seen().and_then(Option::as_ref);
    let felt = severity::felt_by_users(alarm);
    let (severity, because) = match found {
        // Its tags have not changed because one call failed.
        None if open.rated => (open.severity, open.severity_because.clone()),
        found => severity::severity(found, felt),
    };
    if let Some(incident) = record.incident.as_mut() {
        (incident.felt, incident.rated) = (incident.felt || felt, incident.rated || found.is_some());
    }
    let undecided = undecided(open, diagnosis, severity, now);
    if !undecided && severity < open.severity {
        life::worse(&mut record, (severity, because.clone()), policy, now);
    }
    if !undecided {
        return Plan::claiming(Decision::Joined, moment.claim(record, None));
    }
    if let Some(incident) = record.incident.as_mut() {
        if severity < incident.severity {
            (incident.severity, incident.severity_because) = (severity, because);
        }
        incident.diagnosis = Some(diagnosis.clone());
        incident.suspect.clone_from(&diagnosis.suspect);
    }
    let verdict = decide(scene, diagnosis, trigger, policy, now);
    // Whoever is asked is asked by a message of its own, and not by an edit.
    let asks = grown(open, now) && verdict.act().is_none() && verdict.mode != Mode::Observe;
    let kind = if asks { NoticeKind::Escalated } else { NoticeKind::Updated };
    life::rule(&mut record, moment, &verdict, kind);
    if grown(open, now) && severity >= open.severity {
        // The same alarm, read again: whoever was woken by it is not woken twice.
        again::say_so(&mut record, open);
    }
    ruled(moment, record, &verdict, signal, None)
}

/// Whether there is something new to decide in an open incident: it is worse
/// than it was, another release is suspected, or what held the decision back
/// has passed.
fn undecided(open: &Incident, diagnosis: &Diagnosis, severity: Severity, now: Timestamp) -> bool {
    if open.open_intent().is_some() || open.phase == Phase::Verifying {
        return false;
    }
    let worse = severity < open.severity;
    let suspected = |suspect: &Option<Suspect>| suspect.as_ref().map(|found| found.deployment.clone());
    let another = diagnosis.suspect.is_some() && suspected(&diagnosis.suspect) != suspected(&open.suspect);
    worse || another || grown(open, now)
}

/// The alarm was too new to be answered, and is old enough by now.
fn grown(open: &Incident, now: Timestamp) -> bool {
    matches!(open.refusal, Some(Refusal::AlarmNewborn { until }) if until <= now)
}

fn ruled(
    moment: Moment<'_>,
    record: ServiceRecord,
    verdict: &Verdict,
    signal: &AlarmSignal,
    closed: Option<Incident>,
) -> Plan {
    if let Some(remedy) = verdict.act() {
        let decision = Decision::Remedy { remedy: remedy.clone() };
        let claim = Claim { closed, ..moment.claim_remedy(record) };
        return Plan::claiming(decision, claim);
    }
    let refusal = verdict.refusal.clone().unwrap_or(Refusal::NoRemedyForCause);
    let mut timers = Vec::new();
    if let Refusal::AlarmNewborn { until } = &refusal {
        timers.push(Timer::reread(&moment.scene.service, &signal.arn, *until));
    }
    let decision = Decision::Refused { refusal, would: verdict.remedy.clone() };
    Plan { timers, ..Plan::claiming(decision, moment.claim(record, closed)) }
}

/// Brings to its end what an earlier delivery of the same event claimed. An
/// open intent is resumed only by whoever sees the service, under a lease that
/// is claimed anew, so that no two take it up at once.
pub fn replay(standing: &Standing, scene: Option<&Scene>, policy: &Policy, now: Timestamp) -> Plan {
    let record = &standing.record;
    let open = record.value.incident.as_ref().and_then(Incident::open_intent);
    if open.is_some_and(|intent| intent.lease_until > now) {
        return Plan::of(Decision::InProgress);
    }
    let resume = open.zip(scene).map(|(intent, scene)| resume_intent(intent, scene, policy, now));
    let decision = Decision::Resumed { resume };
    if resume.is_none() {
        return Plan { standing: Some(record.clone()), ..Plan::of(decision) };
    }
    let mut leased = record.value.clone();
    life::renew_lease(&mut leased, policy, now);
    let claim = Claim {
        event: None,
        expected: record.version,
        record: leased,
        fleet: None,
        releases: Vec::new(),
        closed: None,
        at: now,
    };
    Plan { resume, ..Plan::claiming(decision, claim) }
}
