//! What the account costs: money, what was spent on what, what AWS expects and
//! what it finds strange.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::notice::Notice;

/// An amount in a currency. Never a float: cents must add up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// As AWS says it, to the last digit.
    #[schemars(with = "String")]
    pub amount: Decimal,
    /// `USD`, or whatever the account is billed in.
    pub currency: String,
}

impl Money {
    /// An amount in that currency.
    pub fn new(amount: Decimal, currency: impl Into<String>) -> Self {
        Self { amount, currency: currency.into() }
    }
}

/// An amount as AWS writes it, plain or with an exponent. What is less than 28
/// digits can tell is nothing; `None`: it is no amount.
pub fn amount(text: &str) -> Option<Decimal> {
    let plain = text.parse().ok();
    plain.or_else(|| {
        let (_, exponent) = text.split_once(['e', 'E'])?;
        match exponent.parse::<i64>() {
            Ok(exponent) if exponent < -28 => Some(Decimal::ZERO),
            _ => Decimal::from_scientific_lossy(text).ok(),
        }
    })
}

impl fmt::Display for Money {
    /// `12.30 USD`: to the cent, rounded half to even as banks do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} {}", self.amount.round_dp(2), self.currency)
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CostMetric {
    /// As it is charged: what an invoice says.
    Unblended,
    /// With what was paid in advance spread over the days it is for: what days
    /// can be compared by.
    Amortized,
}

/// The length of one period of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// A day, by UTC.
    Daily,
    /// A calendar month.
    Monthly,
}

/// What costs are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GroupBy {
    /// `Amazon Elastic Container Service`, ….
    Service,
    /// `EU-Fargate-vCPU-Hours:perCPU`, ….
    UsageType,
    /// Twelve digits.
    LinkedAccount,
    /// `Usage`, `Credit`, `Refund`, `Tax`, ….
    RecordType,
    /// The value of a cost allocation tag; empty: without it.
    Tag(String),
}

/// A question to Cost Explorer. Each page of an answer costs a cent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct CostQuery {
    /// The first day.
    pub from: Date,
    /// The day after the last one.
    pub to: Date,
    /// Days or months.
    pub granularity: Granularity,
    /// What is measured.
    pub metric: CostMetric,
    /// At most two.
    pub by: Vec<GroupBy>,
    /// Of these services alone; none: of all.
    pub services: Vec<String>,
    /// Without charges of these record types.
    pub without: Vec<String>,
}

/// What was spent in one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CostPeriod {
    /// Its first day.
    pub from: Date,
    /// AWS still changes it.
    pub estimated: bool,
    /// By the keys of its groups, in the order of the question; without a
    /// grouping, one without keys. A group that is not there spent nothing.
    pub groups: Vec<CostGroup>,
}

/// What one group spent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CostGroup {
    /// A service's name, a tag's value, …; without a tag: empty.
    pub keys: Vec<String>,
    /// How much; credits and refunds are negative.
    pub spent: Money,
}

/// Answer to a [`CostQuery`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Costs {
    /// Period by period, oldest first; all that were asked for.
    pub periods: Vec<CostPeriod>,
    /// Requests that it took: each is paid for.
    pub requests: u32,
}

/// What AWS expects to be spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "forecast", rename_all = "kebab-case")]
pub enum Forecast {
    /// From today to the end of the month; on its last day, of the next month.
    Expected {
        /// Most likely.
        mean: Money,
        /// Eight times in ten it is at least this, …
        low: Money,
        /// … and at most this.
        high: Money,
    },
    /// AWS has too little to go by.
    TooLittleData {
        /// Its words.
        says: String,
    },
}

/// One cause of a cost anomaly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RootCause {
    /// The service.
    pub service: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The account, by its number.
    pub account: Option<String>,
    /// The account, by its name.
    pub account_name: Option<String>,
    /// The usage type.
    pub usage_type: Option<String>,
    /// How much of the impact is its, where AWS says.
    #[schemars(with = "Option<String>")]
    pub contribution: Option<Decimal>,
}

