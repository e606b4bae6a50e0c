//! The costs of some days, for whoever asks at the command line.

use jiff::ToSpan as _;
use jiff::civil::Date;
use nightshift_core::cost::{GroupBy, Money};
use nightshift_core::fault::{Fault, FaultKind, Sight};
use nightshift_core::notice::Chart;
use nightshift_core::policy;
use nightshift_core::ports::{CostLedger, CostReads};
use nightshift_cost::{Episode, Series, episodes, last_settled, series};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::ask::Purse;
use crate::month::{Estimate, Month, estimate, month};
use crate::moves::{dates, floors, percent};
use crate::picture::stacked;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// So many settled days.
    pub days: u32,
    /// By what: a service, an account, or a tag.
    pub by: GroupBy,
    /// The day that costs call today.
    pub today: Date,
}

/// What some days have cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spending {
    /// It is a simulated account's.
    pub sample: bool,
    /// `service`, `account`, or the tag's key after `tag:`.
    pub by: String,
    /// The first day.
    pub from: Date,
    /// The last one: the last settled day.
    pub to: Date,
    /// All of it by currency, the dearest first.
    pub totals: Vec<Row>,
    /// What of it was spent on what, the dearest first.
    pub rows: Vec<Row>,
    /// Services that cost more than is usual in these days, if it is by service.
    pub movers: Vec<Episode>,
    /// The month so far, as it is charged.
    pub month: Option<Month>,
    /// What the month will have cost in the end.
    pub estimate: Option<Estimate>,
    /// The figures of the picture, up to yesterday.
    pub chart: Option<Chart>,
    /// What could not be read.
    pub unseen: Vec<Fault>,
    /// Questions that were paid for.
    pub requests: u32,
}

/// What was spent on one thing, without credits, refunds and tax.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// A service, a tag's value, an account; empty: without the tag, or all of it.
    pub name: String,
    /// How much.
    pub spent: Money,
    /// As many days before; `None`: there is no data of them.
    pub before: Option<Money>,
    /// The difference in per cent of that, to a tenth.
    pub percent: Option<Decimal>,
    /// Of all in the same currency, in per cent to a tenth.
    pub share: Option<Decimal>,
    /// Day by day.
    pub days: Vec<Decimal>,
}

/// Asks, and reports.
///
/// # Errors
/// If the days cannot be read, or a retry can cure what failed.
pub async fn spending<W: CostReads + CostLedger>(
    world: &W,
    wanted: &Wanted,
    policy: &policy::Costs,
) -> Result<Spending, Fault> {
    let mut purse = Purse::of_a_visitor(world, wanted.today, policy.most_requests);
    // Twice as many, to compare with, and those that are not settled.
    let back = i64::from(wanted.days).saturating_mul(2).saturating_add(5);
    let from = wanted.today.saturating_sub(back.days());
    let days = match purse.days_by(from, wanted.by.clone()).await? {
        Sight::Seen(days) => days,
        Sight::Unseen(fault) => return Err(fault),
    };
    let (charged, forecast) = (purse.charged().await?, purse.forecast().await?);
    let none = || Fault::new("ce:GetCostAndUsage", from.to_string(), FaultKind::NotFound, "no day is settled yet");
    let to = last_settled(&days.periods, wanted.today).ok_or_else(none)?;
    let by = [wanted.by.clone(), GroupBy::RecordType];
    let all = series(&by, &days, wanted.today);
    let first = to.saturating_sub((i64::from(wanted.days) - 1).days());
    let mut rows: Vec<Row> = all.iter().map(|series| row(series, first, to)).collect();
    let mut totals = totals(&rows);
    for row in &mut rows {
        let total = totals.iter().find(|total| total.spent.currency == row.spent.currency);
        row.share = total.and_then(|total| percent(row.spent.amount, total.spent.amount));
    }
    rows.retain(|row| !row.spent.amount.is_zero() || row.before.as_ref().is_some_and(|it| !it.amount.is_zero()));
    dearest_first(&mut rows);
    dearest_first(&mut totals);
    let currency = totals.first().map_or("", |total| total.spent.currency.as_str());
    let word = named(&wanted.by);
    let seen = |sight: &Sight<_>| Sight::fault(sight).cloned();
    Ok(Spending {
        sample: false,
        chart: stacked(&all, currency, (to, wanted.today), wanted.days.saturating_add(2), &word),
        movers: if wanted.by == GroupBy::Service { movers(&all, first, to, policy) } else { Vec::new() },
        month: charged.seen().and_then(|charged| month(charged, to, wanted.today)),
        estimate: charged.seen().zip(forecast.seen()).and_then(|(it, then)| estimate(it, then, wanted.today, None)),
        unseen: seen(&charged).into_iter().chain(forecast.fault().cloned()).collect(),
        requests: purse.spent,
        by: word,
        from: first,
        to,
        totals,
        rows,
    })
}

