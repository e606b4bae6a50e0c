//! The alarms that people have set.

use crate::dice::Dice;

use super::sketch::{MINUTE, Sketch};
use super::tables::{Table, rounded};

/// Which alarms a service has, and where their thresholds lie.
#[derive(Clone, Debug)]
pub(super) struct Watching {
    /// Per cent of the requests.
    errors_above: f64,
    /// Times the usual time of an answer.
    slower_above: f64,
    errors: bool,
    pub(super) latency: bool,
    pub(super) unhealthy: bool,
    pub(super) cpu: bool,
    pub(super) memory: bool,
    /// Errors are counted, and not compared with the requests.
    counted: bool,
    /// The whole alarm is set as one that rings for anything.
    hasty: Option<f64>,
}

impl Watching {
    /// As people set alarms: most on errors, many on answers and targets.
    pub(super) fn roll(dice: &mut Dice) -> Self {
        Self {
            errors_above: dice.of(&[1.0, 2.0, 2.0, 3.0, 5.0]),
            slower_above: dice.between(1.6, 3.0),
            errors: dice.percent(85.0),
            latency: dice.percent(55.0),
            unhealthy: dice.percent(50.0),
            cpu: dice.percent(35.0),
            memory: dice.percent(30.0),
            counted: dice.percent(50.0),
            hasty: None,
        }
    }

    /// There is one on errors.
    pub(super) fn errors(self) -> Self {
        Self { errors: true, ..self }
    }

    /// There is one on errors, and it is a fine one.
    pub(super) fn fine_errors(self) -> Self {
        Self { errors: true, errors_above: 1.0, counted: false, ..self }
    }

    /// There is one on times of answers.
    pub(super) fn latency(self) -> Self {
        Self { latency: true, ..self }
    }

    /// There is one on targets that do not serve.
    pub(super) fn unhealthy(self) -> Self {
        Self { unhealthy: true, ..self }
    }

    /// There is one on CPU or on times of answers.
    pub(super) fn busy(self, dice: &mut Dice) -> Self {
        if dice.percent(50.0) { Self { cpu: true, ..self } } else { Self { latency: true, ..self } }
    }

    /// One on errors rings at so many times what is usual, for a single minute.
    pub(super) fn hasty(self, times: f64) -> Self {
        Self { errors: true, counted: true, hasty: Some(times), ..self }
    }

    /// Errors that its alarm does not overlook, per cent: from a little more
    /// than its threshold to many times as many, mostly little.
    pub(super) fn seen_errors(&self, dice: &mut Dice, requests: f64) -> f64 {
        // At the quietest hour there are half the requests.
        let least = if self.counted { 220.0 * self.count(requests) / requests } else { self.errors_above };
        (least * 1.3 * dice.heavy() * dice.between(1.0, 2.5)).clamp(1.3, 95.0)
    }

    /// Answers so slow that its alarm does not overlook them, times the usual.
    pub(super) fn seen_latency(&self, dice: &mut Dice) -> f64 {
        self.slower_above * dice.between(1.2, 3.0)
    }

    fn count(&self, requests: f64) -> f64 {
        (requests * self.errors_above / 100.0).max(3.0).round()
    }

    /// Over the service that the night is about.
    pub(super) fn over(&self, sketch: &mut Sketch) {
        self.over_another(sketch, 0);
    }

    pub(super) fn over_another(&self, sketch: &mut Sketch, index: usize) {
        let service = &sketch.services[index];
        let (name, requests, errors) = (service.name, service.requests, service.errors);
        let slow = service.latency_ms / 1000.0 * self.slower_above;
        let of_cpu = sketch.dice.of(&[75.0, 80.0, 85.0, 90.0]);
        let of_memory = sketch.dice.of(&[80.0, 85.0, 90.0]);
        let mut set = |metric: &str, threshold: f64, hasty: bool| {
            let alarm = schedule(&mut sketch.dice, metric, threshold, hasty)
                .saying("name", format!("prod-{name}-{metric}"))
                .saying("service", name)
                .saying("metric", metric)
                .saying("description", format!("{{\"cluster\":\"prod\",\"service\":\"{name}\"}}"));
            sketch.alarms.push(alarm);
        };
        match self.hasty {
            Some(times) => set("errors", (requests * errors / 100.0 * times).max(1.0).floor(), true),
            None if self.errors && self.counted => set("errors", self.count(requests), false),
            None if self.errors => set("error-ratio", self.errors_above, false),
            None => {}
        }
        if self.latency {
            set("latency", slow, false);
        }
        if self.unhealthy {
            set("unhealthy", 0.0, false);
        }
        if self.cpu {
            set("cpu", of_cpu, false);
        }
        if self.memory {
            set("memory", of_memory, false);
        }
    }
}

/// When it rings: after some minutes, some of some, or five at a time; here and
/// there it is heard late, or was only just set.
fn schedule(dice: &mut Dice, metric: &str, threshold: f64, hasty: bool) -> Table {
    let alarm = Table::default();
    if hasty {
        return alarm.with("threshold", rounded(threshold)).with("evaluation_periods", 1);
    }
    let periods = dice.whole(2, 5);
    let alarm = match dice.whole(1, 100) {
        1..=12 => alarm.with("evaluation_periods", 5).with("datapoints_to_alarm", 3),
        13..=20 => alarm.with("evaluation_periods", dice.whole(1, 2)).saying("period", "5m"),
        _ => alarm.with("evaluation_periods", periods),
    };
    let alarm = match dice.whole(1, 100) {
        1..=8 => alarm.lasting("delay", dice.whole(30, 300) as i64),
        9..=10 => alarm.when("configured", -(dice.whole(1, 5) as i64) * MINUTE),
        _ => alarm,
    };
    // A count over five minutes is five times as high.
    let five = alarm.inline().contains("\"5m\"") && metric == "errors";
    alarm.with("threshold", rounded(if five { threshold * 5.0 } else { threshold }))
}
