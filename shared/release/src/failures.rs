//! Whose failures are whose.

use nightshift_core::policy::FAILURES_COUNTED;
use nightshift_core::task::StoppedTask;
use nightshift_core::verdict::{Failure, Release};

/// Failures kept of one release, and counted.
const FAILURES_KEPT: usize = FAILURES_COUNTED as usize;

/// The task was the release's while it was on trial: by the deployment that
/// started it, or else by what it ran, where nothing else ran that.
pub(crate) fn owns(release: &Release, task: &StoppedTask) -> bool {
    let Some(stopped) = task.stopped_at else { return false };
    let on_trial = stopped >= release.began_at && release.ended_at.is_none_or(|end| stopped <= end);
    if !on_trial {
        return false;
    }
    match (&release.deployment, &task.started_by) {
        (Some(own), Some(by)) => own == by,
        _ => {
            release.target.task_definition == task.task_definition
                && release.from.as_ref() != Some(&task.task_definition)
        }
    }
}

/// What a task's end says against its release.
pub(crate) fn failure_of(task: &StoppedTask) -> Option<Failure> {
    let crash = task.crash()?;
    let ended = task.containers.iter().find(|container| {
        container.reason.is_some() || container.exit_code.is_some_and(|code| code != 0 && code != 143)
    });
    let ended = ended.or_else(|| task.containers.first());
    Some(Failure {
        of: task.arn.clone(),
        at: task.stopped_at?,
        crash: Some(crash),
        container: ended.map(|container| container.name.clone()),
        exit_code: ended.and_then(|container| container.exit_code),
        reason: ended.and_then(|container| container.reason.clone()).or_else(|| task.reason.clone()),
    })
}

/// Adds a failure that is not known yet; the first of many are kept.
pub(crate) fn add(release: &mut Release, failure: Failure) {
    if release.failures.iter().any(|known| known.of == failure.of) {
        return;
    }
    if release.failures.len() >= FAILURES_KEPT {
        // Which ones are kept must not depend on the order they came in.
        release.failed = FAILURES_COUNTED;
        let Some(latest) = release.failures.last() else { return };
        if (failure.at, &failure.of) >= (latest.at, &latest.of) {
            return;
        }
        release.failures.pop();
    }
    release.failures.push(failure);
    release.failures.sort_by(|one, other| (one.at, &one.of).cmp(&(other.at, &other.of)));
    release.failed = release.failed.max(u32::try_from(release.failures.len()).unwrap_or(u32::MAX));
}
