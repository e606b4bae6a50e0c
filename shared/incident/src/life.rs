//! The life of an incident: firing → acting → verifying → resolved or
//! escalated. Every function here is pure and leaves in the record all that is
//! still to be done.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmSignal, AlarmState, LiveAlarm};
use nightshift_core::cause::Diagnosis;
use nightshift_core::described::Described;
use nightshift_core::ids::{AlarmArn, EventId, IncidentId};
use nightshift_core::incident::{About, Incident, JoinedAlarm, Phase, ServiceRecord};
use nightshift_core::ledger::{Claim, Fleet, Versioned};
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::notice::NoticeKind;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::timer::Timer;
use nightshift_release::good::on_trial;

use crate::decide::{Verdict, known_service};
use crate::flapping::hold_down;
use crate::paging::{self, page};
use crate::scene::{Scene, Standing, not_looked_at};
use crate::spread::{spread, within};
use crate::{about, flapping, fleet, intent, severity, wording};

/// The circumstances of a decision.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// What was observed.
    pub scene: &'a Scene,
    /// What is remembered.
    pub standing: &'a Standing,
    /// The policy.
    pub policy: &'a Policy,
    /// The event that led here.
    pub event: &'a EventId,
    /// When.
    pub now: Timestamp,
}

impl Moment<'_> {
    /// The record as it stands, to be changed.
    pub fn record(&self) -> ServiceRecord {
        self.standing.record.value.clone()
    }

    /// A claim of this event that writes `record`.
    pub fn claim(&self, record: ServiceRecord, closed: Option<Incident>) -> Claim {
        claim(self.standing, self.event, record, closed, self.now)
    }

    /// The same, spending one remedy of the fleet's budget.
    pub fn claim_remedy(&self, record: ServiceRecord) -> Claim {
        let mut fleet: Versioned<Fleet> = self.standing.fleet.clone();
        let since = self.policy.guardrails.fleet_remedies_window.before(self.now);
        fleet.value.remedies.retain(|at| *at > since);
        fleet.value.remedies.push(self.now);
        Claim { fleet: Some(fleet), ..self.claim(record, None) }
    }
}

/// A claim of `event` that writes `record` over what `standing` knew.
pub fn claim(
    standing: &Standing,
    event: &EventId,
    record: ServiceRecord,
    closed: Option<Incident>,
    now: Timestamp,
) -> Claim {
    let expected = standing.record.version;
    Claim { event: Some(event.clone()), expected, record, fleet: None, releases: Vec::new(), closed, at: now }
}

/// Opens an incident for an alarm, decided by `verdict`. The symptom is the
/// alarm itself, or the child that tells more.
pub fn open(
    moment: Moment<'_>,
    signal: &AlarmSignal,
    (alarm, symptom): (Option<&LiveAlarm>, Option<&LiveAlarm>),
    diagnosis: &Diagnosis,
    verdict: &Verdict,
) -> ServiceRecord {
    let (_, found) = known_service(moment.scene);
    // Of the alarm, not of the clock: a retry opens the same incident.
    let incident = Incident {
        about: about::about(moment.scene, found, (alarm, symptom), signal),
        diagnosis: Some(diagnosis.clone()),
        suspect: diagnosis.suspect.clone(),
        ..incident(moment, signal.at, alarm, verdict)
    };
    let mut record = moment.record();
    trouble_release(&mut record, &incident.id, moment.policy, moment.now);
    record.incident = Some(incident);
    let began_to_flap = fired(&mut record, signal, moment.policy, moment.now);
    rule(&mut record, moment, verdict, NoticeKind::Opened);
    if began_to_flap {
        wording::add_flapping(&mut record, moment.policy.alarms.flapping_window);
    }
    record
}

/// An incident with nothing in it yet; `at` is when what opens it happened.
pub(crate) fn incident(moment: Moment<'_>, at: Timestamp, alarm: Option<&LiveAlarm>, verdict: &Verdict) -> Incident {
    let (service, found) = known_service(moment.scene);
    let felt = severity::felt_by_users(alarm);
    let (severity, severity_because) = match not_looked_at(&moment.scene.view) {
        true => (Severity::P2, "many services are ill at once, and nobody has looked at this one yet".to_owned()),
        false => severity::severity(found, felt),
    };
    let minute = at.strftime("%Y%m%d-%H%M").to_string();
    Incident {
        about: about::of_service(moment.scene, found),
        severity_because,
        felt,
        rated: found.is_some(),
        deadline: nightshift_diagnosis::deadline(&moment.scene.view, alarm, moment.policy, moment.now),
        ..of_nothing(IncidentId::of(service, &minute, moment.event), severity, verdict.mode, moment.now)
    }
}

