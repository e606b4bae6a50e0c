//! Which service an alarm was last found to watch.

use nightshift_core::ids::AlarmArn;
use nightshift_core::ports::AlarmMap;

use crate::{Place, Verdict, same};

/// Runs the suite; `prefix` keeps runs on one table apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn alarm_map<W: AlarmMap>(world: &W, place: &Place, prefix: &str) -> Verdict {
    let alarm = |groups: &str| {
        let Place { account, region, .. } = place;
        AlarmArn::new(format!("arn:aws:cloudwatch:{region}:{account}:alarm:{prefix}#{groups}"))
    };
    let (one, other) = (alarm("one"), alarm("other"));
    let (checkout, search) = (place.prod("checkout"), place.prod("search"));
    same("an alarm never mapped", &world.mapped(&one).await, &Ok(None))?;
    same("mapping it", &world.map(&one, &checkout, place.now).await, &Ok(()))?;
    same("what it was mapped to", &world.mapped(&one).await, &Ok(Some(checkout)))?;
    same("the same alarm with other groups", &world.mapped(&other).await, &Ok(None))?;
    same("mapping it anew", &world.map(&one, &search, place.now).await, &Ok(()))?;
    same("what it was mapped to last", &world.mapped(&one).await, &Ok(Some(search)))
}
