//! Which images tasks run.

use nightshift_core::fault::FaultKind;
use nightshift_core::image::RunningImage;
use nightshift_core::ports::{RunningReads, ServiceReads};

use crate::{Place, Verdict, fails, got, same};

/// Runs the suite.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn running<W: RunningReads + ServiceReads>(world: &W, place: &Place) -> Verdict {
    let checkout = place.prod("checkout");
    let history = got("history", world.history(&checkout).await)?;
    let newest = history.first().ok_or("checkout was never deployed")?;
    let image = |(container, image): (&String, &nightshift_core::release::RevisionImage)| RunningImage {
        container: container.clone(),
        reference: image.image.clone(),
        digest: image.digest.clone(),
    };
    // Four tasks, and one image.
    let expected: Vec<RunningImage> = newest.target.images.iter().map(image).collect();
    same("what runs", &world.running_images(&checkout).await, &Ok(expected))?;
    fails("no service", world.running_images(&place.prod("nobody")).await, FaultKind::NotFound)
}
