//! Charges by their kind, complete to the last digit.

use nightshift_core::cost::{CostPeriod, GroupBy, Money, Sums};
use serde::{Deserialize, Serialize};

/// What a charge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charge {
    /// What ran, at its price; with what a reservation covers.
    Usage,
    /// What AWS gives: promotional and other credits. Negative.
    Credit,
    /// What AWS gives back. Negative.
    Refund,
    /// Value-added tax, sales tax, ….
    Tax,
    /// The support plan.
    Support,
    /// What Savings Plans cover, what they take off again, and their fees.
    SavingsPlans,
    /// Fees of reservations, discounts, and whatever AWS adds to the list.
    Other,
}

impl Charge {
    /// The kind of a record type, as Cost Explorer's dimension `RECORD_TYPE`
    /// spells it or as a report names it (`Support fee`). What is unknown is
    /// [`Charge::Other`]: it stays in the total.
    pub fn of(record_type: &str) -> Self {
        let letters = record_type.chars().filter(char::is_ascii_alphanumeric);
        let name: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
        match name.as_str() {
            "usage" | "discountedusage" => Self::Usage,
            "credit" => Self::Credit,
            "refund" => Self::Refund,
            "tax" => Self::Tax,
            "support" | "supportfee" => Self::Support,
            name if name.starts_with("savingsplan") => Self::SavingsPlans,
            _ => Self::Other,
        }
    }

    /// It says nothing about what runs: money that comes back, and tax, which
    /// follows the rest.
    pub fn is_beside_usage(self) -> bool {
        matches!(self, Self::Credit | Self::Refund | Self::Tax)
    }
}

/// What was charged, by kind and currency. The parts are the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// [`Charge::Usage`].
    pub usage: Sums,
    /// [`Charge::Credit`].
    pub credits: Sums,
    /// [`Charge::Refund`].
    pub refunds: Sums,
    /// [`Charge::Tax`].
    pub tax: Sums,
    /// [`Charge::Support`].
    pub support: Sums,
    /// [`Charge::SavingsPlans`].
    pub savings_plans: Sums,
    /// [`Charge::Other`].
    pub other: Sums,
}

impl Split {
    /// Adds a charge to its part.
    pub fn add(&mut self, charge: Charge, money: &Money) {
        let part = match charge {
            Charge::Usage => &mut self.usage,
            Charge::Credit => &mut self.credits,
            Charge::Refund => &mut self.refunds,
            Charge::Tax => &mut self.tax,
            Charge::Support => &mut self.support,
            Charge::SavingsPlans => &mut self.savings_plans,
            Charge::Other => &mut self.other,
        };
        part.add(money);
    }

    /// The parts with their kinds, in the order in which people read them.
    pub fn parts(&self) -> [(Charge, &Sums); 7] {
        [
            (Charge::Usage, &self.usage),
            (Charge::SavingsPlans, &self.savings_plans),
            (Charge::Support, &self.support),
            (Charge::Other, &self.other),
            (Charge::Tax, &self.tax),
            (Charge::Refund, &self.refunds),
            (Charge::Credit, &self.credits),
        ]
    }

    /// All of it: what an invoice says, if it was asked for unblended.
    pub fn total(&self) -> Sums {
        self.sum(|_| true)
    }

    /// All but what comes back and tax: what days are compared by.
    pub fn spent(&self) -> Sums {
        self.sum(|charge| !charge.is_beside_usage())
    }

    fn sum(&self, kept: impl Fn(Charge) -> bool) -> Sums {
        let mut sums = Sums::default();
        for (_, part) in self.parts().into_iter().filter(|(charge, _)| kept(*charge)) {
            for (currency, amount) in &part.0 {
                sums.add(&Money::new(*amount, currency.clone()));
            }
        }
        sums
    }
}

/// Splits the charges of some periods, grouped `by` what was asked. `None`: they
/// were not grouped by record type, and cannot be told apart.
pub fn split<'a>(by: &[GroupBy], periods: impl IntoIterator<Item = &'a CostPeriod>) -> Option<Split> {
    let place = by.iter().position(|by| *by == GroupBy::RecordType)?;
    let mut split = Split::default();
    for group in periods.into_iter().flat_map(|period| &period.groups) {
        split.add(group.keys.get(place).map_or(Charge::Other, |name| Charge::of(name)), &group.spent);
    }
    Some(split)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_types_are_known_by_either_spelling() {
        let cases = [
            ("Usage", Charge::Usage),
            ("DiscountedUsage", Charge::Usage),
            ("Credit", Charge::Credit),
            ("Refund", Charge::Refund),
            ("Tax", Charge::Tax),
            ("Support", Charge::Support),
            ("Support fee", Charge::Support),
            ("SavingsPlanCoveredUsage", Charge::SavingsPlans),
            ("SavingsPlanNegation", Charge::SavingsPlans),
            ("SavingsPlanRecurringFee", Charge::SavingsPlans),
            ("RIFee", Charge::Other),
            ("Enterprise Discount Program Discount", Charge::Other),
            ("Creditable", Charge::Other),
            ("", Charge::Other),
        ];
        for (name, charge) in cases {
            assert_eq!(Charge::of(name), charge, "{name}");
        }
    }

    #[test]
    fn without_record_types_nothing_is_split() {
        assert_eq!(split(&[GroupBy::Service], &[]), None);
    }
}
