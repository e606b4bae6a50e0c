//! Services, their stopped tasks, their task definitions, and who stands
//! behind a target group.

use nightshift_core::fault::FaultKind;
use nightshift_core::ids::{ServiceRef, TaskDefinitionArn};
use nightshift_core::ports::ServiceReads;
use nightshift_core::service::{Breaker, Controller, MODE_TAG, ROLLBACK_SAFE_TAG, Rollout, Service, Strategy};
use nightshift_core::task::{Crash, StoppedTask};

use crate::{Place, Verdict, fails, got, holds, same, there};

/// Runs the suite.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn services<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    what_is_not_there_is_none_and_what_is_elsewhere_a_fault(world, place).await?;
    a_settled_service_runs_its_primary_deployment_alone(world, place).await?;
    a_deployment_under_way_shows_the_old_one_behind_the_new(world, place).await?;
    stopped_tasks_are_those_of_the_last_hour_newest_first(world, place).await?;
    an_old_task_that_made_room_is_no_crash(world, place).await?;
    a_task_definition_says_whether_it_can_still_be_deployed(world, place).await?;
    everybody_behind_a_target_group_is_found(world, place).await
}

/// The service, which must be there.
pub(crate) async fn service<W: ServiceReads>(world: &W, name: &ServiceRef) -> Result<Service, String> {
    there(&name.to_string(), world.service(name).await)
}

async fn what_is_not_there_is_none_and_what_is_elsewhere_a_fault<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    same("a service that is not there", &world.service(&place.prod("nobody")).await, &Ok(None))?;
    same("one of a cluster that is not there", &world.service(&place.service("nowhere", "checkout")).await, &Ok(None))?;
    // Asked by cluster and name, it could be taken for a namesake here.
    let elsewhere = ServiceRef { region: "ap-southeast-2".into(), ..place.prod("checkout") };
    fails("a service of another region", world.service(&elsewhere).await, FaultKind::Permanent)?;
    fails("stopped tasks of another region", world.stopped_tasks(&elsewhere).await, FaultKind::Permanent)?;
    fails("stopped tasks of nobody", world.stopped_tasks(&place.prod("nobody")).await, FaultKind::NotFound)
}

async fn a_settled_service_runs_its_primary_deployment_alone<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    let name = place.prod("checkout");
    let found = service(world, &name).await?;
    same("the name it was asked by", &found.service, &name)?;
    same("status", &found.status.as_str(), &"ACTIVE")?;
    same("who deploys it, and how", &(found.controller, found.strategy), &(Controller::Ecs, Strategy::Rolling))?;
    same("management", &(found.express_managed, found.daemon), &(false, false))?;
    same("tasks wanted, running, starting", &(found.desired, found.running, found.pending), &(4, 4, 0))?;
    holds("settled", &found, found.settled())?;
    let primary = found.primary().ok_or("no PRIMARY deployment")?;
    same("what it runs", &primary.task_definition, &found.task_definition)?;
    same("which that is", &found.task_definition.short(), &"checkout:43")?;
    same("rollout", &primary.rollout, &Some(Rollout::Completed))?;
    same("tags", &[MODE_TAG, "team"].map(|key| found.tag(key)), &[Some("act"), Some("shop")])?;
    same("its stack's tag", &found.tag("aws:cloudformation:stack-name"), &Some("conform-shop"))?;
    same("grace period", &found.grace_s, &60)?;
    let groups = &found.target_groups;
    holds("one target group", groups, groups.len() == 1 && groups[0].contains(":targetgroup/checkout/"))?;
    let of_codedeploy = service(world, &place.prod("tickets")).await?;
    same("who deploys another", &of_codedeploy.controller, &Controller::CodeDeploy)?;
    same("a deployment of ECS, where CodeDeploy deploys", &of_codedeploy.current_deployment, &None)?;
    same("target groups without any", &service(world, &place.prod("reports")).await?.target_groups, &Vec::new())
}

async fn a_deployment_under_way_shows_the_old_one_behind_the_new<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    let found = service(world, &place.prod("payments")).await?;
    let shown: Vec<_> = found.deployments.iter().map(|one| (one.primary, one.task_definition.short())).collect();
    same("PRIMARY first", &shown, &vec![(true, "payments:8"), (false, "payments:7")])?;
    let breaker = Breaker { enabled: true, rolls_back: true, threshold: Some(50) };
    same("its circuit breaker", &found.breaker, &Some(breaker))?;
    same("its rollout", &found.deployments[0].rollout, &Some(Rollout::InProgress))?;
    same("who is wanted", &(found.deployments[0].desired, found.deployments[1].desired), &(found.desired, 0))?;
    let running: u32 = found.deployments.iter().map(|one| one.running).sum();
    same("tasks running, in sum", &found.running, &running)?;
    holds("not settled", &found, !found.settled())
}

