//! Which images a service needs: what it runs, and what it would go back to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageId, Reference, Role, Run, RunningImage, ServiceImages};
use nightshift_core::incident::ServiceRecord;
use nightshift_core::release::{DeploymentStatus, Revision, ServiceDeployment};
use nightshift_core::service::Service;
use nightshift_core::span::Span;
use nightshift_incident::severity::{environment, team};
use nightshift_release::good::last_good;

/// What was seen of a service.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The service.
    pub service: &'a Service,
    /// Its deployments, newest first.
    pub history: &'a [ServiceDeployment],
    /// The images of its tasks.
    pub tasks: &'a [RunningImage],
    /// Its releases, as they are remembered.
    pub record: &'a ServiceRecord,
    /// What it was known to need.
    pub before: &'a ServiceImages,
}

/// An image that is needed, before its platforms are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// In which container.
    pub container: String,
    /// As the task definition writes it.
    pub reference: String,
    /// Which image, in this account's registry.
    pub image: ImageId,
    /// What for.
    pub role: Role,
    /// A deployment that is not over brings it.
    pub arrives: bool,
}

/// The images of this account's registry that the service needs.
pub fn needed(seen: Seen<'_>, soak: Span, now: Timestamp) -> Vec<Needed> {
    let mut all = Vec::new();
    let under_way = seen.history.first().is_some_and(under_way);
    for revision in running(seen.history) {
        // One that was overtaken before it was done has not come either.
        let arrives = under_way && !came(revision, seen.history);
        of_revision(&mut all, seen.service, revision, (Role::Runs, arrives));
    }
    for task in seen.tasks {
        // ECS may name a task's image by the index or by the platform: what a
        // revision says counts before, and this is what it does not say.
        let known = all.iter().any(|it: &Needed| it.container == task.container && it.reference == task.reference);
        if !known {
            let image = (&*task.container, &*task.reference, task.digest.as_ref());
            // Of CodeDeploy's deployments ECS keeps no history.
            let arrives = under_way || !seen.service.settled();
            push(&mut all, seen.service, image, (Role::Runs, arrives));
        }
    }
    let record = seen.record;
    if let Some(good) = last_good(&record.releases, &record.denied, soak, now) {
        of_revision(&mut all, seen.service, &good.release.target, (Role::LastGood, false));
    }
    all
}

fn of_revision(all: &mut Vec<Needed>, service: &Service, revision: &Revision, needs: (Role, bool)) {
    for (container, image) in &revision.images {
        push(all, service, (container, &image.image, image.digest.as_ref()), needs);
    }
}

/// Adds an image of this account and region, unless it is there already.
fn push(all: &mut Vec<Needed>, service: &Service, image: (&str, &str, Option<&Digest>), needs: (Role, bool)) {
    let (role, arrives) = needs;
    let (container, reference, digest) = image;
    let name = &service.service;
    let Some(parsed) = Reference::parse(reference) else { return };
    let Some(digest) = digest.cloned().or_else(|| parsed.pinned()) else { return };
    if parsed.account != name.account || parsed.region != name.region {
        return;
    }
    let image = ImageId::new(parsed.repository, digest);
    match all.iter_mut().find(|it| it.container == container && it.image == image) {
        // Deployed once more, it is what ran before.
        Some(known) => known.arrives &= arrives,
        None => {
            all.push(Needed { container: container.to_owned(), reference: reference.to_owned(), image, role, arrives })
        }
    }
}

/// What it brings may yet be stopped, or go back already.
fn under_way(newest: &ServiceDeployment) -> bool {
    newest.status != DeploymentStatus::Unknown && !newest.status.terminal()
}

/// A deployment of it was done, or went back to it.
fn came(revision: &Revision, history: &[ServiceDeployment]) -> bool {
    history.iter().any(|past| {
        let done = past.status == DeploymentStatus::Successful && past.target.arn == revision.arn;
        done || past.rolled_back_to.as_ref() == Some(&revision.arn)
    })
}

/// The revisions whose tasks run, as the newest deployment tells.
fn running(history: &[ServiceDeployment]) -> Vec<&Revision> {
    let Some(newest) = history.first() else { return Vec::new() };
    let named = |arn: &nightshift_core::ids::RevisionArn| {
        history.iter().map(|deployment| &deployment.target).find(|target| target.arn == *arn)
    };
    let sources = || newest.sources.iter().filter_map(named);
    let back = || newest.rolled_back_to.iter().filter_map(named);
    let target = std::iter::once(&newest.target);
    match newest.status {
        DeploymentStatus::Successful | DeploymentStatus::Unknown => target.collect(),
        DeploymentStatus::RollbackSuccessful => back().collect(),
        // Both run while one replaces the other, and whatever is left of a stop.
        _ => target.chain(sources()).chain(back()).collect(),
    }
}