/// The same of no service.
pub(crate) fn of_nothing(id: IncidentId, severity: Severity, mode: Mode, now: Timestamp) -> Incident {
    Incident {
        id,
        opened_at: now,
        about: About::default(),
        severity,
        severity_because: String::new(),
        mode,
        phase: Phase::Firing,
        alarms: BTreeMap::new(),
        diagnosis: None,
        suspect: None,
        intents: Vec::new(),
        refusal: None,
        raised: None,
        sequence: 0,
        pages: 0,
        checks: 0,
        deadline: now,
        timer: None,
        healthy_since: None,
        chronic: false,
        heard_at: now,
        trouble: None,
        closed_at: None,
        told_plainly: false,
        would: None,
        escalated_at: None,
        told_by: None,
        untold: 0,
        felt: false,
        rated: false,
    }
}

/// A release that is on trial when an incident opens did not run well, whoever
/// is to blame: it is not one to return to.
pub(crate) fn trouble_release(record: &mut ServiceRecord, incident: &IncidentId, policy: &Policy, now: Timestamp) {
    let newest = record.releases.first_mut();
    if let Some(newest) = newest.filter(|newest| on_trial(newest, policy.rollback.soak, now)) {
        newest.troubled = newest.troubled.take().or_else(|| Some(incident.clone()));
    }
}

/// Notes that an alarm of the service went to ALARM. Says whether the service
/// flaps by that and did not before.
fn fired(record: &mut ServiceRecord, signal: &AlarmSignal, policy: &Policy, now: Timestamp) -> bool {
    let began = flapping::note(record, &signal.arn, policy, now);
    let Some(incident) = record.incident.as_mut() else { return began };
    let joined = incident.alarms.entry(signal.arn.clone()).or_insert_with(|| JoinedAlarm {
        name: signal.name.clone(),
        state: AlarmState::Alarm,
        at: signal.at,
        times: 0,
        signal: Described::of(signal, None).signal,
    });
    joined.state = AlarmState::Alarm;
    joined.at = signal.at;
    joined.times += 1;
    incident.healthy_since = None;
    incident.heard_at = now;
    began
}

/// A further ALARM of an open incident. Says whether it is worth a notice: a
/// new alarm, or the one that makes it flapping. Where many services are hit at
/// once, that one of them has a further alarm is news to nobody: in a storm four of
/// five notices would say no more.
pub fn join(record: &mut ServiceRecord, moment: Moment<'_>, signal: &AlarmSignal) {
    let known = record.incident.as_ref().is_some_and(|incident| incident.alarms.contains_key(&signal.arn));
    let refusal = record.incident.as_ref().and_then(|incident| incident.refusal.as_ref());
    let many_are_told_of = moment.standing.fleet.value.incident.is_some();
    let one_of_many = many_are_told_of || matches!(refusal, Some(Refusal::FleetWide { .. }));
    let began_to_flap = fired(record, signal, moment.policy, moment.now);
    if one_of_many {
        return;
    }
    if !known {
        let says = format!("{} joined", signal.name);
        let words = wording::joined(record, says);
        wording::tell(record, NoticeKind::Updated, words, None, moment.now);
    } else if began_to_flap {
        let says = wording::flapping(record, moment.policy.alarms.flapping_window);
        let words = wording::joined(record, says);
        wording::tell(record, NoticeKind::Updated, words, None, moment.now);
    }
}

/// An open incident got worse while its remedy is under way or checked: P1 is
/// paged at once, and nothing is decided anew.
pub fn worse(record: &mut ServiceRecord, (severity, because): (Severity, String), policy: &Policy, now: Timestamp) {
    let Some(incident) = record.incident.as_mut() else { return };
    let says = format!("severity rose from {} to {severity}", incident.severity);
    incident.severity = severity;
    incident.severity_because = because;
    let pager = page(record, true, policy);
    let words = wording::joined(record, says);
    wording::tell(record, NoticeKind::Updated, words, pager, now);
}

