//! The account's image registry: which tag means which image, and which
//! images are there.

use std::collections::{BTreeMap, BTreeSet};

use nightshift_core::ids::Digest;
use nightshift_core::release::ImageNow;

/// The account's ECR.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com`.
    host: String,
    /// By `repository:tag`, without the host.
    tags: BTreeMap<String, Digest>,
    /// Repository and digest of every image that is there.
    images: BTreeSet<(String, Digest)>,
}

impl Registry {
    pub(crate) fn new(account: &str, region: &str) -> Self {
        let host = format!("{account}.dkr.ecr.{region}.amazonaws.com");
        Self { host, tags: BTreeMap::new(), images: BTreeSet::new() }
    }

    /// The full reference of what a scenario calls `repository:tag`.
    pub(crate) fn full(&self, image: &str) -> String {
        let elsewhere = image.split_once('/').is_some_and(|(host, _)| host.contains('.'));
        if elsewhere { image.to_owned() } else { format!("{}/{image}", self.host) }
    }

    /// Pushes an image under its tag.
    pub(crate) fn push(&mut self, image: &str, digest: &Digest) {
        let Some(local) = self.local(image) else { return };
        let repository = repository(local).to_owned();
        self.images.insert((repository, digest.clone()));
        self.tags.insert(local.to_owned(), digest.clone());
    }

    /// Deletes an image with all its tags.
    pub(crate) fn delete(&mut self, image: &str, digest: &Digest) {
        let Some(local) = self.local(image) else { return };
        let name = repository(local).to_owned();
        self.tags.retain(|tag, points_to| repository(tag) != name || points_to != digest);
        self.images.remove(&(name, digest.clone()));
    }

    /// What a reference means right now.
    pub(crate) fn resolve(&self, image: &str) -> ImageNow {
        let Some(local) = self.local(image) else { return ImageNow::Unknown };
        if let Some((name, digest)) = local.split_once('@') {
            return self.known(repository(name), &Digest::new(digest));
        }
        let tagged = if local.contains(':') { local.to_owned() } else { format!("{local}:latest") };
        self.tags.get(&tagged).map_or(ImageNow::Gone, |digest| self.known(repository(local), digest))
    }

    /// Whether a task could pull this very image.
    pub(crate) fn has(&self, image: &str, digest: &Digest) -> bool {
        let Some(local) = self.local(image) else { return true };
        self.images.contains(&(repository(local).to_owned(), digest.clone()))
    }

    /// Whether this very image is in this registry, in the repository that
    /// `image` names.
    pub(crate) fn holds(&self, image: &str, digest: &Digest) -> bool {
        self.local(image).is_some_and(|local| self.images.contains(&(repository(local).to_owned(), digest.clone())))
    }

    /// The images of a repository with their tags, in order; `None`: there is
    /// no such repository.
    pub(crate) fn images(&self, name: &str) -> Option<Vec<(Digest, Vec<String>)>> {
        let found = self.images.iter().filter(|(repository, _)| repository == name);
        let tagged = |digest: &Digest| {
            let tags = self.tags.iter().filter(|(tag, to)| repository(tag) == name && *to == digest);
            tags.filter_map(|(tag, _)| tag.split_once(':')).map(|(_, tag)| tag.to_owned()).collect()
        };
        let images: Vec<_> = found.map(|(_, digest)| (digest.clone(), tagged(digest))).collect();
        let ever = !images.is_empty() || self.tags.keys().any(|tag| repository(tag) == name);
        ever.then_some(images)
    }

    fn known(&self, name: &str, digest: &Digest) -> ImageNow {
        let there = self.images.contains(&(name.to_owned(), digest.clone()));
        if there { ImageNow::At(digest.clone()) } else { ImageNow::Gone }
    }

    /// The reference without this registry's host; `None`: it is elsewhere.
    fn local<'a>(&self, image: &'a str) -> Option<&'a str> {
        image.strip_prefix(&self.host)?.strip_prefix('/')
    }
}

/// `checkout` of `checkout:1`, `checkout@sha256:…` or `checkout`.
fn repository(local: &str) -> &str {
    local.split(['@', ':']).next().unwrap_or(local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_image_takes_its_tags_along_and_leaves_the_others() {
        let mut registry = Registry::new("123456789012", "eu-west-1");
        let (old, new) = (Digest::new("sha256:a"), Digest::new("sha256:b"));
        let image = registry.full("web:1");
        registry.push(&image, &old);
        registry.push(&registry.full("web:2"), &new);
        registry.delete(&image, &old);
        assert_eq!(registry.resolve(&image), ImageNow::Gone);
        assert!(!registry.has(&image, &old));
        assert_eq!(registry.resolve(&registry.full("web:2")), ImageNow::At(new.clone()));
        assert_eq!(registry.resolve(&registry.full("web@sha256:b")), ImageNow::At(new));
    }

    #[test]
    fn an_image_elsewhere_is_unknown_and_can_always_be_pulled() {
        let registry = Registry::new("123456789012", "eu-west-1");
        assert_eq!(registry.resolve("public.ecr.aws/nginx/nginx:1"), ImageNow::Unknown);
        assert!(registry.has("public.ecr.aws/nginx/nginx:1", &Digest::new("sha256:a")));
    }
}
