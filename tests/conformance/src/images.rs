//! What an image reference means right now.

use nightshift_core::fault::FaultKind;
use nightshift_core::ids::Digest;
use nightshift_core::ports::ImageReads;
use nightshift_core::release::ImageNow;

use crate::{Gap, Place, Verdict, got, holds, same};

/// Runs the suite. Digests are asked for, not known: a registry may have its
/// own idea of them.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn images<W: ImageReads>(world: &W, place: &Place) -> Verdict {
    let suite = Suite { world, place };
    suite.a_tag_a_digest_and_both_mean_the_same_image().await?;
    suite.what_the_registry_lacks_is_gone().await?;
    suite.nobody_can_tell_what_another_registry_has().await
}

struct Suite<'a, W> {
    world: &'a W,
    place: &'a Place,
}

impl<W: ImageReads> Suite<'_, W> {
    /// What an image of the account's registry is now.
    async fn now(&self, local: &str) -> Result<ImageNow, String> {
        got(local, self.world.image(&self.place.image(local)).await)
    }

    async fn digest(&self, local: &str) -> Result<Digest, String> {
        match self.now(local).await? {
            ImageNow::At(digest) => Ok(digest),
            other => Err(format!("{local}: expected an image, found {other:?}")),
        }
    }

    async fn a_tag_a_digest_and_both_mean_the_same_image(&self) -> Verdict {
        let (old, new) = (self.digest("checkout:42").await?, self.digest("checkout:43").await?);
        holds("two tags of two images", &(&old, &new), old != new && old.as_str().starts_with("sha256:"))?;
        same("by its digest", &self.digest(&format!("checkout@{old}")).await?, &old)?;
        // The digest is what is pulled; the tag beside it is a comment.
        same("by another's tag and its digest", &self.digest(&format!("checkout:43@{old}")).await?, &old)?;
        same(
            "by no tag at all with its digest",
            &self.now(&format!("checkout:nope@{old}")).await?,
            &ImageNow::At(old),
        )?;
        same("a tag that was moved", &self.digest("invoices:1").await?, &self.digest("invoices:3").await?)
    }

    async fn what_the_registry_lacks_is_gone(&self) -> Verdict {
        let nowhere = format!("checkout@sha256:{}", "0".repeat(64));
        // Without a tag it means `latest`, which nobody has pushed.
        for lacking in ["checkout:99", "invoices:2", "checkout", "nobody:1", &nowhere] {
            same(lacking, &self.now(lacking).await?, &ImageNow::Gone)?;
        }
        let elsewhere = format!("invoices@{}", self.digest("checkout:42").await?);
        same("another repository's digest", &self.now(&elsewhere).await?, &ImageNow::Gone)
    }

    async fn nobody_can_tell_what_another_registry_has(&self) -> Verdict {
        let Place { account, region, .. } = self.place;
        let others = [
            "public.ecr.aws/nginx/nginx:1".to_owned(),
            "checkout:43".to_owned(),
            format!("{account}.dkr.ecr.ap-southeast-2.amazonaws.com/checkout:43"),
        ];
        for other in others {
            same(&other, &self.world.image(&other).await, &Ok(ImageNow::Unknown))?;
        }
        if !self.place.has(Gap::ForeignRegistry) {
            return Ok(());
        }
        let foreign = format!("999999999999.dkr.ecr.{region}.amazonaws.com/checkout:43");
        let denied = self.world.image(&foreign).await;
        holds(&foreign, &denied, denied.as_ref().is_err_and(|fault| fault.kind == FaultKind::Denied))
    }
}