/// Whoever takes up an open intent has the time that its first owner had.
pub fn renew_lease(record: &mut ServiceRecord, policy: &Policy, now: Timestamp) {
    let open = record.incident.as_mut().and_then(|incident| incident.intents.last_mut());
    if let Some(intent) = open.filter(|intent| intent.outcome.is_none()) {
        intent.lease_until = policy.guardrails.lease.after(now);
    }
}

/// Lets a verdict rule over the open incident: claims the remedy, or says why
/// there is none.
pub fn rule(record: &mut ServiceRecord, moment: Moment<'_>, verdict: &Verdict, kind: NoticeKind) {
    let Moment { policy, now, .. } = moment;
    if let Some(incident) = record.incident.as_mut() {
        // Somebody may have tagged the service since it opened; if it cannot be seen, as before.
        if !incident.rated || moment.scene.view.service.seen().is_some() {
            incident.mode = verdict.mode;
        }
        incident.told_by = None;
    }
    if let Some(remedy) = verdict.act() {
        intent::claim_intent(record, moment, remedy.clone());
        let words = wording::acting(record, remedy);
        let pager = page(record, true, policy);
        wording::tell(record, NoticeKind::Acting, words, pager, now);
    } else {
        let Some(incident) = record.incident.as_mut() else { return };
        incident.refusal.clone_from(&verdict.refusal);
        incident.phase = phase_without_remedy(verdict, incident.mode, policy);
        incident.would.clone_from(&verdict.remedy);
        if incident.phase == Phase::Escalated {
            incident.escalated_at = Some(now);
        }
        incident.told_by = fleet::tells_of(moment, incident);
        let words = wording::not_acting(record, verdict);
        let pager = page(record, false, policy);
        wording::tell(record, kind, words, pager, now);
        if paging::blind(verdict.refusal.as_ref()) {
            paging::tell_plainly(record, policy);
        }
    }
    let every = match record.incident.as_ref().filter(|incident| incident.told_by.is_some()) {
        // Nobody looked at it: its first check does.
        Some(incident) if !incident.rated => spread(policy.verify.every, &incident.id),
        Some(incident) => within(policy.verify.escalated_every, &incident.id),
        None => policy.verify.every,
    };
    next_check(record, every.after(now));
}

fn phase_without_remedy(verdict: &Verdict, mode: Mode, policy: &Policy) -> Phase {
    let asks = match &verdict.refusal {
        Some(Refusal::NotOptedIn { mode }) => *mode == Mode::Approve,
        Some(Refusal::ConfidenceTooLow { percent }) => *percent >= policy.confidence.ask_at,
        _ => false,
    };
    match mode {
        Mode::Observe => Phase::Firing,
        _ if asks && verdict.remedy.is_some() => Phase::AwaitingApproval,
        // It is decided again as soon as the alarm is old enough.
        _ if matches!(verdict.refusal, Some(Refusal::AlarmNewborn { .. })) => Phase::Firing,
        _ => Phase::Escalated,
    }
}

/// Sets the incident's next check; an earlier timer counts no more.
pub fn next_check(record: &mut ServiceRecord, at: Timestamp) {
    let service = record.service.clone();
    let Some(incident) = record.incident.as_mut() else { return };
    incident.checks += 1;
    incident.timer = Some(Timer::verify(&service, &incident.id, incident.checks, at));
}

/// An alarm of the incident went back to OK: look whether it is over, soon.
pub fn cleared(record: &mut ServiceRecord, alarm: &AlarmArn, at: Timestamp, policy: &Policy, now: Timestamp) {
    let hold = hold_down(record, policy, now);
    let Some(incident) = record.incident.as_mut() else { return };
    if let Some(joined) = incident.alarms.get_mut(alarm) {
        joined.state = AlarmState::Ok;
        joined.at = at;
    }
    incident.heard_at = now;
    // A remedy under way has its own timer.
    if incident.all_ok() && incident.open_intent().is_none() {
        let mut hold = hold;
        if incident.told_by.is_some() {
            // One of many: a single look at the end of the hold-down is enough.
            incident.healthy_since = Some(now);
            hold = spread(hold, &incident.id);
        }
        next_check(record, hold.after(now));
    }
}
