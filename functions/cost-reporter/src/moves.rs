//! What moved: the last settled day against what is usual, and which services
//! it was. Pure rules over days by service and kind of charge.

use jiff::ToSpan as _;
use jiff::civil::Date;
use nightshift_core::cost::{CostGroup, CostPeriod, Costs, GroupBy, Money};
use nightshift_core::policy;
use nightshift_cost::{Episode, Floors, MOST_MOVERS, Series, baseline, episodes, last_settled, series};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::event::Kind;

/// The usual of a day is the median of the same weekday over so many weeks.
const WEEKS: i64 = 4;
/// With fewer of them there is no usual.
const FEWEST: usize = 2;
/// Days of a series that anomalies are looked for in.
const LOOKED_AT: i64 = 28;
/// The total moved if it is off by so many spreads; its days vary less than
/// those of one service, whose floor is higher.
const SPREADS: i64 = 3;
/// What goes on is told again once it has cost so many times its first day, and
/// so many times that: after four days, and after sixteen.
const AGAIN_AT: i64 = 4;

/// What was spent in a currency, on a day or in a week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Total {
    /// Without credits, refunds and tax.
    pub spent: Money,
    /// What is usual; of a week, what the week before cost. `None`: too few days.
    pub usual: Option<Money>,
    /// The difference.
    pub change: Option<Money>,
    /// The difference in per cent, to a tenth; `None`: nothing is usual.
    pub percent: Option<Decimal>,
    /// It is beyond the floors, and more than chance.
    pub moved: bool,
    /// It moved, and had not when that was told last.
    pub news: bool,
}

/// What moved, as far as days by service tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moves {
    /// The last settled day.
    pub day: Date,
    /// The first day that the report is about.
    pub from: Date,
    /// By currency, the dearest first.
    pub totals: Vec<Total>,
    /// Days that were settled since the last report, without the last one, with
    /// what was spent on each, by currency.
    pub also: Vec<(Date, Vec<Total>)>,
    /// Services that cost more than is usual and of which that is news, the
    /// largest difference first.
    pub movers: Vec<Episode>,
    /// Movers that are not named.
    pub more: usize,
    /// Days after the last settled one, up to yesterday: what is known of them so far.
    pub provisional: Vec<(Date, Vec<Money>)>,
    /// Days in all, by currency.
    #[serde(skip)]
    pub total: Vec<Series>,
    /// Days by service and currency.
    #[serde(skip)]
    pub services: Vec<Series>,
}

impl Moves {
    /// Nothing moved by more than the floors that was not told before.
    pub fn quiet(&self) -> bool {
        self.movers.is_empty() && self.totals.iter().all(|total| !total.news)
    }

    /// The currency that most was spent in.
    pub fn currency(&self) -> Option<&str> {
        self.totals.first().map(|total| total.spent.currency.as_str())
    }
}

/// What moved by `today`. `told`: the day up to which that was told before.
/// `None`: no day is settled, or nothing is new since.
pub fn moves(days: &Costs, kind: Kind, today: Date, told: Option<Date>, policy: &policy::Costs) -> Option<Moves> {
    let by = [GroupBy::Service, GroupBy::RecordType];
    let day = last_settled(&days.periods, today)?;
    if kind == Kind::Daily && told.is_some_and(|told| told >= day) {
        return None;
    }
    let services = series(&by, days, today);
    let total = series(&[GroupBy::RecordType], &without_services(days), today);
    let before = |days: i64| day.saturating_sub(days.days());
    let told = match kind {
        Kind::Daily => told.unwrap_or_else(|| before(1)),
        Kind::Weekly => before(7),
    };
    let from = match kind {
        Kind::Daily => day,
        Kind::Weekly => before(6),
    };
    let floors = floors(policy);
    let news = |series: &Series| match kind {
        Kind::Daily => new(series, told, day, &floors),
        Kind::Weekly => {
            episodes(series, before(LOOKED_AT), day, &floors).into_iter().filter(|it| it.last >= from).collect()
        }
    };
    let mut movers: Vec<Episode> = services.iter().flat_map(news).collect();
    movers.sort_by(|a, b| b.impact.amount.cmp(&a.impact.amount).then_with(|| a.first.key.cmp(&b.first.key)));
    let more = movers.len().saturating_sub(MOST_MOVERS);
    movers.truncate(MOST_MOVERS);
    let mut totals: Vec<Total> = total
        .iter()
        .map(|series| match kind {
            Kind::Daily => {
                let before = of_day(series, told, policy);
                // Of days that were settled in between, each may be news.
                let news = days_between(told, day).any(|day| is_news(&of_day(series, day, policy), &before));
                Total { news, ..of_day(series, day, policy) }
            }
            Kind::Weekly => of_week(series, day),
        })
        .collect();
    totals.sort_by(|a, b| b.spent.amount.cmp(&a.spent.amount).then_with(|| a.spent.currency.cmp(&b.spent.currency)));
    let between = |from: Date, to: Date| -> Vec<(Date, Vec<Money>)> {
        dates(from, to).map(|date| (date, spent_on(&total, date))).collect()
    };
    let of_all = |date: Date| total.iter().map(|series| of_day(series, date, policy)).collect();
    let also = match kind {
        Kind::Daily => days_between(told, day).filter(|date| *date < day).map(|date| (date, of_all(date))).collect(),
        Kind::Weekly => Vec::new(),
    };
    let provisional = between(after(day), today);
    Some(Moves { day, from, totals, also, movers, more, provisional, total, services })
}

