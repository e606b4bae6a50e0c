//! Changes day by day: what a picture of delivery is drawn from.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use nightshift_core::verdict::{PastRelease, Release};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dora::{counts, each_once};

/// Length of one step of a trend.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// One day of a trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// When it begins; it lasts 24 hours.
    pub from: Timestamp,
    /// Releases that ended in it and stayed.
    pub stayed: u32,
    /// Releases that ended in it and failed, or needed a rollback later.
    pub failed: u32,
}

/// The days of each service, and of all together; oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trend {
    /// All services together.
    pub all: Vec<Step>,
    /// By the key that [`crate::dora::DoraReport`] has.
    pub services: BTreeMap<String, Vec<Step>>,
}

/// The `days` times 24 hours before `to`.
pub fn trend(past: &[PastRelease], to: Timestamp, days: u32) -> Trend {
    let empty: Vec<Step> = (0..days)
        .rev()
        .map(|back| {
            let from = SignedDuration::from_hours(24 * (i64::from(back) + 1));
            Step { from: to.checked_sub(from).unwrap_or(Timestamp::MIN), stayed: 0, failed: 0 }
        })
        .collect();
    let mut trend = Trend { all: empty.clone(), services: BTreeMap::new() };
    for found in each_once(past) {
        let Some(place) = place(&found.release, to, days) else { continue };
        let failed = found.release.verdict.failed();
        let service = trend.services.entry(found.service.key()).or_insert_with(|| empty.clone());
        for steps in [&mut trend.all, service] {
            if let Some(step) = steps.get_mut(place) {
                step.failed += u32::from(failed);
                step.stayed += u32::from(!failed);
            }
        }
    }
    trend
}

/// In which step a release ended; `None`: in none, or it is no change.
fn place(release: &Release, to: Timestamp, days: u32) -> Option<usize> {
    let ended = release.ended_at.filter(|at| counts(release) && *at < to)?;
    // What ended just before `to` is in the last step.
    let back = (to.duration_since(ended).as_nanos() - 1) / DAY.as_nanos();
    usize::try_from(i128::from(days) - 1 - back).ok()
}

/// Numbers as bars of text, the highest as high as a letter; a number that is
/// not zero can be told from zero.
pub fn sparkline(numbers: &[u32]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = numbers.iter().copied().max().unwrap_or(0).max(1);
    let bar = |number: &u32| match number {
        0 => BARS[0],
        number => BARS[((number * 7).div_ceil(most) as usize).clamp(1, 7)],
    };
    numbers.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use nightshift_core::ids::ServiceRef;
    use nightshift_core::release::DeploymentStatus;
    use nightshift_core::verdict::{By, Verdict};

    use super::*;
    use crate::judge::tests::{at, release};

    fn past(index: usize, verdict: Verdict) -> PastRelease {
        let service = ServiceRef::from_arn("arn:aws:ecs:eu-west-1:123456789012:service/prod/web").unwrap();
        let from = Some(release(0, DeploymentStatus::Successful, 0).target.task_definition);
        let release = Release { verdict, from, ..release(index, DeploymentStatus::Successful, 0) };
        PastRelease { service, environment: None, team: None, release }
    }

    #[test]
    fn a_release_is_drawn_on_the_day_on_which_it_ended() {
        // Number n ends 60 n + 3 minutes after noon.
        let healthy = |index| past(index, Verdict::Healthy { since: at(0) });
        let failed = past(25, Verdict::RolledBack { by: By::Person });
        let unended = past(26, Verdict::InProgress);
        let night = [healthy(1), healthy(1), healthy(2), failed, unended];
        let drawn = trend(&night, at(60 * 48), 2);
        let numbers = |steps: &[Step]| steps.iter().map(|step| (step.stayed, step.failed)).collect::<Vec<_>>();
        assert_eq!(numbers(&drawn.all), [(2, 0), (0, 1)]);
        assert_eq!(numbers(&drawn.services["123456789012/eu-west-1/prod/web"]), [(2, 0), (0, 1)]);
        assert_eq!(drawn.all[0].from, at(0));
        assert_eq!(numbers(&trend(&night, at(63), 1).all), [(0, 0)], "the end of a window is not in it");
        assert_eq!(numbers(&trend(&night, at(64), 1).all), [(1, 0)]);
    }

    #[test]
    fn a_day_with_one_release_can_be_told_from_a_day_without() {
        assert_eq!(sparkline(&[0, 1, 50, 100]), "▁▂▅█");
        assert_eq!(sparkline(&[0, 1]), "▁█");
        assert_eq!(sparkline(&[0, 0]), "▁▁");
        assert_eq!(sparkline(&[]), "");
    }
}
