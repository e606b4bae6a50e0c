//! Round ticks, and the days that get a label.

use jiff::civil::{Date, Weekday};

use crate::day;

/// More ticks than this are not read.
const MOST_STEPS: f64 = 6.0;

/// The axis of amounts, from zero on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// The distance of two ticks: one, two or five times a power of ten.
    pub step: f64,
    /// So many of them.
    pub steps: u32,
}

impl Axis {
    /// An axis on which that amount has its place, in not much more room than
    /// it needs. Without an amount it goes from zero to one.
    pub fn up_to(most: f64) -> Self {
        let most = if most.is_finite() && most > 0.0 { most } else { 1.0 };
        let least = most / MOST_STEPS;
        let ten = 10_f64.powi(least.log10().floor() as i32);
        // The last one is for what is lost in rounding.
        let step = [1.0, 2.0, 5.0, 10.0, 20.0].map(|times| times * ten).into_iter().find(|step| *step >= least);
        let step = step.unwrap_or(least);
        Self { step, steps: (most / step).ceil().clamp(1.0, MOST_STEPS) as u32 }
    }

    /// The amount at its end.
    pub fn end(&self) -> f64 {
        self.step * f64::from(self.steps)
    }

    /// How far up that amount is, from zero to one.
    pub fn share(&self, amount: f64) -> f64 {
        (amount / self.end()).clamp(0.0, 1.0)
    }

    /// The amounts at its ticks, zero first.
    pub fn ticks(&self) -> impl Iterator<Item = f64> {
        (0..=self.steps).map(|at| f64::from(at) * self.step)
    }
}

/// Days that get a label if one is so wide and a day takes so much room: all of
/// them, or else every Monday, every second one, every fourth, and so on.
pub fn labelled(from: Date, days: usize, (room, label): (f64, f64)) -> Vec<usize> {
    if room >= label {
        return (0..days).collect();
    }
    let mut step = 7;
    while step < days && (step as f64) * room < label {
        step *= 2;
    }
    let monday = (0..days.min(7)).find(|at| day(from, *at).weekday() == Weekday::Monday);
    // A few days without a Monday still say when they were.
    (monday.unwrap_or_default()..days).step_by(step).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[track_caller]
    fn check(most: f64, expect: &[f64]) {
        assert_eq!(Axis::up_to(most).ticks().collect::<Vec<_>>(), expect);
    }

    #[test]
    fn ticks_are_round_and_end_just_above_the_most() {
        check(0.0, &[0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        check(6.0, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        check(6.1, &[0.0, 2.0, 4.0, 6.0, 8.0]);
        check(412.7, &[0.0, 100.0, 200.0, 300.0, 400.0, 500.0]);
        check(7.9e28, &[0.0, 2e28, 4e28, 6e28, 8e28]);
        check(f64::NAN, &[0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
    }

    #[test]
    fn mondays_get_a_label_or_each_day_if_there_is_room() {
        let november = date(2026, 11, 1);
        assert_eq!(labelled(november, 30, (21.0, 110.0)), [1, 8, 15, 22, 29]);
        assert_eq!(labelled(november, 3, (210.0, 110.0)), [0, 1, 2]);
        assert_eq!(labelled(november, 60, (10.0, 110.0)), [1, 15, 29, 43, 57]);
        assert_eq!(labelled(date(2026, 11, 3), 6, (90.0, 110.0)), [0]);
        assert_eq!(labelled(november, 0, (1.0, 110.0)), Vec::<usize>::new());
        assert_eq!(labelled(november, 400, (1.6, 110.0)).len(), 4);
    }
}
