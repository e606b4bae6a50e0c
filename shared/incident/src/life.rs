//! The life of an incident: firing → acting → verifying → resolved or
//! escalated. Every function here is pure and leaves in the record all that is
//! still to be done.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmSignal, AlarmState, LiveAlarm};
use nightshift_core::cause::Diagnosis;
use nightshift_core::ids::{AlarmArn, EventId, IncidentId, fingerprint};
use nightshift_core::incident::{Denied, Incident, Intent, JoinedAlarm, PastRemedy, Phase, ServiceRecord};
use nightshift_core::ledger::{Claim, Fleet, Versioned};
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::notice::{NoticeKind, Pager};
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::{Remedy, RemedyKind};
use nightshift_core::span::Span;
use nightshift_core::timer::Timer;

use crate::decide::{Verdict, known_service};
use crate::guardrails::BUDGET_WINDOW;
use crate::scene::{Scene, Standing};
use crate::{about, severity, target, wording};

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
    Claim { event: Some(event.clone()), expected, record, fleet: None, closed, at: now }
}

/// Opens an incident for an alarm, decided by `verdict`.
pub fn open(
    moment: Moment<'_>,
    signal: &AlarmSignal,
    alarm: Option<&LiveAlarm>,
    diagnosis: &Diagnosis,
    verdict: &Verdict,
) -> ServiceRecord {
    let (service, found) = known_service(moment.scene);
    let (severity, severity_because) = severity::severity(found, alarm);
    // Of the alarm, not of the clock: a retry opens the same incident.
    let minute = signal.at.strftime("%Y%m%d-%H%M").to_string();
    let incident = Incident {
        id: IncidentId::of(service, &minute, moment.event),
        opened_at: moment.now,
        about: about::about(moment.scene, found, alarm, signal),
        severity,
        severity_because,
        mode: verdict.mode,
        phase: Phase::Firing,
        alarms: BTreeMap::new(),
        diagnosis: Some(diagnosis.clone()),
        suspect: diagnosis.suspect.clone(),
        intents: Vec::new(),
        refusal: None,
        raised: None,
        sequence: 0,
        pages: 0,
        checks: 0,
        deadline: nightshift_diagnosis::deadline(&moment.scene.view, alarm, moment.policy, moment.now),
        timer: None,
        healthy_since: None,
        chronic: false,
        heard_at: moment.now,
    };
    let mut record = moment.record();
    record.incident = Some(incident);
    fired(&mut record, signal, moment.policy, moment.now);
    rule(&mut record, moment, verdict, NoticeKind::Opened);
    record
}

/// Notes that an alarm of the service went to ALARM.
fn fired(record: &mut ServiceRecord, signal: &AlarmSignal, policy: &Policy, now: Timestamp) {
    let since = policy.alarms.flapping_window.before(now);
    record.flips.retain(|at| *at > since);
    record.flips.push(now);
    let Some(incident) = record.incident.as_mut() else { return };
    let joined = incident.alarms.entry(signal.arn.clone()).or_insert_with(|| JoinedAlarm {
        name: signal.name.clone(),
        state: AlarmState::Alarm,
        at: signal.at,
        times: 0,
    });
    joined.state = AlarmState::Alarm;
    joined.at = signal.at;
    joined.times += 1;
    incident.healthy_since = None;
    incident.heard_at = now;
}

/// Whether the service's alarms change so often that it is one state.
pub fn flapping(record: &ServiceRecord, policy: &Policy, now: Timestamp) -> bool {
    let since = policy.alarms.flapping_window.before(now);
    let flips = record.flips.iter().filter(|at| **at > since).count();
    flips >= policy.alarms.flapping_flips as usize
}

/// How long all must look healthy: longer while alarms flap.
pub fn hold_down(record: &ServiceRecord, policy: &Policy, now: Timestamp) -> Span {
    if flapping(record, policy, now) { policy.alarms.flapping_window } else { policy.verify.hold_down }
}

