//! More work than the tasks can do.

use nightshift_core::cause::Cause;

use super::coincidences::some_time;
use super::sketch::{MINUTE, Sketch};
use super::tables::Table;
use super::watched::Watching;

/// So much work that CPU is at its ceiling at any hour, from then on.
fn work(night: &mut Sketch) -> Table {
    let main = night.main();
    main.rhythm = main.rhythm.min(0.25);
    main.usual.set("weekend", "0.9");
    let enough = 100.0 / (main.cpu * (1.0 - main.rhythm) * 0.9);
    let factor = enough * night.dice.between(1.05, 1.8);
    // Three in five may be given more tasks.
    if night.dice.percent(60.0) {
        night.main().fields.set("scaling", "{ min = 2, max = 30 }");
    }
    Table::default().about("factor", factor.max(1.5))
}

/// It comes at once or within minutes, and goes again.
pub(super) fn comes(night: &mut Sketch, at: i64) {
    let (over, lasts) = (night.minutes(0, 8), some_time(night, 20, 100));
    let load = work(night).when("at", at).when("until", at + lasts).lasting("grows_over", over);
    night.main().loads.push(load);
}

/// A campaign, a crawler, a competitor's outage.
pub(super) fn spike(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).busy(&mut night.dice);
    night.perhaps_released_lately();
    comes(night, 0);
    night.because(Cause::Load);
    night.watched(watching);
}

/// It grows over hours, until there is too much of it.
pub(super) fn growth(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).busy(&mut night.dice);
    night.perhaps_released_lately();
    let (over, begins) = (some_time(night, 60, 180), some_time(night, 30, 120));
    let load = work(night).when("at", -begins).when("until", 160 * MINUTE).lasting("grows_over", over);
    night.main().loads.push(load);
    night.because(Cause::Load);
    night.watched(watching);
}
