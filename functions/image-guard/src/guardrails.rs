//! What is wrong with a repository that services run images of: pure rules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageDetail, ImageId, KEEP_TAG, Mutability, Repository, Run, ScanFrequency};
use nightshift_core::mode::Mode;
use nightshift_core::policy::Images;
use nightshift_core::service::MODE_TAG;
use nightshift_core::span::Span;
use nightshift_lifecycle::{Fate, Policy};
use serde::Serialize;

/// What a lifecycle policy takes within this is told of: a week with a weekend
/// at both ends.
const SOON: Span = Span::hours(9 * 24);
/// So is what it takes with the next few pushes: a busy day's.
const FEW_PUSHES: u32 = 5;

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

/// What a repository's lifecycle policy does to the images that services need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    /// What is wrong with the policy.
    pub wrong: Vec<Wrong>,
    /// What it will do to each image that is needed; `None`: it leaves it alone.
    pub doomed: BTreeMap<ImageId, Option<String>>,
}

/// Computes it from the policy's text and all images of the repository.
pub fn fates(
    repository: &Repository,
    images: &[ImageDetail],
    children: &BTreeMap<Digest, Vec<Digest>>,
    runs: &[Run],
    now: Timestamp,
) -> Fates {
    let needed = needed(runs);
    let mut found = Fates { wrong: Vec::new(), doomed: needed.keys().map(|image| (image.clone(), None)).collect() };
    let Some(text) = &repository.lifecycle else { return found };
    let policy = match Policy::parse(text) {
        Ok(policy) => policy,
        Err(error) => {
            found.wrong.push(Wrong::LifecycleUnread { why: error.to_string() });
            return found;
        }
    };
    found.wrong.extend(
        policy.not_understood().map(|(rule, why)| Wrong::LifecycleUnread { why: format!("rule {rule}: {why}") }),
    );
    if !policy.keeps(KEEP_TAG) {
        found.wrong.push(Wrong::NothingKept);
    }
    let fates = policy.fates(images, children, now);
    for (image, services) in needed {
        let Some(fate) = fates.get(&image.digest).filter(|fate| near(fate, now)) else { continue };
        found.wrong.push(Wrong::Takes {
            image: image.short().to_owned(),
            services: services.into_iter().collect(),
            fate: fate.to_string(),
        });
        found.doomed.insert(image, Some(fate.to_string()));
    }
    found
}

/// It is taken soon. What cannot be known is said of the policy, not of each
/// image.
fn near(fate: &Fate, now: Timestamp) -> bool {
    !matches!(fate, Fate::NotUnderstood { .. }) && fate.within(SOON.after(now), FEW_PUSHES)
}

/// Images of a repository that services need, with those services.
fn needed(runs: &[Run]) -> BTreeMap<ImageId, BTreeSet<String>> {
    let mut needed: BTreeMap<ImageId, BTreeSet<String>> = BTreeMap::new();
    for run in runs {
        needed.entry(run.image.clone()).or_default().insert(run.service.to_string());
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
