//! Spending by day, and which days are settled.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use nightshift_core::cost::{CostPeriod, Costs, GroupBy};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::split::Charge;

/// So many days are never settled, whatever AWS says of them: today, which is
/// not over, and the day before, whose usage still comes in.
const UNSETTLED_DAYS: i32 = 2;
/// An estimated day of this age is settled all the same: usage is in after one
/// to three days, and AWS may keep the flag until the month's bill is closed.
const SETTLED_BY_AGE: i32 = 4;

/// What one key spent, day by day without a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// A service's name, a tag's value, an account's number; two, if days were
    /// grouped by two; none: the whole account.
    pub key: Vec<String>,
    /// The currency of all its amounts: a key that spends in two has two series.
    pub currency: String,
    /// The first day.
    pub from: Date,
    /// The days from the first on.
    pub days: Vec<Day>,
}

/// A day of a [`Series`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Without credits, refunds and tax, if charges were told apart by record type.
    pub spent: Decimal,
    /// AWS still calls it an estimate.
    pub estimated: bool,
    /// It will not change by so much that it matters: days are compared.
    pub settled: bool,
}

impl Series {
    /// Where `date` is in [`Series::days`].
    pub fn index(&self, date: Date) -> Option<usize> {
        let index = usize::try_from(days_between(self.from, date)).ok()?;
        (index < self.days.len()).then_some(index)
    }

    /// That day.
    pub fn on(&self, date: Date) -> Option<&Day> {
        self.days.get(self.index(date)?)
    }

    /// The date of the day at `index`.
    pub fn date(&self, index: usize) -> Date {
        self.from.saturating_add(i32::try_from(index).unwrap_or(i32::MAX).days())
    }
}

/// Days from `from` to `to`; negative if it is before.
pub(crate) fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(-1, |span| span.get_days())
}

/// If what was spent on `date` can be relied on, `today`.
fn settled(date: Date, estimated: bool, today: Date) -> bool {
    days_between(date, today) >= if estimated { SETTLED_BY_AGE } else { UNSETTLED_DAYS }
}

/// The last settled day of an answer in days; `None`: there is none yet.
pub fn last_settled(periods: &[CostPeriod], today: Date) -> Option<Date> {
    periods.iter().filter(|period| settled(period.from, period.estimated, today)).map(|period| period.from).max()
}

/// The daily series of an answer that was grouped `by` what was asked, by key and
/// currency. A key that is absent on a day spent nothing; if one grouping is by
/// record type, it keeps credits, refunds and tax out and is no part of the key.
pub fn series(by: &[GroupBy], costs: &Costs, today: Date) -> Vec<Series> {
    let Some(from) = costs.periods.iter().map(|period| period.from).min() else { return vec![] };
    let to = costs.periods.iter().map(|period| period.from).max().unwrap_or(from);
    let length = usize::try_from(days_between(from, to)).unwrap_or_default() + 1;
    let record_type = by.iter().position(|by| *by == GroupBy::RecordType);
    // A day that the answer lacks is no day of zero: it is not settled.
    let mut days = vec![Day { spent: Decimal::ZERO, estimated: true, settled: false }; length];
    for period in &costs.periods {
        if let Some(day) = usize::try_from(days_between(from, period.from)).ok().and_then(|index| days.get_mut(index)) {
            day.estimated = period.estimated;
            day.settled = settled(period.from, period.estimated, today);
        }
    }
    let mut all: BTreeMap<(Vec<String>, String), Vec<Day>> = BTreeMap::new();
    for period in &costs.periods {
        let index = usize::try_from(days_between(from, period.from)).unwrap_or_default();
        for group in &period.groups {
            let mut key = group.keys.clone();
            let kind = record_type.filter(|place| *place < key.len()).map(|place| Charge::of(&key.remove(place)));
            if kind.is_some_and(Charge::is_beside_usage) {
                continue;
            }
            let spent = all.entry((key, group.spent.currency.clone())).or_insert_with(|| days.clone());
            if let Some(day) = spent.get_mut(index) {
                day.spent = day.spent.saturating_add(group.spent.amount);
            }
        }
    }
    all.into_iter().map(|((key, currency), days)| Series { key, currency, from, days }).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use nightshift_core::cost::{CostGroup, Money};

    use super::*;

    fn group(keys: &[&str], amount: &str, currency: &str) -> CostGroup {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        CostGroup { keys, spent: Money::new(amount.parse().unwrap(), currency) }
    }

    fn period(day: i8, estimated: bool, groups: Vec<CostGroup>) -> CostPeriod {
        CostPeriod { from: date(2026, 11, day), estimated, groups }
    }

    fn spent(series: &Series) -> Vec<String> {
        series.days.iter().map(|day| day.spent.to_string()).collect()
    }

    #[test]
    fn absent_is_zero_and_currencies_are_apart() {
        let periods = vec![
            period(1, false, vec![group(&["ECS"], "1.5", "USD")]),
            period(2, false, vec![]),
            period(3, false, vec![group(&["ECS"], "2", "USD"), group(&["ECS"], "9", "EUR")]),
        ];
        let all = series(&[GroupBy::Service], &Costs { periods, requests: 1 }, date(2026, 11, 20));
        let shown: Vec<_> = all.iter().map(|series| (series.currency.as_str(), spent(series))).collect();
        let zeros = |days: [&str; 3]| days.map(ToOwned::to_owned).to_vec();
        assert_eq!(shown, [("EUR", zeros(["0", "0", "9"])), ("USD", zeros(["1.5", "0", "2"]))]);
    }

    #[test]
    fn credits_refunds_and_tax_are_kept_out_where_they_can_be_told() {
        let groups = [("Usage", "10"), ("Credit", "-8"), ("Refund", "-1"), ("Tax", "2"), ("Support", "3")];
        let groups = groups.map(|(kind, amount)| group(&["ECS", kind], amount, "USD")).to_vec();
        let costs = Costs { periods: vec![period(1, false, groups)], requests: 1 };
        let all = series(&[GroupBy::Service, GroupBy::RecordType], &costs, date(2026, 11, 20));
        assert_eq!((all.len(), all[0].key.clone(), spent(&all[0])), (1, vec!["ECS".to_owned()], vec!["13".to_owned()]));
    }

    #[test]
    fn the_last_two_days_are_never_settled_and_an_estimate_settles_by_age() {
        let today = date(2026, 11, 10);
        let last = |estimated: &[i8]| {
            let periods: Vec<_> = (1..=10).map(|day| period(day, estimated.contains(&day), vec![])).collect();
            last_settled(&periods, today).map(|day| day.day())
        };
        assert_eq!(last(&[]), Some(8));
        assert_eq!(last(&[8, 9, 10]), Some(7));
        assert_eq!(last(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), Some(6), "the bill of the month is open");
        assert_eq!(last_settled(&[period(9, false, vec![])], today), None);
        assert_eq!(last_settled(&[], today), None);
    }

    #[test]
    fn a_day_that_the_answer_lacks_is_not_settled() {
        let one = |day| period(day, false, vec![group(&["ECS"], "1", "USD")]);
        let costs = Costs { periods: vec![one(1), one(3)], requests: 1 };
        let all = series(&[GroupBy::Service], &costs, date(2026, 11, 20));
        assert_eq!(all[0].days.iter().map(|day| day.settled).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn a_leap_day_is_a_day() {
        let series = Series { key: vec![], currency: "USD".into(), from: date(2028, 2, 28), days: vec![] };
        assert_eq!((series.date(1), series.date(2)), (date(2028, 2, 29), date(2028, 3, 1)));
    }
}
