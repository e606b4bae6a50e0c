//! Amazon DynamoDB: the ledger, one table. `docs/ledger.md` describes it.

mod claim;
mod costs;
mod images;
mod item;
mod key;
mod pack;
mod past;
mod read;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use nightshift_core::case::{Case, NewCase};
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{AlarmArn, EventId, IncidentId, ServiceRef};
use nightshift_core::incident::ServiceRecord;
use nightshift_core::ledger::{ChatThread, Claim, ClaimError, Fleet, Opening, Remembered, Silent, Versioned};
use nightshift_core::ports::{AlarmMap, Answer, ChatLedger, FleetWrites, LedgerReads, LedgerWrites};

use crate::client::Account;
use crate::fault::{code, fault, unreadable};
use item::Item;
use key::Key;
use serde::Serialize;

const GET: &str = "dynamodb:GetItem";
const BATCH_GET: &str = "dynamodb:BatchGetItem";
const PUT: &str = "dynamodb:PutItem";
const QUERY: &str = "dynamodb:Query";
/// A claim that counts against the cap writes the fleet too; it is tried again
/// so often.
const FLEET_TRIES: u32 = 3;
/// Sparse: only a service with an open incident is in it.
const OPEN_INCIDENTS: &str = "open-incidents";

impl LedgerReads for Account {
    async fn record(&self, service: &ServiceRef) -> Answer<Versioned<ServiceRecord>> {
        let key = Key::head(service);
        let found = self.item(&key).await?;
        item::versioned(&key, found, || ServiceRecord::new(service.clone()))
    }

    async fn fleet(&self) -> Answer<Versioned<Fleet>> {
        let key = Key::fleet();
        let found = self.item(&key).await?;
        item::versioned(&key, found, Fleet::default)
    }

    async fn openings(&self, since: Timestamp, most: Option<usize>) -> Answer<Vec<Opening>> {
        let request = self
            .dynamodb
            .query()
            .table_name(self.settings.table(QUERY)?)
            .index_name(OPEN_INCIDENTS)
            .key_condition_expression("#open = :open AND #opened_at >= :since")
            .expression_attribute_names("#open", item::OPEN)
            .expression_attribute_names("#opened_at", item::OPENED_AT)
            .expression_attribute_values(":open", AttributeValue::S(item::IS_OPEN.to_owned()))
            .expression_attribute_values(":since", AttributeValue::S(item::sortable(since)))
            .set_limit(most.and_then(|most| i32::try_from(most).ok()));
        let most = most.unwrap_or(usize::MAX);
        let mut pages = request.into_paginator().items().send();
        let mut openings = Vec::new();
        while openings.len() < most
            && let Some(found) = pages.next().await
        {
            let found = found.map_err(|error| fault(QUERY, OPEN_INCIDENTS, &error))?;
            openings.push(item::opening(&found)?);
        }
        Ok(openings)
    }

    async fn remembered(&self, service: &ServiceRef, event: &EventId) -> Answer<Remembered> {
        let (head, fleet, event) = (Key::head(service), Key::fleet(), Key::event(event));
        let [record, shared, seen] =
            read::at_once(&self.dynamodb, self.settings.table(BATCH_GET)?, [&head, &fleet, &event]).await?;
        Ok(Remembered {
            record: item::versioned(&head, record, || ServiceRecord::new(service.clone()))?,
            fleet: item::versioned(&fleet, shared, Fleet::default)?,
            seen: seen.is_some(),
        })
    }

    async fn counted(&self, silent: &Silent) -> Answer<bool> {
        Ok(self.item(&Key::silent(silent)).await?.is_some())
    }

    async fn health_issues(&self) -> Answer<Vec<HealthIssue>> {
        let request = self
            .dynamodb
            .query()
            .table_name(self.settings.table(QUERY)?)
            .consistent_read(true)
            .key_condition_expression("#pk = :health")
            .filter_expression("#issue_open = :true")
            .expression_attribute_names("#pk", item::PK)
            .expression_attribute_names("#issue_open", item::ISSUE_OPEN)
            .expression_attribute_values(":health", AttributeValue::S(item::HEALTH.to_owned()))
            .expression_attribute_values(":true", AttributeValue::Bool(true));
        let mut pages = request.into_paginator().items().send();
        let mut issues = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| fault(QUERY, item::HEALTH, &error))?;
            let issue: HealthIssue = item::document(item::HEALTH, &found)?;
            if issue.region == self.settings.region {
                issues.push(issue);
            }
        }
        Ok(issues)
    }
}

impl LedgerWrites for Account {
    async fn claim(&self, claim: &Claim) -> Result<(), ClaimError> {
        let table = self.settings.table(claim::OPERATION).map_err(ClaimError::Fault)?;
        claim::write(&self.dynamodb, table, claim).await
    }

