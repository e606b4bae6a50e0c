//! What changes the registry from outside, by ECR's rules.

use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageId, ImageStatus, Mutability, ScanFrequency};
use serde_json::Value;

use crate::state::image_news::News;
use crate::state::releases::AwsError;

use super::agenda::Kept;
use super::{Image, Registry, Repo, Storage, manifest};

/// Seconds until an archived image can be pulled again.
const ACTIVATES_S: i64 = 20 * 60;

/// What cannot be done to one image of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) reason: String,
}

impl Failure {
    fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// `imageId`: digest, tag or both.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    pub(crate) digest: Option<Digest>,
    pub(crate) tag: Option<String>,
}

pub(crate) fn no_repository(name: &str) -> AwsError {
    let says = format!("The repository with name '{name}' does not exist in the registry");
    AwsError::new("RepositoryNotFoundException", says)
}

pub(crate) fn no_image(image: &ImageId) -> AwsError {
    let ImageId { repository, digest } = image;
    let says = format!("The image with imageId {{imageDigest:'{digest}'}} does not exist in '{repository}'");
    AwsError::new("ImageNotFoundException", says)
}

/// `PutImage`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Put<'a> {
    pub(crate) manifest: &'a str,
    pub(crate) media_type: Option<&'a str>,
    pub(crate) tag: Option<&'a str>,
    pub(crate) digest: Option<&'a str>,
}

impl Registry {
    pub(crate) fn repo(&self, name: &str) -> Result<&Repo, AwsError> {
        self.repositories.get(name).ok_or_else(|| no_repository(name))
    }

    fn repo_mut(&mut self, name: &str) -> Result<&mut Repo, AwsError> {
        self.repositories.get_mut(name).ok_or_else(|| no_repository(name))
    }

    /// `ecr:BatchGetImage` of one: its digest, if it can be pulled.
    pub(crate) fn pullable(&self, name: &str, named: &Named) -> Result<Result<(Digest, &Image), Failure>, AwsError> {
        let repo = self.repo(name)?;
        Ok(repo.named(named).and_then(|digest| match repo.images.get(&digest) {
            Some(image) if self.active(image) => Ok((digest, image)),
            Some(_) => Err(Failure::new("ImageInaccessible", "The image is archived")),
            None => Err(Failure::new("ImageNotFound", "Requested image not found")),
        }))
    }

    /// `ecr:PutImage`: an image's digest is that of its manifest's text.
    pub(crate) fn put(&mut self, name: &str, put: Put<'_>) -> Result<Digest, AwsError> {
        let repo = self.repo(name)?;
        let (digest, read) = (manifest::digest(put.manifest), serde_json::from_str::<Value>(put.manifest));
        let read = read.map_err(|error| AwsError::new("InvalidParameterException", error.to_string()))?;
        if put.digest.is_some_and(|guard| guard != digest.as_str()) {
            let says = format!("the manifest's digest is {digest}");
            return Err(AwsError::new("ImageDigestDoesNotMatchException", says));
        }
        let platforms = repo.references(&read)?;
        let there = repo.images.contains_key(&digest);
        let on = put.tag.and_then(|tag| repo.tags.get(tag));
        if there && (put.tag.is_none() || on == Some(&digest)) {
            let says = format!("Image with digest '{digest}' and tag '{}' already exists", put.tag.unwrap_or("-"));
            return Err(AwsError::new("ImageAlreadyExistsException", says));
        }
        if let (Some(tag), Some(_)) = (put.tag, on)
            && repo.fixed(tag)
        {
            let says = format!("The image tag '{tag}' already exists and cannot be overwritten: it is immutable");
            return Err(AwsError::new("ImageTagAlreadyExistsException", says));
        }
        let inside = read["mediaType"].as_str();
        let media_type = put.media_type.or(inside).unwrap_or_default().to_owned();
        // Nobody has said what is in a manifest that is not a scenario's.
        let (manifest, content) = (put.manifest.to_owned(), digest.as_str().to_owned());
        self.keep(name, put.tag, digest.clone(), Kept { manifest, media_type, platforms, content });
        Ok(digest)
    }

    /// `ecr:BatchDeleteImage`: by tag it only unties it, unless it is the
    /// image's last one.
    pub(crate) fn batch_delete(&mut self, name: &str, ids: &[Named]) -> Result<Vec<Result<Named, Failure>>, AwsError> {
        self.repo(name)?;
        Ok(ids.iter().map(|named| self.delete_one(name, named)).collect())
    }

