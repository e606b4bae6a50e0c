//! An anomaly that lasts is one: it opens, it grows, it is over.

use jiff::civil::Date;
use nightshift_core::cost::Money;
use serde::{Deserialize, Serialize};

use crate::detect::{Floors, Mover, detect};
use crate::series::{Series, days_between};

/// With so many days without a finding it is over. A week-end is not enough: what
/// leaks with the load of working days would be told anew each Monday.
pub const QUIET_DAYS: i32 = 3;

/// Days of one key that cost more than is usual, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// Its first finding: with the key, what names it.
    pub first: Mover,
    /// Its finding with the largest difference; the first of equals.
    pub peak: Mover,
    /// The day of its last finding so far.
    pub last: Date,
    /// So many days had a finding.
    pub days: u32,
    /// Spent beyond what is usual, in all.
    pub impact: Money,
    /// What became of it.
    pub phase: Phase,
}

/// Where an [`Episode`] stands on the last day that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// That day is its first.
    Opened,
    /// That day had a finding again: its impact grew.
    Grows,
    /// No finding that day, but not for long enough to be over.
    Rests,
    /// No finding for [`QUIET_DAYS`], or what it costs has become usual.
    Over,
}

impl Episode {
    fn open(mover: Mover) -> Self {
        let (last, impact) = (mover.day, mover.beyond.clone());
        Self { peak: mover.clone(), first: mover, last, days: 1, impact, phase: Phase::Opened }
    }

    fn grow(&mut self, mover: Mover) {
        self.last = mover.day;
        self.days += 1;
        self.impact.amount = self.impact.amount.saturating_add(mover.beyond.amount);
        if mover.beyond.amount > self.peak.beyond.amount {
            self.peak = mover;
        }
    }

    fn phase_on(&self, day: Date) -> Phase {
        match days_between(self.last, day) {
            0 if self.first.day == day => Phase::Opened,
            0 => Phase::Grows,
            quiet if quiet < QUIET_DAYS => Phase::Rests,
            _ => Phase::Over,
        }
    }
}

/// The anomalies of a series from one day to another, both included, oldest
/// first. Days that are not settled are not looked at: `to` is best the last that
/// is.
pub fn episodes(series: &Series, from: Date, to: Date, floors: &Floors) -> Vec<Episode> {
    let mut all: Vec<Episode> = Vec::new();
    let days = (0..series.days.len()).map(|index| series.date(index)).filter(|day| (from..=to).contains(day));
    for mover in days.filter_map(|day| detect(series, day, floors)) {
        match all.last_mut().filter(|open| days_between(open.last, mover.day) <= QUIET_DAYS) {
            Some(open) => open.grow(mover),
            None => all.push(Episode::open(mover)),
        }
    }
    all.iter_mut().for_each(|episode| episode.phase = episode.phase_on(to));
    all
}
