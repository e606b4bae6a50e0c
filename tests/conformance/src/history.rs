//! What was deployed when, and what the images of then are now.

use nightshift_core::fault::FaultKind;
use nightshift_core::ids::{Digest, ServiceRef};
use nightshift_core::ports::{ImageReads, ServiceReads};
use nightshift_core::release::{DeploymentStatus, ImageNow, ServiceDeployment};

use crate::services::service;
use crate::{Place, Verdict, fails, got, holds, same};

/// As many as one observation holds.
const MOST: usize = 20;

/// Runs the suite.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn history<W: ServiceReads + ImageReads>(world: &W, place: &Place) -> Verdict {
    what_is_not_there_has_no_history(world, place).await?;
    the_newest_deployment_is_what_runs_and_names_where_it_came_from(world, place).await?;
    it_is_newest_first_and_twenty_at_most(world, place).await?;
    what_was_rolled_back_says_to_what(world, place).await?;
    what_is_under_way_has_no_end(world, place).await?;
    surroundings_differ_exactly_where_they_changed(world, place).await?;
    a_revision_keeps_its_digest_whatever_became_of_its_tag(world, place).await
}

/// The history of a service of cluster `prod`.
pub(crate) async fn of<W: ServiceReads>(
    world: &W,
    place: &Place,
    name: &str,
) -> Result<Vec<ServiceDeployment>, String> {
    got(name, world.history(&place.prod(name)).await)
}

async fn what_is_not_there_has_no_history<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    fails("the history of nobody", world.history(&place.prod("nobody")).await, FaultKind::NotFound)?;
    let elsewhere = ServiceRef { region: "ap-southeast-2".into(), ..place.prod("checkout") };
    fails("the history of another region", world.history(&elsewhere).await, FaultKind::Permanent)?;
    same("what CodeDeploy deployed", &of(world, place, "tickets").await?, &Vec::new())
}

async fn the_newest_deployment_is_what_runs_and_names_where_it_came_from<W: ServiceReads>(
    world: &W,
    place: &Place,
) -> Verdict {
    let found = of(world, place, "checkout").await?;
    let [new, old] = &found[..] else { return holds("two deployments", &found, false) };
    let runs = service(world, &place.prod("checkout")).await?;
    same("what the newest went to", &new.target.task_definition, &runs.task_definition)?;
    same("the service's current deployment", &Some(&new.arn), &runs.current_deployment.as_ref())?;
    same("where it came from", &new.sources, &vec![old.target.arn.clone()])?;
    same("where the first came from", &old.sources, &Vec::new())?;
    for one in &found {
        same("how it ended", &one.status, &DeploymentStatus::Successful)?;
        let order = Some(one.created_at) <= one.started_at && one.started_at <= one.finished_at;
        holds("created, started, finished", one, order && one.finished_at <= Some(place.now))?;
        same("no rollback, no hook", &(&one.rolled_back_to, &one.paused_at_hook), &(&None, &None))?;
    }
    let images: Vec<_> = new.target.images.iter().map(|(name, image)| (name.as_str(), image.image.clone())).collect();
    same("its images as written", &images, &vec![("app", place.image("checkout:43"))])
}

async fn it_is_newest_first_and_twenty_at_most<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    let found = of(world, place, "search").await?;
    let expected: Vec<String> = (3..=22).rev().map(|revision| format!("search:{revision}")).collect();
    let shown: Vec<&str> = found.iter().map(|one| one.target.task_definition.short()).collect();
    same("the newest of twenty-two", &shown, &expected.iter().map(String::as_str).collect())?;
    holds("newest first, and no more", &found.len(), found.len() == MOST && found.is_sorted_by(newest_first))
}

fn newest_first(a: &ServiceDeployment, b: &ServiceDeployment) -> bool {
    a.created_at > b.created_at
}

async fn what_was_rolled_back_says_to_what<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    let found = of(world, place, "orders").await?;
    let [taken_back, before] = &found[..] else { return holds("two deployments", &found, false) };
    same("its status", &taken_back.status, &DeploymentStatus::RollbackSuccessful)?;
    same("what it went to", &taken_back.target.task_definition.short(), &"orders:2")?;
    same("what it went back to", &taken_back.rolled_back_to.as_ref(), &Some(&before.target.arn))?;
    holds("its end", taken_back, taken_back.finished_at > taken_back.started_at)?;
    let runs = service(world, &place.prod("orders")).await?;
    same("what runs", &runs.task_definition, &before.target.task_definition)
}

async fn what_is_under_way_has_no_end<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    let found = of(world, place, "payments").await?;
    let newest = found.first().ok_or("no deployment of payments")?;
    holds("under way", &newest.status, newest.status.in_flight())?;
    same("its end", &newest.finished_at, &None)
}

async fn surroundings_differ_exactly_where_they_changed<W: ServiceReads>(world: &W, place: &Place) -> Verdict {
    let found = of(world, place, "exports").await?;
    let [third, second, first] = &found[..] else { return holds("three deployments", &found, false) };
    same("what stayed", &third.target.surroundings, &second.target.surroundings)?;
    holds("what changed", &first.target, first.target.surroundings != second.target.surroundings)
}

/// What a rollback rests on: a tag may mean another image by now, or none.
async fn a_revision_keeps_its_digest_whatever_became_of_its_tag<W: ServiceReads + ImageReads>(
    world: &W,
    place: &Place,
) -> Verdict {
    let found = of(world, place, "invoices").await?;
    let [newest, gone, moved] = &found[..] else { return holds("three deployments", &found, false) };
    let digest = |one: &ServiceDeployment| {
        let image = one.target.images.get("app").cloned();
        image.and_then(|image| image.digest).ok_or(format!("no digest of {one:?}"))
    };
    let (newest, gone, moved) = (digest(newest)?, digest(gone)?, digest(moved)?);
    let at = |digest: &Digest| ImageNow::At(digest.clone());
    let now = async |image: &str| got(image, world.image(&place.image(image)).await);
    same("a tag that stayed", &now("invoices:3").await?, &at(&newest))?;
    same("a tag that was moved", &now("invoices:1").await?, &at(&newest))?;
    same("the image that lost its tag", &now(&format!("invoices@{moved}")).await?, &at(&moved))?;
    same("a tag whose image was deleted", &now("invoices:2").await?, &ImageNow::Gone)?;
    same("the image that was deleted", &now(&format!("invoices@{gone}")).await?, &ImageNow::Gone)
}
