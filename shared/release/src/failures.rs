//! Whose failures are whose.

use nightshift_core::policy::FAILURES_COUNTED;
use nightshift_core::task::{ContainerExit, StoppedTask};
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
    let ended = task.containers.iter().min_by_key(|container| innocence(container));
    Some(Failure {
        of: task.arn.clone(),
        at: task.stopped_at?,
        crash: Some(crash),
        container: ended.map(|container| container.name.clone()),
        exit_code: ended.and_then(|container| container.exit_code),
        reason: ended.and_then(|container| container.reason.clone()).or_else(|| task.reason.clone()),
    })
}

/// How little its end says that it was this container's. One that ignores SIGTERM is killed
/// (137) because another ended, and AWS lists them in any order.
fn innocence(container: &ContainerExit) -> u8 {
    match (container.reason.as_deref(), container.exit_code) {
        (Some(reason), _) if reason.contains("OutOfMemory") => 0,
        (_, Some(code)) if !matches!(code, 0 | 137 | 143) => 1,
        (Some(_), _) => 2,
        (None, Some(137)) => 3,
        _ => 4,
    }
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

#[cfg(test)]
mod tests {
    use nightshift_core::ids::TaskDefinitionArn;

    use super::*;

    /// Which container is blamed, of those that ended so.
    fn blamed(ends: &[(&str, i32, Option<&str>)]) -> Option<String> {
        let exit = |(name, code, reason): &(&str, i32, Option<&str>)| ContainerExit {
            name: (*name).to_owned(),
            exit_code: Some(*code),
            reason: reason.map(ToOwned::to_owned),
        };
        let task = StoppedTask {
            arn: "task".into(),
            task_definition: TaskDefinitionArn::new("web:1"),
            started_by: None,
            stop_code: Some("EssentialContainerExited".into()),
            reason: Some("Essential container in task exited".into()),
            started_at: None,
            stopped_at: Some("2026-11-20T02:00:00Z".parse().unwrap()),
            containers: ends.iter().map(exit).collect(),
        };
        failure_of(&task)?.container
    }

    #[test]
    fn the_container_that_ended_by_itself_is_blamed_and_not_the_one_that_was_killed_for_it() {
        assert_eq!(blamed(&[("envoy", 137, None), ("app", 1, None)]).as_deref(), Some("app"));
        assert_eq!(blamed(&[("app", 1, None), ("envoy", 137, None)]).as_deref(), Some("app"));
        let killed = Some("OutOfMemoryError: Container killed due to memory usage");
        assert_eq!(blamed(&[("envoy", 137, None), ("app", 137, killed)]).as_deref(), Some("app"));
        assert_eq!(blamed(&[("envoy", 1, None), ("app", 0, killed)]).as_deref(), Some("app"));
        assert_eq!(blamed(&[("envoy", 143, None), ("app", 137, None)]).as_deref(), Some("app"));
    }
}
