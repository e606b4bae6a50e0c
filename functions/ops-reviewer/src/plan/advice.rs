//! The one change of policy or of an alarm that could have saved most.
//!
//! Each rule below proposes changes with what they could have saved in the
//! week. Pages count before anything else, for they wake people.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::Incident;
use nightshift_core::mode::Mode;
use nightshift_core::refusal::Refusal;
use nightshift_core::verdict::{By, Verdict, Warning};
use serde::Serialize;

use super::digest::unmapped;
use super::ending::{Ending, ending};
use super::hindsight::{Hindsight, hindsight};
use crate::history::History;

/// Fewer are no pattern.
const FEWEST: u32 = 2;
/// Alarms that go away by themselves faster than this, on average, look at too
/// few datapoints.
const BLIP: SignedDuration = SignedDuration::from_mins(15);

/// A change that somebody should make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What to do, and why.
    pub says: String,
    /// Pages that it could have saved.
    pub pages: u32,
    /// Incidents, alarms or releases that it could have changed.
    pub times: u32,
}

/// What a change could have saved, while it is summed up.
#[derive(Clone, Copy, Debug, Default)]
struct Saved {
    pages: u32,
    times: u32,
}

impl Saved {
    fn add(&mut self, times: u32, pages: u32) {
        self.times += times;
        self.pages += pages;
    }

    /// `3 incidents and 2 pages`.
    fn words(self, what: &str) -> String {
        let many = |number: u32, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        match self.pages {
            0 => many(self.times, what),
            pages => format!("{} and {}", many(self.times, what), many(pages, "page")),
        }
    }

    fn into_advice(self, says: String) -> Advice {
        Advice { says, pages: self.pages, times: self.times }
    }
}

/// The best advice of the week; of equals, that of the earlier rule.
pub fn advice(week: &History, all: &History) -> Option<Advice> {
    let rules = [let_act(week, all), ease(week), quieten(week), switch_breakers_on(week), map(week)];
    let worth = |advice: &Advice| (advice.pages, advice.times);
    let proposals = rules.into_iter().flatten();
    proposals.reduce(|best, next| if worth(&next) > worth(&best) { next } else { best })
}

/// A service whose mode kept from it what people then did by hand.
fn let_act(week: &History, all: &History) -> Vec<Advice> {
    let mut by_service: BTreeMap<&ServiceRef, (Saved, bool)> = BTreeMap::new();
    for (service, incident) in &week.incidents {
        let (saved, trusted) = by_service.entry(service).or_insert((Saved::default(), true));
        match hindsight(service, incident, &all.releases) {
            Some(Hindsight::Right) => saved.add(1, incident.pages),
            Some(Hindsight::Wrong) => *trusted = false,
            Some(Hindsight::Unknown) | None => {}
        }
    }
    let right = by_service.into_iter().filter(|(_, (saved, trusted))| saved.times > 0 && *trusted);
    right
        .map(|(service, (saved, _))| {
            let says = format!(
                "Tag {service} nightshift=act: {} would have been healed as a person did it, and it was never wrong.",
                saved.words("incident")
            );
            saved.into_advice(says)
        })
        .collect()
}

/// What forbade remedies and is for people to change. A decision stops at the
/// first rule that forbids it and asks for the mode last: what else stood in
/// the way nobody knows, but a service that may not act would not have acted.
fn ease(week: &History) -> Vec<Advice> {
    let mut by_lever: BTreeMap<(String, String), Saved> = BTreeMap::new();
    for (service, incident) in week.incidents.iter().filter(|(_, incident)| incident.mode == Mode::Act) {
        let found = incident.refusal.as_ref().and_then(|refusal| Some((lever(refusal, service)?, refusal.name())));
        if let Some(found) = found {
            by_lever.entry(found).or_default().add(1, incident.pages);
        }
    }
    by_lever
        .into_iter()
        .map(|((lever, name), saved)| {
            let says =
                format!("{lever}: {name} was the first thing in the way of a remedy in {}.", saved.words("incident"));
            saved.into_advice(says)
        })
        .collect()
}

