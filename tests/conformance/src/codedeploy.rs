//! CodeDeploy's deployments: what they say, stopping them, and what takes them
//! back.

use nightshift_core::codedeploy::{CodeDeployStatus, CodeDeployment, CodeDeploymentId};
use nightshift_core::fault::FaultKind;
use nightshift_core::ids::{ServiceRef, TaskDefinitionArn};
use nightshift_core::ports::{CodeDeployReads, CodeDeployWrites, ServiceReads};

use crate::{Gap, Place, Verdict, fails, got, holds, same, there};

/// Deployments of `prod/tickets`. No port lists them: whoever runs a suite says
/// which there are.
#[derive(Clone, Debug)]
pub struct Known {
    /// Of its second release, days ago.
    pub ended: CodeDeploymentId,
    /// Of its third, whose tasks do not get healthy.
    pub under_way: CodeDeploymentId,
}

/// Runs the suite on what the deployments say.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn deployments<W: CodeDeployReads>(world: &W, place: &Place, known: &Known) -> Verdict {
    same("one that never was", &world.code_deployment(&never()).await, &Ok(None))?;
    let ended = read(world, &known.ended).await?;
    is_of_tickets(place, &ended, 2)?;
    if place.has(Gap::CodeDeployEnds) {
        same("how it ended", &ended.status, &CodeDeployStatus::Succeeded)?;
        holds("an end after its beginning", &ended, ended.ended_at > Some(ended.created_at))?;
    }
    let under_way = read(world, &known.under_way).await?;
    is_of_tickets(place, &under_way, 3)?;
    same("one that is under way", &under_way.status, &CodeDeployStatus::InProgress)?;
    same("its end", &under_way.ended_at, &None)?;
    holds("newer than the other", &under_way, under_way.created_at > ended.created_at)?;
    for one in [&ended, &under_way] {
        same("no rollback is in it", &(&one.rolls_back, &one.rolled_back_by), &(&None, &None))?;
    }
    Ok(())
}

/// Runs the suite on stopping them. It changes the account: once for each
/// account. Half a minute later [`rollbacks`] looks at what came of it.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn stops<W: CodeDeployReads + CodeDeployWrites>(world: &W, place: &Place, known: &Known) -> Verdict {
    let tickets = place.prod("tickets");
    let before = (read(world, &known.ended).await?, read(world, &known.under_way).await?);
    // Not `NotFound`: nothing is missing that a caller could do without.
    fails("one that never was", world.stop_code_deployment(&tickets, &never()).await, FaultKind::Permanent)?;
    fails("one that has ended", world.stop_code_deployment(&tickets, &known.ended).await, FaultKind::Permanent)?;
    let elsewhere = ServiceRef { region: "ap-southeast-2".into(), ..tickets.clone() };
    let reached = world.stop_code_deployment(&elsewhere, &known.under_way).await;
    fails("one of another region", reached, FaultKind::Permanent)?;
    let after = (read(world, &known.ended).await?, read(world, &known.under_way).await?);
    same("both after what was refused", &after, &before)?;

    same("stopping it", &world.stop_code_deployment(&tickets, &known.under_way).await, &Ok(()))?;
    let stopped = read(world, &known.under_way).await?;
    same("it stands", &stopped.status, &CodeDeployStatus::Stopped)?;
    holds("its end", &stopped, stopped.ended_at > Some(stopped.created_at))?;
    is_of_tickets(place, &stopped, 3)?;
    // Whoever asks twice learns that it is over, and does no harm.
    fails("a second time", world.stop_code_deployment(&tickets, &known.under_way).await, FaultKind::Permanent)?;
    same("it still stands", &read(world, &known.under_way).await?.status, &CodeDeployStatus::Stopped)
}

/// Runs the suite on the rollback that a stop leads to, half a minute after it.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn rollbacks<W: CodeDeployReads>(world: &W, place: &Place, known: &Known) -> Verdict {
    let stopped = read(world, &known.under_way).await?;
    same("what was stopped", &stopped.status, &CodeDeployStatus::Stopped)?;
    same("what it takes back", &stopped.rolls_back, &None)?;
    let id = stopped.rolled_back_by.as_ref().ok_or("nothing takes back what was stopped")?;
    holds("a deployment of its own", id, *id != stopped.id)?;
    let rollback = read(world, id).await?;
    is_of_tickets(place, &rollback, 2)?;
    same("what the rollback takes back", &rollback.rolls_back.as_ref(), &Some(&stopped.id))?;
    same("what takes back the rollback", &rollback.rolled_back_by, &None)?;
    holds("later than what it takes back", &rollback, rollback.created_at > stopped.created_at)?;
    let moves = matches!(rollback.status, CodeDeployStatus::InProgress | CodeDeployStatus::Succeeded);
    holds("it gets there", &rollback, moves)
}

/// Runs the suite on what ECS shows of a deployment whose AppSpec lies in S3.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn task_sets<W: CodeDeployReads + ServiceReads>(world: &W, place: &Place) -> Verdict {
    let parcels = place.prod("parcels");
    let shown = there("parcels", world.service(&parcels).await)?;
    same("deployments of ECS", &shown.deployments, &Vec::new())?;
    let newest = shown.task_sets.iter().find(|set| set.task_definition.short() == "parcels:2");
    let newest = newest.ok_or("no task set runs parcels:2")?;
    let id = CodeDeploymentId(newest.external_id.clone().ok_or("nobody made the task set of parcels:2")?);
    let deployment = read(world, &id).await?;
    same("whose it is", &deployment.service, &parcels)?;
    same("where it stands", &deployment.status, &CodeDeployStatus::InProgress)?;
    same("what its AppSpec says", &deployment.task_definition, &None)?;
    let stopped = got("its stopped tasks", world.stopped_tasks(&parcels).await)?;
    let crashed: Vec<_> = stopped.iter().filter(|task| task.crash().is_some()).collect();
    holds("tasks that crashed", &crashed, !crashed.is_empty())?;
    holds(
        "the task set started them",
        &crashed,
        crashed.iter().all(|task| task.started_by.as_ref() == Some(&newest.id)),
    )?;
    let of_ecs = there("checkout", world.service(&place.prod("checkout")).await)?;
    same("task sets of what ECS deploys", &of_ecs.task_sets, &Vec::new())
}

fn never() -> CodeDeploymentId {
    CodeDeploymentId("d-NEVERWAS0".into())
}

async fn read<W: CodeDeployReads>(world: &W, id: &CodeDeploymentId) -> Result<CodeDeployment, String> {
    let found = there(&id.0, world.code_deployment(id).await)?;
    same("the id it was asked by", &found.id, id)?;
    Ok(found)
}

/// It is a deployment of `prod/tickets`, of that revision.
fn is_of_tickets(place: &Place, found: &CodeDeployment, revision: u32) -> Verdict {
    same("its service", &found.service, &place.prod("tickets"))?;
    let Place { account, region, .. } = place;
    let arn = format!("arn:aws:ecs:{region}:{account}:task-definition/tickets:{revision}");
    same("what it deploys", &found.task_definition, &Some(TaskDefinitionArn::new(arn)))
}
