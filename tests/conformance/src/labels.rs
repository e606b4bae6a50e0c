//! What images say about themselves.

use nightshift_core::ports::{ImageLabels, ImageReads};
use nightshift_core::release::ImageNow;

use crate::{Gap, Place, Verdict, got, same};

/// Runs the suite.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn labels<W: ImageLabels + ImageReads>(world: &W, place: &Place) -> Verdict {
    let suite = Suite { world, place };
    suite.an_annotation_names_the_revision_by_whatever_name().await?;
    suite.what_is_gone_or_elsewhere_says_nothing().await?;
    if place.has(Gap::LayerUrls) {
        suite.a_label_of_its_configuration_names_it_too().await?;
    }
    Ok(())
}

struct Suite<'a, W> {
    world: &'a W,
    place: &'a Place,
}

impl<W: ImageLabels + ImageReads> Suite<'_, W> {
    async fn says(&self, local: &str, expected: Option<&str>) -> Verdict {
        let said = got(local, self.world.built_from(&self.place.image(local)).await)?;
        same(local, &said.as_deref(), &expected)
    }

    async fn an_annotation_names_the_revision_by_whatever_name(&self) -> Verdict {
        let ImageNow::At(digest) = got("checkout:43", self.world.image(&self.place.image("checkout:43")).await)? else {
            return Err("checkout:43 is not there".into());
        };
        for name in ["checkout:43", &format!("checkout@{digest}"), &format!("checkout:42@{digest}")] {
            self.says(name, Some("feedbee189b5e")).await?;
        }
        Ok(())
    }

    async fn a_label_of_its_configuration_names_it_too(&self) -> Verdict {
        self.says("checkout:42", Some("189b5e9c0ffee")).await?;
        self.says("search:22", None).await
    }

    async fn what_is_gone_or_elsewhere_says_nothing(&self) -> Verdict {
        for gone in ["checkout:99", "nobody:1", &format!("checkout@sha256:{}", "0".repeat(64))] {
            self.says(gone, None).await?;
        }
        let elsewhere = format!("{}.dkr.ecr.ap-southeast-2.amazonaws.com/checkout:43", self.place.account);
        for other in ["public.ecr.aws/nginx/nginx:1", "checkout:43", &elsewhere] {
            same(other, &self.world.built_from(other).await, &Ok(None))?;
        }
        Ok(())
    }
}
