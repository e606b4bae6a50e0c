//! Repositories and the images in them.

use aws_sdk_ecr::types::{
    self as sdk, DescribeImagesFilter, ImageDetail as Described, ImageStatus as Status, ImageStatusFilter,
    ImageTagMutability, ScanFrequency as Frequency,
};
use futures_util::FutureExt as _;
use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageDetail, ImageId, ImageStatus, Mutability, Repository, ScanFrequency};
use nightshift_core::ports::{Answer, RegistryReads};
use serde::Deserialize;

use super::{DESCRIBE, by_digest};
use crate::client::Account;
use crate::fault::{absent, fault, unreadable};
use crate::moment::moment;

const REPOSITORIES: &str = "ecr:DescribeRepositories";
/// The most that a page may hold.
const PAGE: i32 = 1000;
/// What the manifest of an index says it is, by Docker and by OCI.
const INDEX: [&str; 2] =
    ["application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json"];

impl RegistryReads for Account {
    async fn repositories(&self) -> Answer<Vec<String>> {
        let mut pages = self.ecr.describe_repositories().max_results(PAGE).into_paginator().items().send();
        let mut names = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| fault(REPOSITORIES, "this account", &error))?;
            names.extend(found.repository_name);
        }
        names.sort();
        Ok(names)
    }

    async fn repository(&self, name: &str) -> Answer<Option<Repository>> {
        let found = match self.ecr.describe_repositories().repository_names(name).send().boxed().await {
            Ok(found) => found.repositories.unwrap_or_default(),
            Err(error) => return absent(fault(REPOSITORIES, name, &error)),
        };
        let Some(found) = found.into_iter().next() else {
            return Ok(None);
        };
        let Some(tags) = self.tags(name, found.repository_arn().unwrap_or_default()).await? else {
            return Ok(None);
        };
        Ok(Some(Repository {
            name: name.to_owned(),
            tags,
            mutability: mutability(found.image_tag_mutability()),
            scans: self.frequency(name).await?,
            lifecycle: self.lifecycle(name).await?,
        }))
    }

    async fn images_in(&self, repository: &str) -> Answer<Vec<ImageDetail>> {
        let mut all = self.with_status(repository, ImageStatusFilter::Any).await?;
        all.sort_by(|a, b| a.digest.cmp(&b.digest));
        Ok(all)
    }

    async fn image_detail(&self, image: &ImageId) -> Answer<Option<ImageDetail>> {
        let ImageId { repository, digest } = image;
        let request = self.ecr.describe_images().repository_name(repository).image_ids(by_digest(digest.as_str()));
        let found = match request.send().boxed().await {
            Ok(found) => found.image_details().iter().find_map(detail),
            Err(error) => absent(fault(DESCRIBE, image.to_string(), &error))?,
        };
        if found.is_some() {
            return Ok(found);
        }
        // By its digest ECR shows an image only while it can be pulled; there
        // are few of the others.
        for status in [ImageStatusFilter::Archived, ImageStatusFilter::Activating] {
            let others = self.with_status(repository, status).await?;
            if let Some(found) = others.into_iter().find(|other| other.digest == *digest) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn platforms(&self, image: &ImageId) -> Answer<Vec<Digest>> {
        let id = by_digest(image.digest.as_str());
        let found = absent_is_none(self.batch_get(None, &image.repository, id, &image.to_string()).await)?;
        let manifest = found.iter().flat_map(|found| found.images()).find_map(|image| image.image_manifest());
        manifest.map_or_else(|| Ok(Vec::new()), |manifest| platforms(&image.to_string(), manifest))
    }
}

impl Account {
    async fn tags(&self, name: &str, arn: &str) -> Answer<Option<std::collections::BTreeMap<String, String>>> {
        match self.ecr.list_tags_for_resource().resource_arn(arn).send().boxed().await {
            Ok(found) => {
                let tags = found.tags.unwrap_or_default();
                Ok(Some(tags.into_iter().map(|tag| (tag.key, tag.value)).collect()))
            }
            Err(error) => absent(fault("ecr:ListTagsForResource", name, &error)),
        }
    }

    /// In effect: the registry's rules and the repository's own switch.
    async fn frequency(&self, name: &str) -> Answer<ScanFrequency> {
        const OPERATION: &str = "ecr:BatchGetRepositoryScanningConfiguration";
        let request = self.ecr.batch_get_repository_scanning_configuration().repository_names(name);
        let found = request.send().boxed().await.map_err(|error| fault(OPERATION, name, &error))?;
        Ok(found.scanning_configurations().first().map_or(ScanFrequency::Unknown, frequency))
    }

    async fn lifecycle(&self, name: &str) -> Answer<Option<String>> {
        match self.ecr.get_lifecycle_policy().repository_name(name).send().boxed().await {
            Ok(found) => Ok(found.lifecycle_policy_text),
            // That there is none has a code of its own.
            Err(error) => absent(fault("ecr:GetLifecyclePolicy", name, &error)),
        }
    }

    /// A repository's images of that status, in no order.
    async fn with_status(&self, repository: &str, status: ImageStatusFilter) -> Answer<Vec<ImageDetail>> {
        let filter = DescribeImagesFilter::builder().image_status(status).build();
        let request = self.ecr.describe_images().repository_name(repository).filter(filter).max_results(PAGE);
        let mut pages = request.into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(found) = pages.next().await {
            match found {
                Ok(found) => all.extend(detail(&found)),
                Err(error) => return Ok(absent(fault(DESCRIBE, repository, &error))?.unwrap_or_default()),
            }
        }
        Ok(all)
    }
}

/// What is not there is nothing.
fn absent_is_none<T>(answer: Answer<T>) -> Answer<Option<T>> {
    answer.map_or_else(absent, |found| Ok(Some(found)))
}

fn detail(found: &Described) -> Option<ImageDetail> {
    let status = match found.image_status() {
        Some(Status::Archived) => ImageStatus::Archived,
        Some(Status::Activating) => ImageStatus::Activating,
        // Registries that know no archive say nothing.
        _ => ImageStatus::Active,
    };
    Some(ImageDetail {
        digest: Digest::new(found.image_digest()?),
        tags: found.image_tags().iter().cloned().collect(),
        pushed_at: moment(found.image_pushed_at()),
        pulled_at: moment(found.last_recorded_pull_time()),
        size: found.image_size_in_bytes().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        status,
        index: found.image_manifest_media_type().is_some_and(|kind| INDEX.contains(&kind)),
    })
}

fn mutability(found: Option<&ImageTagMutability>) -> Mutability {
    match found {
        Some(ImageTagMutability::Immutable) => Mutability::Immutable,
        Some(ImageTagMutability::Mutable) | None => Mutability::Mutable,
        Some(_) => Mutability::Mixed,
    }
}

fn frequency(found: &sdk::RepositoryScanningConfiguration) -> ScanFrequency {
    match found.scan_frequency() {
        Some(Frequency::ScanOnPush) => ScanFrequency::OnPush,
        Some(Frequency::ContinuousScan) => ScanFrequency::Continuous,
        Some(Frequency::Manual) => ScanFrequency::Manual,
        _ if found.scan_on_push() => ScanFrequency::OnPush,
        _ => ScanFrequency::Unknown,
    }
}

/// The part of an index that names its manifests.
#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    digest: String,
    #[serde(default)]
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
}

