//! What the account costs, and why.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::Moment;

/// What Cost Explorer knows of the account.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostSetup {
    /// Somebody switched Cost Explorer on.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What the account is billed in.
    #[serde(default = "usd")]
    pub currency: String,
    /// From this day on there is data.
    #[serde(default = "thirteen_months_ago")]
    pub since: Moment,
    /// So many days before today still change.
    #[serde(default = "two")]
    pub lag_days: u32,
    /// So much of yesterday's usage is known; of the days before it more.
    #[serde(default = "sixty")]
    pub first_percent: f64,
    /// Which days AWS calls estimated.
    #[serde(default)]
    pub estimated: Estimated,
    /// An answer comes in pages of so many groups.
    #[serde(default = "many")]
    pub groups_per_page: u32,
    /// Cost Anomaly Detection has a monitor.
    #[serde(default = "yes")]
    pub monitored: bool,
    /// Services of AWS, by what they cost when all is well.
    #[serde(rename = "service")]
    pub services: Vec<CostService>,
    /// Accounts of the organisation; none: the account alone.
    #[serde(default, rename = "account")]
    pub accounts: Vec<CostAccount>,
    /// Cost allocation tags.
    #[serde(default, rename = "tag")]
    pub tags: Vec<CostTag>,
    /// Charges beside usage: credits, refunds, tax, support, what is paid in advance.
    #[serde(default, rename = "charge")]
    pub charges: Vec<CostCharge>,
    /// Changes with a known cause.
    #[serde(default, rename = "jump")]
    pub jumps: Vec<CostJump>,
}

/// Which days AWS calls estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Estimated {
    /// Those that still change.
    #[default]
    Lag,
    /// All of a month until its bill is made, on the third day of the next one.
    Month,
}

/// A service of AWS, by what its usage costs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostService {
    /// `Amazon Elastic Container Service`, ….
    pub name: String,
    /// A day of it at the event, when all is well.
    pub daily: Decimal,
    /// Each day costs so much more than the one before.
    #[serde(default)]
    pub trend_per_day: Decimal,
    /// Factors of the days of a week, Monday first.
    #[serde(default = "alike")]
    pub weekdays: [f64; 7],
    /// A day differs by at most so much from what it should cost.
    #[serde(default = "three")]
    pub noise_percent: f64,
    /// Usage types by their shares.
    #[serde(default = "one_usage_type")]
    pub usage: BTreeMap<String, u32>,
    /// What the first day of a month costs on top.
    #[serde(default)]
    pub monthly_fee: Decimal,
    /// The usage type of that.
    #[serde(default = "monthly")]
    pub monthly_usage_type: String,
    /// Its first day; unset: that of the data.
    #[serde(default)]
    pub from: Option<Moment>,
    /// The day after its last one; unset: it stays.
    #[serde(default)]
    pub until: Option<Moment>,
    /// None of it carries a tag.
    #[serde(default)]
    pub untagged: bool,
}

/// An account of the organisation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostAccount {
    /// Twelve digits.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// Its share of whatever is spent.
    #[serde(default = "one")]
    pub share: u32,
}

/// A cost allocation tag.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostTag {
    /// `team`, ….
    pub key: String,
    /// Its values by their shares.
    #[serde(default)]
    pub values: BTreeMap<String, u32>,
    /// The share of what does not carry it.
    #[serde(default = "one")]
    pub untagged: u32,
    /// So many more values, `value-0001` and so on, with a share of one each.
    #[serde(default)]
    pub count: u32,
}

/// A charge beside usage, by one of four measures.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostCharge {
    /// `Credit`, `Refund`, `Tax`, `Support`, `SavingsPlanNegation`, ….
    pub record_type: String,
    /// What it is booked on: one of the services, or a name of its own.
    pub service: String,
    /// The usage type that it is booked on.
    #[serde(default = "no_usage_type")]
    pub usage_type: String,
    /// So much each day; credits are negative.
    #[serde(default)]
    pub per_day: Option<Decimal>,
    /// So much on the first day of each month.
    #[serde(default)]
    pub per_month: Option<Decimal>,
    /// So much of the day's usage: of the service's, or of all if it is none.
    #[serde(default)]
    pub percent: Option<f64>,
    /// So much of the last month's usage, on the first day of each month.
    #[serde(default)]
    pub percent_of_month: Option<f64>,
    /// Its first day; unset: that of the data.
    #[serde(default)]
    pub from: Option<Moment>,
    /// The day after its last one; unset: it stays.
    #[serde(default)]
    pub until: Option<Moment>,
    /// The metric that counts it; unset: both.
    #[serde(default)]
    pub metric: Option<nightshift_core::cost::CostMetric>,
}

/// A change with a known cause, by a factor or so much a day.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostJump {
    /// One of the services.
    pub service: String,
    /// Its first day.
    pub from: Option<Moment>,
    /// The day after its last one; unset: it stays.
    #[serde(default)]
    pub until: Option<Moment>,
    /// Times the usual.
    #[serde(default)]
    pub factor: Option<f64>,
    /// So much more each day.
    #[serde(default)]
    pub per_day: Option<Decimal>,
    /// The usage type that jumps, known or not; unset: all of them.
    #[serde(default)]
    pub usage_type: Option<String>,
    /// The account it happens in; unset: all of them by their shares.
    #[serde(default)]
    pub account: Option<String>,
    /// Values of tags that it carries; those not named are shared as usual.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The truth, for whoever compares a detector with it.
    #[serde(default)]
    pub cause: String,
    /// AWS notices.
    #[serde(default = "yes")]
    pub anomaly: bool,
    /// AWS says what it comes from.
    #[serde(default = "yes")]
    pub root_causes: bool,
}

fn yes() -> bool {
    true
}

fn usd() -> String {
    "USD".into()
}

fn thirteen_months_ago() -> Moment {
    Moment::Offset(-395 * 86_400)
}

fn one() -> u32 {
    1
}

fn two() -> u32 {
    2
}

fn three() -> f64 {
    3.0
}

fn sixty() -> f64 {
    60.0
}

fn many() -> u32 {
    2000
}

fn alike() -> [f64; 7] {
    [1.0; 7]
}

fn one_usage_type() -> BTreeMap<String, u32> {
    BTreeMap::from([("Usage".into(), 1)])
}

fn monthly() -> String {
    "MonthlyFee".into()
}

fn no_usage_type() -> String {
    "NoUsageType".into()
}
