//! What moved: a day that cost more than is usual, by enough to tell somebody.
//!
//! A day is told if it is beyond what is usual by the floor in money, by the
//! floor in per cent, *and* by more than the series varies by itself. Falling
//! costs are no anomaly. A key that spends for the first time is told above a
//! floor of its own, and compared with nothing for its first two weeks.

use jiff::civil::Date;
use nightshift_core::cost::Money;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::baseline::{Seen, Usual};
use crate::micros::{amount, micros, percent_of};
use crate::series::Series;

/// As many movers as people read.
pub const MOST_MOVERS: usize = 5;
/// So many spreads above the usual are no chance, in tenths. Textbooks take 3.5,
/// but the tails of costs are heavy: on simulated years that tells one thing in
/// four for nothing, and this one in five, while two more in a hundred are missed.
const SPREADS_TENTHS: i128 = 45;
/// Days without spending after which a first one is new, and not the beginning
/// of what can be seen.
const SILENT_BEFORE_NEW: usize = 7;

/// What is worth telling, per day and in the currency of the series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Floors {
    /// A rise is at least so much.
    pub money: Decimal,
    /// A rise is at least so many per cent of what is usual.
    pub percent: u32,
    /// What spends for the first time spends at least so much.
    pub new_spend: Decimal,
    /// With too few days to know what is usual: at least so much above the
    /// dearest of them.
    pub alone: Decimal,
}

impl Default for Floors {
    /// 20 a day and 35 per cent; 20 of something new; 100 of something unknown.
    fn default() -> Self {
        Self { money: Decimal::from(20), percent: 35, new_spend: Decimal::from(20), alone: Decimal::from(100) }
    }
}

/// Why a day is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is beyond what is usual.
    Jump,
    /// Nothing was spent on it before.
    NewSpend,
    /// Too little is known, but it is a lot.
    Alone,
}

/// A day of a key that cost more than is usual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mover {
    /// Whose day; as in [`Series::key`].
    pub key: Vec<String>,
    /// The day.
    pub day: Date,
    /// Why it is told.
    pub kind: Kind,
    /// What was spent on it.
    pub spent: Money,
    /// What is usual; with [`Kind::Alone`], the dearest day so far.
    pub usual: Money,
    /// The difference.
    pub beyond: Money,
    /// The difference in per cent of what is usual; `None`: nothing is.
    pub percent: Option<Decimal>,
    /// The difference in spreads of the series, to a tenth; `None`: none is known,
    /// or its days do not vary.
    pub score: Option<Decimal>,
}

/// If `day` is worth telling, by the settled days before it. `None` as well if
/// that day is not settled, or not in the series.
pub fn detect(series: &Series, day: Date, floors: &Floors) -> Option<Mover> {
    let spent = series.on(day).filter(|day| day.settled)?.spent;
    let now = micros(spent);
    let seen = Seen::before(series, day)?;
    let tell = |kind, usual: i128, spread: Option<i128>| {
        let money = |amount| Money::new(amount, series.currency.clone());
        let share = |of: i128, scale: i128| ((now - usual) * scale).checked_div(of);
        Mover {
            key: series.key.clone(),
            day,
            kind,
            spent: money(spent),
            usual: money(amount(usual)),
            beyond: money(spent.saturating_sub(amount(usual))),
            percent: share(usual.max(0), 1000).map(|tenths| amount(tenths * 100_000)),
            score: spread.and_then(|spread| share(spread, 10)).map(|tenths| amount(tenths * 100_000)),
        }
    };
    if let Some(known) = seen.usual() {
        let jump = is_a_jump(now - known.usual, &known, floors);
        return jump.then(|| tell(Kind::Jump, known.usual, Some(known.spread)));
    }
    if seen.silent >= SILENT_BEFORE_NEW {
        return (now > 0 && now >= micros(floors.new_spend)).then(|| tell(Kind::NewSpend, 0, None));
    }
    let most = seen.most();
    let alone = seen.points() > 0 && now > most && now - most >= micros(floors.alone);
    alone.then(|| tell(Kind::Alone, most, None))
}

/// Beyond the floors, beyond what the series varies by, and not a fee that is
/// up: a support plan's follows the bill of the month before, whose costs were
/// told when they rose.
fn is_a_jump(beyond: i128, known: &Usual, floors: &Floors) -> bool {
    beyond > 0
        && beyond >= micros(floors.money)
        && beyond >= percent_of(known.usual, floors.percent)
        && beyond * 10 > known.spread * SPREADS_TENTHS
        && beyond > known.fee
}

/// What moved on `day`: the largest differences first, [`MOST_MOVERS`] at most.
pub fn movers<'a>(all: impl IntoIterator<Item = &'a Series>, day: Date, floors: &Floors) -> Vec<Mover> {
    let mut movers: Vec<Mover> = all.into_iter().filter_map(|series| detect(series, day, floors)).collect();
    // Two amounts that are equal are told in the order of their names.
    movers.sort_by(|a, b| {
        b.beyond.amount.cmp(&a.beyond.amount).then_with(|| (&a.key, &a.beyond).cmp(&(&b.key, &b.beyond)))
    });
    movers.truncate(MOST_MOVERS);
    movers
}
