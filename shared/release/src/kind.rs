//! What a deployment was for: something new, the same again, or back to what
//! ran before.

use std::collections::BTreeMap;

use nightshift_core::ids::{Digest, TaskDefinitionArn};
use nightshift_core::release::{DeploymentStatus, Revision, ServiceDeployment};
use nightshift_core::verdict::DeploymentKind;

/// The kind of the deployment at `index` of `history`, newest first.
///
/// It compares what came with what ran: the same is a restart, and what is
/// older is a rollback, whoever made it and under whatever number. Going
/// forward again to what was rolled back is a release.
pub fn kind(history: &[ServiceDeployment], index: usize) -> DeploymentKind {
    let Some(deployment) = history.get(index) else { return DeploymentKind::Release };
    if deployment.rolls_back {
        return DeploymentKind::Rollback;
    }
    let Some(ran) = ran_before(history, index) else { return DeploymentKind::Release };
    if same(&deployment.target, &history[ran].target) {
        // What was given up halfway and left standing is gone back from.
        let left = history.get(index + 1).is_some_and(|before| before.status == DeploymentStatus::Stopped);
        let back = left && is_older(history, index, index + 1);
        return if back { DeploymentKind::Rollback } else { DeploymentKind::Restart };
    }
    if is_older(history, index, ran) { DeploymentKind::Rollback } else { DeploymentKind::Release }
}

/// The same of a deployment that replaced that revision, of which nothing else is known.
pub(crate) fn kind_after(deployment: &ServiceDeployment, before: &Revision) -> DeploymentKind {
    let older = lower_revision(&deployment.target.task_definition, &before.task_definition);
    match () {
        () if deployment.rolls_back || older => DeploymentKind::Rollback,
        () if same(&deployment.target, before) => DeploymentKind::Restart,
        () => DeploymentKind::Release,
    }
}

/// What ran when the deployment at `index` began: the revision that ECS calls
/// its source, or else the last one that got there.
fn ran_before(history: &[ServiceDeployment], index: usize) -> Option<usize> {
    let sources = &history[index].sources;
    let first = |found: &dyn Fn(&ServiceDeployment) -> bool| {
        history.iter().skip(index + 1).position(found).map(|place| index + 1 + place)
    };
    first(&|old| sources.contains(&old.target.arn)).or_else(|| first(&|old| old.status == DeploymentStatus::Successful))
}

/// Whether the deployment at `later` brought an older release than the one at
/// `earlier`; both are places in `history`, newest first. A release is older if
/// it is
///
/// - a lower revision of the same family, or
/// - what had completed before the other one first ran: the same workload, or
///   another task definition with the same images where the other had others.
///
/// So a release that was fled from and is deployed once more is not older: it
/// first ran after the one it was replaced by.
pub fn is_older(history: &[ServiceDeployment], later: usize, earlier: usize) -> bool {
    let (one, other) = (&history[later].target, &history[earlier].target);
    if lower_revision(&one.task_definition, &other.task_definition) {
        return true;
    }
    let the_other =
        |found: &ServiceDeployment| same(other, &found.target) || same_images(other, &found.target) == Some(true);
    let first_ran = history.iter().rposition(the_other).unwrap_or(earlier);
    let other_images = same_images(one, other) == Some(false);
    history[first_ran + 1..].iter().any(|older| {
        let the_one = same(one, &older.target) || (other_images && same_images(one, &older.target) == Some(true));
        the_one && completed(older)
    })
}

/// The same workload: one revision, or one task definition in the same
/// surroundings with no image known to differ. Deployed after each other, the
/// second is a restart.
pub fn same(one: &Revision, other: &Revision) -> bool {
    one.arn == other.arn
        || (one.task_definition == other.task_definition
            && one.surroundings == other.surroundings
            && same_images(one, other) != Some(false))
}

/// Whether both run the same images, container by container; `None` where a
/// digest is not known.
fn same_images(one: &Revision, other: &Revision) -> Option<bool> {
    let (one, other) = (digests(one)?, digests(other)?);
    (!one.is_empty() && !other.is_empty()).then(|| one == other)
}

fn digests(revision: &Revision) -> Option<BTreeMap<&str, &Digest>> {
    revision.images.iter().map(|(container, image)| Some((container.as_str(), image.digest.as_ref()?))).collect()
}

/// It was what the service ran.
fn completed(one: &ServiceDeployment) -> bool {
    matches!(one.status, DeploymentStatus::Successful | DeploymentStatus::Unknown)
}

fn lower_revision(one: &TaskDefinitionArn, other: &TaskDefinitionArn) -> bool {
    match (revision(one), revision(other)) {
        (Some((family, number)), Some((of, against))) => family == of && number < against,
        _ => false,
    }
}

fn revision(task_definition: &TaskDefinitionArn) -> Option<(&str, u64)> {
    let (family, number) = task_definition.as_str().rsplit_once(':')?;
    Some((family, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use nightshift_core::release::DeploymentStatus::{RollbackSuccessful, Stopped, Successful};
    use nightshift_core::verdict::DeploymentKind::{Release, Restart, Rollback};

    use super::*;
    use crate::judge::tests::deployed;

    /// Deployments oldest first, `task definition number/digest`, with `!` where
    /// ECS went back and `~` where it was stopped.
    #[track_caller]
    fn check(oldest_first: &[&str], expect: DeploymentKind) {
        let mut history: Vec<ServiceDeployment> = Vec::new();
        for (index, what) in oldest_first.iter().enumerate() {
            let (number, digest) = what.split_once('/').unwrap();
            let status = match digest.chars().last() {
                Some('!') => RollbackSuccessful,
                Some('~') => Stopped,
                _ => Successful,
            };
            let source = history.iter().find(|old| old.status == Successful).map(|old| old.target.arn.clone());
            let made = deployed(index, number, digest.trim_end_matches(['!', '~']), status);
            history.insert(0, ServiceDeployment { sources: source.into_iter().collect(), ..made });
        }
        assert_eq!(kind(&history, 0), expect, "{oldest_first:?}");
    }

    #[test]
    fn what_aws_has_forgotten_is_compared_by_what_is_remembered() {
        let old = deployed(0, "7", "a", Successful);
        let after = |number, digest| kind_after(&deployed(1, number, digest, Successful), &old.target);
        assert_eq!(after("8", "b"), Release);
        assert_eq!(after("7", "a"), Restart);
        assert_eq!(after("6", "c"), Rollback);
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
        // To what ran before this history begins.
        check(&["5/a", "4/x"], Rollback);
        // ECS went back by itself: the same again is a new attempt.
        check(&["1/a", "2/b!", "2/b"], Release);
        check(&["1/a", "2/b!", "1/a"], Restart);
        // ECS gave it up and left it standing.
        check(&["1/a", "2/b~", "1/a"], Rollback);
        check(&["1/a", "2/b~", "2/b"], Release);
    }
}