/// What to change so that a rule forbids no more; `None` where the rule is
/// right as it is.
fn lever(refusal: &Refusal, service: &ServiceRef) -> Option<String> {
    Some(match refusal {
        Refusal::CoolingDown { .. } => "Shorten guardrails.cooldown, or cure what comes back so soon".to_owned(),
        Refusal::BudgetSpent => "Raise guardrails.remedies_per_day, or cure what comes back".to_owned(),
        Refusal::FleetBudgetSpent => "Raise guardrails.fleet_remedies".to_owned(),
        Refusal::Frozen { window } => format!("Shorten the freeze {window:?}"),
        Refusal::Halted => "Let remedies go on (nightshift resume)".to_owned(),
        Refusal::AtCeiling => format!("Raise the maximum of {service}'s scalable target"),
        Refusal::TargetTagMoved { .. } => format!("Deploy {service} by digest, or by tags that never move"),
        Refusal::TargetImageGone { .. } => format!("Keep the images that {service} ran before in its repository"),
        Refusal::NotPermitted { action, .. } => format!("Grant {action}"),
        _ => return None,
    })
}

/// An alarm that goes off and away by itself.
fn quieten(week: &History) -> Vec<Advice> {
    let mut by_alarm: BTreeMap<&str, Saved> = BTreeMap::new();
    for (_, incident) in &week.incidents {
        let times: u32 = incident.alarms.values().map(|alarm| alarm.times).sum();
        let alone = incident.alarms.values().next().filter(|_| incident.alarms.len() == 1 && blips(incident, times));
        if let Some(alarm) = alone {
            by_alarm.entry(&alarm.name).or_default().add(times, incident.pages);
        }
    }
    let often = by_alarm.into_iter().filter(|(_, saved)| saved.times >= FEWEST);
    often
        .map(|(alarm, saved)| {
            let says = format!(
                "Let {alarm} wait for more datapoints: it went away by itself, within minutes, after {}.",
                saved.words("alarm")
            );
            saved.into_advice(says)
        })
        .collect()
}

fn blips(incident: &Incident, times: u32) -> bool {
    let length = incident.closed_at.map(|at| at.duration_since(incident.opened_at));
    ending(incident) == Ending::Recovered && length.is_some_and(|length| length <= BLIP * times.max(1).cast_signed())
}

/// A service on which ECS itself would have taken back what failed.
fn switch_breakers_on(week: &History) -> Vec<Advice> {
    let mut by_service: BTreeMap<&ServiceRef, Saved> = BTreeMap::new();
    for past in &week.releases {
        let by_ecs =
            matches!(past.release.verdict, Verdict::RolledBack { by: By::CircuitBreaker | By::DeploymentAlarm });
        let off = past.release.warnings.contains(&Warning::NoCircuitBreaker);
        // Whoever reached steady state first, the breaker would not have stopped.
        if past.release.verdict.failed() && !by_ecs && off && past.release.failed > 0 {
            by_service.entry(&past.service).or_default().add(1, 0);
        }
    }
    by_service
        .into_iter()
        .map(|(service, saved)| {
            let says = format!(
                "Switch the circuit breaker of {service} on, with rollback: it would have ended {} whose tasks failed.",
                saved.words("release")
            );
            saved.into_advice(says)
        })
        .collect()
}

/// An alarm that nobody looks at.
fn map(week: &History) -> Vec<Advice> {
    // Of what its tags ask for a message, somebody hears.
    let silent: Vec<_> = week.silent.iter().filter(|silent| !silent.told).collect();
    let often = unmapped(&silent).into_iter().filter(|unmapped| unmapped.times >= FEWEST);
    often
        .map(|unmapped| {
            let saved = Saved { pages: 0, times: unmapped.times };
            let says = format!(
                "Tell which service {} watches (tags cluster and service): {} led nowhere.",
                unmapped.alarm.name(),
                saved.words("alarm")
            );
            saved.into_advice(says)
        })
        .collect()
}

#[cfg(test)]
mod tests;
