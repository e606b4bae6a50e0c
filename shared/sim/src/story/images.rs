//! What a story does with images, and looks at afterwards.

use std::collections::BTreeMap;

use nightshift_core::ids::ServiceRef;
use nightshift_core::image::{ImageId, ImageRecord, ServiceImages};
use nightshift_core::notice::Notice;
use nightshift_core::refusal::Refusal;
use serde_json::{Value, json};

use crate::account::Account;
use crate::state::State;
use crate::state::registry::writes::Named;

impl Account {
    /// What carries that tag, `web:2`, right now, with its repository.
    pub fn tagged(&self, image: &str) -> Option<ImageId> {
        let (repository, tag) = image.split_once(':')?;
        let state = self.state();
        let digest = state.registry.repositories.get(repository)?.tags.get(tag)?;
        Some(ImageId::new(repository, digest.clone()))
    }

    /// The image's tags, in order.
    pub fn image_tags(&self, image: &ImageId) -> Vec<String> {
        let state = self.state();
        let repo = state.registry.repositories.get(&image.repository);
        repo.map(|repo| repo.tags_of(&image.digest).map(str::to_owned).collect()).unwrap_or_default()
    }

    /// A person pushes an image of that content, under a tag or without one.
    pub fn person_pushes(&self, repository: &str, tag: Option<&str>, content: &str) -> ImageId {
        ImageId::new(repository, self.state().registry.push_to(repository, tag, content))
    }

    /// A person takes a tag off its image; the last one takes the image along.
    pub fn person_unties(&self, repository: &str, tag: &str) {
        let named = Named { digest: None, tag: Some(tag.to_owned()) };
        // What is not there need not be taken off.
        let _gone = self.state().registry.batch_delete(repository, &[named]);
    }

    /// A person deletes an image with all its tags.
    pub fn person_deletes_image(&self, image: &ImageId) {
        self.state().registry.delete_from(&image.repository, &image.digest);
    }

    /// A person sets a tag of the repository, or takes it away.
    pub fn person_tags_repository(&self, repository: &str, key: &str, value: Option<&str>) {
        if let Some(repo) = self.state().registry.repositories.get_mut(repository) {
            match value {
                Some(value) => repo.setup.tags.insert(key.to_owned(), value.to_owned()),
                None => repo.setup.tags.remove(key),
            };
        }
    }

    /// Images that were deleted, whoever did it.
    pub fn deleted_images(&self) -> Vec<ImageId> {
        self.state().registry.deleted.clone()
    }

    /// What is remembered of the images that the service needs.
    pub fn images_of(&self, service: &ServiceRef) -> ServiceImages {
        self.state().ledger.images.services.get(service).cloned().unwrap_or_default()
    }

    /// What the ledger remembers of the image.
    pub fn image_record_of(&self, image: &ImageId) -> ImageRecord {
        self.state().ledger.images.record(image).value
    }
}

/// The registry's changes by calls, without their moments.
pub(super) fn writes(state: &State) -> Vec<String> {
    let writes = state.image_writes.iter();
    writes.map(|write| format!("{} {} {}", write.operation, write.repository, write.change)).collect()
}

/// What is remembered of images, without moments and counters.
pub(super) fn shown(state: &State) -> BTreeMap<String, Value> {
    let records = state.ledger.images.records.iter();
    records.map(|(image, record)| (image.to_string(), image_shown(&record.value))).collect()
}

fn image_shown(record: &ImageRecord) -> Value {
    json!({
        "quarantine": record.quarantine.as_ref().map(|it| json!([it.because, it.mark, it.archived])),
        "spared": record.spared.as_ref().map(Refusal::name),
        "released": record.released,
        "told": record.told.iter().map(|(team, told)| json!([team, told.severity, told.open])).collect::<Vec<_>>(),
        "unpublished": record.unpublished.iter().map(Notice::key).collect::<Vec<_>>(),
    })
}
