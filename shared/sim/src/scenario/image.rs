//! Repositories, images that no service runs, and the flaws in images.

use std::collections::BTreeMap;

use nightshift_core::image::{FindingSeverity, Fix, Mutability, ScanFrequency};
use serde::Deserialize;

use super::Moment;

/// One repository of the account's ECR.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositorySetup {
    /// Its name, `team/checkout`.
    pub name: String,
    /// Its resource tags; `nightshift = "act"` opts it in.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Whether its images' tags may be moved; of `mixed`, only `latest` may.
    #[serde(default = "mutable")]
    pub mutability: Mutability,
    /// When its images are scanned.
    #[serde(default = "on_push")]
    pub scans: ScanFrequency,
    /// By what they are scanned.
    #[serde(default)]
    pub scanning: Scanning,
    /// Its lifecycle policy, as JSON.
    #[serde(default)]
    pub lifecycle: Option<String>,
}

/// What scans images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scanning {
    /// ECR itself: operating system packages, no word about fixes.
    #[default]
    Basic,
    /// Amazon Inspector.
    Enhanced,
}

/// An image that is pushed without a release.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageSetup {
    /// Its repository.
    pub repository: String,
    /// Its tag; unset: it has none.
    #[serde(default)]
    pub tag: Option<String>,
    /// A word for what is in it; unset: made from repository, tag and place.
    #[serde(default)]
    pub content: Option<String>,
    /// When it is pushed.
    #[serde(default = "a_month_ago")]
    pub at: Moment,
    /// Ids of the flaws that are in it.
    #[serde(default)]
    pub findings: Vec<String>,
    /// `linux/amd64`, …: it is an index of images for these.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// Docker's media types in place of OCI's.
    #[serde(default)]
    pub docker: bool,
    /// How its scan ends, if not well: `FAILED`, `UNSUPPORTED_IMAGE`, ….
    #[serde(default)]
    pub scan: Option<String>,
    /// It was moved to the archive when it had been pushed.
    #[serde(default)]
    pub archived: bool,
}

/// A flaw that images can have.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vulnerability {
    /// `CVE-2026-1001`.
    pub id: String,
    /// How bad.
    pub severity: FindingSeverity,
    /// The package it is in.
    #[serde(default)]
    pub package: Option<String>,
    /// The version that is there.
    #[serde(default)]
    pub installed: Option<String>,
    /// The version without it.
    #[serde(default)]
    pub fixed_in: Option<String>,
    /// Whether there is one; unset: as `fixed_in` says.
    #[serde(default)]
    pub fix: Option<Fix>,
    /// Whether a way to use it is known; unset: nobody says.
    #[serde(default)]
    pub exploit: Option<bool>,
    /// From when scanners know it.
    #[serde(default = "a_year_ago")]
    pub known_at: Moment,
    /// So many of it, `ID-0001` and so on.
    #[serde(default = "one")]
    pub count: u32,
}

fn mutable() -> Mutability {
    Mutability::Mutable
}

fn on_push() -> ScanFrequency {
    ScanFrequency::OnPush
}

fn a_month_ago() -> Moment {
    Moment::Offset(-30 * 86_400)
}

fn a_year_ago() -> Moment {
    Moment::Offset(-365 * 86_400)
}

fn one() -> u32 {
    1
}
