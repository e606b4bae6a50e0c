//! What must hold after every night, whatever was delivered how often, late, in
//! which order, and whoever died in it. Each is a function that says what it found
//! broken; `ARCHITECTURE.md` names them.

mod fleet;

use std::collections::{BTreeMap, BTreeSet};

use nightshift_core::fleet::is_no_service;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::{Incident, Intent, Phase};
use nightshift_core::mode::Severity;
use nightshift_core::notice::{Notice, NoticeKind, Pager};
use nightshift_core::policy::Policy;
use nightshift_core::remedy::{Outcome, Remedy, RemedyKind};
use nightshift_core::service::MODE_TAG;
use nightshift_incident::guardrails::BUDGET_WINDOW;
use nightshift_incident::severity::hushed;
use nightshift_sim::{Account, ProductionWrite};

use self::fleet::many_services_at_once_are_told_by_one_incident;
use super::reader::Reader;

/// A night that is over, as far as it is judged.
#[derive(Debug)]
pub struct Ended {
    /// The policy it ran under.
    policy: Policy,
    /// Mode tags of the scenario's services.
    modes: BTreeMap<ServiceRef, Option<String>>,
    writes: Vec<ProductionWrite>,
    /// Incidents of all services, open ones last.
    incidents: Vec<(ServiceRef, Incident)>,
    /// Still open when nothing was to come any more.
    open: Vec<String>,
    /// Notices that the ledger still holds back.
    held_back: Vec<String>,
    notices: Vec<Notice>,
    /// What the account itself found broken.
    found: Vec<String>,
    /// Deliveries in a dead-letter queue.
    dead: Vec<String>,
}

