//! How tasks ended, by release.

use std::collections::BTreeMap;

use nightshift_core::ids::DeploymentId;
use nightshift_core::release::DeploymentStatus;
use nightshift_core::span::Span;
use nightshift_core::task::{Crash, StoppedTask};

use super::{Finding, memory, say};
use crate::scene::Scene;
use crate::suspect::Lineup;
use crate::weights::{self, Weight};
use crate::words::tasks;

/// ECS shows stopped tasks for an hour; of the old ones at least ten minutes
/// must be in sight before their silence means something.
const OLD_IN_SIGHT: Span = Span::minutes(50);
/// A release's primary deployment is created within this of the release.
const SAME_BEGINNING: Span = Span::minutes(2);

/// Crashes by kind, of the suspect's tasks and of all others.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    new: BTreeMap<Crash, usize>,
    old: BTreeMap<Crash, usize>,
    /// The suspect's tasks that could not start though all of them had once.
    started_before: usize,
    /// The suspect's tasks that ran out of memory as their predecessors did.
    inherited: usize,
    /// The old tasks were in sight long enough for their silence to count.
    contrast: bool,
}

/// Ends of tasks that never ran.
const UNSTARTED: [Crash; 3] = [Crash::Start, Crash::ImagePull, Crash::Resources];

impl Ends {
    /// `None`: no suspect, tasks not seen, or no telling whose they are.
    pub(crate) fn of(scene: &Scene) -> Option<Self> {
        let (stopped, lineup) = (scene.view.stopped.seen()?, scene.lineup?);
        let whose = whose(scene, &lineup)?;
        let both_run = scene.view.live_service().is_some_and(|service| service.deployments.len() > 1);
        let contrast = both_run || lineup.began_at() >= OLD_IN_SIGHT.before(scene.now);
        let mut ends = Self { contrast, ..Self::default() };
        let climbed = memory::climbed_before(scene).is_some();
        let all_started = lineup.suspect.status == DeploymentStatus::Successful;
        for task in stopped {
            let Some(crash) = task.crash() else { continue };
            match (whose.is_new(task), crash) {
                (true, _) if all_started && UNSTARTED.contains(&crash) => ends.started_before += 1,
                (true, Crash::OutOfMemory) if climbed => ends.inherited += 1,
                (true, _) => *ends.new.entry(crash).or_default() += 1,
                (false, _) => *ends.old.entry(crash).or_default() += 1,
            }
        }
        Some(ends)
    }

    fn of_new(&self, kinds: &[Crash]) -> usize {
        kinds.iter().filter_map(|kind| self.new.get(kind)).sum()
    }

    /// At least two of the suspect's tasks ended badly, none of the others
    /// did, and the others were in sight. Failed health checks do not count:
    /// slowness has many causes.
    pub(crate) fn specific(&self) -> bool {
        let telling = self.of_new(&[Crash::Exit, Crash::OutOfMemory]) + self.of_new(&UNSTARTED);
        self.contrast && self.old.is_empty() && telling >= 2
    }

    /// Tasks of the suspect alone were killed for memory.
    pub(crate) fn memory_of_new_alone(&self) -> bool {
        self.new.contains_key(&Crash::OutOfMemory) && !self.old.contains_key(&Crash::OutOfMemory)
    }
}

/// How to tell the suspect's tasks from the others.
enum Whose<'a> {
    Runs(&'a Lineup<'a>),
    StartedBy(&'a DeploymentId),
}

impl Whose<'_> {
    fn is_new(&self, task: &StoppedTask) -> bool {
        match self {
            Self::Runs(lineup) => lineup.runs(&task.task_definition),
            Self::StartedBy(id) => task.started_by.as_ref() == Some(id),
        }
    }
}

