//! When a series left its level, robustly and without logarithms or roots.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use nightshift_core::metric::{Point, Series};

use crate::observe::LOOKBACK;
use crate::signals::PERIOD_S;

/// One MAD is 0.6745 standard deviations of a normal series: six of them are
/// four standard deviations, which noise all but never reaches twice in three
/// minutes.
const MADS: f64 = 6.0;
/// A perfectly steady series has a MAD of zero; less than a tenth of its level
/// is still no departure.
const LEVEL_FLOOR: f64 = 0.1;
/// What is less than a fifth of the trouble at its worst is not where the
/// trouble began: this makes the floor fit any unit.
const WORST_FLOOR: f64 = 0.2;
/// So many calm points in a row end an episode.
const CALM_POINTS: usize = 5;
/// Two of three points make a departure sustained.
const SUSTAINED_OVER: usize = 3;

/// A stretch in which the series stayed away from its level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Episode {
    /// Start of the first departing point's period.
    pub(crate) onset: Timestamp,
    /// The level before.
    pub(crate) level: f64,
    /// The value farthest away.
    pub(crate) worst: f64,
    /// How many points departed.
    pub(crate) points: usize,
    /// The series has been calm again ever since.
    pub(crate) over: bool,
}

/// The points in order of time, without what is no number: as they came, which is so but
/// for a case that was written by hand.
pub(crate) fn in_order(series: &Series) -> Cow<'_, [Point]> {
    let order = |one: &Point, other: &Point| one.at.cmp(&other.at).then(one.value.total_cmp(&other.value));
    let finite = |point: &&Point| point.value.is_finite();
    if series.0.iter().all(|point| finite(&point)) && series.0.is_sorted_by(|one, other| order(one, other).is_le()) {
        return Cow::Borrowed(&series.0);
    }
    let mut points: Vec<Point> = series.0.iter().filter(finite).copied().collect();
    points.sort_by(order);
    Cow::Owned(points)
}

/// A count with a zero in each minute that reports none, from `from` to `to`. No further
/// than anybody asks, for a case may hold any moment.
pub(crate) fn with_zeros(points: &[Point], from: Timestamp, to: Timestamp) -> Vec<Point> {
    let to = to.min(LOOKBACK.after(from));
    let period = i64::from(PERIOD_S);
    let minute = |at: Timestamp| at.as_second().div_euclid(period);
    // The window begins in the middle of a period; that one is incomplete.
    let mut filled = Vec::new();
    let mut rest = points.iter().copied().peekable();
    for wanted in minute(from) + 1..=minute(to) {
        while rest.next_if(|point| minute(point.at) < wanted).is_some() {}
        let mut found = false;
        while let Some(point) = rest.next_if(|point| minute(point.at) == wanted) {
            filled.push(point);
            found = true;
        }
        if let (false, Ok(at)) = (found, Timestamp::from_second(wanted * period)) {
            filled.push(Point { at, value: 0.0 });
        }
    }
    filled
}

/// The middle of the values; `None` of none.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { values.get(middle - 1).map(|lower| f64::midpoint(*lower, upper)) }
}

/// The middle of the values in a window; `None` if it holds none.
pub(crate) fn level(points: &[Point], from: Timestamp, to: Timestamp) -> Option<f64> {
    median(points.iter().filter(|point| point.at >= from && point.at < to).map(|point| point.value).collect())
}

/// Every sustained departure, oldest first. The level is that of the points
/// before `calm_until`, at least a third of all; `upward` says which way is bad.
pub(crate) fn episodes(points: &[Point], upward: bool, calm_until: Timestamp) -> Vec<Episode> {
    let sign = if upward { 1.0 } else { -1.0 };
    let values: Vec<f64> = points.iter().map(|point| point.value * sign).collect();
    let split = points.partition_point(|point| point.at < calm_until).max(points.len() / 3);
    let Some(level) = median(values[..split].to_vec()) else { return Vec::new() };
    let spread = median(values[..split].iter().map(|value| (value - level).abs()).collect()).unwrap_or_default();
    let worst = values[split..].iter().copied().fold(level, f64::max);
    let margin = (MADS * spread).max(LEVEL_FLOOR * level.abs()).max(WORST_FLOOR * (worst - level));
    let departs: Vec<bool> = values.iter().map(|value| *value > level + margin).collect();

    let mut found: Vec<Episode> = Vec::new();
    let mut calm = CALM_POINTS;
    for (index, point) in points.iter().enumerate() {
        calm = if departs[index] { calm } else { calm + 1 };
        let running = calm < CALM_POINTS;
        match found.last_mut() {
            Some(last) if departs[index] && running => {
                last.points += 1;
                last.worst = sign * (sign * last.worst).max(values[index]);
                calm = 0;
            }
            _ if departs[index] && sustained(&departs[index..]) => {
                found.push(Episode {
                    onset: point.at,
                    level: sign * level,
                    worst: point.value,
                    points: 1,
                    over: false,
                });
                calm = 0;
            }
            Some(last) => last.over = !running,
            None => {}
        }
    }
    found
}

