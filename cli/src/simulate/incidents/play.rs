//! One night, and what was done in it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use nightshift_core::cause::{Cause, Diagnosis};
use nightshift_core::ids::{IncidentId, ServiceRef};
use nightshift_core::incident::{Incident, Phase};
use nightshift_core::notice::Pager;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::{Outcome, Remedy, RemedyKind};
use nightshift_sim::scenario::{Cures, Truth};
use nightshift_sim::{Account, Scenario};
use serde_json::Value;

use crate::night::{Happened, Night, What};

/// A night is watched for so long after it went wrong.
pub(super) const WATCHED: SignedDuration = SignedDuration::from_mins(150);

/// What somebody did in a night, and what came of it.
#[derive(Clone, Debug)]
pub struct Played {
    /// What really happened.
    pub truth: Truth,
    /// When somebody first heard of it; `None`: nothing rang.
    pub rang: Option<Timestamp>,
    /// What was done by itself.
    pub taken: Vec<Taken>,
    /// ECS went back by itself.
    pub by_ecs: bool,
    /// A person was woken.
    pub woken: bool,
    /// Since when all is well, if it was in the end.
    pub well: Option<Timestamp>,
    /// What was found, if anything was.
    pub found: Option<Diagnosis>,
    /// The rule that forbade a remedy, if one did.
    pub refusal: Option<Refusal>,
}

/// A remedy that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its kind.
    pub kind: RemedyKind,
    /// It is the one that the truth calls for.
    pub right: bool,
}

impl Played {
    pub(super) fn of(truth: Truth, ringing: &Ringing) -> Self {
        Self {
            truth,
            rang: ringing.first,
            taken: Vec::new(),
            by_ecs: false,
            woken: false,
            well: ringing.well(),
            found: None,
            refusal: None,
        }
    }

    /// A rollback is what the night calls for, and ECS has not made it by itself.
    pub fn due(&self) -> bool {
        self.truth.rollback == Cures::Yes && !self.by_ecs
    }

    /// The rollback, if one was made.
    pub fn rollback(&self) -> Option<Taken> {
        self.taken.iter().copied().find(|taken| taken.kind == RemedyKind::RollBack)
    }

    /// It is over, and nobody was woken.
    pub fn healed(&self) -> bool {
        self.well.is_some() && !self.woken
    }
}

/// The functions play it.
pub fn play(scenario: Scenario, truth: Truth) -> Played {
    let mut ringing = Ringing::of(&scenario, &truth);
    let end = scenario.event.checked_add(WATCHED).unwrap_or(scenario.event);
    let account = Account::new(scenario);
    let mut night = Night::new(account.clone(), &Policy::default());
    night.run_until(end);
    for Happened { what, at } in night.happened() {
        if let What::Alarm { event, .. } = what {
            ringing.hear(event, *at);
        }
    }
    let incidents = incidents(&account, &truth);
    let first = incidents.iter().map(|incident| incident.opened_at).min();
    let mut played = Played::of(truth, &ringing);
    played.rang = [ringing.first, first].into_iter().flatten().min();
    played.taken = incidents.iter().flat_map(|incident| taken(incident, &played.truth)).collect();
    played.by_ecs = played.taken.is_empty() && super::rivals::went_back(&account, &played.truth);
    let decided = incidents.iter().find(|incident| incident.taken().is_some()).or(incidents.first());
    played.found = decided.and_then(|incident| incident.diagnosis.clone());
    played.refusal = decided.and_then(|incident| incident.refusal.clone());
    played.woken = woken(&account, &played.truth);
    // Where no alarm ever rang, the deployment itself was what failed.
    let closed = || incidents.iter().filter_map(|incident| incident.closed_at).max();
    let open = incidents.iter().any(|incident| incident.phase != Phase::Resolved);
    played.well = played.well.or_else(closed).filter(|_| !open);
    played
}

/// Its incidents of that night, oldest first.
fn incidents(account: &Account, truth: &Truth) -> Vec<Incident> {
    let Some(service) = account.service_ref(&truth.service) else { return Vec::new() };
    let ours: BTreeSet<IncidentId> =
        account.notices().into_iter().filter(|it| it.service == service).map(|it| it.incident).collect();
    let closed = account.closed_incidents().into_iter().filter(|incident| ours.contains(&incident.id));
    let mut all: Vec<Incident> = closed.chain(account.record(&service).incident).collect();
    all.sort_by(|one, other| (one.opened_at, &one.id).cmp(&(other.opened_at, &other.id)));
    all
}

fn taken<'a>(incident: &'a Incident, truth: &'a Truth) -> impl Iterator<Item = Taken> + use<'a> {
    let done = incident
        .intents
        .iter()
        .filter(|intent| matches!(intent.outcome, Some(Outcome::Taken { .. } | Outcome::FoundTaken { .. })));
    done.map(|intent| &intent.remedy)
        .filter(|remedy| remedy.kind() != RemedyKind::RestoreScaling)
        .map(|remedy| Taken { kind: remedy.kind(), right: right(remedy, truth) })
}

/// Whether the truth calls for it.
fn right(remedy: &Remedy, truth: &Truth) -> bool {
    match remedy {
        Remedy::RollBack { from, .. }
        | Remedy::StopDeployment { from, .. }
        | Remedy::RollBackAtHook { from, .. }
        | Remedy::StopCodeDeploy { from, .. } => takes_back(from.short(), truth),
        Remedy::Restart { .. } => truth.cause == Cause::MemoryLeak,
        Remedy::ScaleOut { .. } => truth.cause == Cause::Load,
        Remedy::RestoreScaling { .. } => true,
    }
}

/// It takes a guilty release back, and that is the cure.
pub(super) fn takes_back(from: &str, truth: &Truth) -> bool {
    let guilty = truth.guilty.iter().any(|revision| from == format!("{}:{revision}", truth.service));
    guilty && matches!(truth.rollback, Cures::Yes | Cures::InTime)
}

fn woken(account: &Account, truth: &Truth) -> bool {
    let ours = |service: &ServiceRef| service.service == truth.service;
    let mut notices = account.notices().into_iter().filter(|notice| ours(&notice.service));
    notices.any(|notice| matches!(notice.pager, Some(Pager::Trigger { .. })) || notice.plainly)
}

/// The service's alarms, as they ring.
#[derive(Clone, Debug)]
pub(super) struct Ringing {
    ours: BTreeSet<String>,
    rings: BTreeMap<String, bool>,
    pub(super) first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Ringing {
    pub(super) fn of(scenario: &Scenario, truth: &Truth) -> Self {
        let ours = scenario.alarms.iter().filter(|alarm| alarm.service.as_ref() == Some(&truth.service));
        let ours = ours.map(|alarm| alarm.name.clone()).collect();
        Self { ours, rings: BTreeMap::new(), first: None, last: None }
    }

    /// Hears an event that came at `at`: it rings, `true`.
    pub(super) fn hear(&mut self, event: &Value, at: Timestamp) -> bool {
        let Some(name) = event["detail"]["alarmName"].as_str().filter(|name| self.ours.contains(*name)) else {
            return false;
        };
        let rings = event["detail"]["state"]["value"] == "ALARM";
        self.rings.insert(name.to_owned(), rings);
        if rings {
            self.first.get_or_insert(at);
        } else {
            self.last = Some(at);
        }
        rings
    }

    /// Since when none rings.
    fn well(&self) -> Option<Timestamp> {
        let any = self.rings.values().any(|rings| *rings);
        if any { None } else { self.last.or(self.first) }
    }
}