fn named(by: &GroupBy) -> String {
    match by {
        GroupBy::Service => "service".to_owned(),
        GroupBy::LinkedAccount => "account".to_owned(),
        GroupBy::Tag(key) => format!("tag:{key}"),
        GroupBy::UsageType => "usage type".to_owned(),
        GroupBy::RecordType => "kind of charge".to_owned(),
    }
}

fn row(series: &Series, from: Date, to: Date) -> Row {
    let days: Vec<Decimal> = dates(from, to.saturating_add(1.days()))
        .map(|date| series.on(date).map_or(Decimal::ZERO, |day| day.spent))
        .collect();
    let length = i64::try_from(days.len()).unwrap_or(0);
    let start = from.saturating_sub(length.days());
    let before = dates(start, from).map(|date| series.on(date).map(|day| day.spent));
    let before: Option<Decimal> = before.collect::<Option<Vec<_>>>().map(sum);
    let spent = sum(days.iter().copied());
    let money = |amount| Money::new(amount, series.currency.clone());
    Row {
        name: series.key.first().cloned().unwrap_or_default(),
        percent: before.and_then(|before| percent(spent.saturating_sub(before), before)),
        before: before.map(money),
        spent: money(spent),
        share: None,
        days,
    }
}

fn sum(amounts: impl IntoIterator<Item = Decimal>) -> Decimal {
    amounts.into_iter().fold(Decimal::ZERO, Decimal::saturating_add)
}

fn totals(rows: &[Row]) -> Vec<Row> {
    let mut currencies: Vec<&str> = rows.iter().map(|row| row.spent.currency.as_str()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    let total = |currency: &str| {
        let of: Vec<&Row> = rows.iter().filter(|row| row.spent.currency == currency).collect();
        let spent = sum(of.iter().map(|row| row.spent.amount));
        let before: Option<Vec<Decimal>> = of.iter().map(|row| row.before.as_ref().map(|it| it.amount)).collect();
        let before = before.map(sum);
        let length = of.iter().map(|row| row.days.len()).max().unwrap_or(0);
        Row {
            name: String::new(),
            percent: before.and_then(|before| percent(spent.saturating_sub(before), before)),
            before: before.map(|amount| Money::new(amount, currency)),
            spent: Money::new(spent, currency),
            share: None,
            days: (0..length).map(|day| sum(of.iter().filter_map(|row| row.days.get(day)).copied())).collect(),
        }
    };
    currencies.into_iter().map(total).collect()
}

fn dearest_first(rows: &mut [Row]) {
    rows.sort_by(|a, b| {
        b.spent
            .amount
            .cmp(&a.spent.amount)
            .then_with(|| (&a.spent.currency, &a.name).cmp(&(&b.spent.currency, &b.name)))
    });
}

fn movers(all: &[Series], from: Date, to: Date, policy: &policy::Costs) -> Vec<Episode> {
    let floors = floors(policy);
    let mut movers: Vec<Episode> = all.iter().flat_map(|series| episodes(series, from, to, &floors)).collect();
    movers.sort_by(|a, b| b.impact.amount.cmp(&a.impact.amount).then_with(|| a.first.key.cmp(&b.first.key)));
    movers
}
