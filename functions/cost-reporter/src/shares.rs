//! Who spends it: shares of a month by tag or by account.

use nightshift_core::cost::{Costs, Money, Sums};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::moves::percent;

/// So many are named; a tag may have thousands of values.
const MOST: usize = 8;

/// Shares of one currency, without credits, refunds and tax.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shares {
    /// The dearest, with their part in per cent.
    pub named: Vec<Share>,
    /// What the others have in all, and how many they are.
    pub others: Option<(Money, usize)>,
    /// What has none: no tag.
    pub without: Option<Share>,
    /// All of it.
    pub total: Money,
}

/// One part of the whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    /// A tag's value, an account's number.
    pub name: String,
    /// How much.
    pub spent: Money,
    /// Of the whole, in per cent to a tenth.
    pub percent: Option<Decimal>,
}

/// Shares by the only key of `costs`, in `currency`. `None`: nothing was spent
/// in it.
pub fn shares(costs: &Costs, currency: &str) -> Option<Shares> {
    let mut by_name = std::collections::BTreeMap::<&str, Decimal>::new();
    for group in costs.periods.iter().flat_map(|period| &period.groups).filter(|it| it.spent.currency == currency) {
        let sum = by_name.entry(group.keys.first().map_or("", String::as_str)).or_default();
        *sum = sum.saturating_add(group.spent.amount);
    }
    let money = |amount: Decimal| Money::new(amount, currency);
    let all: Vec<Money> = by_name.values().map(|amount| money(*amount)).collect();
    let total = Sums::from_iter(&all).only()?;
    let share = |(name, amount): (&str, Decimal)| Share {
        name: name.to_owned(),
        percent: percent(amount, total.amount),
        spent: money(amount),
    };
    let without = by_name.remove_entry("").map(share);
    let mut named: Vec<Share> = by_name.into_iter().map(share).collect();
    named.sort_by(|a, b| b.spent.amount.cmp(&a.spent.amount).then_with(|| a.name.cmp(&b.name)));
    let rest = named.split_off(named.len().min(MOST));
    let others = rest.iter().map(|share| &share.spent).collect::<Sums>().only();
    Some(Shares { others: others.map(|money| (money, rest.len())), named, without, total })
}
