//! What the services of a simulated account cost when nothing is wrong.

use jiff::civil::Date;

use nightshift_sim::dice::Dice;

/// What a service is like.
pub(super) struct Traits {
    /// What an average day costs at the beginning.
    base: f64,
    /// What a day costs more than the day before: growth that nobody need hear of.
    growth: f64,
    /// By day of the week, Monday first.
    weekdays: [f64; 7],
    /// What is left of it on a holiday.
    holiday: f64,
    /// By how much one day varies …
    noise: f64,
    /// … and its level, from day to day.
    drift: f64,
    /// So many days in a hundred are dear for reasons of their own.
    bursts: f64,
    /// What the last day of a month brings beside.
    month_end: f64,
    /// What its first day brings: hosted zones, a plan.
    fee: f64,
    /// From this day on there is less of it.
    shrinks: Option<(usize, f64)>,
    /// The first day on which it exists, and the days until all of it does.
    launched: (usize, usize),
}

impl Traits {
    /// An old service.
    pub(super) fn roll(dice: &mut Dice, days: usize) -> Self {
        // From storage that never sleeps to a back office that does at week-ends.
        let weekend = if dice.percent(40.0) { dice.between(0.95, 1.05) } else { dice.between(0.35, 0.95) };
        let mut weekdays = [1.0; 7].map(|day| day * dice.between(0.96, 1.04));
        weekdays[5] *= weekend;
        weekdays[6] *= weekend * dice.between(0.9, 1.0);
        let noise = [0.01, 0.03, 0.06, 0.12][dice.whole(0, 3)];
        Self {
            base: dice.doubled(2.0, 9),
            growth: if dice.percent(20.0) { dice.between(0.001, 0.004) } else { dice.between(-0.000_5, 0.001) },
            weekdays,
            holiday: 1.0 - (1.0 - weekend.min(1.0)) * dice.between(0.5, 1.2),
            noise,
            drift: noise * dice.between(0.0, 0.5),
            bursts: if dice.percent(20.0) { 3.0 } else { 0.0 },
            month_end: if dice.percent(20.0) { dice.between(0.2, 0.9) } else { 0.0 },
            fee: if dice.percent(15.0) { dice.doubled(4.0, 6) } else { 0.0 },
            shrinks: dice.percent(15.0).then(|| (dice.whole(0, days - 1), dice.between(0.2, 0.8))),
            launched: (0, 0),
        }
    }

    /// A service that is new on `day`, and costs so much a day once all of it is
    /// there.
    pub(super) fn launched(dice: &mut Dice, days: usize, day: usize, base: f64) -> Self {
        let gradually = if dice.percent(40.0) { dice.whole(3, 14) } else { 0 };
        Self { base, launched: (day, gradually), shrinks: None, month_end: 0.0, fee: 0.0, ..Self::roll(dice, days) }
    }

    /// What each of these days costs, without noise: what somebody who knows all
    /// of the account would expect.
    pub(super) fn expected(&self, days: &[Date], holidays: &[bool]) -> Vec<f64> {
        let mut level = self.base;
        let mut of_day = |(index, date): (usize, &Date)| {
            level *= 1.0 + self.growth;
            let weekday = self.weekdays[usize::from(date.weekday().to_monday_zero_offset().cast_unsigned())];
            let holiday = if holidays[index] { self.holiday.min(weekday) / weekday } else { 1.0 };
            let month_end = if *date == date.last_of_month() { 1.0 + self.month_end } else { 1.0 };
            let shrunk = self.shrinks.filter(|(from, _)| index >= *from).map_or(1.0, |(_, left)| left);
            let fee = if date.day() == 1 { self.fee } else { 0.0 };
            level * weekday * holiday * month_end * shrunk * self.there(index) + fee
        };
        days.iter().enumerate().map(&mut of_day).collect()
    }

    /// How much of it exists on that day.
    fn there(&self, index: usize) -> f64 {
        let (first, gradually) = self.launched;
        if index < first {
            return 0.0;
        }
        ((index - first + 1) as f64 / (gradually + 1) as f64).min(1.0)
    }

    /// What noise makes of what was expected.
    pub(super) fn noisy(&self, dice: &mut Dice, expected: &[f64]) -> Vec<f64> {
        let mut level = 0.0;
        let mut of_day = |expected: &f64| {
            level = level * 0.8 + self.drift * dice.normal();
            let burst = if dice.percent(self.bursts) { 0.1 * dice.heavy() } else { 0.0 };
            // A day is never for nothing, and no burst is the size of an incident.
            let factor = 1.0 + level + self.noise * dice.normal() + burst.min(1.5);
            expected * factor.max(0.1)
        };
        expected.iter().map(&mut of_day).collect()
    }
}

/// The holidays of an account: the turn of the year, and some of its own.
pub(super) fn holidays(dice: &mut Dice, days: &[Date]) -> Vec<bool> {
    let own: Vec<(usize, usize)> =
        (0..4).map(|_| (dice.whole(0, days.len() - 1), [1, 1, 3, 10][dice.whole(0, 3)])).collect();
    let of_all = |date: &Date| matches!((date.month(), date.day()), (12, 24..=26 | 31) | (1, 1));
    let of_own = |index: usize| own.iter().any(|(from, length)| (*from..from + length).contains(&index));
    days.iter().enumerate().map(|(index, date)| of_all(date) || of_own(index)).collect()
}