/// What is remembered of it from now on. What was known before keeps its time,
/// and what replaces an image of the same repository says which.
pub fn remembered(
    seen: Seen<'_>,
    needed: Vec<Needed>,
    platforms: &BTreeMap<ImageId, Vec<Digest>>,
    now: Timestamp,
) -> ServiceImages {
    let began = began(seen.service).filter(|at| *at < now).unwrap_or(now);
    let run = |it: Needed| {
        let same_place = |run: &&Run| {
            run.container == it.container && run.role == it.role && run.image.repository == it.image.repository
        };
        let mut there = seen.before.runs.iter().filter(same_place);
        let known = there.clone().find(|run| run.image == it.image);
        let replaced = there.next().map(|run| run.image.digest.clone());
        Run {
            service: seen.service.service.clone(),
            previous: known.map_or(replaced, |run| run.previous.clone()),
            since: known.map_or(began, |run| run.since),
            platforms: platforms.get(&it.image).cloned().unwrap_or_default(),
            environment: environment(seen.service).map(ToOwned::to_owned),
            team: team(seen.service).map(ToOwned::to_owned),
            container: it.container,
            role: it.role,
            arrives: it.arrives,
            image: it.image,
            reference: it.reference,
        }
    };
    let mut runs: Vec<Run> = needed.into_iter().map(run).collect();
    runs.sort();
    // While one deployment replaces another it is looked at again, whatever events say.
    let over = seen.history.first().is_none_or(|newest| newest.status.terminal());
    let deployment = seen.service.primary().filter(|_| over && seen.service.settled());
    let gone =
        seen.before.runs.iter().map(|run| &run.image).filter(|image| runs.iter().all(|run| run.image != **image));
    let left = seen.before.left.iter().chain(gone).cloned().collect();
    ServiceImages { deployment: deployment.map(|primary| primary.id.clone()), runs, left }
}

/// Since when a service runs what it runs when it is seen for the first time,
/// which may be for days: its deployment began then, or the newest of its task
/// sets where it is not ECS that deploys.
fn began(service: &Service) -> Option<Timestamp> {
    let deployed = service.primary().and_then(|primary| primary.created_at);
    deployed.or_else(|| service.task_sets.iter().filter_map(|set| set.created_at).max())
}

/// The daily look need not look into it: it is on the deployment it was on,
/// which is done.
pub fn unchanged(service: &Service, before: &ServiceImages) -> bool {
    let primary = service.primary().map(|primary| &primary.id);
    let same = |run: &Run| run.team.as_deref() == team(service) && run.environment.as_deref() == environment(service);
    let known = primary.is_some() && primary == before.deployment.as_ref();
    service.settled() && known && before.left.is_empty() && before.runs.iter().all(same)
}

#[cfg(test)]
mod tests {
    use nightshift_core::ids::{RevisionArn, ServiceDeploymentArn, TaskDefinitionArn};

    use super::*;

    fn deployment(number: i64, status: DeploymentStatus) -> ServiceDeployment {
        let at = Timestamp::from_second(1_795_000_000 + 60 * number).unwrap();
        ServiceDeployment {
            arn: ServiceDeploymentArn::new(format!("deployment/{number}")),
            status,
            created_at: at,
            started_at: Some(at),
            finished_at: None,
            target: Revision {
                arn: RevisionArn::new(format!("revision/{number}")),
                task_definition: TaskDefinitionArn::new(format!("task-definition/web:{number}")),
                created_at: Some(at),
                images: BTreeMap::new(),
                surroundings: String::new(),
            },
            sources: Vec::new(),
            reason: None,
            rolled_back_to: None,
            paused_at_hook: None,
            rolls_back: false,
            stage: None,
            planned_wait_s: 0,
        }
    }

    #[test]
    fn what_was_overtaken_before_it_was_done_has_not_come() {
        use DeploymentStatus::{InProgress, Stopped, Successful};
        let mut history = [deployment(3, InProgress), deployment(2, Stopped), deployment(1, Successful)];
        let came_of = |history: &[ServiceDeployment]| history.iter().map(|it| came(&it.target, history)).collect();
        let seen: Vec<bool> = came_of(&history);
        assert_eq!(seen, [false, false, true]);
        assert!(under_way(&history[0]) && !under_way(&history[1]) && !under_way(&history[2]));
        // AWS may have forgotten the deployment by which it once came.
        history[1].rolled_back_to = Some(history[0].target.arn.clone());
        let seen: Vec<bool> = came_of(&history);
        assert_eq!(seen, [true, false, true]);
    }
}
