//! A year of an account's costs, and the truth about it.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use nightshift_core::cost::{CostGroup, CostPeriod, Costs, GroupBy, Money};
use rust_decimal::Decimal;

use super::event::Event;
use super::usual::{Traits, holidays};
use nightshift_sim::dice::Dice;

/// The days that are judged.
pub const JUDGED: usize = 365;
/// The days before them: what a detector can learn from on the first one. Nothing
/// goes wrong in them.
pub const BEFORE: usize = 56;
/// Worth telling: at least so much a day …
pub const WORTH_MONEY: f64 = 20.0;
/// … and at least this share of what the service was expected to cost.
pub const WORTH_SHARE: f64 = 0.3;
/// After so many days a new level is known, and no news.
const NEWS: usize = 28;
/// Days between two jumps of one service: what of them is whose must be known.
const APART: usize = 75;

const SERVICES: [&str; 14] = [
    "Amazon Elastic Container Service",
    "Amazon Relational Database Service",
    "AmazonCloudWatch",
    "EC2 - Other",
    "Amazon Simple Storage Service",
    "Amazon Elastic Load Balancing",
    "AWS Lambda",
    "Amazon DynamoDB",
    "Amazon Route 53",
    "AWS Key Management Service",
    "Amazon ElastiCache",
    "AWS WAF",
    "Amazon Simple Queue Service",
    "Amazon EC2 Container Registry (ECR)",
];
const LAUNCHED: [&str; 3] = ["Amazon OpenSearch Service", "Amazon SageMaker", "AWS Glue"];

/// A year of costs.
pub struct Year {
    /// What Cost Explorer would answer, by day.
    pub costs: Costs,
    /// How it is grouped: by service and record type.
    pub by: Vec<GroupBy>,
    /// What is worth telling.
    pub truths: Vec<Truth>,
}

/// Something that is worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The service.
    pub service: String,
    /// The first day on which it is.
    pub from: Date,
    /// The last one.
    pub to: Date,
}

impl Year {
    /// The year of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "account");
        // Months fall on other weekdays in each year, and some have a leap day.
        let first = date(2020, 1, 1).saturating_add(i32::try_from(dice.whole(0, 1500)).unwrap_or(0).days());
        let days: Vec<Date> = first.series(1.day()).take(BEFORE + JUDGED).collect();
        let holidays = holidays(&mut dice, &days);
        let size = dice.doubled(0.25, 5);
        let credit = if dice.percent(30.0) { dice.between(0.1, 1.0) } else { 0.0 };
        let mut account = Account { seed, days, holidays, size, credit, periods: vec![], truths: vec![] };
        account.periods = account.days.iter().map(|day| period(*day)).collect();
        for name in &SERVICES[..dice.whole(5, SERVICES.len())] {
            account.run(name);
        }
        for name in &LAUNCHED[..dice.whole(0, LAUNCHED.len())] {
            account.launch(name);
        }
        account.bill();
        let by = vec![GroupBy::Service, GroupBy::RecordType];
        Self { costs: Costs { periods: account.periods, requests: 1 }, by, truths: account.truths }
    }

    /// The first day that is judged, and the last.
    pub fn judged(&self) -> Option<(Date, Date)> {
        Some((self.costs.periods.get(BEFORE)?.from, self.costs.periods.last()?.from))
    }
}

struct Account {
    seed: u64,
    days: Vec<Date>,
    holidays: Vec<bool>,
    /// Every service of it is so much larger.
    size: f64,
    /// The share of each charge that AWS gives back as a credit.
    credit: f64,
    periods: Vec<CostPeriod>,
    truths: Vec<Truth>,
}

impl Account {
    /// A service that was there before, and what goes wrong with it.
    fn run(&mut self, name: &str) {
        let mut dice = Dice::new(self.seed, name);
        let traits = Traits::roll(&mut dice, self.days.len());
        let expected = self.expected(&traits);
        let mut events = Vec::new();
        let mut from = BEFORE + dice.whole(0, 2 * APART);
        while from < self.days.len() {
            if dice.percent(40.0) {
                let worth = WORTH_MONEY.max(WORTH_SHARE * expected[from]);
                events.push(Event::roll(&mut dice, from, worth));
            }
            from += APART + dice.whole(0, APART);
        }
        let adds = |day: usize| events.iter().map(|event| event.adds(day)).sum::<f64>();
        let added: Vec<f64> = (0..self.days.len()).map(adds).collect();
        for event in &events {
            self.tell(name, &expected, |day| event.adds(day));
        }
        self.charge(name, &traits.noisy(&mut dice, &expected), &added);
    }

    /// A service that is new: all that it spends at first is news.
    fn launch(&mut self, name: &str) {
        let mut dice = Dice::new(self.seed, name);
        let (day, base) = (dice.whole(BEFORE, self.days.len() - 1), dice.doubled(1.0, 8));
        let traits = Traits::launched(&mut dice, self.days.len(), day, base);
        let expected = self.expected(&traits);
        let nothing = vec![0.0; expected.len()];
        self.tell(name, &nothing, |index| if index < day + NEWS { expected[index] } else { 0.0 });
        self.charge(name, &traits.noisy(&mut dice, &expected), &nothing);
    }

    fn expected(&self, traits: &Traits) -> Vec<f64> {
        let expected = traits.expected(&self.days, &self.holidays);
        expected.into_iter().map(|amount| amount * self.size).collect()
    }

    /// Notes what is worth telling: from the first such day to the last, of those
    /// on which it is news.
    fn tell(&mut self, name: &str, expected: &[f64], adds: impl Fn(usize) -> f64) {
        let worth = |day: &usize| adds(*day) >= WORTH_MONEY && adds(*day) >= WORTH_SHARE * expected[*day];
        let days: Vec<usize> = (0..expected.len()).filter(worth).collect();
        let (Some(from), Some(to)) = (days.first(), days.last()) else { return };
        let (from, to) = (self.days[*from], self.days[(*to).min(from + NEWS - 1)]);
        self.truths.push(Truth { service: name.to_owned(), from, to });
    }

    fn charge(&mut self, name: &str, usual: &[f64], added: &[f64]) {
        for (index, (usual, added)) in usual.iter().zip(added).enumerate() {
            let amount = usual + added;
            if amount > 0.0 {
                self.periods[index].groups.push(group(name, "Usage", amount));
                if self.credit > 0.0 {
                    self.periods[index].groups.push(group(name, "Credit", -amount * self.credit));
                }
            }
        }
    }

    /// What comes with a month's first day: support and tax on the month before.
    fn bill(&mut self) {
        let mut month = 0.0;
        for period in &mut self.periods {
            if period.from.day() == 1 {
                period.groups.push(group("AWS Support (Business)", "Support", 29.0 + month * 0.07));
                period.groups.push(group("Tax", "Tax", month * 0.2));
                month = 0.0;
            }
            let usage = period.groups.iter().filter(|group| group.keys.get(1).is_some_and(|kind| kind == "Usage"));
            month += usage.filter_map(|group| f64::try_from(group.spent.amount).ok()).sum::<f64>();
        }
    }
}

fn period(from: Date) -> CostPeriod {
    CostPeriod { from, estimated: false, groups: vec![] }
}

/// A charge, as finely as AWS gives it.
fn group(service: &str, record_type: &str, amount: f64) -> CostGroup {
    let amount = Decimal::from_f64_retain(amount).unwrap_or_default().round_dp(8);
    CostGroup { keys: vec![service.to_owned(), record_type.to_owned()], spent: Money::new(amount, "USD") }
}
