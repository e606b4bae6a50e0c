//! What is remembered of images, and of who needs them.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use nightshift_core::ids::ServiceRef;
use nightshift_core::image::{ImageId, ImageRecord, Run, ServiceImages};
use nightshift_core::ledger::Versioned;
use nightshift_core::ports::{Answer, ImageLedger, RunsLedger, RunsReads};

use super::{Key, OPEN_INCIDENTS, QUERY, item, key};
use crate::client::Account;
use crate::fault::fault;

const DELETE: &str = "dynamodb:DeleteItem";

impl ImageLedger for Account {
    async fn image_record(&self, image: &ImageId) -> Answer<Versioned<ImageRecord>> {
        let key = Key::image(image);
        let found = self.item(&key).await?;
        item::versioned(&key, found, || ImageRecord::new(image.clone()))
    }

    async fn keep_image(&self, image: &Versioned<ImageRecord>) -> Answer<bool> {
        let key = Key::image(&image.value.image);
        self.put_in_place_of(&key, image.version, item::image(image)?).await
    }

    async fn open_images(&self) -> Answer<Vec<ImageId>> {
        let request = self
            .dynamodb
            .query()
            .table_name(self.settings.table(QUERY)?)
            .index_name(OPEN_INCIDENTS)
            .key_condition_expression("#open = :image")
            .expression_attribute_names("#open", item::OPEN)
            .expression_attribute_values(":image", AttributeValue::S(item::IS_OPEN_IMAGE.to_owned()));
        let mut pages = request.into_paginator().items().send();
        let mut open = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| fault(QUERY, OPEN_INCIDENTS, &error))?;
            open.push(item::open_image(&found)?);
        }
        open.sort();
        Ok(open)
    }
}

impl RunsReads for Account {
    async fn runs_of(&self, repository: &str) -> Answer<Vec<Run>> {
        let mut runs: Vec<Run> = self.all_under(&key::repository_of(repository)).await?;
        runs.sort();
        Ok(runs)
    }

    async fn spread(&self, finding: &str) -> Answer<Vec<ServiceRef>> {
        let found: Vec<Vec<ServiceRef>> = self.all_under(&key::finding_of(finding)).await?;
        let services: BTreeSet<ServiceRef> = found.into_iter().flatten().collect();
        Ok(services.into_iter().collect())
    }
}

impl RunsLedger for Account {
    async fn runs_known(&self) -> Answer<Option<Timestamp>> {
        let key = Key::runs_known();
        let found = self.item(&key).await?;
        found.map(|found| item::document(&key.to_string(), &found)).transpose()
    }

    async fn keep_runs_known(&self, at: Timestamp) -> Answer<()> {
        self.put(item::with_document(&Key::runs_known(), &at)?).await
    }

    async fn service_images(&self, service: &ServiceRef) -> Answer<ServiceImages> {
        let key = Key::service_images(service);
        let found = self.item(&key).await?;
        found.map_or_else(|| Ok(ServiceImages::default()), |found| item::document(&key.to_string(), &found))
    }

    async fn keep_service_images(
        &self,
        service: &ServiceRef,
        before: &ServiceImages,
        now: &ServiceImages,
    ) -> Answer<()> {
        let needed: BTreeSet<String> = now.runs.iter().map(|run| Key::run(run).to_string()).collect();
        for run in &now.runs {
            self.put(item::with_document(&Key::run(run), run)?).await?;
        }
        for key in before.runs.iter().map(Key::run).filter(|key| !needed.contains(&key.to_string())) {
            self.delete(&key).await?;
        }
        self.put(item::with_document(&Key::service_images(service), now)?).await
    }

    async fn keep_spread(&self, finding: &str, image: &ImageId, services: &[ServiceRef]) -> Answer<()> {
        let key = Key::spread(finding, image);
        if services.is_empty() {
            self.delete(&key).await
        } else {
            self.put(item::with_document(&key, &services)?).await
        }
    }
}

impl Account {
    /// What is not there need not be deleted.
    async fn delete(&self, key: &Key) -> Answer<()> {
        let request = self.dynamodb.delete_item().table_name(self.settings.table(DELETE)?);
        let done = request.set_key(Some(key.item())).send().boxed().await;
        done.map(drop).map_err(|error| fault(DELETE, key.to_string(), &error))
    }
}
