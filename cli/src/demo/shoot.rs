//! Plays one scene and keeps what a page needs of it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::{Incident as Kept, Phase};
use nightshift_core::mode::Mode;
use nightshift_core::notice::Notice;
use nightshift_core::policy::Policy;
use nightshift_core::remedy::{Remedy, RemedyKind};
use nightshift_core::span::words;
use nightshift_incident::plan::{Decision, Plan};
use nightshift_incident::refusals::sentence;
use nightshift_sim::{Account, Delivery, Scenario};
use notifier::render::slack;
use serde_json::json;

use super::matters::{Watch, matters};
use super::scenes::{Person, Script};
use super::{Change, Incident, Posted, Refused, Scene, chart, lines};
use crate::night::{Happened, Night, What};

/// From one count of tasks to the next.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// What a person did, for the time line.
pub(super) struct ByHand {
    pub(super) at: Timestamp,
    pub(super) service: ServiceRef,
    pub(super) revision: u32,
}

/// Plays the scene.
pub(super) fn shoot(script: &Script, scenario: Scenario) -> Scene {
    let account = Account::new(scenario.clone());
    let mut night = Night::new(account.clone(), &Policy::default());
    for mishap in &script.mishaps {
        night.disturb(mishap.clone());
    }
    let after = |minutes: i64| scenario.event.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(scenario.event);
    let mut watch = Watch::default();
    if script.images {
        watched(&mut night, &mut watch, after(script.minutes));
    }
    let by_hand = script.person.and_then(|person| {
        night.run_until(after(person.minute));
        roll_back_by_hand(&account, &scenario, person)
    });
    night.run_until(after(script.minutes));
    let happened = night.happened();
    let all = incidents(&account);
    let mut incidents = matters(&account, happened, &watch);
    incidents.extend(all.iter().map(|kept| incident(kept, &account, happened, &all, by_hand.as_ref())));
    Scene {
        key: script.key.into(),
        title: script.title.into(),
        story: script.story.split_whitespace().collect::<Vec<_>>().join(" "),
        lines: lines::lines(happened, &account, &scenario, by_hand.as_ref()),
        incidents,
        changes: account.production_writes().into_iter().map(Change::from).collect(),
    }
}

/// Plays a scene of images: the daily look first, then minute by minute.
fn watched(night: &mut Night, watch: &mut Watch, end: Timestamp) {
    let at = night.account().now();
    let event = json!({ "sweep": "daily", "at": at, "zone": "UTC" });
    night.deliver(Delivery::Image { event, at }, 0);
    while night.account().now() < end {
        watch.note(night.account());
        let now = night.account().now();
        night.run_until(now.checked_add(MINUTE).unwrap_or(end).min(end));
    }
}

fn roll_back_by_hand(account: &Account, scenario: &Scenario, person: Person) -> Option<ByHand> {
    let setup = scenario.services.iter().find(|setup| setup.is(person.service))?;
    let revision = setup.releases.iter().rev().nth(person.back)?.revision;
    let service = account.service_ref(person.service)?;
    let at = account.now();
    account.person_deploys(&service, revision).then_some(ByHand { at, service, revision })
}

/// All incidents of the account with their services, in the order they opened.
fn incidents(account: &Account) -> Vec<(ServiceRef, Kept)> {
    let of =
        |id: &nightshift_core::ids::IncidentId| account.notices().into_iter().find(|notice| notice.incident == *id);
    let closed = account.closed_incidents().into_iter().filter_map(|kept| Some((of(&kept.id)?.service, kept)));
    let mut all: Vec<(ServiceRef, Kept)> = closed.collect();
    for setup in account.scenario().services {
        let Some(service) = account.service_ref(&format!("{}/{}", setup.cluster, setup.name)) else { continue };
        all.extend(account.record(&service).incident.map(|kept| (service, kept)));
    }
    // Of two at once, first the one that a release could have caused.
    all.sort_by_key(|(_, kept)| (kept.opened_at, kept.suspect.is_none()));
    all
}

