//! When the mean of a sparse count moved.
//!
//! An error every other minute never stays away from its level for long, so the
//! first minutes that depart come long after the fault did. The minute that best
//! splits the series into two means is where it came.

use jiff::Timestamp;
use nightshift_core::metric::Point;

use crate::trend::Episode;

/// So many points before the move, and so many after it, make two means.
const FEWEST: (usize, usize) = (20, 5);
/// The means are this many standard errors apart, squared.
const APART: f64 = 36.0;
/// The later mean is so many times the earlier.
const TIMES: f64 = 2.5;
/// What lies between the move and a departure is the same trouble if it is at
/// least so much of it.
const SAME: f64 = 0.5;
/// Up to a quarter of it is no more than the level before with its noise.
const WELL: f64 = 0.25;
/// So many such points in a row end a trouble: what departs after
/// them is the next one.
const CALM: usize = 5;

/// The mean of a count moved up, and stayed there.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Move {
    index: usize,
    before: f64,
    after: f64,
}

/// Dates the last departure by the move of the mean, where that came before it
/// and what lies between is as bad; a move without any departure is one.
pub(crate) fn dated(points: &[Point], mut episodes: Vec<Episode>) -> Vec<Episode> {
    let Some(moved) = last_move(points) else { return episodes };
    let at = points[moved.index].at;
    let after = &points[moved.index..];
    match episodes.last_mut() {
        Some(last) if last.over || last.onset <= at => {}
        Some(last) => {
            let until = points.partition_point(|point| point.at < last.onset);
            let between = &points[moved.index..until];
            let since = mean(&points[until..]);
            let trouble = since - moved.before;
            let well = |point: &Point| point.value <= moved.before + WELL * trouble;
            let calm = between.windows(CALM).any(|window| window.iter().all(well));
            if !calm && mean(between) - moved.before >= SAME * trouble {
                last.onset = at;
                last.points += after.iter().filter(|point| point.value > moved.after).count();
            }
        }
        None => episodes.push(of(moved, at, after)),
    }
    episodes
}

fn of(moved: Move, onset: Timestamp, after: &[Point]) -> Episode {
    let worst = after.iter().map(|point| point.value).fold(moved.after, f64::max);
    let points = after.iter().filter(|point| point.value > moved.before).count();
    Episode { onset, level: moved.before, worst, points, over: false }
}

/// The split with the least squares left, if its means are far enough apart.
fn last_move(points: &[Point]) -> Option<Move> {
    let (before, after) = FEWEST;
    let count = points.len();
    let total: f64 = points.iter().map(|point| point.value).sum();
    let squares: f64 = points.iter().map(|point| point.value * point.value).sum();
    let mut best: Option<(f64, Move)> = None;
    let mut sum = 0.0;
    for (index, point) in points.iter().enumerate() {
        let (left, right) = (index as f64, (count - index) as f64);
        if index >= before && count - index >= after {
            let found = Move { index, before: sum / left, after: (total - sum) / right };
            let apart = found.after - found.before;
            let explained = apart * apart * left * right / count as f64;
            if apart > 0.0 && best.is_none_or(|(most, _)| explained > most) {
                best = Some((explained, found));
            }
        }
        sum += point.value;
    }
    let (explained, found) = best?;
    let variance = (squares - total * total / count as f64 - explained).max(0.0) / count as f64;
    (explained >= APART * variance && found.after >= TIMES * found.before).then_some(found)
}

fn mean(points: &[Point]) -> f64 {
    points.iter().map(|point| point.value).sum::<f64>() / points.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: usize) -> Timestamp {
        Timestamp::from_second(minute as i64 * 60).unwrap()
    }

    fn points(values: &[f64]) -> Vec<Point> {
        values.iter().enumerate().map(|(minute, &value)| Point { at: at(minute), value }).collect()
    }

    fn episode(onset: usize, over: bool) -> Episode {
        Episode { onset: at(onset), level: 0.0, worst: 6.0, points: 2, over }
    }

    #[track_caller]
    fn check(values: &[f64], episodes: Vec<Episode>, expect: Option<usize>) {
        let found = dated(&points(values), episodes);
        assert_eq!(found.last().map(|one| one.onset), expect.map(at), "{values:?}");
    }

    /// One error in three minutes, …
    const RARE: [f64; 30] = {
        let mut values = [0.0; 30];
        let mut index = 0;
        while index < 30 {
            values[index] = 1.0;
            index += 3;
        }
        values
    };
    /// … and some in most of them.
    const MORE: [f64; 12] = [3.0, 2.0, 4.0, 0.0, 3.0, 5.0, 2.0, 3.0, 4.0, 2.0, 4.0, 3.0];

    #[test]
    fn a_sparse_count_is_dated_where_its_mean_moved() {
        let moved = [&RARE[..], &MORE].concat();
        check(&moved, vec![episode(40, false)], Some(30));
        check(&moved, vec![], Some(30));
        // What departed before the mean did, or is over, keeps its own date.
        check(&moved, vec![episode(29, false)], Some(29));
        check(&moved, vec![episode(40, true)], Some(40));
    }

    #[test]
    fn noise_and_a_short_spell_move_no_mean() {
        check(&RARE, vec![], None);
        check(&[&RARE[..], &[0.0, 2.0, 1.0, 0.0, 1.0]].concat(), vec![], None);
        check(&[], vec![], None);
        // What was over for five minutes is another trouble as well.
        let twice = [&RARE[..], &[40.0; 8], &[1.0, 0.0, 2.0, 1.0, 1.0], &[40.0; 6]].concat();
        check(&twice, vec![episode(43, false)], Some(43));
        // Something small before something large is another trouble.
        let mild = [&RARE[..], &[2.0; 6], &[40.0; 8]].concat();
        check(&mild, vec![episode(36, false)], Some(36));
    }
}
