//! What is remembered of images.

use std::collections::BTreeSet;

use jiff::Timestamp;
use nightshift_core::ids::ServiceRef;
use nightshift_core::image::{ImageId, ImageRecord, Run, ServiceImages};
use nightshift_core::ledger::Versioned;
use nightshift_core::ports::{Answer, ImageLedger, RunsLedger, RunsReads};

use crate::account::Account;
use crate::state::ledger::images::key;

const GET: &str = "dynamodb:GetItem";
const PUT: &str = "dynamodb:PutItem";
const DELETE: &str = "dynamodb:DeleteItem";
const QUERY: &str = "dynamodb:Query";

impl ImageLedger for Account {
    async fn image_record(&self, image: &ImageId) -> Answer<Versioned<ImageRecord>> {
        self.read(GET, format!("image {image}"), |state| Ok(state.ledger.images.record(image))).await
    }

    async fn keep_image(&self, image: &Versioned<ImageRecord>) -> Answer<bool> {
        let resource = format!("image {}", image.value.image);
        self.write(PUT, resource, |state| Ok(state.ledger.images.keep(image))).await
    }

    async fn open_images(&self) -> Answer<Vec<ImageId>> {
        self.read(QUERY, "open images", |state| Ok(state.ledger.images.open())).await
    }
}

impl RunsReads for Account {
    async fn runs_of(&self, repository: &str) -> Answer<Vec<Run>> {
        self.read(QUERY, format!("runs of {repository}"), |state| Ok(state.ledger.images.runs_of(repository))).await
    }

    async fn spread(&self, finding: &str) -> Answer<Vec<ServiceRef>> {
        self.read(QUERY, format!("finding {finding}"), |state| Ok(state.ledger.images.spread(finding))).await
    }
}

impl RunsLedger for Account {
    async fn runs_known(&self) -> Answer<Option<Timestamp>> {
        self.read(GET, "known runs", |state| Ok(state.ledger.images.runs_known)).await
    }

    async fn keep_runs_known(&self, at: Timestamp) -> Answer<()> {
        self.write(PUT, "known runs", |state| {
            state.ledger.images.runs_known = Some(at);
            Ok(())
        })
        .await
    }

    async fn service_images(&self, service: &ServiceRef) -> Answer<ServiceImages> {
        let resource = format!("images of {service}");
        self.read(GET, resource, |state| Ok(state.ledger.images.services.get(service).cloned().unwrap_or_default()))
            .await
    }

    async fn keep_service_images(
        &self,
        service: &ServiceRef,
        before: &ServiceImages,
        now: &ServiceImages,
    ) -> Answer<()> {
        let needed: BTreeSet<_> = now.runs.iter().map(key).collect();
        for run in &now.runs {
            self.write(PUT, format!("run of {}", run.image), |state| {
                state.ledger.images.runs.insert(key(run), run.clone());
                Ok(())
            })
            .await?;
        }
        for run in before.runs.iter().filter(|run| !needed.contains(&key(run))) {
            self.write(DELETE, format!("run of {}", run.image), |state| {
                state.ledger.images.runs.remove(&key(run));
                Ok(())
            })
            .await?;
        }
        self.write(PUT, format!("images of {service}"), |state| {
            state.ledger.images.services.insert(service.clone(), now.clone());
            Ok(())
        })
        .await
    }

    async fn keep_spread(&self, finding: &str, image: &ImageId, services: &[ServiceRef]) -> Answer<()> {
        let operation = if services.is_empty() { DELETE } else { PUT };
        self.write(operation, format!("finding {finding} in {image}"), |state| {
            state.ledger.images.keep_spread(finding, image, services);
            Ok(())
        })
        .await
    }
}