fn incident(
    (service, kept): &(ServiceRef, Kept),
    account: &Account,
    happened: &[Happened],
    all: &[(ServiceRef, Kept)],
    by_hand: Option<&ByHand>,
) -> Incident {
    let told: Vec<Notice> = account.notices().into_iter().filter(|notice| notice.incident == kept.id).collect();
    let closed_at = told.iter().find(|notice| notice.phase == Phase::Resolved).map(|notice| notice.at);
    let taken = remedies(kept).next().map(ToString::to_string);
    let by_hand = by_hand.filter(|done| done.service == *service);
    let services: BTreeSet<&ServiceRef> = all.iter().map(|(service, _)| service).collect();
    Incident {
        id: kept.id.to_string(),
        service: service.to_string(),
        image: false,
        mode: kept.mode.to_string(),
        severity: kept.severity.to_string(),
        severity_because: kept.severity_because.clone(),
        opened_at: kept.opened_at,
        closed_at,
        would: would(kept, happened).map(|remedy| remedy.to_string()).filter(|_| taken.is_none()),
        remedy: taken,
        refusal: kept.refusal.as_ref().map(|refusal| Refused { name: refusal.name(), sentence: sentence(refusal) }),
        pages: kept.pages,
        ending: ending(kept, closed_at, by_hand.is_some()),
        diagnosis: kept.diagnosis.clone(),
        // That of the image shows it all.
        chart: (!of_image(kept))
            .then(|| chart::chart(account, (service, kept), closed_at, services.len(), by_hand))
            .flatten(),
        notices: told.into_iter().map(Posted::from).collect(),
    }
}

/// A deployment was stopped because of its image.
fn of_image(kept: &Kept) -> bool {
    kept.trouble.as_ref().is_some_and(|trouble| trouble.contains("quarantined"))
}

/// Remedies that were taken, but for the undoing of one.
pub(super) fn remedies(kept: &Kept) -> impl Iterator<Item = &Remedy> {
    use nightshift_core::remedy::Outcome;
    let taken = |outcome: &Option<Outcome>| matches!(outcome, Some(Outcome::Taken { .. } | Outcome::FoundTaken { .. }));
    let intents = kept.intents.iter().filter(move |intent| taken(&intent.outcome));
    intents.map(|intent| &intent.remedy).filter(|remedy| remedy.kind() != RemedyKind::RestoreScaling)
}

/// What would have been done, from the plan that opened the incident.
fn would(kept: &Kept, happened: &[Happened]) -> Option<Remedy> {
    plans(happened).find_map(|plan| {
        let id = plan.record()?.incident.as_ref().map(|incident| &incident.id);
        match &plan.decision {
            Decision::Refused { would, .. } if id == Some(&kept.id) => would.clone(),
            _ => None,
        }
    })
}

fn plans(happened: &[Happened]) -> impl Iterator<Item = &Plan> {
    happened.iter().filter_map(|event| match &event.what {
        What::Alarm { report: alarm_responder::Report::Alarm { plan, .. }, .. } => Some(plan.as_ref()),
        _ => None,
    })
}

fn ending(kept: &Kept, closed_at: Option<Timestamp>, by_hand: bool) -> String {
    let took = closed_at.map(|at| words(at.duration_since(kept.opened_at)));
    let woken = match kept.pages {
        0 => "Nobody was woken",
        1 => "One page was sent",
        _ => "More than one page was sent",
    };
    let what = match (remedies(kept).next(), took) {
        (Some(remedy), Some(took)) => format!("Healed in {took} by itself: {remedy}"),
        (Some(remedy), None) => format!("Did {remedy}; it is still being checked"),
        (None, Some(took)) if by_hand => format!("A person rolled it back; over after {took}"),
        (None, Some(took)) => format!("Touched nothing; over after {took}"),
        (None, None) if kept.mode == Mode::Observe => "Observed, touched nothing".to_owned(),
        (None, None) => "Touched nothing; a person has it".to_owned(),
    };
    format!("{what}. {woken}.")
}

impl From<Notice> for Posted {
    fn from(notice: Notice) -> Self {
        Self { blocks: slack::root_blocks(&notice), line: slack::line(&notice), notice }
    }
}

impl From<nightshift_sim::ProductionWrite> for Change {
    fn from(write: nightshift_sim::ProductionWrite) -> Self {
        let service = write.service.to_string();
        Self { at: write.at, operation: write.operation, service, change: write.change }
    }
}
