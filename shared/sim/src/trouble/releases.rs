//! Bad releases. Each begins in the minute of the event.

use crate::scenario::Cures;

use super::sketch::{MINUTE, Sketch};
use super::tables::{Table, quoted};
use super::watched::Watching;

impl Sketch {
    /// It is deployed, and it is to blame.
    pub(super) fn bad(&mut self, release: Table) {
        // Clients of some services send again what failed.
        if self.dice.percent(20.0) {
            let retries = self.dice.between(0.3, 1.0);
            self.main().usual.set("retries", super::tables::rounded(retries));
        }
        let at = self.dice.whole(0, 59) as i64;
        let guilty = self.release(at, release);
        self.because_of(&[guilty], Cures::Yes);
    }

    /// A moment of the hour after, in seconds.
    pub(super) fn minutes(&mut self, low: usize, high: usize) -> i64 {
        self.dice.whole(low * 60, high * 60) as i64
    }
}

/// A crash of its tasks after so long.
fn crash(kind: &str, every: i64) -> Table {
    let crash = Table::default().saying("kind", kind).lasting("every", every);
    Table::default().with("crash", crash.inline())
}

/// A share of its answers are errors.
pub(super) fn errors(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).errors();
    let requests = night.main().requests;
    let errors = watching.seen_errors(&mut night.dice, requests);
    night.bad(Table::default().about("errors_percent", errors));
    night.watched(watching);
}

/// Its answers take longer.
pub(super) fn latency(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).latency();
    let slower = watching.seen_latency(&mut night.dice);
    night.bad(Table::default().about("latency_factor", slower));
    night.watched(watching);
}

/// Its answers cost more CPU than there is.
pub(super) fn dear(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).busy(&mut night.dice);
    let factor = 100.0 / night.main().cpu * night.dice.between(1.2, 2.4);
    night.bad(Table::default().about("cpu_factor", factor));
    night.watched(watching);
}

/// One endpoint fails: few of all answers.
pub(super) fn one_endpoint(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).fine_errors();
    let errors = night.dice.between(1.3, 4.0);
    night.bad(Table::default().about("errors_percent", errors));
    night.watched(watching);
}

/// It is well until there is more to do, which on most days comes at that hour.
pub(super) fn under_load(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).errors().latency();
    let (requests, busier) = (night.main().requests, night.dice.between(1.25, 1.6));
    let fault = if night.dice.percent(50.0) {
        Table::default().about("errors_percent", watching.seen_errors(&mut night.dice, requests))
    } else {
        Table::default().about("latency_factor", watching.seen_latency(&mut night.dice))
    };
    let at = night.minutes(8, 40);
    let mut load = Table::default().when("at", at).when("until", at + 150 * MINUTE).about("factor", busier);
    load.set("grows_over", quoted("5m"));
    if night.dice.percent(70.0) {
        load.set("every", quoted("1d"));
    }
    let main = night.main();
    (main.rhythm, main.cpu) = (0.02, main.cpu.min(40.0));
    main.usual.set("weekend", "1.0");
    main.loads.push(load);
    night.bad(fault.about("above_load", 1.12));
    night.watched(watching);
}

/// It is well at first: a cache that fills, a token that runs out.
pub(super) fn sets_in_later(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).errors().latency();
    let requests = night.main().requests;
    let fault = if night.dice.percent(60.0) {
        Table::default().about("errors_percent", watching.seen_errors(&mut night.dice, requests))
    } else {
        Table::default().about("latency_factor", watching.seen_latency(&mut night.dice))
    };
    let (after, over) = (night.minutes(8, 48), night.minutes(0, 10));
    night.bad(fault.lasting("sets_in_after", after).lasting("grows_over", over));
    night.watched(watching);
}

/// Its tasks end before they serve, or never pass a check.
pub(super) fn crash_at_start(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).unhealthy();
    let release = if night.dice.percent(50.0) { crash("exit", 10) } else { Table::default().with("starts", false) };
    night.bad(release);
    night.watched(watching);
}

/// Its tasks end after some minutes.
pub(super) fn crash_soon(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).unhealthy();
    let every = night.minutes(2, 8);
    night.bad(crash("exit", every));
    night.watched(watching);
}

/// Its tasks end after about an hour.
pub(super) fn crash_after_an_hour(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).unhealthy();
    let every = night.minutes(52, 66);
    night.bad(crash("exit", every));
    night.watched(watching);
}

/// Its tasks run out of memory after some minutes.
pub(super) fn oom(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).unhealthy();
    let every = night.minutes(3, 12);
    night.bad(crash("oom", every));
    night.watched(watching);
}

/// Its tasks run out of memory within the hour.
pub(super) fn slow_leak(night: &mut Sketch) {
    let mut watching = Watching::roll(&mut night.dice).unhealthy();
    watching.memory |= night.dice.percent(50.0);
    let every = night.minutes(20, 55);
    night.bad(crash("oom", every));
    night.watched(watching);
}

/// It needs a secret that nobody has made.
pub(super) fn bad_config(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).unhealthy();
    night.bad(Table::default().with("crash", "{ kind = \"secret\" }"));
    night.watched(watching);
}

/// Its image was never pushed.
pub(super) fn image_gone(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).unhealthy();
    night.bad(Table::default().with("crash", "{ kind = \"pull\" }"));
    night.watched(watching);
}
