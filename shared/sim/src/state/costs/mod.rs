//! What Cost Explorer answers: what each day costs follows from the scenario,
//! its seed and the day; nothing is stored.

mod anomaly;
mod day;
mod forecast;
mod question;
mod split;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::releases::AwsError;
use super::{State, moment};
use crate::scenario::{CostSetup, Estimated, Moment, Scenario};

pub(crate) use anomaly::Anomaly;
pub(crate) use forecast::{Asked, Expected};
pub(crate) use question::{Filter, Period, Question};

const DAY_S: f64 = 86_400.0;
/// The bill of a month is made so many days after it.
const BILLED_DAYS: i8 = 3;

/// The account's bill, as far as it is known by now.
pub(crate) struct Bill<'a> {
    pub(crate) setup: &'a CostSetup,
    scenario: &'a Scenario,
    seed: u64,
    event: Date,
    since: Date,
    pub(crate) today: Date,
    /// How much of today is over.
    over: f64,
    /// Days are as they are expected: whole, and without noise.
    foresees: bool,
    /// Values of each tag that the scenario only counts.
    counted: Vec<Vec<String>>,
}

/// The day, by UTC, of a second since the epoch.
fn date(second: i64) -> Date {
    moment(second).to_zoned(TimeZone::UTC).date()
}

/// An amount of millionths.
pub(crate) fn amount(micro: i64) -> Decimal {
    Decimal::new(micro, 6).normalize()
}

impl State {
    /// The bill, if somebody may see it.
    ///
    /// # Errors
    /// If Cost Explorer was never switched on, or has no data yet.
    pub(crate) fn bill(&self) -> Result<Bill<'_>, AwsError> {
        let denied = || AwsError::new("AccessDeniedException", "User not enabled for cost explorer access");
        let setup = self.scenario.costs.as_ref().filter(|setup| setup.enabled).ok_or_else(denied)?;
        let event = self.scenario.event_second();
        let bill = Bill {
            setup,
            scenario: &self.scenario,
            seed: self.scenario.seed,
            event: date(event),
            since: date(setup.since.second(event)),
            today: date(self.now),
            over: self.now.rem_euclid(86_400) as f64 / DAY_S,
            foresees: false,
            counted: setup.tags.iter().map(|tag| (1..=tag.count).map(|n| format!("value-{n:04}")).collect()).collect(),
        };
        if bill.since > bill.today {
            let says = "Data is not available. Please try to adjust the time period. If just enabled Cost Explorer, data might not be ingested yet";
            return Err(AwsError::new("DataUnavailableException", says));
        }
        Ok(bill)
    }
}

impl Bill<'_> {
    fn day(&self, at: Moment) -> Date {
        date(at.second(self.scenario.event_second()))
    }

    fn within(&self, day: Date, from: Option<Moment>, until: Option<Moment>) -> bool {
        from.is_none_or(|from| self.day(from) <= day) && until.is_none_or(|until| day < self.day(until))
    }

    /// Days since then; negative: it is to come.
    fn age(&self, day: Date) -> i64 {
        day::number(self.today) - day::number(day)
    }

    /// How much of a day's usage is known: nothing of tomorrow's, all of what
    /// no longer changes.
    fn known(&self, day: Date) -> f64 {
        let (age, lag) = (self.age(day), i64::from(self.setup.lag_days));
        let first = self.setup.first_percent / 100.0;
        match age {
            _ if self.foresees => 1.0,
            ..0 => 0.0,
            0 => self.over * if lag == 0 { 1.0 } else { first },
            _ if age > lag => 1.0,
            _ => first + (1.0 - first) * (age - 1) as f64 / lag as f64,
        }
    }

    /// AWS calls it so.
    pub(crate) fn estimated(&self, day: Date) -> bool {
        let bill_is_made = || {
            let next_month = day.last_of_month().tomorrow().unwrap_or(day);
            self.today.duration_since(next_month).as_hours() >= i64::from(BILLED_DAYS - 1) * 24
        };
        match self.setup.estimated {
            Estimated::Lag => self.age(day) <= i64::from(self.setup.lag_days),
            Estimated::Month => self.age(day) <= i64::from(self.setup.lag_days) || !bill_is_made(),
        }
    }

    /// The bill as it is expected to be.
    fn foreseen(&self) -> Self {
        Self { foresees: true, counted: self.counted.clone(), ..*self }
    }
}

#[cfg(test)]
mod tests;
