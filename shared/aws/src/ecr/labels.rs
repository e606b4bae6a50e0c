//! What an image was built from, by its manifest or by its configuration.

use futures_util::FutureExt as _;
use nightshift_core::fault::FaultKind;
use nightshift_core::image::Reference;
use nightshift_core::ports::{Answer, ImageLabels};

use super::manifest::{self, Found};
use super::{blob, id};
use crate::client::Account;
use crate::fault::fault;

const URL: &str = "ecr:GetDownloadUrlForLayer";
/// An index, a manifest, a configuration: nothing lies deeper.
const DEEPEST: usize = 2;

impl ImageLabels for Account {
    async fn built_from(&self, image: &str) -> Answer<Option<String>> {
        let Some(reference) = self.readable(image) else { return Ok(None) };
        let mut digest = reference.digest.map(ToOwned::to_owned);
        for _ in 0..DEEPEST {
            let Some(manifest) = self.manifest_of(&reference, digest.as_deref(), image).await? else { return Ok(None) };
            match manifest::read(&manifest) {
                Found::Revision(revision) => return Ok(Some(revision)),
                Found::InManifest(child) => digest = Some(child),
                Found::InConfiguration(config) => {
                    let blob = self.blob(&reference, &config, image).await?;
                    return Ok(blob.as_deref().and_then(manifest::of_configuration));
                }
                Found::Nowhere => return Ok(None),
            }
        }
        Ok(None)
    }
}

impl Account {
    /// The manifest of that digest, or else of the tag. `None`: it is gone, or
    /// not ours to read.
    async fn manifest_of(&self, of: &Reference<'_>, digest: Option<&str>, image: &str) -> Answer<Option<String>> {
        let named = id(&Reference { digest, ..*of });
        match self.batch_get(Some(of.account), of.repository, named, image).await {
            Ok(found) => Ok(found.images().iter().find_map(|image| image.image_manifest()).map(ToOwned::to_owned)),
            Err(fault) => none_of_ours(fault),
        }
    }

    /// What lies in the repository under that digest.
    async fn blob(&self, of: &Reference<'_>, digest: &str, image: &str) -> Answer<Option<Vec<u8>>> {
        let request = self.ecr.get_download_url_for_layer().registry_id(of.account).repository_name(of.repository);
        let found = match request.layer_digest(digest).send().boxed().await {
            Ok(found) => found,
            Err(error) => return none_of_ours(fault(URL, image, &error)),
        };
        match found.download_url() {
            Some(url) => blob::get(url, self.settings.emulated()).await.map(Some).map_err(|why| why.at(URL, image)),
            None => Ok(None),
        }
    }
}

/// What is gone says nothing; nor does what another account keeps to itself.
fn none_of_ours<T>(fault: nightshift_core::fault::Fault) -> Answer<Option<T>> {
    match fault.kind {
        FaultKind::NotFound | FaultKind::Denied => Ok(None),
        FaultKind::Transient | FaultKind::Permanent => Err(fault),
    }
}
