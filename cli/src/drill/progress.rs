//! What has arrived so far: pure, learnt from one look after another.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::alarm::AlarmState;
use nightshift_core::incident::{Incident, Phase};
use nightshift_core::ledger::Silent;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::Outcome;
use nightshift_incident::refusals::sentence;
use serde::Serialize;

use super::observe::Snapshot;
use super::plan::{Plan, Step};

/// `ActionsSuppressedBy` while the suppressor itself rings. `WaitPeriod` and
/// `ExtensionPeriod` pass by themselves.
const SUPPRESSOR: &str = "Alarm";

/// Something that arrived.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Arrival {
    /// Which step it is, where it is one that is waited for.
    pub step: Option<Step>,
    /// Seconds since the drill began, as they were seen.
    pub seconds: f64,
    /// What it says.
    pub says: String,
}

/// How far the drill has come.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    plan: &'a Plan,
    started: Timestamp,
    arrived: Vec<Arrival>,
    incident: Option<Incident>,
    told: u32,
    delivered: Vec<String>,
    rings: bool,
    silent: bool,
    /// When the alarm's actions were last seen to wait for its suppressor.
    waits: Option<Timestamp>,
}

impl<'a> Progress<'a> {
    /// Nothing has arrived of a drill that begins at `started`.
    pub fn new(plan: &'a Plan, started: Timestamp) -> Self {
        let (arrived, delivered) = (Vec::new(), Vec::new());
        Self { plan, started, arrived, incident: None, told: 0, delivered, rings: false, silent: false, waits: None }
    }

    /// When it began.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// The incident, once it is known.
    pub fn incident(&self) -> Option<&Incident> {
        self.incident.as_ref()
    }

    /// What arrived so far, in order.
    pub fn arrived(&self) -> &[Arrival] {
        &self.arrived
    }

    /// What has not arrived.
    pub fn missing(&self) -> Vec<Step> {
        self.plan.expected.iter().copied().filter(|step| !self.has(*step)).collect()
    }

    /// The alarm has done its work and may go back.
    pub fn settled(&self) -> bool {
        self.silent || [Step::Decided, Step::Told, Step::TimerSet].into_iter().all(|step| self.has(step))
    }

    /// From when on it is counted how long the alarm rings: nobody answers one before
    /// its actions have waited for its suppressor.
    pub fn rings_since(&self) -> Timestamp {
        self.waits.unwrap_or(self.started)
    }

    /// Nothing more will come.
    pub fn over(&self) -> bool {
        self.silent || self.missing().is_empty()
    }

    /// Notes what this run did itself.
    pub fn did(&mut self, step: Option<Step>, says: String, now: Timestamp) {
        self.rings |= step == Some(Step::AlarmSet);
        self.arrive(step, says, now);
    }

    /// Learns from a look at `now`; a step that has arrived arrives no more.
    pub fn learn(&mut self, seen: &Snapshot, now: Timestamp) {
        self.alarm(seen, now);
        self.waiting(seen, now);
        let last_word = |silent: &&Silent| !passes(&silent.refusal);
        if let Some(silent) = seen.silent.as_ref().filter(last_word).filter(|_| self.incident.is_none() && !self.silent)
        {
            self.silent = true;
            self.arrive(Some(Step::Heard), "heard by alarm-responder, which opened no incident".into(), now);
            self.arrive(Some(Step::Decided), refused(&silent.refusal), now);
        }
        let before = self.incident.clone();
        if let Some(found) = seen.open.as_ref().or(seen.closed.as_ref()) {
            self.met(found, before.as_ref(), &seen.unpublished, now);
        }
        self.deliveries(seen, now);
        if let Some(closed) = &seen.closed {
            // Whoever ended it had checked.
            self.once(Step::Checked, "checked by remedy-verifier".into(), now);
            self.once(Step::Ended, format!("incident {} is over{}", closed.id, lasted(closed)), now);
        }
    }

    fn alarm(&mut self, seen: &Snapshot, now: Timestamp) {
        let quiet = seen.alarm.as_ref().is_some_and(|alarm| alarm.state != AlarmState::Alarm);
        if self.rings && quiet {
            self.rings = false;
            self.arrive(None, format!("{} is back", self.plan.alarm), now);
        }
    }

