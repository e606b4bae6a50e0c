//! Load balancers, and which target groups hang on them.

use nightshift_core::ports::{BalancerReads, ServiceReads, TargetReads};

use crate::services::service;
use crate::{Place, Verdict, got, holds, same};

/// Runs the suite.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn balancers<W: BalancerReads + ServiceReads + TargetReads>(world: &W, place: &Place) -> Verdict {
    let all = got("load balancers", world.balancers().await)?;
    holds("by their names", &all, all.is_sorted_by(|a, b| a.dimension < b.dimension))?;
    // Nobody is behind the second one; one that is no Application Load Balancer is
    // left out.
    for name in ["app/prod/", "app/forgotten/"] {
        let found: Vec<_> = all.iter().filter(|balancer| balancer.dimension.starts_with(name)).collect();
        let made = found.first().is_some_and(|one| one.created_at.is_some_and(|at| at <= place.now));
        holds(name, &found, found.len() == 1 && made)?;
    }
    let others = all.iter().filter(|balancer| balancer.dimension.contains("/relay/")).count();
    same("those of another kind", &others, &0)?;
    let groups = got("balancers of groups", world.balancers_of_groups().await)?;
    let checkout = service(world, &place.prod("checkout")).await?.target_groups;
    for (group, balancer) in got("the same by name", world.load_balancers(&checkout).await)? {
        same(&group, &groups.get(&group), &Some(&balancer))?;
        holds("a load balancer of the list", &balancer, all.iter().any(|one| one.dimension == balancer))?;
    }
    Ok(())
}
