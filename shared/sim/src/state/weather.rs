//! Windows of time in which something differs from the usual.

use nightshift_core::span::Span;

use crate::scenario::{Moment, Scenario, ServiceSetup};

/// A window of time in which something differs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    from: i64,
    until: i64,
    /// It takes so long to be whole.
    grows_over: i64,
    /// It comes back so often.
    every: Option<i64>,
    /// Times the usual requests.
    load: f64,
    /// Share of requests that fail besides.
    errors: f64,
    /// Times the usual time of an answer.
    latency: f64,
}

/// All that differs at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Air {
    /// Times the usual requests.
    pub(crate) load: f64,
    /// Share of requests that do not fail of it.
    pub(crate) fine: f64,
    /// Times the usual time of an answer.
    pub(crate) slower: f64,
}

impl Weather {
    /// All windows that concern a service.
    pub(crate) fn of(scenario: &Scenario, setup: &ServiceSetup) -> Vec<Self> {
        let event = scenario.event_second();
        let window = |at: Moment, until: Option<Moment>, grows_over: Span, every: Option<Span>| Self {
            from: at.second(event),
            until: until.map_or(i64::MAX, |until| until.second(event)),
            grows_over: grows_over.as_seconds(),
            every: every.map(Span::as_seconds).filter(|every| *every > 0),
            load: 1.0,
            errors: 0.0,
            latency: 1.0,
        };
        let loads = setup.loads.iter().map(|it| {
            let window = window(it.at, it.until, it.grows_over, it.every);
            Self { load: it.factor, ..window }
        });
        let outages = scenario.outages.iter().filter(|outage| outage.services.iter().any(|name| setup.is(name)));
        let troubles = outages.map(|it| {
            let window = window(it.at, it.until, it.grows_over, it.every);
            Self { errors: it.errors_percent / 100.0, latency: it.latency_factor, ..window }
        });
        loads.chain(troubles).collect()
    }

    /// How much of it there is at a moment, from none to all.
    fn strength(&self, at: i64) -> f64 {
        let age = match self.every {
            Some(every) => (at - self.from).rem_euclid(every),
            None => at - self.from,
        };
        if age < 0 || age >= self.until.saturating_sub(self.from) { 0.0 } else { grown(age, self.grows_over) }
    }
}

impl Air {
    /// What these windows make of a moment.
    pub(crate) fn at(windows: &[Weather], at: i64) -> Self {
        windows.iter().fold(Self { load: 1.0, fine: 1.0, slower: 1.0 }, |air, window| {
            let strength = window.strength(at);
            Self {
                load: air.load * (1.0 + (window.load - 1.0) * strength),
                fine: air.fine * (1.0 - window.errors * strength),
                slower: air.slower * (1.0 + (window.latency - 1.0) * strength),
            }
        })
    }
}

/// How whole something is at that age, if it grows evenly for so long.
pub(crate) fn grown(age: i64, grows_over: i64) -> f64 {
    if age >= grows_over { 1.0 } else { age.max(0) as f64 / grows_over as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_came_before_and_grows_each_time() {
        let day = 86_400;
        let window = Weather {
            from: 1000,
            until: 1600,
            grows_over: 100,
            every: Some(day),
            load: 3.0,
            errors: 0.0,
            latency: 1.0,
        };
        let load = |at| Air::at(&[window], at).load;
        assert_eq!([999, 1000, 1050, 1100, 1599, 1600].map(load), [1.0, 1.0, 2.0, 3.0, 3.0, 1.0]);
        assert_eq!([1050 - 7 * day, 1050 + day, 2000 - day].map(load), [2.0, 2.0, 1.0]);
    }
}
