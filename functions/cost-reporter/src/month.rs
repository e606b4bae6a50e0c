//! The month: what it has cost so far, by kind of charge, and what it will have
//! cost in the end.

use jiff::ToSpan as _;
use jiff::civil::Date;
use nightshift_core::cost::{CostPeriod, Costs, Forecast, GroupBy, Money, Sums};
use nightshift_cost::{Charge, Split, last_settled, split};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::moves::percent;

/// The month of the last settled day, as it is charged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Month {
    /// Its first day.
    pub from: Date,
    /// Its last day with figures.
    pub to: Date,
    /// So many days at its end still change.
    pub provisional: u32,
    /// All of it.
    pub total: Sums,
    /// By kind: credits and refunds are below zero.
    pub split: Split,
    /// Its last settled day, what it had cost by then, and the month before by the
    /// same day.
    pub compared: Option<(Date, Sums, Sums)>,
}

/// How sure an [`Estimate`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// By AWS's forecast: eight times in ten it is in the interval.
    Forecast,
    /// AWS has too little to go by: if every day were as those so far.
    Rate,
}

/// What a month will have cost in the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The month's first day.
    pub month: Date,
    /// How it was made.
    pub by: By,
    /// Most likely.
    pub mean: Money,
    /// At least, and at most.
    pub interval: Option<(Money, Money)>,
    /// The budget of a month in dollars; `None` as well if it is another currency.
    pub budget: Option<Decimal>,
    /// The estimate in per cent of the budget.
    pub percent_of_budget: Option<Decimal>,
}

/// The month of `day`, from days as they are charged. `None`: they hold none of
/// it. Settled days are compared with settled days.
pub fn month(charged: &Costs, day: Date, today: Date) -> Option<Month> {
    let from = day.first_of_month();
    let of =
        |month: Date| charged.periods.iter().filter(move |it| it.from.first_of_month() == month && it.from < today);
    let to = of(from).map(|period| period.from).max()?;
    let settled = last_settled(&charged.periods, today).filter(|settled| *settled >= from);
    let provisional = of(from).filter(|period| settled.is_none_or(|settled| period.from > settled)).count();
    let split = split(&[GroupBy::RecordType], of(from))?;
    let last = from.saturating_sub(1.months());
    let compared = settled.map(|settled| {
        let now = of(from).filter(|period| period.from <= settled);
        let before = of(last).filter(|period| period.from.day() <= settled.day());
        (settled, sum(now), sum(before))
    });
    Some(Month {
        from,
        to,
        provisional: u32::try_from(provisional).unwrap_or(u32::MAX),
        total: split.total(),
        split,
        // A shorter month has no such days.
        compared: compared.filter(|(settled, ..)| settled.day() <= last.days_in_month()),
    })
}

fn sum<'a>(periods: impl Iterator<Item = &'a CostPeriod>) -> Sums {
    periods.flat_map(|period| period.groups.iter().map(|group| &group.spent)).collect()
}

/// What the month that AWS was asked about will have cost: its days before
/// today, and what is expected from today on. `None`: that cannot be said in
/// one currency.
pub fn estimate(charged: &Costs, forecast: &Forecast, today: Date, budget: Option<Decimal>) -> Option<Estimate> {
    let tomorrow = today.saturating_add(1.days());
    let month = tomorrow.first_of_month();
    let so_far = charged.periods.iter().filter(|it| it.from.first_of_month() == month && it.from < today);
    let (mean, interval, by) = match forecast {
        Forecast::Expected { mean, low, high } => {
            let mut sums = sum(so_far);
            sums.add(&Money::new(Decimal::ZERO, mean.currency.clone()));
            let so_far = sums.only()?;
            let with = |money: &Money| Money::new(money.amount.saturating_add(so_far.amount), money.currency.clone());
            (with(mean), Some((with(low), with(high))), By::Forecast)
        }
        Forecast::TooLittleData { .. } => (at_this_rate(charged, month, today)?, None, By::Rate),
    };
    // The budget is in dollars, as the stack's parameter says.
    let budget = budget.filter(|_| mean.currency == "USD");
    let percent_of_budget = budget.and_then(|budget| percent(mean.amount, budget));
    Some(Estimate { month, by, mean, interval, budget, percent_of_budget })
}

/// With fewer settled days a fee of the first one would count for all of them.
const FEWEST_DAYS: usize = 7;

/// If every day of the month were like its settled ones. `None`: there are too few.
fn at_this_rate(charged: &Costs, month: Date, today: Date) -> Option<Money> {
    let settled = last_settled(&charged.periods, today)?;
    let days: Vec<&CostPeriod> = charged.periods.iter().filter(|it| it.from >= month && it.from <= settled).collect();
    if days.len() < FEWEST_DAYS {
        return None;
    }
    let spent = sum(days.iter().copied()).only()?;
    let length = Decimal::from(month.days_in_month());
    let amount = spent.amount.checked_mul(length)?.checked_div(Decimal::from(days.len()))?;
    Some(Money::new(amount, spent.currency))
}

/// What people call a kind of charge.
pub fn named(charge: Charge) -> &'static str {
    match charge {
        Charge::Usage => "usage",
        Charge::Credit => "credits",
        Charge::Refund => "refunds",
        Charge::Tax => "tax",
        Charge::Support => "support",
        Charge::SavingsPlans => "Savings Plans",
        Charge::Other => "other charges",
    }
}
