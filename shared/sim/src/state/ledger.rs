//! The ledger: items with versions, and the one transaction.

pub(crate) mod costs;
pub(crate) mod images;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use nightshift_core::case::Case;
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{AlarmArn, EventId, IncidentId, ServiceDeploymentArn, ServiceRef};
use nightshift_core::incident::{Incident, ServiceRecord};
use nightshift_core::ledger::{ChatThread, Claim, ClaimError, Fleet, Opening, Silent, TimelineEntry, Versioned};
use nightshift_core::verdict::PastRelease;

/// The ledger's table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) records: BTreeMap<ServiceRef, Versioned<ServiceRecord>>,
    /// The open incidents by when they opened, as the table's index has them.
    opened: BTreeMap<Timestamp, BTreeSet<ServiceRef>>,
    pub(crate) fleet: Option<Versioned<Fleet>>,
    pub(crate) events: BTreeSet<EventId>,
    pub(crate) closed: BTreeMap<IncidentId, Incident>,
    /// Closed incidents once more, by the day on which they ended.
    pub(crate) ended: BTreeMap<(Date, IncidentId), (ServiceRef, Incident)>,
    /// By the day on which they began, service and service deployment.
    pub(crate) releases: BTreeMap<(Date, String, ServiceDeploymentArn), PastRelease>,
    /// By day, refusal and event, as the table's keys are.
    pub(crate) silent: BTreeMap<(Date, String, EventId), Silent>,
    pub(crate) timeline: BTreeMap<(IncidentId, u32), TimelineEntry>,
    pub(crate) cases: BTreeMap<(IncidentId, u32), Case>,
    pub(crate) health: BTreeMap<String, HealthIssue>,
    pub(crate) threads: BTreeMap<IncidentId, Versioned<ChatThread>>,
    pub(crate) alarms: BTreeMap<AlarmArn, ServiceRef>,
    pub(crate) images: images::Images,
    pub(crate) costs: costs::Costs,
}

impl Ledger {
    pub(crate) fn record(&self, service: &ServiceRef) -> Versioned<ServiceRecord> {
        let none = || Versioned { version: 0, value: ServiceRecord::new(service.clone()) };
        self.records.get(service).cloned().unwrap_or_else(none)
    }

    pub(crate) fn fleet(&self) -> Versioned<Fleet> {
        self.fleet.clone().unwrap_or(Versioned { version: 0, value: Fleet::default() })
    }

    /// All of the claim or nothing. That the event is new is looked at first:
    /// who lost both races has nothing left to decide.
    pub(crate) fn claim(&mut self, claim: &Claim) -> Result<(), ClaimError> {
        if claim.event.as_ref().is_some_and(|event| self.events.contains(event)) {
            return Err(ClaimError::EventSeen);
        }
        let service = &claim.record.service;
        let stale = self.record(service).version != claim.expected;
        if stale || claim.fleet.as_ref().is_some_and(|fleet| fleet.version != self.fleet().version) {
            return Err(ClaimError::Conflict);
        }
        self.events.extend(claim.event.clone());
        let record = Versioned { version: claim.expected + 1, value: claim.record.clone() };
        let of = |record: &Versioned<ServiceRecord>| Some(record.value.incident.as_ref()?.opened_at);
        let opened = of(&record);
        let before = self.records.insert(service.clone(), record).as_ref().and_then(of);
        if let Some(then) = before.and_then(|at| self.opened.get_mut(&at)) {
            then.remove(service);
        }
        if let Some(at) = opened {
            self.opened.entry(at).or_default().insert(service.clone());
        }
        if let Some(fleet) = &claim.fleet {
            self.fleet = Some(Versioned { version: fleet.version + 1, value: fleet.value.clone() });
        }
        self.keep_history(claim);
        Ok(())
    }

    fn keep_history(&mut self, claim: &Claim) {
        if let Some(incident) = &claim.closed {
            self.closed.insert(incident.id.clone(), incident.clone());
            let day = day_of(incident.closed_at.unwrap_or(claim.at));
            let ended = (claim.record.service.clone(), incident.clone());
            self.ended.insert((day, incident.id.clone()), ended);
        }
        for past in &claim.releases {
            let key = (day_of(past.release.began_at), past.service.key(), past.release.id.clone());
            self.releases.insert(key, past.clone());
        }
        for notice in &claim.record.unpublished {
            self.timeline.insert((notice.incident.clone(), notice.sequence), TimelineEntry::of(notice));
        }
    }

