//! What marks, archives and guards images. Nothing here deletes one.

use aws_sdk_ecr::types::{ImageFailureCode, ImageScanningConfiguration, ImageTagMutability, TargetStorageClass};
use futures_util::FutureExt as _;
use nightshift_core::fault::FaultKind;
use nightshift_core::image::{ImageId, ImageStatus, Tagging, Untagging};
use nightshift_core::ports::{Answer, RegistryReads as _, RegistryWrites};

use super::{GET, by_digest, by_tag};
use crate::client::Account;
use crate::fault::{code, fault, unreadable};

const PUT: &str = "ecr:PutImage";
const DELETE: &str = "ecr:BatchDeleteImage";

/// A manifest as ECR keeps it.
struct Manifest {
    text: String,
    media_type: Option<String>,
}

impl RegistryWrites for Account {
    async fn add_tag(&self, image: &ImageId, tag: &str) -> Answer<Tagging> {
        // Where tags may be moved, PutImage would take it from another image.
        match self.carrier(image, tag).await? {
            Some(carrier) if carrier == image.digest.as_str() => return Ok(Tagging::There),
            Some(_) => return Ok(Tagging::Taken),
            None => {}
        }
        let Some(Manifest { text, media_type }) = self.manifest(image).await? else {
            return Ok(Tagging::Gone);
        };
        let request = self
            .ecr
            .put_image()
            .repository_name(&image.repository)
            .image_manifest(text)
            .set_image_manifest_media_type(media_type)
            .image_digest(image.digest.as_str())
            .image_tag(tag);
        let Err(error) = request.send().boxed().await else { return Ok(Tagging::There) };
        match code(&error) {
            Some("ImageAlreadyExistsException") => Ok(Tagging::There),
            Some("ImageTagAlreadyExistsException") => Ok(Tagging::Taken),
            Some("RepositoryNotFoundException") => Ok(Tagging::Gone),
            _ => Err(fault(PUT, format!("{image} {tag}"), &error)),
        }
    }

    async fn remove_tag(&self, image: &ImageId, tag: &str) -> Answer<Untagging> {
        let Some(found) = self.image_detail(image).await? else {
            return Ok(Untagging::Gone);
        };
        if !found.tags.contains(tag) {
            return Ok(Untagging::Removed);
        }
        // ECR deletes an image with its last tag.
        if found.tags.len() == 1 {
            return Ok(Untagging::Last);
        }
        let name = format!("{image} {tag}");
        let request = self.ecr.batch_delete_image().repository_name(&image.repository);
        // By its tag alone: by a digest it would be the image that goes.
        let done = match request.image_ids(by_tag(tag)).send().boxed().await {
            Ok(done) => done,
            Err(error) => {
                let fault = fault(DELETE, name, &error);
                return if fault.kind == FaultKind::NotFound { Ok(Untagging::Gone) } else { Err(fault) };
            }
        };
        match done.failures().first() {
            None => Ok(Untagging::Removed),
            Some(failure) if failure.failure_code() == Some(&ImageFailureCode::ImageNotFound) => Ok(Untagging::Removed),
            Some(failure) => {
                Err(unreadable(DELETE, name, failure.failure_reason().unwrap_or("a failure without a reason")))
            }
        }
    }

    async fn archive(&self, image: &ImageId, archived: bool) -> Answer<()> {
        const OPERATION: &str = "ecr:UpdateImageStorageClass";
        let is = self.image_detail(image).await?.map(|found| found.status);
        let there =
            if archived { is == Some(ImageStatus::Archived) } else { is.is_some_and(|is| is != ImageStatus::Archived) };
        if there {
            return Ok(());
        }
        let class = if archived { TargetStorageClass::Archive } else { TargetStorageClass::Standard };
        let request = self.ecr.update_image_storage_class().repository_name(&image.repository);
        let request = request.image_id(by_digest(image.digest.as_str())).target_storage_class(class);
        request.send().boxed().await.map(drop).map_err(|error| fault(OPERATION, image.to_string(), &error))
    }

    async fn scan_on_push(&self, repository: &str) -> Answer<()> {
        let on = ImageScanningConfiguration::builder().scan_on_push(true).build();
        let request = self.ecr.put_image_scanning_configuration().repository_name(repository);
        let done = request.image_scanning_configuration(on).send().boxed().await;
        done.map(drop).map_err(|error| fault("ecr:PutImageScanningConfiguration", repository, &error))
    }

    async fn make_immutable(&self, repository: &str) -> Answer<()> {
        let request = self.ecr.put_image_tag_mutability().repository_name(repository);
        let done = request.image_tag_mutability(ImageTagMutability::Immutable).send().boxed().await;
        done.map(drop).map_err(|error| fault("ecr:PutImageTagMutability", repository, &error))
    }
}

impl Account {
    /// The digest of the image that carries this tag.
    async fn carrier(&self, image: &ImageId, tag: &str) -> Answer<Option<String>> {
        let name = format!("{}:{tag}", image.repository);
        let found = match self.batch_get(None, &image.repository, by_tag(tag), &name).await {
            Ok(found) => found,
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let carrier = found.images().iter().find_map(|image| image.image_id()?.image_digest());
        match (carrier, found.failures().first()) {
            (Some(carrier), _) => Ok(Some(carrier.to_owned())),
            (None, Some(failure)) if failure.failure_code() != Some(&ImageFailureCode::ImageNotFound) => {
                Err(unreadable(GET, name, failure.failure_reason().unwrap_or("a failure without a reason")))
            }
            (None, _) => Ok(None),
        }
    }

    /// `None`: the image is not there.
    async fn manifest(&self, image: &ImageId) -> Answer<Option<Manifest>> {
        let (name, id) = (image.to_string(), by_digest(image.digest.as_str()));
        let found = match self.batch_get(None, &image.repository, id, &name).await {
            Ok(found) => found,
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        // Byte for byte: the digest is of this very text.
        let manifest = found.images().first().and_then(|image| {
            let media_type = image.image_manifest_media_type().map(ToOwned::to_owned);
            Some(Manifest { text: image.image_manifest()?.to_owned(), media_type })
        });
        match (manifest, found.failures().first()) {
            (None, Some(failure)) if failure.failure_code() != Some(&ImageFailureCode::ImageNotFound) => {
                Err(unreadable(GET, name, failure.failure_reason().unwrap_or("a failure without a reason")))
            }
            (manifest, _) => Ok(manifest),
        }
    }
}
