//! What a day usually costs, and how much that varies.
//!
//! The usual is the median of the same weekday over six weeks: it knows that
//! Sundays are cheap, and two of six days may be anomalies before it is wrong.
//! Of six it is the fourth, so that a new level is usual for all weekdays after
//! the same three weeks, and not told again in the fourth.
//! The spread is the median absolute deviation of *all* days of those weeks, each
//! from its own weekday's median: six days of one weekday are too few to tell. The
//! days that are the medians are left out, for they deviate by nothing.
//! On the first and the last day of a month, what the same day of earlier months
//! cost beyond its neighbours is usual too: a support plan, a hosted zone, a tax,
//! a domain, a month-end run.

use jiff::ToSpan as _;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::micros::{amount, median, micros};
use crate::series::Series;

/// The days before that are looked at.
pub(crate) const WINDOW: usize = 7 * 6;
/// With fewer days a weekday has no median worth the name.
pub const FEWEST_POINTS: usize = 14;
/// Of normally distributed values the standard deviation is so many
/// ten-thousandths of the median absolute deviation.
const OF_NORMAL: i128 = 14_826;
/// Weeks before and after an earlier turn of a month that its fees are told by.
const NEIGHBOURS: i32 = 3;
/// Earlier months that are looked at for fees.
const MONTHS: i32 = 3;

/// What a day of a series usually costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The median of its weekday, with what the turn of a month brings.
    pub usual: Decimal,
    /// By how much days vary: comparable to a standard deviation.
    pub spread: Decimal,
    /// What of the usual comes with the turn of a month.
    pub fee: Decimal,
    /// So many days were looked at.
    pub points: u32,
}

/// What `day` usually costs, by the settled days before it; `None`: since the
/// first spending there are fewer than [`FEWEST_POINTS`]. Neither that day nor
/// any later one has a say.
pub fn baseline(series: &Series, day: Date) -> Option<Baseline> {
    let seen = Seen::before(series, day)?;
    let Usual { usual, spread, fee } = seen.usual()?;
    let points = u32::try_from(seen.points()).unwrap_or(u32::MAX);
    Some(Baseline { usual: amount(usual), spread: amount(spread), fee: amount(fee), points })
}

/// A [`Baseline`] in millionths.
pub(crate) struct Usual {
    pub(crate) usual: i128,
    pub(crate) spread: i128,
    pub(crate) fee: i128,
}

/// The settled days before one, in millionths.
pub(crate) struct Seen<'a> {
    series: &'a Series,
    day: Date,
    index: usize,
    /// By how many days they lie before it, and what they cost; latest first.
    days: Vec<(usize, i128)>,
    /// Settled days before the first spending.
    pub(crate) silent: usize,
}

impl<'a> Seen<'a> {
    /// `None`: the series has no such day.
    pub(crate) fn before(series: &'a Series, day: Date) -> Option<Self> {
        let index = series.index(day)?;
        let ago = (1..=WINDOW.min(index)).map(|ago| (ago, &series.days[index - ago]));
        let settled = ago.filter(|(_, day)| day.settled).map(|(ago, day)| (ago, micros(day.spent)));
        let mut days: Vec<_> = settled.collect();
        let before = &series.days[..index.saturating_sub(WINDOW)];
        if before.iter().any(|day| !day.spent.is_zero()) {
            return Some(Self { series, day, index, days, silent: 0 });
        }
        let spent = days.iter().rposition(|(_, spent)| *spent != 0).map_or(0, |last| last + 1);
        let silent = days.len() - spent;
        days.truncate(spent);
        Some(Self { series, day, index, days, silent })
    }

    /// Settled days since the first spending.
    pub(crate) fn points(&self) -> usize {
        self.days.len()
    }

    /// The dearest of them.
    pub(crate) fn most(&self) -> i128 {
        self.days.iter().map(|(_, spent)| *spent).max().unwrap_or(0)
    }

    /// What the day usually costs; `None`: there are too few days.
    pub(crate) fn usual(&self) -> Option<Usual> {
        if self.points() < FEWEST_POINTS {
            return None;
        }
        let mut weekdays: [Vec<i128>; 7] = Default::default();
        self.days.iter().for_each(|(ago, spent)| weekdays[ago % 7].push(*spent));
        let mut away = Vec::with_capacity(self.points());
        let mut usual = None;
        for (weekday, mut spent) in weekdays.into_iter().enumerate() {
            let Some(middle) = take_middle(&mut spent) else { continue };
            away.extend(spent.iter().map(|spent| (spent - middle).abs()));
            if weekday == 0 {
                usual = Some(middle);
            }
        }
        // Days may be missing, but hardly all of one weekday.
        let usual = usual.or_else(|| median(self.days.iter().map(|(_, spent)| *spent).collect()))?;
        let spread = median(away)? * OF_NORMAL / 10_000;
        let fee = self.fee();
        Some(Usual { usual: usual + fee, spread, fee })
    }

    /// What the same turn of earlier months cost beyond its neighbours.
    fn fee(&self) -> i128 {
        let first = self.day.day() == 1;
        if !first && self.day != self.day.last_of_month() {
            return 0;
        }
        let earlier = (1..=MONTHS).filter_map(|months| {
            let month = self.day.first_of_month().checked_sub(months.months()).ok()?;
            self.beyond_neighbours(if first { month } else { month.last_of_month() })
        });
        earlier.max().unwrap_or(0).max(0)
    }

    /// What an earlier day cost beyond the same weekday of the weeks around it.
    fn beyond_neighbours(&self, date: Date) -> Option<i128> {
        let spent = self.settled(date)?;
        let weeks = (-NEIGHBOURS..=NEIGHBOURS).filter(|weeks| *weeks != 0);
        let around = weeks.filter_map(|weeks| self.settled(date.checked_add((weeks * 7).days()).ok()?));
        Some(spent - median(around.collect())?)
    }

    /// What was spent on an earlier, settled day.
    fn settled(&self, date: Date) -> Option<i128> {
        let index = self.series.index(date).filter(|index| *index < self.index)?;
        let day = self.series.days.get(index).filter(|day| day.settled)?;
        Some(micros(day.spent))
    }
}

/// Takes out the middle one; of an even number, the upper of the two.
fn take_middle(values: &mut Vec<i128>) -> Option<i128> {
    values.sort_unstable();
    (!values.is_empty()).then(|| values.remove(values.len() / 2))
}
