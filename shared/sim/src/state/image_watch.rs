//! Changes of the registry by a call: what they do, and what no story may ever
//! break.

use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageId, ImageStatus, Mutability};
use nightshift_core::mode::Mode;
use nightshift_core::service::MODE_TAG;

use crate::account::ImageWrite;

use super::registry::writes::{Failure, Named, Put};
use super::releases::AwsError;
use super::{State, moment};

impl State {
    /// `ecr:PutImage`.
    pub(crate) fn put_image(&mut self, repository: &str, put: Put<'_>) -> Result<Digest, AwsError> {
        let digest = self.registry.put(repository, put)?;
        let tag = put.tag.map_or_else(|| "no tag".to_owned(), str::to_owned);
        self.note_image_write("ecr:PutImage", repository, format!("{tag} on {digest}"));
        Ok(digest)
    }

    /// `ecr:BatchDeleteImage`. That it deletes an image, and not a tag alone,
    /// breaks a story.
    pub(crate) fn delete_images(
        &mut self,
        repository: &str,
        ids: &[Named],
    ) -> Result<Vec<Result<Named, Failure>>, AwsError> {
        const OPERATION: &str = "ecr:BatchDeleteImage";
        let before = self.registry.deleted.len();
        let done = self.registry.batch_delete(repository, ids)?;
        for named in done.iter().flatten() {
            let digest = named.digest.as_ref().map_or("-", Digest::as_str);
            let change = format!("{} off {digest}", named.tag.as_deref().unwrap_or("all"));
            self.note_image_write(OPERATION, repository, change);
        }
        let deleted = self.registry.deleted.get(before..).unwrap_or_default();
        self.broken.extend(deleted.iter().map(|image| format!("{OPERATION} deleted {image}")));
        Ok(done)
    }

    /// `ecr:UpdateImageStorageClass`.
    pub(crate) fn store_image(&mut self, image: &ImageId, archived: bool) -> Result<ImageStatus, AwsError> {
        let (status, changed) = self.registry.store(image, archived)?;
        if changed {
            let change = format!("{} {}", if archived { "archive" } else { "bring back" }, image.digest);
            self.note_image_write("ecr:UpdateImageStorageClass", &image.repository, change);
        }
        Ok(status)
    }

    /// `ecr:PutImageScanningConfiguration`.
    pub(crate) fn set_scan_on_push(&mut self, repository: &str, on: bool) -> Result<(), AwsError> {
        if self.registry.scan_on_push(repository, on)? {
            self.note_image_write("ecr:PutImageScanningConfiguration", repository, format!("scan on push: {on}"));
        }
        Ok(())
    }

    /// `ecr:PutImageTagMutability`.
    pub(crate) fn set_mutability(&mut self, repository: &str, mutability: Mutability) -> Result<(), AwsError> {
        if self.registry.set_mutability(repository, mutability)? {
            self.note_image_write("ecr:PutImageTagMutability", repository, format!("{mutability:?}").to_lowercase());
        }
        Ok(())
    }

    fn note_image_write(&mut self, operation: &str, repository: &str, change: String) {
        let tag = self.registry.repositories.get(repository).and_then(|repo| repo.setup.tags.get(MODE_TAG));
        if tag.and_then(|tag| tag.parse().ok()) != Some(Mode::Act) {
            let what = format!("{operation} {repository} ({change})");
            self.broken.push(format!("{what} although its tag {MODE_TAG} is not act"));
        }
        let (operation, repository, at) = (operation.to_owned(), repository.to_owned(), moment(self.now));
        self.image_writes.push(ImageWrite { operation, repository, change, at });
    }
}