    async fn count_silent(&self, silent: &Silent) -> Answer<()> {
        self.put(item::silent(silent)?).await
    }

    async fn keep_case(
        &self,
        incident: &IncidentId,
        sequence: u32,
        case: &NewCase<'_, impl Serialize + Sync, impl Serialize + Sync>,
    ) -> Answer<()> {
        let key = Key::case(incident, sequence);
        let packed = pack::packed(&key.to_string(), case)?;
        self.put(item::case(&key, packed, case.now)).await
    }

    async fn keep_health_issue(&self, issue: &HealthIssue) -> Answer<()> {
        self.put(item::health(issue)?).await
    }
}

impl ChatLedger for Account {
    async fn thread(&self, incident: &IncidentId) -> Answer<Versioned<ChatThread>> {
        let key = Key::chat(incident);
        let found = self.item(&key).await?;
        item::versioned(&key, found, ChatThread::default)
    }

    async fn keep_thread(&self, incident: &IncidentId, thread: &Versioned<ChatThread>) -> Answer<bool> {
        let key = Key::chat(incident);
        self.put_if_unchanged(&key, thread).await
    }
}

impl FleetWrites for Account {
    async fn keep_number_of_services(&self, services: u32) -> Answer<()> {
        let key = Key::fleet();
        for _ in 0..FLEET_TRIES {
            let Versioned { version, value } = self.fleet().await?;
            if value.services == Some(services) {
                return Ok(());
            }
            let counted = Versioned { version, value: Fleet { services: Some(services), ..value } };
            if self.put_if_unchanged(&key, &counted).await? {
                return Ok(());
            }
        }
        Err(Fault::new(PUT, key.to_string(), FaultKind::Transient, "claims were faster each time"))
    }
}

impl AlarmMap for Account {
    async fn mapped(&self, alarm: &AlarmArn) -> Answer<Option<ServiceRef>> {
        let key = Key::alarm(alarm);
        let found = self.item(&key).await?;
        found.map(|found| item::document(&key.to_string(), &found)).transpose()
    }

    async fn map(&self, alarm: &AlarmArn, service: &ServiceRef, at: Timestamp) -> Answer<()> {
        self.put(item::mapped(alarm, service, at)?).await
    }
}

impl Account {
    /// A decision's case, as it was kept: `dynamodb:GetItem`. `None`: there is none.
    ///
    /// # Errors
    /// If the ledger cannot be read, or holds what is no case.
    pub async fn case(&self, incident: &IncidentId, sequence: u32) -> Answer<Option<Case>> {
        let key = Key::case(incident, sequence);
        let Some(found) = self.item(&key).await? else {
            return Ok(None);
        };
        let packed = found.get(item::CASE).and_then(|value| value.as_b().ok());
        let packed = packed.ok_or_else(|| unreadable(GET, key.to_string(), "it holds no case"))?;
        pack::unpacked(&key.to_string(), packed.as_ref()).map(Some)
    }

    /// One item, read consistently.
    async fn item(&self, key: &Key) -> Answer<Option<Item>> {
        read::one(&self.dynamodb, self.settings.table(GET)?, key).await
    }

    /// The item that follows the one read; `false` if somebody wrote in between.
    async fn put_if_unchanged<T: Serialize>(&self, key: &Key, read: &Versioned<T>) -> Answer<bool> {
        self.put_in_place_of(key, read.version, item::next(key, read.version, &read.value)?).await
    }

    /// The same, of an item with more than a document.
    async fn put_in_place_of(&self, key: &Key, version: u64, next: Item) -> Answer<bool> {
        let put = item::put_if_unchanged(self.settings.table(PUT)?, next, version);
        let put = put.map_err(|error| unreadable(PUT, key.to_string(), error.to_string()))?;
        let request = self
            .dynamodb
            .put_item()
            .table_name(put.table_name)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_names(put.expression_attribute_names)
            .set_expression_attribute_values(put.expression_attribute_values);
        match request.send().boxed().await {
            Ok(_) => Ok(true),
            Err(error) if code(&error) == Some("ConditionalCheckFailedException") => Ok(false),
            Err(error) => Err(fault(PUT, key.to_string(), &error)),
        }
    }

    /// One item, unconditionally: where the same key always means the same news.
    async fn put(&self, new: Item) -> Answer<()> {
        let key = Key::of(&new);
        let request = self.dynamodb.put_item().table_name(self.settings.table(PUT)?).set_item(Some(new));
        request.send().boxed().await.map(drop).map_err(|error| fault(PUT, key.to_string(), &error))
    }
}
