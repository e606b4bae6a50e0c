//! Images of the account's registry: what a scan found in them, where they
//! run, and what is remembered of each.

mod record;
mod reference;
mod scan;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, ServiceRef};

pub use record::{ImageRecord, Known, Marked, Quarantine, ServiceImages, Told};
pub use reference::Reference;
pub use scan::{Finding, FindingSeverity, Fix, MOST_FINDINGS, Scan, ScanState};

/// The marker tag of a quarantined image begins with this.
pub const QUARANTINE_TAG: &str = "quarantine-";
/// The tag by which a lifecycle rule can keep what is needed begins with this.
pub const KEEP_TAG: &str = "nightshift-keep-";
/// Digits of a digest that names carry.
const SHORT: usize = 12;

/// An image of this account's registry, in this region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ImageId {
    /// The repository's name, `team/checkout`.
    pub repository: String,
    /// The digest of its manifest; of an image for several platforms, that of
    /// the index or of one platform's manifest.
    pub digest: Digest,
}

impl ImageId {
    /// An image by repository and digest.
    pub fn new(repository: impl Into<String>, digest: Digest) -> Self {
        Self { repository: repository.into(), digest }
    }

    /// Twelve digits of the digest: enough for people and for a tag's name.
    pub fn short(&self) -> &str {
        short(&self.digest)
    }

    /// The tag that marks it as quarantined.
    pub fn quarantine_tag(&self) -> String {
        format!("{QUARANTINE_TAG}{}", self.short())
    }

    /// The tag that lets a lifecycle rule keep it.
    pub fn keep_tag(&self) -> String {
        format!("{KEEP_TAG}{}", self.short())
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.digest)
    }
}

/// A digest's first twelve digits.
pub fn short(digest: &Digest) -> &str {
    let digits = digest.as_str().rsplit(':').next().unwrap_or_default();
    digits.get(..SHORT).unwrap_or(digits)
}

/// Whether a tag is one of those that Nightshift puts on images.
pub fn is_ours(tag: &str) -> bool {
    tag.starts_with(QUARANTINE_TAG) || tag.starts_with(KEEP_TAG)
}

/// Whether an image can be pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImageStatus {
    /// It can.
    Active,
    /// It was moved to the archive.
    Archived,
    /// It is on its way back from there.
    Activating,
}

/// An image as the registry describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageDetail {
    /// Its manifest's digest.
    pub digest: Digest,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// When it was pushed.
    pub pushed_at: Option<Timestamp>,
    /// When it was last pulled, as far as ECR says: a scan counts as a pull.
    pub pulled_at: Option<Timestamp>,
    /// Bytes.
    pub size: u64,
    /// Whether it can be pulled.
    pub status: ImageStatus,
    /// It is an index of images for several platforms.
    pub index: bool,
}

/// How a repository's images are scanned, in effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScanFrequency {
    /// When they are pushed.
    OnPush,
    /// When they are pushed, and whenever something new is known.
    Continuous,
    /// When somebody asks: they are not.
    Manual,
    /// AWS does not say, or by a word that this build does not know.
    Unknown,
}

/// Whether a tag may be moved to another image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mutability {
    /// Any tag may.
    Mutable,
    /// None may.
    Immutable,
    /// Some may, by filters.
    Mixed,
}

/// A repository of this account's registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// Its resource tags: `nightshift`, `team`, ….
    pub tags: BTreeMap<String, String>,
    /// Whether its images' tags may be moved.
    pub mutability: Mutability,
    /// How its images are scanned.
    pub scans: ScanFrequency,
    /// Its lifecycle policy, as JSON; `None`: it has none.
    pub lifecycle: Option<String>,
}

/// What a service needs an image for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It runs it, or would if it had tasks.
    Runs,
    /// It would go back to it.
    LastGood,
}

/// An image that a service needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The service.
    pub service: ServiceRef,
    /// The container.
    pub container: String,
    /// What for.
    pub role: Role,
    /// The image, by the digest that the service revision or the task names.
    pub image: ImageId,
    /// Digests of its platforms' manifests, where it is an index: a finding is
    /// about one of them.
    pub platforms: Vec<Digest>,
    /// The reference as the task definition writes it.
    pub reference: String,
    /// The image of the same repository that ran in this container before.
    pub previous: Option<Digest>,
    /// Since when it is needed: the start of the deployment it was first seen in.
    pub since: Timestamp,
    /// A deployment that is not over brings it, and may yet be stopped.
    #[serde(default)]
    pub arrives: bool,
    /// Tag `environment` or `env` of the service.
    pub environment: Option<String>,
    /// Tag `team` or `owner` of the service.
    pub team: Option<String>,
}

impl Run {
    /// A finding or an event about this digest is about this image.
    pub fn is_of(&self, digest: &Digest) -> bool {
        self.image.digest == *digest || self.platforms.contains(digest)
    }
}

/// An image of a task that runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RunningImage {
    /// The container.
    pub container: String,
    /// The reference, as the task definition writes it.
    pub reference: String,
    /// What it was pulled as, where ECS says.
    pub digest: Option<Digest>,
}

/// What became of a tag that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tagging {
    /// It is on the image now, or was before.
    There,
    /// The image is gone.
    Gone,
    /// The tag is on another image, and may not be moved.
    Taken,
}

/// What became of a tag that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Untagging {
    /// It is not on the image, now or never was.
    Removed,
    /// It is the image's last one: removing it would delete the image.
    Last,
    /// The image is gone.
    Gone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_twelve_digits_of_the_digest() {
        let image = ImageId::new("team/web", Digest::new("sha256:0123456789abcdef"));
        assert_eq!(image.quarantine_tag(), "quarantine-0123456789ab");
        assert_eq!(image.keep_tag(), "nightshift-keep-0123456789ab");
        assert!(is_ours(&image.quarantine_tag()) && is_ours(&image.keep_tag()) && !is_ours("v1"));
        assert_eq!(ImageId::new("web", Digest::new("sha256:ab")).short(), "ab");
    }
}
