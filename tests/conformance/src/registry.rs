//! Repositories and the images in them.

use std::collections::{BTreeMap, BTreeSet};

use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageDetail, ImageId, ImageStatus, Mutability, ScanFrequency};
use nightshift_core::ports::RegistryReads;

use crate::{Verdict, got, holds, same, there};

/// Runs the suite. Digests are asked for, not known.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn registry<W: RegistryReads>(world: &W) -> Verdict {
    let suite = Suite { world };
    suite.repositories_are_as_they_were_set_up().await?;
    suite.images_are_listed_by_digest().await?;
    suite.an_index_names_images_of_its_repository().await?;
    suite.what_is_not_there_is_an_answer().await
}

/// A digest of nobody.
pub fn nobody() -> Digest {
    Digest::new(format!("sha256:{}", "0".repeat(64)))
}

/// The image of a repository that carries this tag.
///
/// # Errors
/// If there is none.
pub async fn tagged<W: RegistryReads>(world: &W, repository: &str, tag: &str) -> Result<ImageDetail, String> {
    let images = got(repository, world.images_in(repository).await)?;
    let found = images.into_iter().find(|image| image.tags.contains(tag));
    found.ok_or_else(|| format!("{repository}:{tag}: expected an image, found none"))
}

struct Suite<'a, W> {
    world: &'a W,
}

impl<W: RegistryReads> Suite<'_, W> {
    async fn repositories_are_as_they_were_set_up(&self) -> Verdict {
        let all = got("repositories", self.world.repositories().await)?;
        holds("in order", &all, all.is_sorted())?;
        let known = ["checkout", "team/scanned", "team/watched"];
        holds("with all of them", &all, known.iter().all(|name| all.iter().any(|one| one == name)))?;
        let tags = |tags: &[(&str, &str)]| -> BTreeMap<String, String> {
            tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let scanned = there("scanned", self.world.repository("team/scanned").await)?;
        same("its name", &scanned.name.as_str(), &"team/scanned")?;
        same("its tags", &scanned.tags, &tags(&[("nightshift", "act"), ("team", "shop")]))?;
        same("its tags' mutability", &scanned.mutability, &Mutability::Immutable)?;
        same("when it scans", &scanned.scans, &ScanFrequency::OnPush)?;
        let policy = scanned.lifecycle.unwrap_or_default();
        holds("its lifecycle policy", &policy, policy.contains("imageCountMoreThan"))?;
        let watched = there("watched", self.world.repository("team/watched").await)?;
        same("the other's mutability", &watched.mutability, &Mutability::Mutable)?;
        same("when the other scans", &watched.scans, &ScanFrequency::Continuous)?;
        same("no lifecycle policy", &watched.lifecycle, &None)
    }

    async fn images_are_listed_by_digest(&self) -> Verdict {
        let images = got("images", self.world.images_in("team/scanned").await)?;
        holds("by digest", &images, images.is_sorted_by(|a, b| a.digest < b.digest))?;
        let tags: BTreeSet<&str> = images.iter().flat_map(|image| image.tags.iter().map(String::as_str)).collect();
        same("their tags", &tags, &BTreeSet::from(["flawed", "many", "failed"]))?;
        for image in &images {
            let plain = image.status == ImageStatus::Active && !image.index && image.size > 0;
            holds("an image that can be pulled", image, plain && image.pushed_at.is_some())?;
            let id = ImageId::new("team/scanned", image.digest.clone());
            same("the same by its digest", &self.world.image_detail(&id).await, &Ok(Some(image.clone())))?;
            same("no platforms", &self.world.platforms(&id).await, &Ok(Vec::new()))?;
        }
        Ok(())
    }

    async fn an_index_names_images_of_its_repository(&self) -> Verdict {
        let multi = tagged(self.world, "team/watched", "multi").await?;
        holds("an index", &multi, multi.index)?;
        let id = ImageId::new("team/watched", multi.digest);
        let platforms = got("platforms", self.world.platforms(&id).await)?;
        holds("of two platforms", &platforms, platforms.len() == 2 && platforms[0] != platforms[1])?;
        for digest in platforms {
            let platform = ImageId::new("team/watched", digest);
            let found = there("a platform's image", self.world.image_detail(&platform).await)?;
            holds("without a tag", &found, found.tags.is_empty() && !found.index)?;
        }
        Ok(())
    }

    async fn what_is_not_there_is_an_answer(&self) -> Verdict {
        same("no repository", &self.world.repository("nobody").await, &Ok(None))?;
        same("no images", &self.world.images_in("nobody").await, &Ok(Vec::new()))?;
        let flawed = tagged(self.world, "team/scanned", "many").await?.digest;
        for image in [
            ImageId::new("team/scanned", nobody()),
            ImageId::new("team/watched", flawed),
            ImageId::new("nobody", nobody()),
        ] {
            same("an image", &self.world.image_detail(&image).await, &Ok(None))?;
            same("platforms of nothing", &self.world.platforms(&image).await, &Ok(Vec::new()))?;
        }
        Ok(())
    }
}
