//! The account's image registry: repositories, images by the digest of their
//! manifest, and which tag means which image.

mod agenda;
pub(crate) mod manifest;
pub(crate) mod scans;
pub(crate) mod writes;

use std::collections::{BTreeMap, VecDeque};

use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageDetail, ImageId, ImageStatus, Mutability, ScanFrequency};
use nightshift_core::release::ImageNow;

use crate::scenario::{RepositorySetup, Scanning, Scenario};

use super::image_news::News;
use super::moment;
use agenda::Due;
use manifest::Contents;
use scans::Flaw;

/// Bytes of every image.
pub(crate) const SIZE: u64 = 48_000_000;

/// The account's ECR. Times are seconds since the epoch.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com`.
    host: String,
    pub(crate) now: i64,
    pub(crate) repositories: BTreeMap<String, Repo>,
    /// What images are made of, by the scenario's word for it.
    contents: Contents,
    /// Flaws by the id that a scenario calls them by.
    flaws: BTreeMap<String, Vec<Flaw>>,
    agenda: VecDeque<(i64, Due)>,
    /// What is still to be said about images.
    pub(crate) news: Vec<News>,
    /// Images that were deleted, whoever did it.
    pub(crate) deleted: Vec<ImageId>,
}

/// One repository.
#[derive(Clone, Debug)]
pub(crate) struct Repo {
    pub(crate) setup: RepositorySetup,
    pub(crate) tags: BTreeMap<String, Digest>,
    pub(crate) images: BTreeMap<Digest, Image>,
}

/// One image.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) manifest: String,
    pub(crate) media_type: String,
    /// Manifests of its platforms, where it is an index.
    pub(crate) platforms: Vec<Digest>,
    /// The scenario's word for what is in it.
    content: String,
    pub(crate) pushed_at: i64,
    pub(crate) pulled_at: Option<i64>,
    /// When its scan is done; `None`: nobody scans it.
    scan_at: Option<i64>,
    storage: Storage,
}

/// Where an image is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    Standard,
    Archive,
    /// On its way back, until then.
    Back(i64),
}