/// Digests of the platforms' manifests; none in a manifest that is no index.
fn platforms(image: &str, manifest: &str) -> Answer<Vec<Digest>> {
    let read: Index = serde_json::from_str(manifest)
        .map_err(|error| unreadable(super::GET, image, format!("its manifest cannot be read: {error}")))?;
    // Beside its platforms an index has attestations, which nobody runs or scans.
    let runs = |entry: &Entry| entry.platform.as_ref().is_none_or(|platform| platform.os != "unknown");
    Ok(read.manifests.into_iter().filter(runs).map(|entry| Digest::new(entry.digest)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_index_has_platforms() {
        let index = r#"{"schemaVersion":2,"manifests":[{"digest":"sha256:b","size":3},{"digest":"sha256:a"}]}"#;
        assert_eq!(platforms("web", index).unwrap(), [Digest::new("sha256:b"), Digest::new("sha256:a")]);
        assert_eq!(platforms("web", r#"{"schemaVersion":2,"layers":[]}"#).unwrap(), []);
        assert!(platforms("web", "<html>").unwrap_err().to_string().contains("its manifest cannot be read"));
    }

    #[test]
    fn a_frequency_that_aws_adds_later_is_unknown_unless_the_older_switch_is_on() {
        let of = |frequency: &str, on| {
            let found = sdk::RepositoryScanningConfiguration::builder().scan_frequency(frequency.into());
            super::frequency(&found.scan_on_push(on).build())
        };
        assert_eq!(of("CONTINUOUS_SCAN", true), ScanFrequency::Continuous);
        assert_eq!(of("MANUAL", true), ScanFrequency::Manual);
        assert_eq!(of("HOURLY", true), ScanFrequency::OnPush);
        assert_eq!(of("HOURLY", false), ScanFrequency::Unknown);
    }

    #[test]
    fn tags_that_may_move_by_filters_are_mixed() {
        assert_eq!(mutability(Some(&"IMMUTABLE_WITH_EXCLUSION".into())), Mutability::Mixed);
        assert_eq!(mutability(Some(&ImageTagMutability::Immutable)), Mutability::Immutable);
        assert_eq!(mutability(None), Mutability::Mutable);
    }
}
