//! What a deployment was for: something new, the same again, or back to what
//! ran before.

use nightshift_core::ids::Digest;
use nightshift_core::release::{Revision, ServiceDeployment};
use nightshift_core::verdict::DeploymentKind;

/// The kind of the deployment at `index` of `history`, newest first.
///
/// It compares what came with what ran: the same is a restart, and what first
/// ran *before* that is a rollback, whoever made it and under whatever number.
/// Going forward again to what was rolled back is a release.
pub fn kind(history: &[ServiceDeployment], index: usize) -> DeploymentKind {
    let Some(deployment) = history.get(index) else { return DeploymentKind::Release };
    let earlier = &history[index + 1..];
    let Some(ran) = ran_before(deployment, earlier) else { return DeploymentKind::Release };
    if same(&deployment.target, ran) {
        return DeploymentKind::Restart;
    }
    let first_ran = |revision: &Revision| earlier.iter().rposition(|old| same(&old.target, revision));
    match (returned_to(&deployment.target, ran, earlier), first_ran(ran)) {
        // Positions count back in time: the larger, the earlier.
        (Some(target), Some(source)) if target > source => DeploymentKind::Rollback,
        _ => DeploymentKind::Release,
    }
}

/// What ran when the deployment began: the revision that ECS calls its source,
/// or else the last one that got there.
fn ran_before<'a>(deployment: &ServiceDeployment, earlier: &'a [ServiceDeployment]) -> Option<&'a Revision> {
    let of_source = |old: &&ServiceDeployment| deployment.sources.contains(&old.target.arn);
    let source = earlier.iter().find(of_source);
    let reached = || earlier.iter().find(|old| old.status == nightshift_core::release::DeploymentStatus::Successful);
    source.or_else(reached).map(|old| &old.target)
}

/// Where among `earlier` the target's workload first ran, if it is not what
/// ran just now.
fn returned_to(target: &Revision, ran: &Revision, earlier: &[ServiceDeployment]) -> Option<usize> {
    let images_changed = digests(target) != digests(ran);
    let again = |old: &ServiceDeployment| {
        same(&old.target, target) || (images_changed && known(target) && digests(&old.target) == digests(target))
    };
    earlier.iter().rposition(again)
}

/// The same workload: one revision, or one task definition with the same
/// images and surroundings.
pub fn same(one: &Revision, other: &Revision) -> bool {
    one.arn == other.arn
        || (one.task_definition == other.task_definition
            && one.surroundings == other.surroundings
            && digests(one) == digests(other))
}

fn digests(revision: &Revision) -> Vec<Option<&Digest>> {
    revision.images.values().map(|image| image.digest.as_ref()).collect()
}

fn known(revision: &Revision) -> bool {
    !revision.images.is_empty() && revision.images.values().all(|image| image.digest.is_some())
}

#[cfg(test)]
mod tests {
    use nightshift_core::release::DeploymentStatus::{RollbackSuccessful, Successful};
    use nightshift_core::verdict::DeploymentKind::{Release, Restart, Rollback};

    use super::*;
    use crate::judge::tests::deployed;

    /// Deployments oldest first, `task definition number/digest`.
    #[track_caller]
    fn check(oldest_first: &[&str], expect: DeploymentKind) {
        let mut history: Vec<ServiceDeployment> = Vec::new();
        for (index, what) in oldest_first.iter().enumerate() {
            let (number, digest) = what.split_once('/').unwrap();
            let status = if digest.ends_with('!') { RollbackSuccessful } else { Successful };
            let source = history.iter().find(|old| old.status == Successful).map(|old| old.target.arn.clone());
            let made = deployed(index, number, digest.trim_end_matches('!'), status);
            history.insert(0, ServiceDeployment { sources: source.into_iter().collect(), ..made });
        }
        assert_eq!(kind(&history, 0), expect, "{oldest_first:?}");
    }

    #[test]
    fn what_came_is_compared_with_what_ran() {
        check(&["1/a"], Release);
        check(&["1/a", "2/b"], Release);
        check(&["1/a", "1/a"], Restart);
        check(&["1/a", "1/b"], Release);
        check(&["1/a", "2/a"], Release);
        check(&["1/a", "2/b", "1/a"], Rollback);
        check(&["1/a", "2/b", "2/b", "1/a"], Rollback);
        // A revert that registered a new task definition with the old image.
        check(&["1/a", "2/b", "3/a"], Rollback);
        // Settings change while the image stays: always something new.
        check(&["1/a", "2/a", "3/a"], Release);
        // `:latest`, pushed back to where it was.
        check(&["1/a", "1/b", "1/a"], Rollback);
        // Forward again to what was rolled back.
        check(&["1/a", "2/b", "1/a", "2/b"], Release);
        check(&["1/a", "2/b", "1/a", "3/c"], Release);
        check(&["1/a", "2/b", "1/a", "2/b", "1/a"], Rollback);
        // ECS went back by itself: the same again is a new attempt.
        check(&["1/a", "2/b!", "2/b"], Release);
        check(&["1/a", "2/b!", "1/a"], Restart);
    }
}