/// What AWS Cost Anomaly Detection found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CostAnomaly {
    /// The same while it grows.
    pub id: String,
    /// Its first day.
    pub from: Option<Date>,
    /// Its last day; it may go on.
    pub to: Option<Date>,
    /// What it is about: a service, an account, a tag's value.
    pub about: Option<String>,
    /// Spent beyond what was expected, in all.
    #[schemars(with = "String")]
    pub impact: Decimal,
    /// Spent.
    #[schemars(with = "Option<String>")]
    pub actual: Option<Decimal>,
    /// Expected.
    #[schemars(with = "Option<String>")]
    pub expected: Option<Decimal>,
    /// What it comes from; may be empty.
    pub causes: Vec<RootCause>,
    /// `https://…`, where AWS gives one.
    pub link: Option<String>,
    /// The monitor that found it.
    pub monitor: Option<String>,
}

/// What people were told about one matter of costs: the daily reports, or one
/// anomaly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CostTold {
    /// The number of the last notice; 0: there was none.
    pub sequence: u32,
    /// When the first one was made.
    pub since: Option<Timestamp>,
    /// When what was told last happened; what is older comes too late.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Days up to this one were reported on.
    pub day: Option<Date>,
    /// An anomaly's impact, as it was told last.
    #[schemars(with = "String")]
    pub impact: Decimal,
    /// Decided, and not known to be published.
    pub unpublished: Option<Notice>,
}

/// Sums by currency, so that no two currencies are ever added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sums(#[schemars(with = "BTreeMap<String, String>")] pub BTreeMap<String, Decimal>);

impl Sums {
    /// Adds an amount to those of its currency.
    pub fn add(&mut self, money: &Money) {
        let sum = self.0.entry(money.currency.clone()).or_default();
        // What is beyond 28 digits is no amount of money, and no reason to die.
        *sum = sum.saturating_add(money.amount);
    }

    /// The sum, where all of it is in one currency; `None`: nothing, or several.
    pub fn only(&self) -> Option<Money> {
        let mut all = self.0.iter();
        let (currency, amount) = all.next()?;
        all.next().is_none().then(|| Money::new(*amount, currency.clone()))
    }
}

impl<'a> FromIterator<&'a Money> for Sums {
    fn from_iter<I: IntoIterator<Item = &'a Money>>(all: I) -> Self {
        let mut sums = Self::default();
        all.into_iter().for_each(|money| sums.add(money));
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str, currency: &str) -> Money {
        Money::new(text.parse().unwrap(), currency)
    }

    #[test]
    fn cents_add_up_and_currencies_do_not() {
        let tenths = vec![money("0.1", "USD"); 10];
        assert_eq!(Sums::from_iter(&tenths).only(), Some(money("1.0", "USD")));
        assert_eq!(Sums::from_iter(&[money("1", "USD"), money("1", "EUR")]).only(), None);
        assert_eq!(Sums::default().only(), None);
    }

    #[test]
    fn an_amount_is_plain_or_has_an_exponent_and_a_residue_is_nothing() {
        let read = |text| amount(text).map(|amount| amount.normalize().to_string());
        assert_eq!(read("12.3456789").as_deref(), Some("12.3456789"));
        assert_eq!(read("-1.2E2").as_deref(), Some("-120"));
        assert_eq!(read("1.2e-7").as_deref(), Some("0.00000012"));
        assert_eq!(read("2.220446049250313E-16").as_deref(), Some("0.000000000000000222044604925"));
        assert_eq!(read("1E-300").as_deref(), Some("0"));
        for wrong in ["", "much", "1E+300", "NaN", "1e"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn money_is_shown_to_the_cent() {
        assert_eq!(money("12.345", "USD").to_string(), "12.34 USD");
        assert_eq!(money("-3", "EUR").to_string(), "-3.00 EUR");
    }
}