fn sustained(departs: &[bool]) -> bool {
    let next = &departs[..departs.len().min(SUSTAINED_OVER)];
    next.iter().filter(|departs| **departs).count() * 2 > next.len()
}

/// The end of the period that a point stands for.
pub(crate) fn end_of(point: Timestamp) -> Timestamp {
    point.checked_add(SignedDuration::from_secs(i64::from(PERIOD_S))).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn points(values: &[f64]) -> Vec<Point> {
        values.iter().zip(0..).map(|(&value, minute)| Point { at: at(minute), value }).collect()
    }

    #[track_caller]
    fn check(values: &[f64], upward: bool, expect: &[(i64, bool)]) {
        let found = episodes(&points(values), upward, at(10));
        let found: Vec<(i64, bool)> = found.iter().map(|one| (one.onset.as_second() / 60, one.over)).collect();
        assert_eq!(found, expect, "{values:?}");
    }

    const QUIET: [f64; 10] = [0.0; 10];

    #[test]
    fn an_onset_is_the_first_of_a_sustained_departure() {
        check(&[&QUIET[..], &[0.0, 0.0]].concat(), true, &[]);
        check(&[&QUIET[..], &[40.0]].concat(), true, &[(10, false)]);
        check(&[&QUIET[..], &[0.0, 40.0, 41.0, 39.0]].concat(), true, &[(11, false)]);
        check(&[&QUIET[..], &[40.0, 0.0, 41.0]].concat(), true, &[(10, false)]);
        // One point among calm ones is a blip.
        check(&[&QUIET[..], &[40.0, 0.0, 0.0, 0.0]].concat(), true, &[]);
        // A fifth of the worst is where it counts.
        check(&[&QUIET[..], &[7.0, 7.0, 40.0, 40.0]].concat(), true, &[(12, false)]);
    }

    #[test]
    fn five_calm_points_end_an_episode_and_four_do_not() {
        let spell = [40.0, 40.0];
        check(&[&QUIET[..], &spell, &[0.0; 4], &spell].concat(), true, &[(10, false)]);
        check(&[&QUIET[..], &spell, &[0.0; 5], &spell].concat(), true, &[(10, true), (17, false)]);
        check(&[&QUIET[..], &spell, &[0.0; 5]].concat(), true, &[(10, true)]);
    }

    #[test]
    fn a_metric_may_fail_by_falling() {
        let healthy = [4.0; 10];
        check(&[&healthy[..], &[3.0, 3.0]].concat(), false, &[(10, false)]);
        check(&[&healthy[..], &[3.0, 3.0]].concat(), true, &[]);
        check(&[&healthy[..], &[5.0, 5.0]].concat(), false, &[]);
    }

    #[test]
    fn noise_around_a_level_is_no_departure() {
        let noise: Vec<f64> = (0..60).map(|minute| 100.0 + f64::from(minute * 7 % 11)).collect();
        check(&noise, true, &[]);
    }

    #[test]
    fn a_count_that_is_not_reported_was_zero() {
        let some = [Point { at: at(2), value: 5.0 }, Point { at: at(4), value: 6.0 }];
        let values: Vec<f64> = with_zeros(&some, at(0), at(5)).iter().map(|point| point.value).collect();
        assert_eq!(values, [0.0, 5.0, 0.0, 6.0, 0.0]);
        let endless = [Point { at: Timestamp::MAX, value: 1.0 }];
        assert_eq!(with_zeros(&endless, at(0), Timestamp::MAX).len(), 180, "three hours of minutes, and no more");
    }
}
