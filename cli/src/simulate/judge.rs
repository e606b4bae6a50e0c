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
}

impl Tally {
    /// Adds what was told of one service: the days that `tells`, one after the
    /// other, are one anomaly, for whoever tells them.
    pub(super) fn add(&mut self, series: &Series, truths: &[&Truth], days: &[Date], tells: impl Fn(&Series, Date) -> bool) {
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