/// A further ALARM of an open incident. Says whether it is worth a notice: a
/// new alarm, or the one that makes it flapping.
pub fn join(record: &mut ServiceRecord, moment: Moment<'_>, signal: &AlarmSignal) {
    let known = record.incident.as_ref().is_some_and(|incident| incident.alarms.contains_key(&signal.arn));
    let was_flapping = flapping(record, moment.policy, moment.now);
    fired(record, signal, moment.policy, moment.now);
    let is_flapping = flapping(record, moment.policy, moment.now);
    if !known {
        let says = format!("{} joined", signal.name);
        wording::tell(record, NoticeKind::Updated, wording::joined(says), None, moment.now);
    } else if is_flapping && !was_flapping {
        let says = format!("flapping: {} times in {}", record.flips.len(), moment.policy.alarms.flapping_window);
        wording::tell(record, NoticeKind::Updated, wording::joined(says), None, moment.now);
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
    wording::tell(record, NoticeKind::Updated, wording::joined(says), pager, now);
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
        // Somebody may have tagged the service since it opened.
        incident.mode = verdict.mode;
    }
    if let Some(remedy) = verdict.act() {
        claim_intent(record, moment, remedy.clone());
        let words = wording::acting(record, remedy);
        let pager = page(record, true, policy);
        wording::tell(record, NoticeKind::Acting, words, pager, now);
    } else {
        let Some(incident) = record.incident.as_mut() else { return };
        incident.refusal.clone_from(&verdict.refusal);
        incident.phase = phase_without_remedy(verdict, policy);
        let words = wording::not_acting(record, verdict);
        let pager = page(record, false, policy);
        wording::tell(record, kind, words, pager, now);
    }
    next_check(record, policy.verify.every.after(now));
}

fn phase_without_remedy(verdict: &Verdict, policy: &Policy) -> Phase {
    let asks = match &verdict.refusal {
        Some(Refusal::NotOptedIn { mode }) => *mode == Mode::Approve,
        Some(Refusal::ConfidenceTooLow { percent }) => *percent >= policy.confidence.ask_at,
        _ => false,
    };
    match verdict.mode {
        Mode::Observe => Phase::Firing,
        _ if asks && verdict.remedy.is_some() => Phase::AwaitingApproval,
        // It is decided again as soon as the alarm is old enough.
        _ if matches!(verdict.refusal, Some(Refusal::AlarmNewborn { .. })) => Phase::Firing,
        _ => Phase::Escalated,
    }
}

fn claim_intent(record: &mut ServiceRecord, moment: Moment<'_>, remedy: Remedy) {
    let Moment { scene, policy, event, now, .. } = moment;
    let since = BUDGET_WINDOW.before(now);
    record.remedies.retain(|past| past.at > since);
    let Some(incident) = record.incident.as_mut() else { return };
    if remedy.kind() != RemedyKind::RestoreScaling {
        record.remedies.push(PastRemedy { kind: remedy.kind(), at: now, incident: incident.id.clone() });
    }
    let suspect = incident.suspect.as_ref().map_or("", |suspect| suspect.revision.as_str());
    let key = fingerprint(&[&record.service.key(), &remedy.to_string(), suspect, incident.id.as_str()]);
    let deny = (remedy.kind() == RemedyKind::RollBack).then(|| denied(scene, &incident.id, policy, now)).flatten();
    let lease_until = policy.guardrails.lease.after(now);
    if remedy.kind() != RemedyKind::RestoreScaling {
        // The remedy has as long as the incident had when it opened.
        let length = incident.deadline.duration_since(incident.opened_at);
        incident.deadline = now.checked_add(length).unwrap_or(incident.deadline);
    }
    incident.phase = Phase::Acting;
    incident.refusal = None;
    incident.intents.push(Intent {
        key,
        remedy,
        event: event.clone(),
        claimed_at: now,
        lease_until,
        deny,
        outcome: None,
    });
}

/// Claims the undoing of a raised minimum.
pub fn claim_restore(record: &mut ServiceRecord, moment: Moment<'_>) {
    let raised = record.incident.as_ref().and_then(|incident| incident.raised);
    let Some(raised) = raised else { return };
    claim_intent(record, moment, Remedy::RestoreScaling { from: raised.to, to: raised.from });
}

fn denied(scene: &Scene, incident: &IncidentId, policy: &Policy, now: Timestamp) -> Option<Denied> {
    let bad = target::newest(&scene.view)?;
    let digests = scene
        .preflight
        .as_ref()
        .map_or_else(Vec::new, |preflight| target::digests_of_its_own(&bad.target, &preflight.target.revision));
    Some(Denied {
        task_definition: bad.target.task_definition.clone(),
        digests,
        incident: incident.clone(),
        at: now,
        until: policy.rollback.deny_for.after(now),
    })
}

/// A page under a new key, if the rules want one.
pub fn page(record: &mut ServiceRecord, helped: bool, policy: &Policy) -> Option<Pager> {
    let incident = record.incident.as_mut()?;
    if !severity::pages(incident.severity, incident.mode, helped, policy) {
        return None;
    }
    incident.pages += 1;
    Some(Pager::Trigger { key: incident.page_key(incident.pages) })
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
        next_check(record, hold.after(now));
    }
}
