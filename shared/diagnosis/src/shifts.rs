//! When production traffic moved from one target group to another.
//!
//! Where ECS shifts traffic, a release begins long before anybody
//! is served by it, and gets more of the requests step by step. AWS keeps no
//! record of when; how many requests each target group got shows it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use nightshift_core::metric::Series;
use nightshift_core::release::ServiceDeployment;

use crate::trend::end_of;

/// Against so many minutes before.
const BEFORE: SignedDuration = SignedDuration::from_mins(3);
/// Of all requests: less is no step. ECS has none below three per cent.
const STEP: f64 = 0.02;
/// A group that had none gets some: a canary of one per cent is seen, a stray
/// request is not.
const FIRST: f64 = 0.005;
/// So many times as far as chance alone moves a share.
const BEYOND_CHANCE: f64 = 3.0;

/// The minutes in which one of these target groups got a larger share of the
/// requests than in the minutes before, oldest first. None of fewer than two
/// groups.
pub(crate) fn of(groups: &[Series]) -> Vec<Timestamp> {
    let mut all: BTreeMap<Timestamp, f64> = BTreeMap::new();
    for point in groups.iter().flat_map(|group| &group.0) {
        *all.entry(point.at).or_default() += point.value;
    }
    let of_group = |group: &Series| {
        let own: BTreeMap<Timestamp, f64> = group.0.iter().map(|point| (point.at, point.value)).collect();
        let share = |at: Timestamp, all: f64| own.get(&at).copied().unwrap_or(0.0) / all;
        let grew = |(at, total): (&Timestamp, &f64)| {
            let earlier = all.range(at.saturating_sub(BEFORE).unwrap_or(*at)..*at).filter(|(_, all)| **all > 0.0);
            let before = earlier
                .map(|(at, all)| share(*at, *all))
                .fold(None, |most: Option<f64>, one| Some(most.map_or(one, |most| most.max(one))));
            before.is_some_and(|before| *total > 0.0 && stepped(before, share(*at, *total), *total))
        };
        all.iter().filter(|minute| grew(*minute)).map(|(at, _)| *at).collect::<Vec<_>>()
    };
    if groups.len() < 2 {
        return Vec::new();
    }
    groups.iter().flat_map(of_group).collect::<BTreeSet<_>>().into_iter().collect()
}

fn stepped(before: f64, now: f64, requests: f64) -> bool {
    if before <= 0.0 {
        return now >= FIRST && now * requests >= 2.0;
    }
    let chance = (before * (1.0 - before) / requests).max(0.0).sqrt();
    now - before >= STEP.max(BEYOND_CHANCE * chance)
}

/// When the deployment last got more of the requests before the onset, as far as
/// that shows; else when it began.
pub(crate) fn exposed_at(
    one: &ServiceDeployment,
    shifts: &[Timestamp],
    onset: Option<Timestamp>,
    now: Timestamp,
) -> Timestamp {
    let until = onset.map_or(now, end_of);
    during(one, shifts).rfind(|at| *at < until).unwrap_or_else(|| one.began_at())
}

/// Those that fall into the deployment.
pub(crate) fn during<'a>(
    one: &ServiceDeployment,
    shifts: &'a [Timestamp],
) -> impl DoubleEndedIterator<Item = Timestamp> + use<'a> {
    let (began, ended) = (one.began_at(), one.finished_at.unwrap_or(Timestamp::MAX));
    // The minute in which it began holds its first step as well.
    shifts.iter().copied().filter(move |at| end_of(*at) > began && *at <= ended)
}

/// Stages at which ECS has given it no production traffic yet.
pub(crate) fn ahead_of_traffic(stage: &str) -> bool {
    const AHEAD: [&str; 6] = [
        "RECONCILE_SERVICE",
        "PRE_SCALE_UP",
        "SCALE_UP",
        "POST_SCALE_UP",
        "TEST_TRAFFIC_SHIFT",
        "POST_TEST_TRAFFIC_SHIFT",
    ];
    AHEAD.contains(&stage)
}

#[cfg(test)]
mod tests {
    use nightshift_core::metric::Point;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    /// Two groups that get so many requests a minute, from minute 0 on.
    #[track_caller]
    fn check(minutes: &[(u32, u32)], expect: &[i64]) {
        let group = |of: fn(&(u32, u32)) -> u32| {
            let points = minutes.iter().enumerate().filter(|(_, counts)| of(counts) > 0);
            Series(
                points
                    .map(|(at_minute, counts)| Point { at: at(at_minute as i64), value: of(counts).into() })
                    .collect(),
            )
        };
        let groups = [group(|counts| counts.0), group(|counts| counts.1)];
        assert_eq!(of(&groups), expect.iter().copied().map(at).collect::<Vec<_>>());
        assert_eq!(of(&groups[..1]), []);
    }

    #[test]
    fn traffic_that_moves_to_another_group_shows_in_its_share_of_the_requests() {
        check(&[(600, 0), (600, 0), (0, 600), (0, 600)], &[2]);
        check(&[(600, 0), (600, 0), (540, 60), (540, 60), (480, 120), (480, 120)], &[2, 4]);
        check(&[(600, 0), (594, 6), (594, 6)], &[1]);
        // More requests are no larger share, and chance moves it a little.
        check(&[(540, 60), (1080, 120), (2160, 240)], &[]);
        check(&[(540, 60), (528, 72), (545, 55)], &[]);
        check(&[(600, 0), (1, 0), (600, 1)], &[]);
        check(&[], &[]);
    }
}