fn after(date: Date) -> Date {
    date.saturating_add(1.days())
}

/// The days after one up to another.
fn days_between(from: Date, to: Date) -> impl Iterator<Item = Date> {
    dates(after(from), after(to))
}

/// The days from one on, up to the day before another.
pub(crate) fn dates(from: Date, to: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(from), |date| Some(after(*date))).take_while(move |date| *date < to)
}

/// The floors of a service, as the policy sets them.
pub fn floors(policy: &policy::Costs) -> Floors {
    Floors {
        money: policy.mover_floor.into(),
        percent: policy.mover_percent,
        new_spend: policy.new_floor.into(),
        ..Floors::default()
    }
}

/// Anomalies that began after `told`, or have cost many times as much since.
fn new(series: &Series, told: Date, day: Date, floors: &Floors) -> Vec<Episode> {
    let from = day.saturating_sub(LOOKED_AT.days());
    let known = episodes(series, from, told, floors);
    let is_news = |now: &Episode| {
        let before = known.iter().find(|before| before.first.day == now.first.day);
        before.is_none_or(|before| worth(now) > worth(before))
    };
    episodes(series, from, day, floors).into_iter().filter(|it| it.last > told).filter(is_news).collect()
}

/// How often it was worth telling by what it has cost.
fn worth(episode: &Episode) -> u32 {
    let first = episode.first.beyond.amount;
    let steps = std::iter::successors(Some(first), |step| step.checked_mul(AGAIN_AT.into()));
    let told = steps.skip(1).take(64).take_while(|step| first > Decimal::ZERO && *step <= episode.impact.amount);
    u32::try_from(told.count()).unwrap_or(u32::MAX)
}

/// The same days with all services as one.
fn without_services(days: &Costs) -> Costs {
    let alone = |group: &CostGroup| CostGroup { keys: group.keys.iter().skip(1).cloned().collect(), ..group.clone() };
    let period =
        |period: &CostPeriod| CostPeriod { groups: period.groups.iter().map(alone).collect(), ..period.clone() };
    Costs { periods: days.periods.iter().map(period).collect(), requests: days.requests }
}

fn spent_on(total: &[Series], date: Date) -> Vec<Money> {
    let on = |series: &Series| series.on(date).map(|day| Money::new(day.spent, series.currency.clone()));
    total.iter().filter_map(on).filter(|money| !money.amount.is_zero()).collect()
}

fn of_day(series: &Series, day: Date, policy: &policy::Costs) -> Total {
    let spent = series.on(day).map_or(Decimal::ZERO, |day| day.spent);
    let known = baseline(series, day);
    // What the turn of a month brings each time is usual too.
    let fee = known.as_ref().map_or(Decimal::ZERO, |it| it.fee);
    let usual = usual(series, day).map(|usual| usual.saturating_add(fee));
    let moved = usual.is_some_and(|usual| {
        let off = spent.saturating_sub(usual).abs();
        let share = usual.abs().saturating_mul(policy.floor_percent.into()) / Decimal::ONE_HUNDRED;
        let chance = known.map_or(Decimal::ZERO, |it| it.spread.saturating_mul(SPREADS.into()));
        off >= policy.floor.into() && off >= share && off > chance
    });
    total(series, spent, usual, moved)
}

/// It moved, and that is not what was told of the day before: to the other side,
/// or by much more.
fn is_news(now: &Total, before: &Total) -> bool {
    let change = |total: &Total| total.change.as_ref().map_or(Decimal::ZERO, |change| change.amount);
    let (now_by, by) = (change(now), change(before));
    let other_side = now_by.is_sign_negative() != by.is_sign_negative();
    now.moved && (!before.moved || other_side || now_by.abs() >= by.abs().saturating_mul(AGAIN_AT.into()))
}

/// The median of the same weekday over the weeks before, of the settled ones.
fn usual(series: &Series, day: Date) -> Option<Decimal> {
    let week = |weeks: i64| series.on(day.saturating_sub((7 * weeks).days())).filter(|day| day.settled);
    let mut same: Vec<Decimal> = (1..=WEEKS).filter_map(week).map(|day| day.spent).collect();
    same.sort();
    if same.len() < FEWEST {
        return None;
    }
    let (lower, upper) = (same[(same.len() - 1) / 2], same[same.len() / 2]);
    Some(lower.saturating_add(upper) / Decimal::TWO)
}

fn of_week(series: &Series, day: Date) -> Total {
    let sum = |to: Date| -> Option<Decimal> {
        let days = (0..7_i64).map(|ago| series.on(to.saturating_sub(ago.days())).map(|day| day.spent));
        days.collect::<Option<Vec<Decimal>>>().map(|days| days.into_iter().fold(Decimal::ZERO, Decimal::saturating_add))
    };
    total(series, sum(day).unwrap_or_default(), sum(day.saturating_sub(7.days())), false)
}

fn total(series: &Series, spent: Decimal, usual: Option<Decimal>, moved: bool) -> Total {
    let money = |amount| Money::new(amount, series.currency.clone());
    let change = usual.map(|usual| spent.saturating_sub(usual));
    let percent = usual.zip(change).and_then(|(usual, change)| percent(change, usual));
    Total { spent: money(spent), usual: usual.map(money), change: change.map(money), percent, moved, news: false }
}

/// A part in per cent of a whole, to a tenth; `None`: the whole is nothing.
pub fn percent(part: Decimal, whole: Decimal) -> Option<Decimal> {
    let share = part.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(whole)?;
    Some(share.round_dp(1))
}
