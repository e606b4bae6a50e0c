//! Amazon ECR: repositories and their images, what a reference means right now,
//! what images say about themselves, and what scans found.

mod blob;
mod labels;
mod manifest;
mod registry;
mod scans;
mod writes;

use aws_sdk_ecr::operation::batch_get_image::BatchGetImageOutput;
use aws_sdk_ecr::types::{ImageFailureCode, ImageIdentifier};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use nightshift_core::fault::FaultKind;
use nightshift_core::ids::Digest;
use nightshift_core::image::Reference;
use nightshift_core::ports::{Answer, ImageAges, ImageReads};
use nightshift_core::release::ImageNow;

use crate::client::Account;
use crate::fault::fault;
use crate::moment::moment;

const GET: &str = "ecr:BatchGetImage";
const DESCRIBE: &str = "ecr:DescribeImages";

/// All four, or ECR may answer for one platform of a multi-platform image.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
];

impl ImageReads for Account {
    async fn image(&self, image: &str) -> Answer<ImageNow> {
        let Some(reference) = self.readable(image) else {
            return Ok(ImageNow::Unknown);
        };
        let Reference { account, repository, .. } = reference;
        let found = match self.batch_get(Some(account), repository, id(&reference), image).await {
            Ok(found) => found,
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok(ImageNow::Gone),
            Err(fault) => return Err(fault),
        };
        let digest = found.images().iter().find_map(|image| image.image_id()?.image_digest());
        let failure = found.failures().first().and_then(|failure| failure.failure_code());
        Ok(now(digest, failure))
    }
}

impl ImageAges for Account {
    async fn pushed_at(&self, image: &str, digest: &Digest) -> Answer<Option<Timestamp>> {
        let Some(reference) = self.readable(image) else {
            return Ok(None);
        };
        let request = self
            .ecr
            .describe_images()
            .registry_id(reference.account)
            .repository_name(reference.repository)
            .image_ids(by_digest(digest.as_str()));
        match request.send().boxed().await {
            Ok(found) => Ok(moment(found.image_details().iter().find_map(|detail| detail.image_pushed_at()))),
            Err(error) => {
                let fault = fault(DESCRIBE, format!("{image} {digest}"), &error);
                match fault.kind {
                    // Another account may let images be pulled and not be described.
                    FaultKind::NotFound | FaultKind::Denied => Ok(None),
                    FaultKind::Transient | FaultKind::Permanent => Err(fault),
                }
            }
        }
    }
}

impl Account {
    /// `None`: another registry, or another region's, and not ours to read.
    fn readable<'a>(&self, image: &'a str) -> Option<Reference<'a>> {
        Reference::parse(image).filter(|parsed| parsed.region == self.settings.region)
    }

    /// One image with its manifest. Without an account, of our own registry.
    async fn batch_get(
        &self,
        account: Option<&str>,
        repository: &str,
        id: ImageIdentifier,
        name: &str,
    ) -> Answer<BatchGetImageOutput> {
        let request = self
            .ecr
            .batch_get_image()
            .set_registry_id(account.map(ToOwned::to_owned))
            .repository_name(repository)
            .image_ids(id)
            .set_accepted_media_types(Some(MEDIA_TYPES.map(ToOwned::to_owned).to_vec()));
        request.send().boxed().await.map_err(|error| fault(GET, name, &error))
    }
}

/// Failures come with status 200.
fn now(digest: Option<&str>, failure: Option<&ImageFailureCode>) -> ImageNow {
    match (digest, failure) {
        (Some(digest), _) => ImageNow::At(Digest::new(digest)),
        // What is archived cannot be pulled either.
        (None, Some(ImageFailureCode::ImageNotFound | ImageFailureCode::ImageInaccessible)) => ImageNow::Gone,
        (None, _) => ImageNow::Unknown,
    }
}

/// What a reference names: where there is a digest, a tag says nothing.
fn id(reference: &Reference<'_>) -> ImageIdentifier {
    match reference.digest {
        Some(digest) => by_digest(digest),
        None => by_tag(reference.tag),
    }
}

fn by_digest(digest: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_digest(digest).build()
}

fn by_tag(tag: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_tag(tag).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ecr_saying_so_makes_an_image_gone() {
        assert_eq!(now(Some("sha256:ab"), None), ImageNow::At(Digest::new("sha256:ab")));
        assert_eq!(now(None, Some(&ImageFailureCode::ImageNotFound)), ImageNow::Gone);
        assert_eq!(now(None, Some(&ImageFailureCode::ImageInaccessible)), ImageNow::Gone);
        assert_eq!(now(None, Some(&ImageFailureCode::KmsError)), ImageNow::Unknown);
        assert_eq!(now(None, None), ImageNow::Unknown);
    }
}
