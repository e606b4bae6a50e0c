//! GetCostForecast: days as they would be without noise, from what has begun.

use jiff::ToSpan as _;
use jiff::civil::Date;
use nightshift_core::cost::Granularity;

use super::Bill;
use super::question::{Question, periods};
use crate::state::releases::AwsError;

/// AWS forecasts from about a month on.
const LEAST_DAYS: i64 = 31;
/// It is sure of a mean to so many per cent, eight times in ten.
const SURE_PERCENT: i64 = 8;
const MOST_DAILY_MONTHS: i32 = 3;
const MOST_MONTHS: i32 = 18;

/// What is asked for: its question has no grouping.
pub(crate) struct Asked {
    pub(crate) question: Question,
    /// How often it shall be right, in per cent: 51 to 99.
    pub(crate) level: i64,
}

/// A period of the future, in millionths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) from: Date,
    pub(crate) to: Date,
    pub(crate) mean: i64,
    pub(crate) low: i64,
    pub(crate) high: i64,
}

impl Bill<'_> {
    /// Period by period, the nearest first.
    ///
    /// # Errors
    /// If AWS would refuse the question, or has too little to go by.
    pub(crate) fn forecast(&self, asked: &Asked) -> Result<Vec<Expected>, AwsError> {
        let wrong = |says: String| Err(AwsError::new("ValidationException", says));
        let Question { from, to, granularity, .. } = asked.question;
        if from < self.today {
            return wrong(format!("Start date {from} must be on or after the current date {}.", self.today));
        }
        if from > self.today {
            return wrong(format!("Start date {from} must be equal to or no later than the current date."));
        }
        if from >= to {
            return wrong(format!("Requested Start {from} must be before requested End {to}."));
        }
        let most = if granularity == Granularity::Daily { MOST_DAILY_MONTHS } else { MOST_MONTHS };
        if from.checked_add(most.months()).is_ok_and(|latest| to > latest) {
            return wrong(format!("A forecast reaches at most {most} months."));
        }
        if !(51..=99).contains(&asked.level) {
            return wrong(format!("PredictionIntervalLevel {} is not between 51 and 99.", asked.level));
        }
        if self.age(self.since) < LEAST_DAYS {
            let says = "Insufficient amount of historical data to generate forecast over requested time period";
            return Err(AwsError::new("DataUnavailableException", says));
        }
        Ok(self.foreseen().expected(asked))
    }

    fn expected(&self, asked: &Asked) -> Vec<Expected> {
        let of = |(from, to)| {
            let mean: i64 = self.period(&asked.question, from, to).groups.values().sum();
            // Wider, the surer it shall be; at eighty per cent as sure as said.
            let width = mean.abs() / 100 * SURE_PERCENT * asked.level / 80;
            Expected { from, to, mean, low: mean - width, high: mean + width }
        };
        periods(&asked.question).map(of).collect()
    }
}