async fn stopped<W: ServiceReads>(world: &W, place: &Place, name: &str) -> Result<Vec<StoppedTask>, String> {
    got(name, world.stopped_tasks(&place.prod(name)).await)
}

async fn stopped_tasks_are_those_of_the_last_hour_newest_first<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    let crashed = stopped(world, place, "mailer").await?;
    holds("some of several in an hour", &crashed.len(), crashed.len() >= 10)?;
    let order = crashed.is_sorted_by(|a, b| a.stopped_at >= b.stopped_at);
    holds("newest first", &crashed, order)?;
    // By ECS's clock, which need not be ours to the second.
    let hour_ago = place.now - jiff::SignedDuration::from_mins(61);
    let mailer = service(world, &place.prod("mailer")).await?;
    let primary = mailer.primary().map(|primary| primary.id.clone());
    for task in &crashed {
        holds("stopped within the hour", task, task.stopped_at.is_some_and(|at| at > hour_ago))?;
        holds("started before it stopped", task, task.started_at.is_some() && task.started_at <= task.stopped_at)?;
        same("what it ran", &task.task_definition.short(), &"mailer:3")?;
        same("who started it", &task.started_by, &primary)?;
        same("how it ended", &task.crash(), &Some(Crash::Exit))?;
        let exits: Vec<_> = task.containers.iter().map(|end| (end.name.as_str(), end.exit_code)).collect();
        same("its containers", &exits, &vec![("app", Some(3))])?;
    }
    same("of a service that stopped none", &stopped(world, place, "reports").await?, &Vec::new())
}

async fn an_old_task_that_made_room_is_no_crash<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    let replaced = stopped(world, place, "checkout").await?;
    let seen: Vec<_> = replaced.iter().map(|task| (task.task_definition.short(), task.crash())).collect();
    same("tasks of the release before", &seen, &vec![("checkout:42", None); 4])
}

async fn a_task_definition_says_whether_it_can_still_be_deployed<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    let Place { account, region, .. } = place;
    let arn = |short: &str| TaskDefinitionArn::new(format!("arn:aws:ecs:{region}:{account}:task-definition/{short}"));
    let active = there("checkout:42", world.task_definition(&arn("checkout:42")).await)?;
    let by = active.registered_by.as_deref().unwrap_or_default();
    holds("who registered it", &active.registered_by, by.ends_with(":assumed-role/pipeline/deploy"))?;
    same("its own ARN", &active.arn, &arn("checkout:42"))?;
    same("active", &active.active, &true)?;
    same("its tags", &active.tags.get(ROLLBACK_SAFE_TAG).map(String::as_str), &Some("false"))?;
    same("its images", &active.images, &[("app".to_owned(), place.image("checkout:42"))].into())?;
    let gone = there("basket:1", world.task_definition(&arn("basket:1")).await)?;
    same("one that was deregistered", &gone.active, &false)?;
    for unknown in ["checkout:99", "nobody:1"] {
        same(unknown, &world.task_definition(&arn(unknown)).await, &Ok(None))?;
    }
    Ok(())
}

async fn everybody_behind_a_target_group_is_found<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    let checkout = service(world, &place.prod("checkout")).await?;
    let shared = service(world, &place.prod("gateway")).await?;
    let behind = async |groups: &[String]| got("services behind", world.services_behind(groups).await);
    same("behind one's own", &behind(&checkout.target_groups).await?, &vec![place.prod("checkout")])?;
    // Whoever took the first of two for the only one would roll back the wrong one.
    let both = vec![place.prod("gateway"), place.service("stage", "canary")];
    same("behind a shared one, in two clusters", &behind(&shared.target_groups).await?, &both)?;
    let all = [checkout.target_groups, shared.target_groups].concat();
    same("behind several", &behind(&all).await?, &[vec![place.prod("checkout")], both].concat())?;
    same("behind none", &behind(&[]).await?, &Vec::new())?;
    same("behind one that nobody has", &behind(&[format!("{}0", all[0])]).await?, &Vec::new())
}
