//! The ledger.

use jiff::Timestamp;
use nightshift_core::case::Case;
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{AlarmArn, EventId, IncidentId, ServiceRef};
use nightshift_core::incident::ServiceRecord;
use nightshift_core::ledger::{ChatThread, Claim, ClaimError, Fleet, Opening, Silent, Versioned};
use nightshift_core::ports::{AlarmMap, Answer, ChatLedger, LedgerReads, LedgerWrites};

use crate::account::Account;

const GET: &str = "dynamodb:GetItem";
const PUT: &str = "dynamodb:PutItem";
const QUERY: &str = "dynamodb:Query";

impl LedgerReads for Account {
    async fn record(&self, service: &ServiceRef) -> Answer<Versioned<ServiceRecord>> {
        self.read(GET, format!("service {service}"), |state| Ok(state.ledger.record(service))).await
    }

    async fn fleet(&self) -> Answer<Versioned<Fleet>> {
        self.read(GET, "fleet", |state| Ok(state.ledger.fleet())).await
    }

    async fn openings(&self, since: Timestamp) -> Answer<Vec<Opening>> {
        self.read(QUERY, "open incidents", |state| Ok(state.ledger.openings(since))).await
    }

    async fn seen(&self, event: &EventId) -> Answer<bool> {
        self.read(GET, format!("event {event}"), |state| Ok(state.ledger.events.contains(event))).await
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
        let written = self.write("dynamodb:TransactWriteItems", resource, |state| Ok(state.ledger.claim(claim)));
        written.await.map_err(ClaimError::Fault)?
    }

    async fn count_silent(&self, silent: &Silent) -> Answer<()> {
        self.write(PUT, format!("silent {}", silent.event), |state| {
            state.ledger.count_silent(silent);
            Ok(())
        })
        .await
    }

    async fn keep_case(&self, incident: &IncidentId, sequence: u32, case: &Case) -> Answer<()> {
        self.write(PUT, format!("case {incident}#{sequence}"), |state| {
            state.ledger.cases.insert((incident.clone(), sequence), case.clone());
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
