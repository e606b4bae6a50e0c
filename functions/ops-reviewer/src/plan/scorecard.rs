//! The scorecard: how delivery, and the automation itself, did in a week.

use std::collections::BTreeMap;

use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::Incident;
use nightshift_release::dora::DoraReport;
use nightshift_release::trend::Trend;
use serde::Serialize;

use super::advice::{Advice, advice};
use super::digest::no_news;
use super::ending::{Ending, ending, without_a_human};
use super::hindsight::{Hindsight, hindsight};
use super::number;
use crate::history::{History, Window};
use crate::observe::Observed;

/// A week, and the one before it to compare with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scorecard {
    /// The incidents that ended in the week.
    pub week: Score,
    /// Those of the week before.
    pub before: Score,
    /// Incidents that were open when the week ended.
    pub open: u32,
    /// What the mode of a service kept from being done, by `cluster/service`.
    pub would: BTreeMap<String, Would>,
    /// Releases of the week.
    pub dora: DoraReport,
    /// Those of the week before.
    pub dora_before: DoraReport,
    /// Releases of both weeks, day by day.
    pub trend: Trend,
    /// Events that opened no incident and are worth reading about.
    pub silent: u32,
    /// The one change that could have saved most.
    pub advice: Option<Advice>,
}

/// What became of incidents. An incident counts in the week in which it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// How many ended.
    pub incidents: u32,
    /// Healed by a remedy, and nobody was woken.
    pub healed: u32,
    /// Pages in them.
    pub pages: u32,
    /// Remedies that did not help.
    pub wrong: u32,
}

/// What was not done because of a service's mode, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Would {
    /// A person did the same.
    pub right: u32,
    /// It recovered without.
    pub wrong: u32,
    /// Nobody can tell.
    pub unknown: u32,
}

impl Would {
    /// How often in all.
    pub fn times(&self) -> u32 {
        self.right + self.wrong + self.unknown
    }

    fn add(&mut self, hindsight: Hindsight) {
        match hindsight {
            Hindsight::Right => self.right += 1,
            Hindsight::Wrong => self.wrong += 1,
            Hindsight::Unknown => self.unknown += 1,
        }
    }
}

impl Scorecard {
    /// Nothing happened in the week.
    pub fn is_empty(&self) -> bool {
        let releases = self.dora.all.deployments + self.dora.all.restarts;
        self.week.incidents + self.open + self.silent + releases == 0
    }
}

/// Sums a week up.
pub fn scorecard(observed: &Observed) -> Scorecard {
    let Observed { due, history, .. } = observed;
    let week = history.within(&due.window);
    let both = Window { from: due.before.from, to: due.window.to };
    let silent = week.silent.iter().filter(|silent| !no_news(&silent.refusal)).count();
    Scorecard {
        week: score(&week),
        before: score(&history.within(&due.before)),
        open: number(observed.open().len()),
        would: would(&week, history),
        dora: history.dora(&due.window),
        dora_before: history.dora(&due.before),
        trend: history.trend(&both),
        silent: number(silent),
        advice: advice(&week, history),
    }
}

fn score(week: &History) -> Score {
    let incidents = || week.incidents.iter().map(|(_, incident)| incident);
    let those = |wanted: fn(&&Incident) -> bool| number(incidents().filter(wanted).count());
    Score {
        incidents: number(week.incidents.len()),
        healed: those(|incident| without_a_human(incident)),
        pages: incidents().map(|incident| incident.pages).sum(),
        wrong: those(|incident| ending(incident) == Ending::NotHelped),
    }
}

fn would(week: &History, all: &History) -> BTreeMap<String, Would> {
    let mut by_service: BTreeMap<&ServiceRef, Would> = BTreeMap::new();
    for (service, incident) in &week.incidents {
        if let Some(found) = hindsight(service, incident, &all.releases) {
            by_service.entry(service).or_default().add(found);
        }
    }
    by_service.into_iter().map(|(service, would)| (service.to_string(), would)).collect()
}

#[cfg(test)]
mod tests;
