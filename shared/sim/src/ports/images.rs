//! The registry, what scans found in it, and which images tasks run.

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::{Digest, ServiceRef};
use nightshift_core::image::{
    ImageDetail, ImageId, Mutability, Repository, RunningImage, Scan, ScanState, Tagging, Untagging,
};
use nightshift_core::ports::{Answer, RegistryReads, RegistryWrites, RunningReads, ScanReads};

use crate::account::Account;
use crate::state::State;
use crate::state::registry::writes::{Named, Put};
use crate::state::releases::AwsError;

impl ScanReads for Account {
    async fn scan(&self, image: &ImageId) -> Answer<Scan> {
        const OPERATION: &str = "ecr:DescribeImageScanFindings";
        self.read(OPERATION, image.to_string(), |state| match state.registry.scan(image) {
            Ok(shown) => Ok(shown.scan()),
            Err(error) if error.code == "ScanNotFoundException" => Ok(Scan::of(ScanState::Never)),
            Err(error) if is_missing(&error) => Ok(Scan::of(ScanState::Gone)),
            Err(error) => Err(error.fault(OPERATION, image)),
        })
        .await
    }
}

impl RegistryReads for Account {
    async fn repositories(&self) -> Answer<Vec<String>> {
        self.read("ecr:DescribeRepositories", "*", |state| Ok(state.registry.repositories.keys().cloned().collect()))
            .await
    }

    async fn repository(&self, name: &str) -> Answer<Option<Repository>> {
        self.read("ecr:DescribeRepositories", name, |state| {
            let found = state.registry.repositories.get(name);
            Ok(found.map(|repo| Repository {
                name: name.to_owned(),
                tags: repo.setup.tags.clone(),
                mutability: repo.setup.mutability,
                scans: repo.setup.scans,
                lifecycle: repo.setup.lifecycle.clone(),
            }))
        })
        .await
    }

    async fn images_in(&self, repository: &str) -> Answer<Vec<ImageDetail>> {
        self.read("ecr:DescribeImages", repository, |state| {
            let Some(repo) = state.registry.repositories.get(repository) else { return Ok(Vec::new()) };
            let ids = repo.images.keys().map(|digest| ImageId::new(repository, digest.clone()));
            Ok(ids.filter_map(|id| state.registry.detail(&id)).collect())
        })
        .await
    }

    async fn image_detail(&self, image: &ImageId) -> Answer<Option<ImageDetail>> {
        self.read("ecr:DescribeImages", image.to_string(), |state| Ok(state.registry.detail(image))).await
    }

    async fn platforms(&self, image: &ImageId) -> Answer<Vec<Digest>> {
        self.read("ecr:BatchGetImage", image.to_string(), |state| {
            let found = state.registry.get(image).filter(|found| state.registry.active(found));
            Ok(found.map(|found| found.platforms.clone()).unwrap_or_default())
        })
        .await
    }
}

impl RegistryWrites for Account {
    async fn add_tag(&self, image: &ImageId, tag: &str) -> Answer<Tagging> {
        self.write("ecr:PutImage", format!("{image} {tag}"), |state| state.add_tag(image, tag)).await
    }

    async fn remove_tag(&self, image: &ImageId, tag: &str) -> Answer<Untagging> {
        self.write("ecr:BatchDeleteImage", format!("{image} {tag}"), |state| state.remove_tag(image, tag)).await
    }

    async fn archive(&self, image: &ImageId, archived: bool) -> Answer<()> {
        const OPERATION: &str = "ecr:UpdateImageStorageClass";
        self.write(OPERATION, image.to_string(), |state| {
            state.store_image(image, archived).map(|_| ()).map_err(|error| error.fault(OPERATION, image))
        })
        .await
    }

    async fn scan_on_push(&self, repository: &str) -> Answer<()> {
        const OPERATION: &str = "ecr:PutImageScanningConfiguration";
        self.write(OPERATION, repository, |state| {
            state.set_scan_on_push(repository, true).map_err(|error| error.fault(OPERATION, &repository))
        })
        .await
    }

    async fn make_immutable(&self, repository: &str) -> Answer<()> {
        const OPERATION: &str = "ecr:PutImageTagMutability";
        self.write(OPERATION, repository, |state| {
            let set = state.set_mutability(repository, Mutability::Immutable);
            set.map_err(|error| error.fault(OPERATION, &repository))
        })
        .await
    }
}

impl RunningReads for Account {
    async fn running_images(&self, service: &ServiceRef) -> Answer<Vec<RunningImage>> {
        const OPERATION: &str = "ecs:ListTasks";
        self.read(OPERATION, service.to_string(), |state| {
            state.is_here(OPERATION, service)?;
            let missing = || AwsError::new("ServiceNotFoundException", "Service not found.").fault(OPERATION, service);
            Ok(state.machine(service).ok_or_else(missing)?.running_images(&state.registry))
        })
        .await
    }
}

impl State {
    fn add_tag(&mut self, id: &ImageId, tag: &str) -> Answer<Tagging> {
        const OPERATION: &str = "ecr:PutImage";
        let named = Named { digest: Some(id.digest.clone()), tag: None };
        let (manifest, media_type) = match self.registry.pullable(&id.repository, &named) {
            Ok(Ok((_, image))) => (image.manifest.clone(), image.media_type.clone()),
            Ok(Err(failure)) if failure.code == "ImageNotFound" => return Ok(Tagging::Gone),
            Ok(Err(failure)) => {
                let says = format!("{}: {}", failure.code, failure.reason);
                return Err(Fault::new("ecr:BatchGetImage", id.to_string(), FaultKind::Permanent, says));
            }
            Err(error) if is_missing(&error) => return Ok(Tagging::Gone),
            Err(error) => return Err(error.fault(OPERATION, id)),
        };
        let on = self.registry.repositories.get(&id.repository).and_then(|repo| repo.tags.get(tag));
        match on {
            Some(on) if *on == id.digest => return Ok(Tagging::There),
            Some(_) => return Ok(Tagging::Taken),
            None => {}
        }
        let digest = Some(id.digest.as_str());
        let put = Put { manifest: &manifest, media_type: Some(&media_type), tag: Some(tag), digest };
        match self.put_image(&id.repository, put) {
            Ok(_) => Ok(Tagging::There),
            Err(error) => Err(error.fault(OPERATION, id)),
        }
    }

    fn remove_tag(&mut self, id: &ImageId, tag: &str) -> Answer<Untagging> {
        let Some(detail) = self.registry.detail(id) else { return Ok(Untagging::Gone) };
        if !detail.tags.contains(tag) {
            return Ok(Untagging::Removed);
        }
        if detail.tags.len() == 1 {
            return Ok(Untagging::Last);
        }
        let named = Named { digest: None, tag: Some(tag.to_owned()) };
        match self.delete_images(&id.repository, &[named]) {
            Ok(_) => Ok(Untagging::Removed),
            Err(error) => Err(error.fault("ecr:BatchDeleteImage", id)),
        }
    }
}

/// Neither repository nor image has to be there.
fn is_missing(error: &AwsError) -> bool {
    matches!(error.code, "RepositoryNotFoundException" | "ImageNotFoundException")
}

#[cfg(test)]
#[path = "images_tests.rs"]
mod tests;