    fn delete_one(&mut self, name: &str, named: &Named) -> Result<Named, Failure> {
        let gone = || Failure::new("ImageNotFound", "Requested image not found");
        let repo = self.repositories.get_mut(name).ok_or_else(gone)?;
        let digest = repo.named(named)?;
        let tags: Vec<String> = repo.tags_of(&digest).map(str::to_owned).collect();
        let untied = named.tag.as_ref().filter(|_| tags.len() > 1);
        if let Some(tag) = untied {
            repo.tags.remove(tag);
            self.news.push(News::Untied(ImageId::new(name, digest.clone()), tag.clone()));
            return Ok(Named { digest: Some(digest), tag: Some(tag.clone()) });
        }
        if repo.images.values().any(|image| image.platforms.contains(&digest)) {
            return Err(Failure::new("ImageReferencedByManifestList", "Requested image referenced by manifest list"));
        }
        self.delete_from(name, &digest);
        Ok(Named { digest: Some(digest), tag: named.tag.clone() })
    }

    /// `ecr:UpdateImageStorageClass`; whether that changed something.
    pub(crate) fn store(&mut self, id: &ImageId, archived: bool) -> Result<(ImageStatus, bool), AwsError> {
        let back = Storage::Back(self.now + ACTIVATES_S);
        let before = self.repo(&id.repository)?.images.get(&id.digest).ok_or_else(|| no_image(id))?;
        let is = self.status(before);
        let changes = archived != (is == ImageStatus::Archived);
        if let Some(image) = self.repo_mut(&id.repository)?.images.get_mut(&id.digest).filter(|_| changes) {
            image.storage = if archived { Storage::Archive } else { back };
        }
        let is = self.get(id).map_or(is, |image| self.status(image));
        Ok((is, changes))
    }

    /// `ecr:PutImageScanningConfiguration`; whether that changed something.
    pub(crate) fn scan_on_push(&mut self, name: &str, on: bool) -> Result<bool, AwsError> {
        let scans = if on { ScanFrequency::OnPush } else { ScanFrequency::Manual };
        let setup = &mut self.repo_mut(name)?.setup;
        // It is the older switch: what scans continuously goes on to.
        let changes = setup.scans != ScanFrequency::Continuous && setup.scans != scans;
        if changes {
            setup.scans = scans;
        }
        Ok(changes)
    }

    /// `ecr:PutImageTagMutability`; whether that changed something.
    pub(crate) fn set_mutability(&mut self, name: &str, mutability: Mutability) -> Result<bool, AwsError> {
        let setup = &mut self.repo_mut(name)?.setup;
        Ok(std::mem::replace(&mut setup.mutability, mutability) != mutability)
    }
}

impl Repo {
    /// The digest that is meant, by whichever name.
    pub(crate) fn named(&self, named: &Named) -> Result<Digest, Failure> {
        let gone = || Failure::new("ImageNotFound", "Requested image not found");
        match (&named.digest, &named.tag) {
            (None, None) => Err(Failure::new("MissingDigestAndTag", "Both digest and tag are missing")),
            (Some(digest), None) => self.images.contains_key(digest).then(|| digest.clone()).ok_or_else(gone),
            (digest, Some(tag)) => {
                let on = self.tags.get(tag).ok_or_else(gone)?;
                if digest.as_ref().is_some_and(|digest| digest != on) {
                    return Err(Failure::new("ImageTagDoesNotMatchDigest", "The tag is on another image"));
                }
                Ok(on.clone())
            }
        }
    }

    /// What a manifest names must be there: the platforms' manifests of an
    /// index, or the layers of an image. Gives the former.
    fn references(&self, read: &Value) -> Result<Vec<Digest>, AwsError> {
        let list = |value: &Value| -> Vec<Digest> {
            let digests = value.as_array().into_iter().flatten().filter_map(|entry| entry["digest"].as_str());
            digests.map(Digest::new).collect()
        };
        let platforms = list(&read["manifests"]);
        if let Some(missing) = platforms.iter().find(|digest| !self.images.contains_key(digest)) {
            let says = format!("Images with digests '[{missing}]' required for pushing image do not exist");
            return Err(AwsError::new("ReferencedImagesNotFoundException", says));
        }
        let known = |layer: &&Digest| self.images.values().any(|image| image.manifest.contains(layer.as_str()));
        let layers = list(&read["layers"]);
        match layers.iter().find(|layer| !known(layer)) {
            Some(missing) => Err(AwsError::new("LayersNotFoundException", format!("Layer '{missing}' does not exist"))),
            None => Ok(platforms),
        }
    }
}