/// One invariant: its name, and what it finds broken.
pub type Invariant = (&'static str, fn(&Ended, &Reader) -> Vec<String>);

/// All of them.
pub const ALL: [Invariant; 9] = [
    ("no remedy without a claim", no_remedy_without_a_claim),
    ("at most one remedy per suspect release", at_most_one_remedy_per_suspect_release),
    ("never a write to a service that has not opted in", never_a_write_to_a_service_that_has_not_opted_in),
    ("no remedy beyond the budgets", no_remedy_beyond_the_budgets),
    ("no incident without an end", no_incident_without_an_end),
    ("no notice state skipped at the reader", no_notice_state_skipped_at_the_reader),
    ("a page for every P1 that no remedy healed", a_page_for_every_p1_that_no_remedy_healed),
    ("many services at once are told by one incident", many_services_at_once_are_told_by_one_incident),
    ("no event in a dead-letter queue", no_event_in_a_dead_letter_queue),
];

/// What the night broke, each with the invariant's name.
pub fn broken(ended: &Ended, reader: &Reader) -> Vec<String> {
    let mut all = Vec::new();
    for (name, finds) in ALL {
        all.extend(finds(ended, reader).into_iter().map(|found| format!("{name}: {found}")));
    }
    all
}

impl Ended {
    /// The night on `account`, with what ended in a dead-letter queue.
    pub fn of(account: &Account, policy: &Policy, dead: Vec<String>) -> Self {
        let modes: BTreeMap<ServiceRef, Option<String>> = account
            .scenario()
            .services
            .iter()
            .filter_map(|setup| {
                let service = account.service_ref(&format!("{}/{}", setup.cluster, setup.name))?;
                Some((service, setup.tags.get(MODE_TAG).cloned()))
            })
            .collect();
        let (of, region) = (account.scenario().account.clone(), account.scenario().region.clone());
        let all = nightshift_core::fleet::service((&of, &region));
        let records: Vec<_> = modes.keys().chain([&all]).map(|service| account.record(service)).collect();
        let open = records.iter().filter_map(|record| Some((record.service.clone(), record.incident.clone()?)));
        let open: Vec<(ServiceRef, Incident)> = open.collect();
        let held_back = records.iter().flat_map(|record| record.unpublished.iter().map(Notice::key)).collect();
        let mut incidents = account.ended_incidents();
        let names =
            open.iter().map(|(service, incident)| format!("{} of {service}, {:?}", incident.id, incident.phase));
        let names = names.collect();
        incidents.extend(open);
        Self {
            policy: policy.clone(),
            modes,
            writes: account.production_writes(),
            incidents,
            open: names,
            held_back,
            notices: account.notices(),
            found: account.broken(),
            dead,
        }
    }

    /// Intents of a service that were carried out, oldest first; what is undone
    /// counts too.
    fn taken<'a>(&'a self, service: &'a ServiceRef) -> impl Iterator<Item = &'a Intent> {
        let of = self.incidents.iter().filter(move |(name, _)| name == service);
        of.flat_map(|(_, incident)| &incident.intents).filter(|intent| taken(intent))
    }

    /// Writes that are remedies: undoing our own scaling is none.
    fn remedies(&self) -> impl Iterator<Item = &ProductionWrite> {
        let restored = |write: &&ProductionWrite| {
            self.taken(&write.service).any(|intent| {
                matches!(&intent.remedy, Remedy::RestoreScaling { to, .. } if write.change == format!("minimum {to}"))
            })
        };
        self.writes.iter().filter(move |write| !restored(write))
    }
}

fn taken(intent: &Intent) -> bool {
    matches!(intent.outcome, Some(Outcome::Taken { .. } | Outcome::FoundTaken { .. }))
}

/// Every change of production is one that an intent of that service claimed before
/// it, and no intent stands for two. The account itself compares each call with the
/// intent that is open at that moment.
fn no_remedy_without_a_claim(ended: &Ended, _: &Reader) -> Vec<String> {
    let mut broken = ended.found.clone();
    for service in ended.modes.keys() {
        let mut claimed: Vec<&Intent> = ended.taken(service).collect();
        for write in ended.writes.iter().filter(|write| write.service == *service) {
            let fits = |intent: &&Intent| intent.remedy.operation() == write.operation && intent.claimed_at <= write.at;
            match claimed.iter().position(fits) {
                Some(at) => drop(claimed.remove(at)),
                None => broken.push(format!("{} of {service} at {}: {}", write.operation, write.at, write.change)),
            }
        }
    }
    broken
}

/// Whatever was delivered, one release is taken back once.
fn at_most_one_remedy_per_suspect_release(ended: &Ended, _: &Reader) -> Vec<String> {
    let mut times: BTreeMap<(&ServiceRef, &str), usize> = BTreeMap::new();
    for service in ended.modes.keys() {
        for intent in ended.taken(service) {
            let from = match &intent.remedy {
                Remedy::StopDeployment { from, .. }
                | Remedy::RollBackAtHook { from, .. }
                | Remedy::StopCodeDeploy { from, .. }
                | Remedy::RollBack { from, .. } => from,
                Remedy::Restart { .. } | Remedy::ScaleOut { .. } | Remedy::RestoreScaling { .. } => continue,
            };
            *times.entry((service, from.short())).or_default() += 1;
        }
    }
    let twice = times.into_iter().filter(|(_, times)| *times > 1);
    twice.map(|((service, from), times)| format!("{from} of {service}, {times} times")).collect()
}

/// Only a tag opts in, and IAM enforces it; so does the code.
fn never_a_write_to_a_service_that_has_not_opted_in(ended: &Ended, _: &Reader) -> Vec<String> {
    let opted_in = |write: &&ProductionWrite| ended.modes.get(&write.service) == Some(&Some("act".to_owned()));
    let others = ended.writes.iter().filter(|write| !opted_in(write));
    others.map(|write| format!("{} of {}", write.operation, write.service)).collect()
}

/// Neither more remedies over all services within the window than the cap lets, nor
/// more on one service in a day than its budget.
fn no_remedy_beyond_the_budgets(ended: &Ended, _: &Reader) -> Vec<String> {
    let limits = &ended.policy.guardrails;
    let remedies: Vec<&ProductionWrite> = ended.remedies().collect();
    let mut broken = Vec::new();
    for write in &remedies {
        // A write may follow its claim by the length of a lease.
        let since = limits.fleet_remedies_window.before(write.at);
        let all = remedies.iter().filter(|other| since < other.at && other.at <= write.at).count();
        if all > limits.fleet_remedies as usize {
            broken.push(format!("{all} over all services until {}", write.at));
        }
        let since = BUDGET_WINDOW.before(write.at);
        let own =
            |other: &&&ProductionWrite| other.service == write.service && since < other.at && other.at <= write.at;
        let own = remedies.iter().filter(own).count();
        if own > limits.remedies_per_day as usize {
            broken.push(format!("{own} on {} until {}", write.service, write.at));
        }
    }
    broken
}

/// Once nothing is to come any more and every alarm is silent, no incident is open,
/// and each that ended says how.
fn no_incident_without_an_end(ended: &Ended, _: &Reader) -> Vec<String> {
    let mut broken = ended.open.clone();
    let over = ended.incidents.iter().filter(|(_, incident)| incident.closed_at.is_some());
    let unsaid = over.filter(|(_, incident)| incident.phase != Phase::Resolved && !incident.chronic);
    broken.extend(unsaid.map(|(_, incident)| format!("{} closed as {:?}", incident.id, incident.phase)));
    let unanswered = ended.incidents.iter().filter(|(_, incident)| incident.open_intent().is_some());
    broken.extend(unanswered.map(|(_, incident)| format!("nobody knows what came of the remedy of {}", incident.id)));
    broken
}

/// Every notice of an incident was published, from the first to the last without a
/// gap, after those of which the fleet's incident told; none waits in the ledger; and in the chat the message shows the last one
/// and its thread has a line of each.
fn no_notice_state_skipped_at_the_reader(ended: &Ended, reader: &Reader) -> Vec<String> {
    let mut broken: Vec<String> = ended.held_back.iter().map(|key| format!("{key} waits in the ledger")).collect();
    let mut told: BTreeMap<String, BTreeMap<u32, &Notice>> = BTreeMap::new();
    for notice in &ended.notices {
        told.entry(notice.incident.to_string()).or_default().insert(notice.sequence, notice);
    }
    for (_, incident) in &ended.incidents {
        let all = told.get(incident.id.as_str()).map_or(0, |of| of.len());
        if all + incident.untold as usize != incident.sequence as usize {
            broken.push(format!("{} has {} notices, {all} were published", incident.id, incident.sequence));
        }
        let by = incident.told_by.as_ref().filter(|by| !told.contains_key(by.as_str()));
        broken.extend(by.map(|by| format!("{} is left to {by}, of which nobody was told", incident.id)));
    }
    for (incident, notices) in &told {
        let sequences: Vec<u32> = notices.keys().copied().collect();
        let before = notices.first_key_value().map_or(0, |(_, first)| first.untold);
        if !sequences.iter().copied().eq(before + 1..=before + sequences.len() as u32) {
            broken.push(format!("{incident} was told by {sequences:?}"));
        }
        broken.extend(reader.lacks(notices));
    }
    broken
}

/// P1 is paged at once; P2 as soon as no remedy is on its way or it did not help. A
/// page that the reader's pager got is taken back at the end.
fn a_page_for_every_p1_that_no_remedy_healed(ended: &Ended, reader: &Reader) -> Vec<String> {
    let keys = |notice: &Notice| match &notice.pager {
        Some(Pager::Trigger { key }) => Some(key.clone()),
        _ => None,
    };
    let paged: BTreeSet<String> = ended.notices.iter().filter_map(keys).collect();
    let mut broken = Vec::new();
    for (service, incident) in &ended.incidents {
        let healed = incident.taken().is_some() && incident.escalated_at.is_none();
        let wants = match incident.severity {
            Severity::P1 => true,
            // The fleet's incident paged for it.
            Severity::P2 if incident.told_by.is_some() => false,
            Severity::P2 => !healed && escalated(ended, incident),
            Severity::P3 => false,
        };
        if wants && !hushed(incident.mode, &ended.policy) && !paged.contains(&incident.page_key(1)) {
            broken.push(format!("{} of {service}, {}", incident.id, incident.severity));
        }
    }
    broken.extend(paged.iter().filter_map(|key| reader.misses(key)));
    broken
}

/// People were told that they are needed.
fn escalated(ended: &Ended, incident: &Incident) -> bool {
    let told = |notice: &&Notice| notice.incident == incident.id && notice.kind == NoticeKind::Escalated;
    incident.escalated_at.is_some() && ended.notices.iter().any(|notice| told(&notice))
}

/// A retry cured whatever failed: no event was given up.
fn no_event_in_a_dead_letter_queue(ended: &Ended, _: &Reader) -> Vec<String> {
    ended.dead.clone()
}

/// Remedies that were taken, for figures.
pub fn remedies(ended: &Ended) -> usize {
    let taken = ended.modes.keys().flat_map(|service| ended.taken(service));
    taken.filter(|intent| intent.remedy.kind() != RemedyKind::RestoreScaling).count()
}

/// Deliveries in a dead-letter queue, for figures.
pub fn dead(ended: &Ended) -> usize {
    ended.dead.len()
}

/// Incidents of services, and of many at once, for figures.
pub fn incidents(ended: &Ended) -> (usize, usize) {
    let of_many = ended.incidents.iter().filter(|(service, _)| is_no_service(service)).count();
    (ended.incidents.len() - of_many, of_many)
}

#[cfg(test)]
#[path = "invariants_tests.rs"]
mod tests;
