//! The ledger.

use jiff::Timestamp;
use nightshift_core::case::{Case, NewCase};
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{AlarmArn, EventId, IncidentId, ServiceRef};
use nightshift_core::incident::{Incident, ServiceRecord};
use nightshift_core::ledger::{
    ChatThread, Claim, ClaimError, Fleet, Opening, Remembered, Silent, TimelineEntry, Versioned,
};
use nightshift_core::ports::{AlarmMap, Answer, ChatLedger, LedgerReads, LedgerWrites};
use serde::Serialize;

use crate::account::Account;
use crate::meter;
use crate::state::State;

const GET: &str = "dynamodb:GetItem";
const BATCH_GET: &str = "dynamodb:BatchGetItem";
const PUT: &str = "dynamodb:PutItem";
const QUERY: &str = "dynamodb:Query";

impl LedgerReads for Account {
    async fn record(&self, service: &ServiceRef) -> Answer<Versioned<ServiceRecord>> {
        self.read(GET, format!("service {service}"), |state| {
            let record = state.ledger.record(service);
            state.meter_read("service", &service.to_string(), || meter::bytes(&record.value), true);
            Ok(record)
        })
        .await
    }

    async fn fleet(&self) -> Answer<Versioned<Fleet>> {
        self.read(GET, "fleet", |state| {
            let fleet = state.ledger.fleet();
            state.meter_read("fleet", "fleet", || meter::bytes(&fleet.value), true);
            Ok(fleet)
        })
        .await
    }

    async fn openings(&self, since: Timestamp, most: Option<usize>) -> Answer<Vec<Opening>> {
        self.read(QUERY, "open incidents", |state| {
            let openings = state.ledger.openings(since, most);
            // The index holds keys alone.
            state.meter_read("index open-incidents", "1", || openings.len() * meter::KEYS, false);
            Ok(openings)
        })
        .await
    }

    async fn remembered(&self, service: &ServiceRef, event: &EventId) -> Answer<Remembered> {
        self.read(BATCH_GET, format!("service {service}"), |state| {
            let (record, fleet) = (state.ledger.record(service), state.ledger.fleet());
            state.meter_read("service", &service.to_string(), || meter::bytes(&record.value), true);
            state.meter_read("fleet", "fleet", || meter::bytes(&fleet.value), true);
            state.meter_read("event", event.as_str(), || 1, true);
            Ok(Remembered { record, fleet, seen: state.ledger.events.contains(event) })
        })
        .await
    }

    async fn counted(&self, silent: &Silent) -> Answer<bool> {
        self.read(GET, format!("silent {}", silent.event), |state| Ok(state.ledger.counted(silent))).await
    }

    async fn health_issues(&self) -> Answer<Vec<HealthIssue>> {
        self.read(QUERY, "health", |state| {
            let region = &state.scenario.region;
            let open = state.ledger.health.values().filter(|issue| issue.open && issue.region == *region);
            Ok(open.cloned().collect())
        })
        .await
    }
}

impl LedgerWrites for Account {
    async fn claim(&self, claim: &Claim) -> Result<(), ClaimError> {
        let resource = format!("service {}", claim.record.service);
        let written = self.write("dynamodb:TransactWriteItems", resource, |state| {
            state.meter_claim(claim);
            Ok(state.ledger.claim(claim))
        });
        written.await.map_err(ClaimError::Fault)?
    }

    async fn count_silent(&self, silent: &Silent) -> Answer<()> {
        self.write(PUT, format!("silent {}", silent.event), |state| {
            state.meter_write("silent event", &silent.at.strftime("%F").to_string(), || meter::bytes(silent));
            state.ledger.count_silent(silent);
            Ok(())
        })
        .await
    }

