//! Bounds of Application Auto Scaling.

use nightshift_core::fault::FaultKind;
use nightshift_core::ports::{ScalingReads, ScalingWrites};
use nightshift_core::service::ScalableTarget;

use crate::{Gap, Place, Verdict, fails, same};

/// Runs the suite. It leaves the bounds as it found them.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn scaling<W: ScalingReads + ScalingWrites>(world: &W, place: &Place) -> Verdict {
    let reports = place.prod("reports");
    let bounds = async |min| same("the bounds", &world.scalable_target(&reports).await, &Ok(min));
    let between = |min| Some(ScalableTarget { min, max: 3 });
    for unscaled in ["invoices", "nobody"] {
        same(unscaled, &world.scalable_target(&place.prod(unscaled)).await, &Ok(None))?;
    }
    bounds(between(1)).await?;
    // As of a claim that is carried out twice: the second changes nothing.
    for minimum in [3, 3, 2, 1] {
        same("setting a minimum", &world.set_minimum(&reports, minimum).await, &Ok(()))?;
        bounds(between(minimum)).await?;
    }
    fails("of a service that is not there", world.set_minimum(&place.prod("nobody"), 1).await, FaultKind::Permanent)?;
    if place.has(Gap::ScalingBounds) {
        fails("above the maximum", world.set_minimum(&reports, 4).await, FaultKind::Permanent)?;
        bounds(between(1)).await?;
        let invoices = place.prod("invoices");
        fails("of a service that nobody scales", world.set_minimum(&invoices, 2).await, FaultKind::Permanent)?;
        same("its bounds after it", &world.scalable_target(&invoices).await, &Ok(None))?;
    }
    Ok(())
}