/// By the task definition; where both releases share one, by who started them.
fn whose<'a>(scene: &'a Scene, lineup: &'a Lineup) -> Option<Whose<'a>> {
    let (suspect, previous) = (lineup.suspect, lineup.previous);
    let shared = previous.is_some_and(|one| one.target.task_definition == suspect.target.task_definition);
    if !shared {
        return Some(Whose::Runs(lineup));
    }
    let primary = scene.view.live_service()?.primary()?;
    let created = primary.created_at?;
    let began = suspect.created_at;
    let same = created >= SAME_BEGINNING.before(began) && created <= SAME_BEGINNING.after(began);
    same.then_some(Whose::StartedBy(&primary.id))
}

pub(super) fn find(scene: &Scene, found: &mut Vec<Finding>) {
    let stopped = scene.view.stopped.seen().map(Vec::as_slice).unwrap_or_default();
    start_failures(stopped, found);
    let (Some(ends), Some(lineup)) = (Ends::of(scene), &scene.lineup) else { return };
    let (release, old) = (lineup.release(), lineup.replaced());
    let (new, olds): (usize, usize) = (ends.new.values().sum(), ends.old.values().sum());
    if ends.started_before > 0 {
        let says = format!("{} of {release} could not start, after all had at its rollout", tasks(ends.started_before));
        say(found, &weights::START_FAILURES_SINCE, says);
    }
    match (new, olds) {
        (0, 0) => {}
        (0, _) if ends.inherited + ends.started_before == 0 => {
            let says = format!("{} of {old} crashed and none of {release}", tasks(olds));
            say(found, &weights::CRASHES_OF_OLD_ALONE, says);
        }
        (0, _) => {}
        (_, 1..) => {
            let says = format!("{} of {release} and {olds} of {old} crashed", tasks(new));
            say(found, &weights::CRASHES_OF_BOTH, says);
        }
        _ => of_new_alone(scene, &ends, (release, old), found),
    }
}

fn of_new_alone(scene: &Scene, ends: &Ends, (release, old): (&str, &str), found: &mut Vec<Finding>) {
    let none_of_old = if ends.contrast { format!(", none of {old} did") } else { String::new() };
    let elsewhere = scene.explained_elsewhere() == Some(true);
    let dying = ends.of_new(&[Crash::Exit, Crash::OutOfMemory]);
    let weight: &Weight = match dying {
        _ if elsewhere => &weights::CRASHES_OF_NEW_AMID_OTHERS,
        _ if !ends.contrast => &weights::CRASHES_OF_NEW,
        1 => &weights::CRASH_OF_NEW_ALONE,
        _ => &weights::CRASHES_OF_NEW_ALONE,
    };
    if dying > 0 {
        say(found, weight, format!("{} of {release} crashed{none_of_old}", tasks(dying)));
    }
    let unstarted = ends.of_new(&UNSTARTED);
    if unstarted > 0 {
        let says = format!("{} of {release} could not start{none_of_old}", tasks(unstarted));
        say(
            found,
            if elsewhere { &weights::CRASHES_OF_NEW_AMID_OTHERS } else { &weights::START_FAILURES_OF_NEW },
            says,
        );
    }
    let unhealthy = ends.of_new(&[Crash::HealthCheck]);
    if unhealthy > 0 && !elsewhere {
        let says = format!("{} of {release} failed their health checks{none_of_old}", tasks(unhealthy));
        say(found, &weights::HEALTH_CHECKS_OF_NEW_ALONE, says);
    }
}

/// These two say what is wrong whatever was released.
fn start_failures(stopped: &[StoppedTask], found: &mut Vec<Finding>) {
    let count = |kind| stopped.iter().filter(|task| task.crash() == Some(kind)).count();
    match count(Crash::ImagePull) {
        0 => {}
        pulls => say(found, &weights::PULLS_FAIL, format!("{} could not pull their image", tasks(pulls))),
    }
    match count(Crash::Resources) {
        0 => {}
        without => {
            let says = format!("{} could not get a secret, parameter or other resource", tasks(without));
            say(found, &weights::RESOURCES_FAIL, says);
        }
    }
}