    async fn keep_case(
        &self,
        incident: &IncidentId,
        sequence: u32,
        case: &NewCase<'_, impl Serialize + Sync, impl Serialize + Sync>,
    ) -> Answer<()> {
        let case = Case::of(case)
            .map_err(|error| Fault::new(PUT, incident.to_string(), FaultKind::Permanent, error.to_string()))?;
        self.write(PUT, format!("case {incident}#{sequence}"), |state| {
            // It is kept packed, to about an eighth.
            state.meter_write("case", incident.as_str(), || meter::bytes(&case) / 8);
            state.ledger.cases.insert((incident.clone(), sequence), case);
            Ok(())
        })
        .await
    }

    async fn keep_health_issue(&self, issue: &HealthIssue) -> Answer<()> {
        self.write(PUT, format!("health {}", issue.arn), |state| {
            state.ledger.health.insert(issue.arn.clone(), issue.clone());
            Ok(())
        })
        .await
    }
}

impl ChatLedger for Account {
    async fn thread(&self, incident: &IncidentId) -> Answer<Versioned<ChatThread>> {
        self.read(GET, format!("chat {incident}"), |state| {
            let none = || Versioned { version: 0, value: ChatThread::default() };
            Ok(state.ledger.threads.get(incident).cloned().unwrap_or_else(none))
        })
        .await
    }

    async fn keep_thread(&self, incident: &IncidentId, thread: &Versioned<ChatThread>) -> Answer<bool> {
        self.write(PUT, format!("chat {incident}"), |state| Ok(state.ledger.keep_thread(incident, thread))).await
    }
}

impl AlarmMap for Account {
    async fn mapped(&self, alarm: &AlarmArn) -> Answer<Option<ServiceRef>> {
        self.read(GET, format!("alarm {}", alarm.name()), |state| Ok(state.ledger.alarms.get(alarm).cloned())).await
    }

    // DynamoDB deletes late, and nothing is decided by it: here nothing expires.
    async fn map(&self, alarm: &AlarmArn, service: &ServiceRef, _at: Timestamp) -> Answer<()> {
        self.write(PUT, format!("alarm {}", alarm.name()), |state| {
            state.ledger.alarms.insert(alarm.clone(), service.clone());
            Ok(())
        })
        .await
    }
}

impl State {
    fn meter_read(&mut self, kind: &'static str, key: &str, bytes: impl FnOnce() -> usize, consistent: bool) {
        if self.meter.on {
            self.meter.read(kind, key, bytes(), consistent, self.now);
        }
    }

    fn meter_write(&mut self, kind: &'static str, key: &str, bytes: impl FnOnce() -> usize) {
        if self.meter.on {
            self.meter.write(kind, key, bytes(), false, self.now);
        }
    }

    /// A transaction that loses is paid for all the same.
    fn meter_claim(&mut self, claim: &Claim) {
        let Self { meter, ledger, now, .. } = self;
        if !meter.on {
            return;
        }
        let (service, now) = (&claim.record.service, *now);
        let (name, size) = (service.to_string(), meter::bytes(&claim.record));
        meter.write("service", &name, size, true, now);
        if let Some(event) = &claim.event {
            meter.write("event", event.as_str(), 1, true, now);
        }
        if let Some(fleet) = &claim.fleet {
            meter.write("fleet", "fleet", meter::bytes(&fleet.value), true, now);
        }
        if let Some(closed) = &claim.closed {
            meter.write("closed incident", &name, meter::bytes(closed), true, now);
            meter.write("ended incident", &claim.at.strftime("%F").to_string(), meter::bytes(closed), true, now);
        }
        for notice in &claim.record.unpublished {
            let line = meter::bytes(&TimelineEntry::of(notice));
            meter.write("time line", notice.incident.as_str(), line, true, now);
        }
        for release in &claim.releases {
            meter.write("release", &claim.at.strftime("%F").to_string(), meter::bytes(release), true, now);
        }
        // The index holds keys alone: it follows what opens and what ends.
        let opened_at = |incident: &Option<Incident>| incident.as_ref().map(|incident| incident.opened_at);
        if opened_at(&claim.record.incident) != opened_at(&ledger.record(service).value.incident) {
            meter.write("index open-incidents", "1", meter::KEYS, false, now);
        }
    }
}
