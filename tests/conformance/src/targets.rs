//! What load balancers think of a service's targets.

use std::collections::BTreeMap;

use nightshift_core::fault::FaultKind;
use nightshift_core::ports::{ServiceReads, TargetReads};
use nightshift_core::service::TargetHealth;

use crate::services::service;
use crate::{Place, Verdict, fails, got, holds, same};

/// Runs the suite. The services say which target groups there are.
///
/// Every target is healthy here: an emulator has no other. What becomes of the
/// other states is told by the tests of each implementation.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn targets<W: ServiceReads + TargetReads>(world: &W, place: &Place) -> Verdict {
    let groups = async |name| Ok::<_, String>(service(world, &place.prod(name)).await?.target_groups);
    let (checkout, basket) = (groups("checkout").await?, groups("basket").await?);
    let health = |healthy| TargetHealth { healthy, deregistration_delay_s: 300, ..TargetHealth::default() };
    same("of one group", &world.targets(&checkout).await, &Ok(health(4)))?;
    let all = [checkout.clone(), basket].concat();
    // In sum, and the delay is the longest: the other's default is the same.
    let sum = got("of two groups", world.targets(&all).await)?;
    same("of two groups", &sum.healthy, &6)?;
    holds("the longest delay", &sum, sum.deregistration_delay_s == 300)?;
    same("of no group", &world.targets(&[]).await, &Ok(TargetHealth::default()))?;
    let unknown = [format!("{}0", checkout[0])];
    // Nothing healthy would be news about a service; this is none.
    fails("of a group that is not there", world.targets(&unknown).await, FaultKind::NotFound)?;

    let balancers = got("load balancers", world.load_balancers(&all).await)?;
    let asked: Vec<&String> = balancers.keys().collect();
    let mut sorted: Vec<&String> = all.iter().collect();
    sorted.sort();
    same("each group by its ARN", &asked, &sorted)?;
    let dimension = |balancer: &String| balancer.starts_with("app/prod/") && balancer.matches('/').count() == 2;
    holds("the dimension of their metrics", &balancers, balancers.values().all(dimension))?;
    same("load balancers of no group", &world.load_balancers(&[]).await, &Ok(BTreeMap::new()))?;
    fails("load balancers of a group that is not there", world.load_balancers(&unknown).await, FaultKind::NotFound)
}
