//! From moments and values to places in a picture.

use jiff::{SignedDuration, Timestamp};

use crate::demo::Track;

/// Seconds of one datapoint.
const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// A rectangle of the picture with its scales.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// The value at the top.
    pub(super) most: f64,
}

impl Plot {
    /// Where a moment stands; what lies outside stands at the edge.
    pub(super) fn x(&self, at: Timestamp) -> f64 {
        let whole = self.to.duration_since(self.from).as_secs_f64().max(1.0);
        let share = at.duration_since(self.from).as_secs_f64() / whole;
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// Where a value stands.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.bottom - (value / self.most).clamp(0.0, 1.0) * (self.bottom - self.top)
    }

    /// The series as lines, one for each stretch without a gap. What counts
    /// has no gaps: a minute without a datapoint is a zero.
    pub(super) fn stretches(&self, track: &Track) -> Vec<Vec<(f64, f64)>> {
        let mut stretches: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut stretch = Vec::new();
        let mut expected: Option<Timestamp> = None;
        for point in &track.points {
            while let Some(missing) = expected.filter(|missing| *missing < point.at) {
                if track.counts {
                    stretch.push((self.x(missing), self.y(0.0)));
                } else {
                    stretches.push(std::mem::take(&mut stretch));
                }
                expected = missing.checked_add(MINUTE).ok();
            }
            stretch.push((self.x(point.at), self.y(point.value)));
            expected = point.at.checked_add(MINUTE).ok();
        }
        stretches.push(stretch);
        stretches.retain(|stretch| stretch.len() > 1);
        stretches
    }
}

/// The least round number at or above the value: 1, 2, 2.5, 4, 5 or 8 times a power of ten.
pub(super) fn round_up(value: f64) -> f64 {
    let mut power = 1e-4;
    while power < 1e12 {
        for factor in [1.0, 2.0, 2.5, 4.0, 5.0, 8.0] {
            if value <= power * factor {
                return power * factor;
            }
        }
        power *= 10.0;
    }
    value
}

/// Minutes from one mark of the axis to the next, so that about ten fit.
pub(super) fn step(from: Timestamp, to: Timestamp) -> i64 {
    let minutes = to.duration_since(from).as_mins().max(1);
    [2, 5, 10, 15, 30, 60].into_iter().find(|step| minutes / step <= 12).unwrap_or(120)
}

/// A figure without needless places.
pub(super) fn figure(value: f64) -> String {
    if value >= 100.0 || (value.fract().abs() < 1e-9 && value.abs() < 1e9) {
        format!("{value:.0}")
    } else if value >= 1.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use nightshift_core::metric::Point;

    use super::*;

    fn plot() -> Plot {
        let from: Timestamp = "2026-11-20T02:00:00Z".parse().unwrap();
        let to: Timestamp = "2026-11-20T02:10:00Z".parse().unwrap();
        Plot { left: 0.0, right: 100.0, top: 0.0, bottom: 50.0, from, to, most: 10.0 }
    }

    fn track(counts: bool) -> Track {
        let at = |minute: i64| plot().from.checked_add(SignedDuration::from_mins(minute)).unwrap();
        let points = [0, 1, 4, 5].map(|minute| Point { at: at(minute), value: 5.0 }).to_vec();
        Track { label: String::new(), unit: String::new(), counts, points }
    }

    #[test]
    fn a_gap_is_a_zero_for_what_counts_and_a_gap_for_what_measures() {
        let counted = plot().stretches(&track(true));
        assert_eq!(counted, [vec![(0.0, 25.0), (10.0, 25.0), (20.0, 50.0), (30.0, 50.0), (40.0, 25.0), (50.0, 25.0)]]);
        assert_eq!(plot().stretches(&track(false)).len(), 2);
    }

    #[test]
    fn axes_end_on_round_numbers() {
        assert_eq!([0.3, 1.0, 61.0, 430.0].map(round_up), [0.4, 1.0, 80.0, 500.0]);
        assert_eq!([0.25, 7.0, 7.25, 430.4].map(figure), ["0.25", "7", "7.2", "430"]);
    }
}
