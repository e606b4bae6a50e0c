//! The ledger: items with versions, and the one transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::case::Case;
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{AlarmArn, EventId, IncidentId, ServiceRef};
use nightshift_core::incident::{Incident, ServiceRecord};
use nightshift_core::ledger::{ChatThread, Claim, ClaimError, Fleet, Opening, Silent, TimelineEntry, Versioned};

/// The ledger's table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) records: BTreeMap<ServiceRef, Versioned<ServiceRecord>>,
    pub(crate) fleet: Option<Versioned<Fleet>>,
    pub(crate) events: BTreeSet<EventId>,
    pub(crate) closed: BTreeMap<IncidentId, Incident>,
    /// By day, refusal and event, as the table's keys are.
    pub(crate) silent: BTreeMap<(String, String, EventId), Silent>,
    pub(crate) timeline: BTreeMap<(IncidentId, u32), TimelineEntry>,
    pub(crate) cases: BTreeMap<(IncidentId, u32), Case>,
    pub(crate) health: BTreeMap<String, HealthIssue>,
    pub(crate) threads: BTreeMap<IncidentId, Versioned<ChatThread>>,
    pub(crate) alarms: BTreeMap<AlarmArn, ServiceRef>,
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
        self.records.insert(service.clone(), record);
        if let Some(fleet) = &claim.fleet {
            self.fleet = Some(Versioned { version: fleet.version + 1, value: fleet.value.clone() });
        }
        if let Some(incident) = &claim.closed {
            self.closed.insert(incident.id.clone(), incident.clone());
        }
        Ok(())
    }

    pub(crate) fn openings(&self, since: Timestamp) -> Vec<Opening> {
        let open = |record: &Versioned<ServiceRecord>| {
            let at = record.value.incident.as_ref()?.opened_at;
            (at >= since).then(|| Opening { service: record.value.service.clone(), at })
        };
        let mut openings: Vec<Opening> = self.records.values().filter_map(open).collect();
        openings.sort_by_key(|opening| opening.at);
        openings
    }

    pub(crate) fn count_silent(&mut self, silent: &Silent) {
        let day = silent.at.strftime("%Y-%m-%d").to_string();
        self.silent.insert((day, silent.refusal.name(), silent.event.clone()), silent.clone());
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
