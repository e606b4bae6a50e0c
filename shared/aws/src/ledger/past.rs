//! What was recorded, day by day, for reports.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use jiff::civil::Date;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::Incident;
use nightshift_core::ledger::Silent;
use nightshift_core::ports::{Answer, HistoryReads, LedgerReads as _};
use nightshift_core::verdict::PastRelease;
use serde::de::DeserializeOwned;

use super::item::{self, PastIncident};
use super::{QUERY, key};
use crate::client::Account;
use crate::fault::fault;

impl HistoryReads for Account {
    async fn releases_of(&self, day: Date) -> Answer<Vec<PastRelease>> {
        self.all_under(&key::releases_of(day)).await
    }

    async fn incidents_of(&self, day: Date) -> Answer<Vec<(ServiceRef, Incident)>> {
        let found: Vec<PastIncident<ServiceRef, Incident>> = self.all_under(&key::incidents_of(day)).await?;
        Ok(found.into_iter().map(|past| (past.service, past.incident)).collect())
    }

    async fn silent_of(&self, day: Date) -> Answer<Vec<Silent>> {
        self.all_under(&key::silent_of(day)).await
    }

    async fn open_incidents(&self) -> Answer<Vec<(ServiceRef, Incident)>> {
        let mut open = Vec::new();
        // The index may be a moment behind the records.
        for opening in self.openings(Timestamp::UNIX_EPOCH, None).await? {
            let record = self.record(&opening.service).await?.value;
            open.extend(record.incident.map(|incident| (opening.service, incident)));
        }
        Ok(open)
    }
}

impl Account {
    /// The documents of all items under one `pk`, by their `sk`.
    pub(super) async fn all_under<T: DeserializeOwned>(&self, pk: &str) -> Answer<Vec<T>> {
        let request = self
            .dynamodb
            .query()
            .table_name(self.settings.table(QUERY)?)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", item::PK)
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
        let mut pages = request.into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| fault(QUERY, pk, &error))?;
            all.push(item::document(&super::Key::of(&found).to_string(), &found)?);
        }
        Ok(all)
    }
}

/// A release for tests of its keys and items.
#[cfg(test)]
pub(super) fn release(service: &ServiceRef, id: &str, began_at: Timestamp) -> PastRelease {
    let release = serde_json::json!({
        "service": service,
        "environment": "prod",
        "team": null,
        "release": {
            "id": id,
            "kind": "release",
            "deployment": null,
            "from": null,
            "target": {
                "arn": "revision",
                "task_definition": "web:7",
                "created_at": null,
                "images": {},
                "surroundings": "",
            },
            "origin": { "commit": null, "committed_at": null, "by": null },
            "began_at": began_at,
            "ended_at": null,
            "status": "IN_PROGRESS",
            "reason": null,
            "rolled_back_to": null,
            "given_up_at": null,
            "failures": [],
            "failed": 0,
            "troubled": null,
            "taken_back": null,
            "warnings": [],
            "verdict": { "verdict": "in-progress" },
            "watched_until": null,
            "sequence": 0,
        },
    });
    serde_json::from_value(release).unwrap()
}
