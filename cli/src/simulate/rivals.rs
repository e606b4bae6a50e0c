//! The detectors that people write, given the same floor in money as ours: what
//! is compared is how they know a jump.

use jiff::civil::Date;
use nightshift_cost::{Floors, Series};
use rust_decimal::Decimal;

/// The days of a mean.
const WEEK: usize = 7;

/// 20 % more than the day before.
pub(super) fn yesterday(series: &Series, day: Date, floors: &Floors) -> bool {
    let Some([before, now]) = last(series, day) else { return false };
    now - before >= floors.money && now > before * Decimal::new(12, 1)
}

/// Three standard deviations above the mean of the seven days before.
pub(super) fn mean(series: &Series, day: Date, floors: &Floors) -> bool {
    let Some([week @ .., now]): Option<[Decimal; WEEK + 1]> = last(series, day) else { return false };
    let mean = week.iter().sum::<Decimal>() / Decimal::from(WEEK);
    let variance = week.iter().map(|spent| (spent - mean) * (spent - mean)).sum::<Decimal>() / Decimal::from(WEEK);
    let beyond = now - mean;
    beyond >= floors.money && beyond * beyond > Decimal::from(9) * variance
}

/// What was spent on the days that end with `day`.
fn last<const DAYS: usize>(series: &Series, day: Date) -> Option<[Decimal; DAYS]> {
    let end = series.index(day)? + 1;
    let days = series.days.get(end.checked_sub(DAYS)?..end)?;
    Some(std::array::from_fn(|index| days[index].spent))
}
