//! How well somebody tells what is worth telling.

use jiff::civil::Date;
use nightshift_cost::Series;
use nightshift_cost::episode::QUIET_DAYS;
use serde::Serialize;

use super::year::Truth;

/// Counts of many years.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    truths: u32,
    found: u32,
    told: u32,
    right: u32,
    /// Of each that was found, the days from its first to the one that told it.
    delays: Vec<i32>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Anomalies that were worth telling.
    pub n: u32,
    /// Anomalies that were told.
    pub told: u32,
    /// The share of what was told that was worth it; `None`: nothing was told.
    pub precision: Option<f64>,
    /// The share of what was worth telling that was told; `None`: nothing was.
    pub recall: Option<f64>,
    /// Of what was found, the median of the days from the first that was worth
    /// telling to the one that told; 0: the same.
    pub days_to_detect: Option<f64>,
    /// Nine in ten are found within so many days.
    pub days_to_detect_p90: Option<f64>,
}

impl Tally {
    /// Adds what was told of one service: the days that `tells`, one after the
    /// other, are one anomaly, for whoever tells them.
    pub(super) fn add(
        &mut self,
        series: &Series,
        truths: &[&Truth],
        days: &[Date],
        tells: impl Fn(&Series, Date) -> bool,
    ) {
        let mut told: Vec<Vec<Date>> = Vec::new();
        for day in days.iter().copied().filter(|day| tells(series, *day)) {
            match told.last_mut().filter(|last| last.last().is_some_and(|last| between(*last, day) <= QUIET_DAYS)) {
                Some(last) => last.push(day),
                None => told.push(vec![day]),
            }
        }
        let within = |day: &Date, truth: &Truth| (truth.from..=truth.to).contains(day);
        let right = |told: &&Vec<Date>| told.iter().any(|day| truths.iter().any(|truth| within(day, truth)));
        self.told += count(told.len());
        self.right += count(told.iter().filter(right).count());
        self.truths += count(truths.len());
        for truth in truths {
            if let Some(first) = told.iter().flatten().find(|day| within(day, truth)) {
                self.found += 1;
                self.delays.push(between(truth.from, *first));
            }
        }
    }

    /// What came of it.
    pub fn figures(&self) -> Figures {
        Figures {
            n: self.truths,
            told: self.told,
            precision: share(self.right, self.told),
            recall: share(self.found, self.truths),
            days_to_detect: median(self.delays.clone()),
            days_to_detect_p90: nine_in_ten(self.delays.clone()),
        }
    }
}

fn between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// To a hundredth of a per cent.
fn share(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| (f64::from(part) / f64::from(whole) * 10_000.0).round() / 10_000.0)
}

fn median(mut days: Vec<i32>) -> Option<f64> {
    days.sort_unstable();
    let upper = *days.get(days.len() / 2)?;
    let lower = if days.len().is_multiple_of(2) { days[days.len() / 2 - 1] } else { upper };
    Some(f64::from(lower + upper) / 2.0)
}

fn nine_in_ten(mut days: Vec<i32>) -> Option<f64> {
    days.sort_unstable();
    let within = (days.len() * 9).div_ceil(10).checked_sub(1)?;
    days.get(within).copied().map(f64::from)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use nightshift_cost::Day;

    use super::*;

    /// Told are the days of the month that are given, of a service about which
    /// one thing is worth telling from the 10th to the 12th.
    #[track_caller]
    fn check(told: &[i8], expect: [u32; 4], delays: &[i32]) {
        let first = date(2026, 3, 1);
        let days: Vec<Date> = first.series(1.day()).take(31).collect();
        let day = Day { spent: 1.into(), estimated: false, settled: true };
        let series = Series { key: vec!["s".into()], currency: "USD".into(), from: first, days: vec![day; 31] };
        let truth = Truth { service: "s".into(), from: date(2026, 3, 10), to: date(2026, 3, 12) };
        let mut tally = Tally::default();
        tally.add(&series, &[&truth], &days, |_, day| told.contains(&day.day()));
        assert_eq!([tally.truths, tally.found, tally.told, tally.right], expect);
        assert_eq!(tally.delays, delays);
    }

    #[test]
    fn what_is_told_is_right_within_the_days_that_are_worth_it() {
        check(&[], [1, 0, 0, 0], &[]);
        check(&[10], [1, 1, 1, 1], &[0]);
        check(&[12, 13], [1, 1, 1, 1], &[2]);
        check(&[9], [1, 0, 1, 0], &[]);
        check(&[2, 13], [1, 0, 2, 0], &[]);
    }

    #[test]
    fn days_one_after_the_other_are_told_once() {
        check(&[8, 9, 10, 11], [1, 1, 1, 1], &[0]);
        check(&[2, 5, 20, 24], [1, 0, 3, 0], &[]);
    }

    #[test]
    fn figures_of_nothing_are_none_and_no_zero() {
        let figures = Tally::default().figures();
        assert_eq!((figures.precision, figures.recall, figures.days_to_detect), (None, None, None));
        assert_eq!((median(vec![3, 0, 1]), median(vec![0, 1])), (Some(1.0), Some(0.5)));
        assert_eq!(nine_in_ten((1..=10).collect()), Some(9.0));
    }
}
