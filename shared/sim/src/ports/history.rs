//! What was recorded, day by day, and how many services there are.

use jiff::civil::Date;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::Incident;
use nightshift_core::ledger::Silent;
use nightshift_core::ports::{Answer, FleetReads, FleetWrites, HistoryReads};
use nightshift_core::service::Service;
use nightshift_core::verdict::PastRelease;

use crate::account::Account;
use crate::state::service::Machine;

const QUERY: &str = "dynamodb:Query";

impl HistoryReads for Account {
    async fn releases_of(&self, day: Date) -> Answer<Vec<PastRelease>> {
        self.read(QUERY, format!("releases of {day}"), |state| Ok(state.ledger.releases_of(day))).await
    }

    async fn incidents_of(&self, day: Date) -> Answer<Vec<(ServiceRef, Incident)>> {
        self.read(QUERY, format!("incidents of {day}"), |state| Ok(state.ledger.incidents_of(day))).await
    }

    async fn silent_of(&self, day: Date) -> Answer<Vec<Silent>> {
        self.read(QUERY, format!("silent of {day}"), |state| Ok(state.ledger.silent_of(day))).await
    }

    async fn open_incidents(&self) -> Answer<Vec<(ServiceRef, Incident)>> {
        self.read(QUERY, "open incidents", |state| Ok(state.ledger.open_incidents())).await
    }
}

impl FleetReads for Account {
    async fn all_services(&self) -> Answer<Vec<Service>> {
        self.read("ecs:ListServices", "this account", |state| {
            let mut all: Vec<Service> = state.machines.iter().map(Machine::shown).collect();
            all.sort_by(|a, b| a.service.cmp(&b.service));
            Ok(all)
        })
        .await
    }
}

impl FleetWrites for Account {
    async fn keep_number_of_services(&self, services: u32) -> Answer<()> {
        self.write("dynamodb:PutItem", "fleet", |state| {
            state.ledger.keep_number_of_services(services);
            Ok(())
        })
        .await
    }
}
