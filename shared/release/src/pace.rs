//! How long a service's deployments take.

use jiff::Timestamp;
use nightshift_core::policy::Deployments;
use nightshift_core::span::Span;
use nightshift_core::verdict::{Release, Verdict};

/// Past deployments that it takes to know a service's pace.
const ENOUGH: usize = 3;
/// Without enough of them a deployment has so many times the least.
const UNKNOWN_PACE: i64 = 3;

/// When a deployment of the service counts as stuck: its own pace, bounded, and
/// what it waits by its own configuration.
pub fn stuck_at(release: &Release, releases: &[Release], policy: &Deployments) -> Timestamp {
    let (least, most) = (policy.stuck_least.as_seconds(), policy.stuck_most.as_seconds());
    let wanted = match median(releases) {
        Some(usual) => usual.saturating_mul(i64::from(policy.stuck_percent)) / 100,
        None => least.saturating_mul(UNKNOWN_PACE),
    };
    let pace = wanted.clamp(least, most.max(least));
    // Whoever pauses it takes as long as they like; from then on it is its own.
    let from = release.paused_at.map_or(release.began_at, |paused| paused.max(release.began_at));
    Span::seconds(pace + i64::from(release.planned_wait_s)).after(from)
}

/// Seconds that the service's deployments took, in the middle.
pub fn median(releases: &[Release]) -> Option<i64> {
    let got_there = |release: &&Release| matches!(release.verdict, Verdict::Healthy { .. });
    let mut took: Vec<i64> = releases.iter().filter(got_there).filter_map(Release::took_s).collect();
    took.sort_unstable();
    (took.len() >= ENOUGH).then(|| took[took.len() / 2])
}

#[cfg(test)]
mod tests {
    use nightshift_core::release::DeploymentStatus;

    use super::*;
    use crate::judge::tests::{at, release};

    #[track_caller]
    fn check(took_minutes: &[i64], stuck_after_minutes: i64) {
        let past = |(index, minutes): (usize, &i64)| {
            let began = release(index, DeploymentStatus::Successful, 0);
            let ended_at = Some(Span::minutes(*minutes).after(began.began_at));
            Release { ended_at, verdict: Verdict::Healthy { since: at(0) }, ..began }
        };
        let releases: Vec<Release> = took_minutes.iter().enumerate().map(past).collect();
        let on_trial = release(0, DeploymentStatus::InProgress, 0);
        assert_eq!(
            stuck_at(&on_trial, &releases, &Deployments::default()),
            at(stuck_after_minutes),
            "{took_minutes:?}"
        );
    }

    #[test]
    fn a_deployment_is_stuck_at_the_services_own_pace() {
        check(&[], 30);
        check(&[4, 4], 30);
        check(&[4, 5, 6], 15);
        check(&[4, 5, 60], 15);
        check(&[1, 1, 1], 10);
        check(&[40, 40, 40], 60);
    }

    #[test]
    fn a_deployment_that_bakes_as_it_was_told_to_is_not_stuck() {
        let bakes = Release { planned_wait_s: 24 * 3600, ..release(0, DeploymentStatus::InProgress, 0) };
        assert_eq!(stuck_at(&bakes, &[], &Deployments::default()), at(24 * 60 + 30));
        let paused = Release { paused_at: Some(at(600)), ..release(0, DeploymentStatus::InProgress, 0) };
        assert_eq!(stuck_at(&paused, &[], &Deployments::default()), at(630));
    }
}