    /// Of one day, by their keys.
    pub(crate) fn releases_of(&self, day: Date) -> Vec<PastRelease> {
        self.releases.iter().filter(|((of, ..), _)| *of == day).map(|(_, past)| past.clone()).collect()
    }

    /// Of one day, by their keys.
    pub(crate) fn incidents_of(&self, day: Date) -> Vec<(ServiceRef, Incident)> {
        self.ended.iter().filter(|((of, _), _)| *of == day).map(|(_, ended)| ended.clone()).collect()
    }

    /// Of one day, by their keys.
    pub(crate) fn silent_of(&self, day: Date) -> Vec<Silent> {
        self.silent.iter().filter(|((of, ..), _)| *of == day).map(|(_, silent)| silent.clone()).collect()
    }

    /// In the order in which they opened.
    pub(crate) fn open_incidents(&self) -> Vec<(ServiceRef, Incident)> {
        let records = self.records.iter();
        let open = records.filter_map(|(service, record)| Some((service.clone(), record.value.incident.clone()?)));
        let mut open: Vec<(ServiceRef, Incident)> = open.collect();
        open.sort_by_key(|(_, incident)| incident.opened_at);
        open
    }

    /// The same number again is no news, and no new version.
    pub(crate) fn keep_number_of_services(&mut self, services: u32) {
        let Versioned { version, value } = self.fleet();
        if value.services != Some(services) {
            let value = Fleet { services: Some(services), ..value };
            self.fleet = Some(Versioned { version: version + 1, value });
        }
    }

    pub(crate) fn openings(&self, since: Timestamp, most: Option<usize>) -> Vec<Opening> {
        let each = |(at, services): (&Timestamp, &BTreeSet<ServiceRef>)| {
            let at = *at;
            services.iter().map(|service| Opening { service: service.clone(), at }).collect::<Vec<_>>()
        };
        let openings = self.opened.range(since..).flat_map(each);
        openings.take(most.unwrap_or(usize::MAX)).collect()
    }

    pub(crate) fn count_silent(&mut self, silent: &Silent) {
        self.silent.insert(key_of(silent), silent.clone());
    }

    pub(crate) fn counted(&self, silent: &Silent) -> bool {
        self.silent.contains_key(&key_of(silent))
    }

    /// `false`: somebody wrote in between.
    pub(crate) fn keep_thread(&mut self, incident: &IncidentId, thread: &Versioned<ChatThread>) -> bool {
        let there = self.threads.get(incident).map_or(0, |kept| kept.version);
        if there != thread.version {
            return false;
        }
        let kept = Versioned { version: there + 1, value: thread.value.clone() };
        self.threads.insert(incident.clone(), kept);
        true
    }
}

/// Day, refusal and event.
fn key_of(silent: &Silent) -> (Date, String, EventId) {
    (day_of(silent.at), silent.refusal.name(), silent.event.clone())
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(event: Option<&str>, expected: u64) -> Claim {
        let name = ServiceRef::from_arn("arn:aws:ecs:eu-west-1:123456789012:service/prod/web").unwrap();
        Claim {
            event: event.map(EventId::new),
            expected,
            record: ServiceRecord::new(name),
            fleet: None,
            releases: Vec::new(),
            closed: None,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_event_claims_once_and_says_so_before_any_conflict() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.claim(&claim(Some("e"), 0)), Ok(()));
        assert_eq!(ledger.claim(&claim(Some("e"), 0)), Err(ClaimError::EventSeen));
        assert_eq!(ledger.claim(&claim(Some("f"), 0)), Err(ClaimError::Conflict));
        assert_eq!(ledger.claim(&claim(Some("f"), 1)), Ok(()));
        assert_eq!(ledger.claim(&claim(None, 2)), Ok(()));
        assert_eq!(ledger.records.len(), 1);
    }

    #[test]
    fn a_claim_that_loses_the_fleet_writes_nothing() {
        let mut ledger = Ledger::default();
        let fleet = Versioned { version: 0, value: Fleet::default() };
        let first = Claim { fleet: Some(fleet), ..claim(Some("e"), 0) };
        assert_eq!(ledger.claim(&first), Ok(()));
        let late = Claim { event: Some(EventId::new("f")), expected: 1, ..first };
        assert_eq!(ledger.claim(&late), Err(ClaimError::Conflict));
        assert!(!ledger.events.contains(&EventId::new("f")));
        assert_eq!(ledger.record(&late.record.service).version, 1);
    }
}
