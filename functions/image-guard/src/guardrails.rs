//! What is wrong with a repository that services run images of: pure rules.

use std::collections::{BTreeMap, BTreeSet};

use nightshift_core::ids::Digest;
use nightshift_core::image::{Mutability, Repository, Role, Run, ScanFrequency};
use nightshift_core::mode::Mode;
use nightshift_core::policy::Images;
use nightshift_core::service::MODE_TAG;
use serde::Serialize;

/// What is wrong with a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "wrong", rename_all = "kebab-case")]
pub enum Wrong {
    /// Its images are scanned only when somebody asks.
    NotScanned,
    /// Its tags may be moved: what a rollback deploys may not be what ran.
    MutableTags,
    /// Nothing ever takes an old image.
    NoLifecycle,
    /// Its lifecycle policy cannot be read.
    LifecycleUnread {
        /// Why not.
        why: String,
    },
    /// Its lifecycle policy has no first rule that keeps what is needed.
    NothingKept,
    /// Its lifecycle policy takes an image that is needed.
    Takes {
        /// The image, by twelve digits.
        image: String,
        /// Services that need it.
        services: Vec<String>,
        /// When, and by which rule.
        fate: String,
    },
}

/// Something wrong with a repository, and whether it was put right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Guardrail {
    /// Which repository.
    pub repository: String,
    /// What is wrong.
    #[serde(flatten)]
    pub wrong: Wrong,
    /// It was put right just now.
    pub fixed: bool,
}

/// What may be put right by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cure {
    /// Scan images when they are pushed.
    ScanOnPush,
    /// Let no tag be moved.
    Immutable,
}

/// What is wrong with the repository's settings.
pub fn settings(repository: &Repository) -> Vec<Wrong> {
    let found = [
        (repository.scans == ScanFrequency::Manual, Wrong::NotScanned),
        (repository.mutability == Mutability::Mutable, Wrong::MutableTags),
        (repository.lifecycle.is_none(), Wrong::NoLifecycle),
    ];
    found.into_iter().filter_map(|(is, wrong)| is.then_some(wrong)).collect()
}

/// The cure that the policy and the repository's mode allow. A lifecycle policy
/// deletes images, and so is never written by Nightshift.
pub fn cure(wrong: &Wrong, repository: &Repository, policy: &Images) -> Option<Cure> {
    let tag = repository.tags.get(MODE_TAG).map(|tag| tag.parse());
    let mode = tag.map_or(policy.default_mode, |tag| tag.unwrap_or(Mode::Observe));
    let cure = match wrong {
        Wrong::NotScanned if policy.fix_scanning => Cure::ScanOnPush,
        Wrong::MutableTags if policy.fix_mutability => Cure::Immutable,
        _ => return None,
    };
    (mode == Mode::Act).then_some(cure)
}

/// Images of a repository that services need, with those services.
pub fn needed(runs: &[Run]) -> BTreeMap<Digest, (BTreeSet<String>, BTreeSet<Role>)> {
    let mut needed: BTreeMap<Digest, (BTreeSet<String>, BTreeSet<Role>)> = BTreeMap::new();
    for run in runs {
        let (services, roles) = needed.entry(run.image.digest.clone()).or_default();
        services.insert(run.service.to_string());
        roles.insert(run.role);
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(mode: Option<&str>) -> Repository {
        Repository {
            name: "web".into(),
            tags: mode.map(|mode| (MODE_TAG.to_owned(), mode.to_owned())).into_iter().collect(),
            mutability: Mutability::Mutable,
            scans: ScanFrequency::Manual,
            lifecycle: None,
        }
    }

    #[test]
    fn nothing_is_put_right_that_was_not_opted_in_twice() {
        let careful = Images::default();
        let bold = Images { fix_scanning: true, fix_mutability: true, ..Images::default() };
        let wrong = settings(&repository(None));
        assert_eq!(wrong, [Wrong::NotScanned, Wrong::MutableTags, Wrong::NoLifecycle]);
        let cures = |mode: Option<&str>, policy: &Images| -> Vec<Cure> {
            wrong.iter().filter_map(|wrong| cure(wrong, &repository(mode), policy)).collect()
        };
        assert_eq!(cures(Some("act"), &careful), []);
        assert_eq!(cures(None, &bold), []);
        assert_eq!(cures(Some("Observe"), &bold), []);
        assert_eq!(cures(Some("yes please"), &bold), []);
        assert_eq!(cures(Some("act"), &bold), [Cure::ScanOnPush, Cure::Immutable]);
    }
}
