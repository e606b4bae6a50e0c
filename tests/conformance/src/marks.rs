//! Tags on images, the archive, and what is set for a repository. Nothing here
//! may ever delete an image.

use nightshift_core::fault::FaultKind;
use nightshift_core::image::{ImageDetail, ImageId, ImageStatus, Mutability, ScanFrequency, Tagging, Untagging};
use nightshift_core::ports::{RegistryReads, RegistryWrites};

use crate::registry::{nobody, tagged};
use crate::{Gap, Place, Verdict, fails, got, same, there};

/// Runs the suite; `prefix` keeps the tags of runs on one registry apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn marks<W: RegistryReads + RegistryWrites>(world: &W, place: &Place, prefix: &str) -> Verdict {
    let suite = Suite { world, place, prefix };
    let before = suite.everything().await?;
    for (repository, tag) in
        [("team/scanned", "flawed"), ("team/watched", "flawed"), ("team/watched", "docker"), ("team/watched", "multi")]
    {
        suite.a_tag_comes_and_goes(repository, tag).await?;
        suite.a_tag_of_another_image_stays_there(repository, tag).await?;
    }
    suite.the_last_tag_stays().await?;
    suite.what_is_gone_has_no_tags().await?;
    same("all images, in the end", &suite.everything().await?, &before)?;
    suite.an_image_goes_to_the_archive_and_back().await?;
    suite.a_repository_is_guarded().await
}

struct Suite<'a, W> {
    world: &'a W,
    place: &'a Place,
    prefix: &'a str,
}

impl<W: RegistryReads + RegistryWrites> Suite<'_, W> {
    async fn everything(&self) -> Result<Vec<ImageDetail>, String> {
        let mut all = got("images", self.world.images_in("team/scanned").await)?;
        all.extend(got("images", self.world.images_in("team/watched").await)?);
        Ok(all)
    }

    fn mark(&self) -> String {
        format!("{}-mark", self.prefix)
    }

    async fn a_tag_comes_and_goes(&self, repository: &str, tag: &str) -> Verdict {
        let before = tagged(self.world, repository, tag).await?;
        let image = ImageId::new(repository, before.digest.clone());
        let platforms = self.world.platforms(&image).await;
        let mark = self.mark();
        for what in ["a new tag", "the same again"] {
            same(what, &self.world.add_tag(&image, &mark).await, &Ok(Tagging::There))?;
        }
        let mut marked = before.clone();
        marked.tags.insert(mark.clone());
        same("with its tag", &self.world.image_detail(&image).await, &Ok(Some(marked)))?;
        // It is the same image, of whichever media type.
        same("by its new tag", &tagged(self.world, repository, &mark).await?.digest, &before.digest)?;
        same("its platforms", &self.world.platforms(&image).await, &platforms)?;
        for what in ["untied", "and again"] {
            same(what, &self.world.remove_tag(&image, &mark).await, &Ok(Untagging::Removed))?;
        }
        same("as before", &self.world.image_detail(&image).await, &Ok(Some(before)))
    }

    async fn a_tag_of_another_image_stays_there(&self, repository: &str, tag: &str) -> Verdict {
        let image = ImageId::new(repository, tagged(self.world, repository, tag).await?.digest);
        let images = got("images", self.world.images_in(repository).await)?;
        for other in images.into_iter().filter(|other| other.digest != image.digest) {
            for tag in &other.tags {
                same("taken", &self.world.add_tag(&image, tag).await, &Ok(Tagging::Taken))?;
                // It was never on this one.
                same("not there", &self.world.remove_tag(&image, tag).await, &Ok(Untagging::Removed))?;
            }
            let id = ImageId::new(repository, other.digest.clone());
            same("the other as it was", &self.world.image_detail(&id).await, &Ok(Some(other)))?;
        }
        Ok(())
    }

    async fn the_last_tag_stays(&self) -> Verdict {
        let before = tagged(self.world, "team/watched", "docker").await?;
        let image = ImageId::new("team/watched", before.digest.clone());
        same("its last", &self.world.remove_tag(&image, "docker").await, &Ok(Untagging::Last))?;
        same("still there", &self.world.image_detail(&image).await, &Ok(Some(before)))
    }

    async fn what_is_gone_has_no_tags(&self) -> Verdict {
        for image in [ImageId::new("team/scanned", nobody()), ImageId::new("nobody", nobody())] {
            same("a tag on nothing", &self.world.add_tag(&image, &self.mark()).await, &Ok(Tagging::Gone))?;
            same("a tag off nothing", &self.world.remove_tag(&image, "flawed").await, &Ok(Untagging::Gone))?;
        }
        Ok(())
    }

    async fn an_image_goes_to_the_archive_and_back(&self) -> Verdict {
        if !self.place.has(Gap::ImageArchive) {
            return Ok(());
        }
        let image = ImageId::new("team/watched", tagged(self.world, "team/watched", "docker").await?.digest);
        let status = async || there("the image", self.world.image_detail(&image).await).map(|found| found.status);
        for what in ["archived", "and again"] {
            same(what, &self.world.archive(&image, true).await, &Ok(()))?;
            same("where it is", &status().await?, &ImageStatus::Archived)?;
        }
        // Listed it is, and its last tag stays.
        tagged(self.world, "team/watched", "docker").await?;
        same("its last", &self.world.remove_tag(&image, "docker").await, &Ok(Untagging::Last))?;
        for what in ["back", "and again"] {
            same(what, &self.world.archive(&image, false).await, &Ok(()))?;
            same("on its way", &status().await?, &ImageStatus::Activating)?;
        }
        let nothing = ImageId::new("team/watched", nobody());
        fails("nothing", self.world.archive(&nothing, true).await, FaultKind::NotFound)
    }

    async fn a_repository_is_guarded(&self) -> Verdict {
        for what in ["tags that stay", "and again"] {
            same(what, &self.world.make_immutable("checkout").await, &Ok(()))?;
            let found = there("checkout", self.world.repository("checkout").await)?;
            same("its tags' mutability", &found.mutability, &Mutability::Immutable)?;
        }
        same("scans", &self.world.scan_on_push("checkout").await, &Ok(()))?;
        if self.place.has(Gap::ScanningSwitch) {
            let found = there("checkout", self.world.repository("checkout").await)?;
            same("when it scans", &found.scans, &ScanFrequency::OnPush)?;
        }
        fails("no repository", self.world.make_immutable("nobody").await, FaultKind::NotFound)?;
        fails("no repository", self.world.scan_on_push("nobody").await, FaultKind::NotFound)
    }
}
