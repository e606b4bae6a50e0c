//! Ending a deployment that waits at a pause hook.

use nightshift_core::fault::FaultKind;
use nightshift_core::ids::{ServiceDeploymentArn, ServiceRef};
use nightshift_core::ports::{HookWrites, ServiceReads};
use nightshift_core::release::DeploymentStatus;
use nightshift_core::service::Strategy;

use crate::history::of;
use crate::services::service;
use crate::{Place, Verdict, fails, holds, same};

/// Runs the suite. It changes the account: once for each account.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn hooks<W: HookWrites + ServiceReads>(world: &W, place: &Place) -> Verdict {
    let returns = place.prod("returns");
    let before = of(world, place, "returns").await?;
    let [paused, good] = &before[..] else { return holds("two deployments", &before, false) };
    same("one that waits is under way", &paused.status, &DeploymentStatus::InProgress)?;
    same("its stage", &paused.stage.as_deref(), &Some("PRODUCTION_TRAFFIC_SHIFT"))?;
    same("what it is to wait, its canary's time and its own", &paused.planned_wait_s, &(15 * 60))?;
    same("the stage of one that has ended", &good.stage, &None)?;
    let beside = service(world, &returns).await?;
    same("its strategy", &beside.strategy, &Strategy::Canary)?;
    let sets: Vec<_> = beside.deployments.iter().map(|one| (one.desired, one.running, one.rollout)).collect();
    same("two whole sets, which no rollout state tells of", &sets, &vec![(1, 1, None); 2])?;
    let hook = paused.paused_at_hook.as_deref().ok_or("it waits at no hook")?;
    let at = async |deployment, hook| world.roll_back_at_hook(&returns, deployment, hook).await;

    fails("at another hook", at(&paused.arn, "another").await, FaultKind::Permanent)?;
    fails("one that has ended", at(&good.arn, hook).await, FaultKind::Permanent)?;
    let never = ServiceDeploymentArn::new(format!("{}0", paused.arn));
    // Not `NotFound`: nothing is missing that a caller could do without.
    fails("one that never was", at(&never, hook).await, FaultKind::Permanent)?;
    let elsewhere = ServiceRef { region: "ap-southeast-2".into(), ..returns.clone() };
    let reached = world.roll_back_at_hook(&elsewhere, &paused.arn, hook).await;
    fails("one of another region", reached, FaultKind::Permanent)?;
    same("the history after what was refused", &of(world, place, "returns").await?, &before)?;

    same("ending it", &at(&paused.arn, hook).await, &Ok(()))?;
    let after = of(world, place, "returns").await?;
    // Without a word about the way it would go on, to the release that is bad.
    holds("it goes back", &after[0].status, after[0].status.going_back())?;
    same("it waits no more", &after[0].paused_at_hook, &None)?;
    same("the same deployment", &(&after[0].arn, after.len()), &(&paused.arn, before.len()))?;
    fails("a second time", at(&paused.arn, hook).await, FaultKind::Permanent)?;
    let again = of(world, place, "returns").await?;
    holds("it still goes back", &again[0].status, again[0].status.going_back())
}