impl Registry {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let Scenario { account, region, .. } = scenario;
        let repositories = scenario.repositories.iter().map(|setup| (setup.name.clone(), Repo::new(setup.clone())));
        Self {
            host: format!("{account}.dkr.ecr.{region}.amazonaws.com"),
            now: i64::MIN,
            repositories: repositories.collect(),
            contents: Contents::of(scenario),
            flaws: scans::flaws(scenario),
            agenda: agenda::of(scenario),
            news: Vec::new(),
            deleted: Vec::new(),
        }
    }

    /// The full reference of what a scenario calls `repository:tag`.
    pub(crate) fn full(&self, image: &str) -> String {
        let elsewhere = image.split_once('/').is_some_and(|(host, _)| host.contains('.'));
        if elsewhere { image.to_owned() } else { format!("{}/{image}", self.host) }
    }

    /// The digest of the image that is made of this.
    pub(crate) fn digest_of(&self, content: &str) -> Digest {
        self.contents.image(content).digest
    }

    /// What a task on Fargate pulls of an image: of an index, the manifest of
    /// its first platform.
    pub(crate) fn pulled_as(&self, image: &str, digest: &Digest) -> Digest {
        let repository = self.local(image).map(repository).and_then(|name| self.repositories.get(name));
        let found = repository.and_then(|repo| repo.images.get(digest));
        found.and_then(|image| image.platforms.first()).unwrap_or(digest).clone()
    }

    /// Deletes an image with all its tags, as a person can.
    pub(crate) fn delete(&mut self, image: &str, digest: &Digest) {
        let Some(name) = self.local(image).map(repository).map(str::to_owned) else { return };
        self.delete_from(&name, digest);
    }

    /// The same, given the repository's name.
    pub(crate) fn delete_from(&mut self, name: &str, digest: &Digest) {
        let Some(repo) = self.repositories.get_mut(name) else { return };
        repo.tags.retain(|_, to| to != digest);
        if repo.images.remove(digest).is_some() {
            let image = ImageId::new(name, digest.clone());
            self.news.push(News::Deleted(image.clone()));
            self.deleted.push(image);
        }
    }

    /// What the image of that reference says of its source: its annotation, or
    /// else its label of that name.
    pub(crate) fn says(&self, image: &str, key: &str) -> Option<String> {
        let ImageNow::At(digest) = self.resolve(image) else { return None };
        let content = self.contents.get(&self.found(image, &digest)?.content)?;
        content.annotations.get(key).or_else(|| content.labels.get(key)).cloned()
    }

    /// The configuration of that digest in a repository.
    pub(crate) fn configuration(&self, name: &str, digest: &str) -> Option<String> {
        let images = self.repositories.get(name)?.images.values();
        let single = images.filter(|image| image.platforms.is_empty());
        let mut texts = single.map(|image| self.contents.configuration(&image.content));
        texts.find(|text| manifest::digest(text).as_str() == digest)
    }

    /// What a reference means right now, for whoever would pull it.
    pub(crate) fn resolve(&self, image: &str) -> ImageNow {
        let Some(local) = self.local(image) else { return ImageNow::Unknown };
        let Some(repo) = self.repositories.get(repository(local)) else { return ImageNow::Gone };
        let digest = match local.split_once('@') {
            Some((_, digest)) => Some(Digest::new(digest)),
            None => repo.tags.get(local.split_once(':').map_or("latest", |(_, tag)| tag)).cloned(),
        };
        let there = digest.filter(|digest| repo.images.get(digest).is_some_and(|image| self.active(image)));
        there.map_or(ImageNow::Gone, ImageNow::At)
    }

    /// Whether a task could pull this very image.
    pub(crate) fn has(&self, image: &str, digest: &Digest) -> bool {
        self.local(image).is_none() || self.found(image, digest).is_some_and(|found| self.active(found))
    }

    /// When this very image was pushed, if it is in this registry, in the
    /// repository that `image` names.
    pub(crate) fn pushed_at(&self, image: &str, digest: &Digest) -> Option<i64> {
        self.found(image, digest).map(|image| image.pushed_at)
    }

    /// The image of that name.
    pub(crate) fn get(&self, image: &ImageId) -> Option<&Image> {
        self.repositories.get(&image.repository)?.images.get(&image.digest)
    }

    fn found(&self, image: &str, digest: &Digest) -> Option<&Image> {
        self.repositories.get(repository(self.local(image)?))?.images.get(digest)
    }

    pub(crate) fn status(&self, image: &Image) -> ImageStatus {
        match image.storage {
            Storage::Archive => ImageStatus::Archived,
            Storage::Back(until) if until > self.now => ImageStatus::Activating,
            Storage::Standard | Storage::Back(_) => ImageStatus::Active,
        }
    }

    pub(crate) fn active(&self, image: &Image) -> bool {
        self.status(image) == ImageStatus::Active
    }

    /// `ecr:DescribeImages` of one.
    pub(crate) fn detail(&self, id: &ImageId) -> Option<ImageDetail> {
        let repo = self.repositories.get(&id.repository)?;
        let image = repo.images.get(&id.digest)?;
        Some(ImageDetail {
            digest: id.digest.clone(),
            tags: repo.tags_of(&id.digest).map(str::to_owned).collect(),
            pushed_at: Some(moment(image.pushed_at)),
            pulled_at: self.last_pull(image).map(moment),
            size: SIZE,
            status: self.status(image),
            index: !image.platforms.is_empty(),
        })
    }

    /// A scan pulls, too.
    pub(crate) fn last_pull(&self, image: &Image) -> Option<i64> {
        image.pulled_at.max(image.scan_at.filter(|at| *at <= self.now))
    }

    /// The reference without this registry's host; `None`: it is elsewhere.
    /// It is in the registry of another account in this Region, which lets nobody in
    /// whom its policy does not name.
    pub(crate) fn another_accounts(&self, image: &str) -> bool {
        let host = image.split_once('/').map_or("", |(host, _)| host);
        let parts = host.split_once('.').zip(self.host.split_once('.'));
        parts.is_some_and(|((account, place), (ours, here))| place == here && account != ours)
    }

    fn local<'a>(&self, image: &'a str) -> Option<&'a str> {
        image.strip_prefix(&self.host)?.strip_prefix('/')
    }
}

impl Repo {
    fn new(setup: RepositorySetup) -> Self {
        Self { setup, tags: BTreeMap::new(), images: BTreeMap::new() }
    }

    /// One that somebody made and said nothing about.
    fn plain(name: &str) -> Self {
        Self::new(RepositorySetup {
            name: name.to_owned(),
            tags: BTreeMap::new(),
            mutability: Mutability::Mutable,
            scans: ScanFrequency::Manual,
            scanning: Scanning::Basic,
            lifecycle: None,
        })
    }

    /// The image's tags, in order.
    pub(crate) fn tags_of(&self, digest: &Digest) -> impl Iterator<Item = &str> {
        self.tags.iter().filter(move |(_, to)| *to == digest).map(|(tag, _)| tag.as_str())
    }

    /// Whether that tag, once it is there, stays where it is.
    fn fixed(&self, tag: &str) -> bool {
        match self.setup.mutability {
            Mutability::Mutable => false,
            Mutability::Immutable => true,
            Mutability::Mixed => tag != "latest",
        }
    }
}

/// `checkout` of `checkout:1`, `checkout@sha256:…` or `checkout`.
fn repository(local: &str) -> &str {
    local.split(['@', ':']).next().unwrap_or(local)
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
