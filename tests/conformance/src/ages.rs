//! When images came.

use jiff::Timestamp;
use nightshift_core::ids::Digest;
use nightshift_core::ports::{ImageAges, ImageReads};
use nightshift_core::release::ImageNow;

use crate::{Place, Verdict, got, holds, same, there};

/// Runs the suite. Digests are asked for, not known, as are moments: a registry
/// may have been filled just now.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn ages<W: ImageAges + ImageReads>(world: &W, place: &Place) -> Verdict {
    let suite = Suite { world, place };
    suite.an_image_has_an_age_by_whatever_name().await?;
    suite.an_older_release_came_no_later().await?;
    suite.what_is_gone_or_elsewhere_has_none().await
}

struct Suite<'a, W> {
    world: &'a W,
    place: &'a Place,
}

impl<W: ImageAges + ImageReads> Suite<'_, W> {
    async fn digest(&self, local: &str) -> Result<Digest, String> {
        match got(local, self.world.image(&self.place.image(local)).await)? {
            ImageNow::At(digest) => Ok(digest),
            other => Err(format!("{local}: expected an image, found {other:?}")),
        }
    }

    async fn age(&self, local: &str, digest: &Digest) -> Result<Timestamp, String> {
        there(local, self.world.pushed_at(&self.place.image(local), digest).await)
    }

    async fn an_image_has_an_age_by_whatever_name(&self) -> Verdict {
        let digest = self.digest("checkout:42").await?;
        let pushed = self.age("checkout:42", &digest).await?;
        holds("in the past", &pushed, pushed <= self.place.now)?;
        // The digest counts, whatever the tag says by now.
        for name in ["checkout:43", "checkout:nope", "checkout", &format!("checkout@{digest}")] {
            same(name, &self.age(name, &digest).await?, &pushed)?;
        }
        Ok(())
    }

    async fn an_older_release_came_no_later(&self) -> Verdict {
        let (old, new) = (self.digest("checkout:42").await?, self.digest("checkout:43").await?);
        let (old, new) = (self.age("checkout:42", &old).await?, self.age("checkout:43", &new).await?);
        holds("old before new", &(old, new), old <= new)
    }

    async fn what_is_gone_or_elsewhere_has_none(&self) -> Verdict {
        let digest = self.digest("checkout:42").await?;
        let Place { account, region, .. } = self.place;
        let others = [
            self.place.image("invoices:1"),
            self.place.image("nobody:1"),
            "public.ecr.aws/nginx/nginx:1".to_owned(),
            "checkout:42".to_owned(),
            format!("{account}.dkr.ecr.ap-southeast-2.amazonaws.com/checkout:42"),
            format!("999999999999.dkr.ecr.{region}.amazonaws.com/checkout:42"),
        ];
        for other in others {
            same(&other, &self.world.pushed_at(&other, &digest).await, &Ok(None))?;
        }
        let nobody = Digest::new(format!("sha256:{}", "0".repeat(64)));
        same("a digest of nobody", &self.world.pushed_at(&self.place.image("checkout:42"), &nobody).await, &Ok(None))
    }
}
