//! Deploying, restarting and stopping: what takes effect, and what does not.

use nightshift_core::fault::FaultKind;
use nightshift_core::ids::{DeploymentId, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use nightshift_core::ports::{ServiceReads, ServiceWrites};
use nightshift_core::release::DeploymentStatus;

use crate::history::of;
use crate::services::service;
use crate::{Place, Verdict, fails, holds, same};

/// Runs the suite. It changes the account: once for each account.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn changes<W: ServiceReads + ServiceWrites>(world: &W, place: &Place) -> Verdict {
    what_cannot_be_deployed_is_refused_and_changes_nothing(world, place).await?;
    deploying_begins_one_deployment_and_no_second_of_the_same(world, place).await?;
    restarting_replaces_the_deployment_it_was_told_and_no_other(world, place).await?;
    stopping_takes_back_what_is_under_way_once(world, place).await?;
    what_is_over_cannot_be_stopped(world, place).await?;
    nothing_reaches_a_service_that_is_not_here(world, place).await
}

async fn what_cannot_be_deployed_is_refused_and_changes_nothing<W: ServiceReads + ServiceWrites>(
    world: &W,
    place: &Place,
) -> Verdict {
    let basket = place.prod("basket");
    let before = (service(world, &basket).await?, of(world, place, "basket").await?);
    let arn = |short: &str| {
        let Place { account, region, .. } = place;
        TaskDefinitionArn::new(format!("arn:aws:ecs:{region}:{account}:task-definition/{short}"))
    };
    // Deregistered, never registered, and one that would mean the newest.
    for short in ["basket:1", "basket:99", "basket"] {
        fails(short, world.deploy(&basket, &arn(short)).await, FaultKind::Permanent)?;
    }
    let after = (service(world, &basket).await?, of(world, place, "basket").await?);
    same("the service after what was refused", &after, &before)
}

async fn deploying_begins_one_deployment_and_no_second_of_the_same<W: ServiceReads + ServiceWrites>(
    world: &W,
    place: &Place,
) -> Verdict {
    let basket = place.prod("basket");
    let before = service(world, &basket).await?;
    let history = of(world, place, "basket").await?;
    let good = history[1].target.task_definition.clone();
    same("what is deployed", &good.short(), &"basket:2")?;
    // The second finds it running already, which is what was asked for.
    for time in ["the first time", "the second time"] {
        same(time, &world.deploy(&basket, &good).await, &Ok(()))?;
        let found = of(world, place, "basket").await?;
        same("deployments by then", &found.len(), &(history.len() + 1))?;
        same("what the newest goes to", &found[0].target.task_definition, &good)?;
        same("where it comes from", &found[0].sources, &vec![history[0].target.arn.clone()])?;
        holds("under way", &found[0].status, found[0].status.in_flight())?;
    }
    let after = service(world, &basket).await?;
    same("what the service is to run", &after.task_definition, &good)?;
    same("tasks wanted, which a deployment leaves alone", &after.desired, &before.desired)?;
    let ids = [&after, &before].map(|shown| shown.primary().map(|primary| primary.id.clone()));
    holds("another PRIMARY", &ids, ids[0] != ids[1])
}

async fn restarting_replaces_the_deployment_it_was_told_and_no_other<W: ServiceReads + ServiceWrites>(
    world: &W,
    place: &Place,
) -> Verdict {
    let profile = place.prod("profile");
    let primary = async || {
        let found = service(world, &profile).await?;
        let primary = found.primary().cloned();
        primary.map(|primary| (primary.id, primary.task_definition)).ok_or_else(|| "no PRIMARY".to_owned())
    };
    let before = primary().await?;
    same("in place of another", &world.restart(&profile, &DeploymentId::new("ecs-svc/0")).await, &Ok(()))?;
    same("the PRIMARY after it", &primary().await?, &before)?;
    same("in place of the PRIMARY", &world.restart(&profile, &before.0).await, &Ok(()))?;
    let after = primary().await?;
    holds("another PRIMARY", &after.0, after.0 != before.0)?;
    same("of the same task definition", &after.1, &before.1)?;
    same("in place of what is replaced already", &world.restart(&profile, &before.0).await, &Ok(()))?;
    same("the PRIMARY after that", &primary().await?, &after)
}

async fn stopping_takes_back_what_is_under_way_once<W: ServiceReads + ServiceWrites>(
    world: &W,
    place: &Place,
) -> Verdict {
    let refunds = place.prod("refunds");
    let before = of(world, place, "refunds").await?;
    holds("under way", &before[0].status, before[0].status.in_flight())?;
    // Stopping what goes back already is allowed, and lets it go on.
    for time in ["the first time", "the second time"] {
        same(time, &world.stop_deployment(&refunds, &before[0].arn).await, &Ok(()))?;
        let after = of(world, place, "refunds").await?;
        holds("it goes back", &after[0].status, after[0].status.going_back())?;
        same("the same deployment", &(&after[0].arn, after.len()), &(&before[0].arn, before.len()))?;
    }
    Ok(())
}

async fn what_is_over_cannot_be_stopped<W: ServiceReads + ServiceWrites>(world: &W, place: &Place) -> Verdict {
    let orders = place.prod("orders");
    let before = of(world, place, "orders").await?;
    let ended: Vec<_> = before.iter().map(|one| one.status).collect();
    same("how they ended", &ended, &vec![DeploymentStatus::RollbackSuccessful, DeploymentStatus::Successful])?;
    let never = ServiceDeploymentArn::new(format!("{}0", before[0].arn));
    for arn in before.iter().map(|one| &one.arn).chain([&never]) {
        // Not `NotFound`: nothing is missing that a caller could do without.
        fails(arn.as_str(), world.stop_deployment(&orders, arn).await, FaultKind::Permanent)?;
    }
    same("the history after it", &of(world, place, "orders").await?, &before)
}

async fn nothing_reaches_a_service_that_is_not_here<W: ServiceReads + ServiceWrites>(
    world: &W,
    place: &Place,
) -> Verdict {
    let checkout = service(world, &place.prod("checkout")).await?;
    let (runs, id) = (checkout.task_definition.clone(), DeploymentId::new("ecs-svc/0"));
    let elsewhere = ServiceRef { region: "ap-southeast-2".into(), ..checkout.service.clone() };
    fails("deploying elsewhere", world.deploy(&elsewhere, &runs).await, FaultKind::Permanent)?;
    fails("restarting elsewhere", world.restart(&elsewhere, &id).await, FaultKind::Permanent)?;
    let current = checkout.current_deployment.ok_or("no current deployment")?;
    fails("stopping elsewhere", world.stop_deployment(&elsewhere, &current).await, FaultKind::Permanent)?;
    let nobody = place.prod("nobody");
    fails("deploying nobody", world.deploy(&nobody, &runs).await, FaultKind::NotFound)?;
    fails("restarting nobody", world.restart(&nobody, &id).await, FaultKind::NotFound)
}
