//! The digest: what was recorded on a day without a message to anybody.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::ids::{AlarmArn, IncidentId, ServiceRef};
use nightshift_core::incident::Incident;
use nightshift_core::ledger::Silent;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::span::Span;
use nightshift_incident::refusals::sentence;
use serde::Serialize;

use super::number;
use crate::observe::Observed;

/// Denials that end within this are told.
const SOON: Span = Span::hours(24);

/// What nobody was told at the time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Digest {
    /// Events that opened no incident, by the rule; the most frequent first.
    pub refused: Vec<Refused>,
    /// Alarms that lead to no service; the most frequent first.
    pub unmapped: Vec<Unmapped>,
    /// Events that are no alarm's and lead to no service either.
    pub nameless: u32,
    /// Incidents in which nothing new was heard for so long that they absorb
    /// no more.
    pub chronic: Vec<Chronic>,
    /// Denied releases that may soon be deployed again.
    pub denials: Vec<Denial>,
}

/// What one rule kept from opening an incident.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refused {
    /// The refusal's name.
    pub name: String,
    /// How many events.
    pub times: u32,
    /// Their alarms by name; of those that are no alarm's, the services.
    pub about: BTreeSet<String>,
    /// What the rule says, where it says the same of all of them.
    pub says: Option<String>,
}

/// An alarm that leads to no service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unmapped {
    /// The alarm.
    pub alarm: AlarmArn,
    /// How often it went to ALARM.
    pub times: u32,
}

/// An incident that absorbs no more.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chronic {
    /// Of which service.
    pub service: ServiceRef,
    /// Which one.
    pub incident: IncidentId,
    /// The last time something new was heard.
    pub heard_at: Timestamp,
    /// It was closed to make room for another one.
    pub closed: bool,
}

/// A denial that ends soon.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Denial {
    /// Of which service.
    pub service: ServiceRef,
    /// What may be deployed again, as people call it.
    pub release: String,
    /// Because of which incident it was denied.
    pub incident: IncidentId,
    /// Until when it is.
    pub until: Timestamp,
}

impl Digest {
    /// There is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.events() == 0 && self.chronic.is_empty() && self.denials.is_empty()
    }

    /// Events that were recorded, of any kind.
    pub fn events(&self) -> u32 {
        self.refused.iter().map(|refused| refused.times).sum::<u32>()
            + self.unmapped.iter().map(|unmapped| unmapped.times).sum::<u32>()
            + self.nameless
    }
}

/// Sums a day up.
pub fn digest(observed: &Observed, policy: &Policy) -> Digest {
    let day = observed.history.within(&observed.due.window);
    let silent: Vec<&Silent> = day.silent.iter().filter(|silent| !silent.told && !no_news(&silent.refusal)).collect();
    let open = observed.open().iter().map(|(service, incident)| chronic(service, incident, false));
    let closed = day.incidents.iter().map(|(service, incident)| chronic(service, incident, true));
    let stale = policy.alarms.chronic_after.before(observed.due.window.to);
    let open = open.filter(|chronic| chronic.heard_at < stale);
    let retired = day.incidents.iter().map(|(_, incident)| incident.chronic);
    let closed = closed.zip(retired).filter_map(|(chronic, retired)| retired.then_some(chronic));
    Digest {
        refused: refused(&silent),
        unmapped: unmapped(&silent),
        nameless: number(silent.iter().filter(|silent| nameless(silent)).count()),
        chronic: open.chain(closed).collect(),
        denials: denials(observed),
    }
}

/// By its own name it is nothing worth reading about: every alarm that goes
/// back to OK counts so, and every alarm of Application Auto Scaling.
pub fn no_news(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::NoNews | Refusal::TargetTracking)
}

fn refused(silent: &[&Silent]) -> Vec<Refused> {
    let mut by_name: BTreeMap<String, Vec<&Silent>> = BTreeMap::new();
    for silent in silent.iter().filter(|silent| silent.refusal != Refusal::Unmapped) {
        by_name.entry(silent.refusal.name()).or_default().push(silent);
    }
    let mut refused: Vec<Refused> = by_name
        .into_iter()
        .map(|(name, silent)| {
            let says: BTreeSet<String> = silent.iter().map(|silent| sentence(&silent.refusal)).collect();
            Refused {
                name,
                times: number(silent.len()),
                about: silent.iter().filter_map(|silent| about(silent)).collect(),
                says: says.first().filter(|_| says.len() == 1).cloned(),
            }
        })
        .collect();
    refused.sort_by_key(|refused| std::cmp::Reverse(refused.times));
    refused
}

/// What people call it by.
fn about(silent: &Silent) -> Option<String> {
    let alarm = silent.alarm.as_ref().map(|alarm| alarm.name().to_owned());
    alarm.or_else(|| silent.service.as_ref().map(ToString::to_string))
}

/// There is no alarm that could be tagged.
fn nameless(silent: &Silent) -> bool {
    silent.refusal == Refusal::Unmapped && silent.alarm.is_none()
}

/// Alarms of no known service, the most frequent first.
pub fn unmapped(silent: &[&Silent]) -> Vec<Unmapped> {
    let mut times: BTreeMap<&AlarmArn, u32> = BTreeMap::new();
    for alarm in silent.iter().filter(|silent| silent.refusal == Refusal::Unmapped).filter_map(|s| s.alarm.as_ref()) {
        *times.entry(alarm).or_default() += 1;
    }
    let mut unmapped: Vec<Unmapped> =
        times.into_iter().map(|(alarm, times)| Unmapped { alarm: alarm.clone(), times }).collect();
    unmapped.sort_by_key(|unmapped| std::cmp::Reverse(unmapped.times));
    unmapped
}

fn chronic(service: &ServiceRef, incident: &Incident, closed: bool) -> Chronic {
    Chronic { service: service.clone(), incident: incident.id.clone(), heard_at: incident.heard_at, closed }
}

fn denials(observed: &Observed) -> Vec<Denial> {
    let now = observed.due.window.to;
    let each = observed.denied.iter().flat_map(|(service, denied)| denied.iter().map(move |denied| (service, denied)));
    let mut denials: Vec<Denial> = each
        .filter(|(_, denied)| denied.quarantined.is_none() && now < denied.until && denied.until <= SOON.after(now))
        .map(|(service, denied)| Denial {
            service: service.clone(),
            release: denied.task_definition.short().to_owned(),
            incident: denied.incident.clone(),
            until: denied.until,
        })
        .collect();
    denials.sort_by_key(|denial| denial.until);
    denials
}

#[cfg(test)]
mod tests;