    /// CloudWatch holds the actions of a composite with a suppressor back for a while,
    /// and then tells of it once more: until then the drill is not over.
    fn waiting(&mut self, seen: &Snapshot, now: Timestamp) {
        let held = seen.alarm.as_ref().and_then(|alarm| alarm.suppressed_by.as_deref()).filter(|by| *by != SUPPRESSOR);
        let Some(by) = held.filter(|_| self.rings) else { return };
        if self.waits.replace(now).is_none() {
            let says = format!(
                "CloudWatch holds back the actions of {} ({by}), to see whether its suppressor rings: waiting for that",
                self.plan.alarm
            );
            self.arrive(None, says, now);
        }
    }

    fn met(&mut self, found: &Incident, before: Option<&Incident>, unpublished: &[u32], now: Timestamp) {
        let Incident { id, severity, severity_because, .. } = found;
        self.once(
            Step::Heard,
            format!("heard by alarm-responder: incident {id} opened, {severity} because {severity_because}"),
            now,
        );
        if found.refusal.is_some() || !found.intents.is_empty() {
            self.once(Step::Decided, decided(found), now);
        }
        for number in self.told + 1..=found.sequence {
            if unpublished.contains(&number) {
                break;
            }
            self.told = number;
            let step = (number == 1).then_some(Step::Told);
            self.arrive(step, format!("notice {number} is published ({})", phase(found)), now);
        }
        if let Some(timer) = &found.timer {
            self.once(Step::TimerSet, format!("timer set: a check at {}", timer.at.strftime("%H:%M:%S UTC")), now);
        }
        // An alarm that goes back to OK sets another check, too: this one was due.
        let due = |before: &Incident| before.timer.as_ref().is_some_and(|timer| timer.at <= now);
        if before.is_some_and(|before| before.checks < found.checks && due(before)) {
            self.once(Step::Checked, "checked by remedy-verifier".into(), now);
        }
        let escalated = |incident: &Incident| incident.phase == Phase::Escalated;
        if escalated(found) && !before.is_some_and(escalated) {
            self.arrive(None, "escalated: a person is asked for".into(), now);
        }
        self.incident = Some(found.clone());
    }

    fn deliveries(&mut self, seen: &Snapshot, now: Timestamp) {
        let Some(thread) = &seen.thread else { return };
        let slack = (!thread.root.is_empty()).then(|| format!("slack#{}", thread.shown));
        let news: Vec<String> =
            slack.iter().chain(&thread.delivered).filter(|mark| !self.delivered.contains(mark)).cloned().collect();
        for mark in news {
            if let Some((sink, number)) = mark.split_once('#') {
                let first = (!self.has(Step::Delivered)).then_some(Step::Delivered);
                self.arrive(first, format!("notice {number} is at {sink}, says the notifier"), now);
            }
            self.delivered.push(mark);
        }
    }

    fn has(&self, step: Step) -> bool {
        self.arrived.iter().any(|arrival| arrival.step == Some(step))
    }

    fn once(&mut self, step: Step, says: String, now: Timestamp) {
        if !self.has(step) {
            self.arrive(Some(step), says, now);
        }
    }

    fn arrive(&mut self, step: Option<Step>, says: String, now: Timestamp) {
        let seconds = now.duration_since(self.started).as_secs_f64();
        self.arrived.push(Arrival { step, seconds, says });
    }
}

fn decided(incident: &Incident) -> String {
    let why = incident.diagnosis.as_ref().map_or_else(
        || "nothing could be diagnosed".to_owned(),
        |found| format!("{} is likeliest, {} % sure", found.cause, found.percent),
    );
    let what = match (incident.intents.last(), &incident.refusal) {
        (Some(intent), _) => match &intent.outcome {
            Some(Outcome::Withheld { refusal }) => format!("{} withheld; {}", intent.remedy, refused(refusal)),
            _ => format!("remedy: {}", intent.remedy),
        },
        (None, Some(refusal)) => refused(refusal),
        (None, None) => "no remedy".to_owned(),
    };
    format!("decided: {why}; {what}")
}

/// It is refused only until CloudWatch has waited for the alarm's suppressor.
fn passes(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::ActionsSuppressed { by } if by != SUPPRESSOR)
}

fn refused(refusal: &Refusal) -> String {
    format!("refused by {}: {}", refusal.name(), sentence(refusal))
}

/// As it serialises: `awaiting-approval`.
fn phase(incident: &Incident) -> String {
    serde_json::to_value(incident.phase).ok().and_then(|word| word.as_str().map(ToOwned::to_owned)).unwrap_or_default()
}

fn lasted(incident: &Incident) -> String {
    let lasted: Option<SignedDuration> = incident.closed_at.map(|at| at.duration_since(incident.opened_at));
    lasted.map_or_else(String::new, |lasted| format!(", after {}", nightshift_core::span::words(lasted)))
}
