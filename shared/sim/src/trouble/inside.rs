//! What goes wrong in the service without anybody having deployed, and what
//! only looks as if something did.

use nightshift_core::cause::Cause;

use super::coincidences::some_time;
use super::sketch::{DAY, HOUR, Sketch};
use super::tables::{Table, quoted};
use super::watched::Watching;

/// An alarm on what is usual.
pub(super) fn flapping(night: &mut Sketch) {
    let times = night.dice.between(2.0, 4.0);
    let watching = Watching::roll(&mut night.dice).hasty(times);
    night.perhaps_released_lately();
    let main = night.main();
    main.errors = main.errors.max(0.1);
    night.because(Cause::Noise);
    night.watched(watching);
}

/// It is slow or fails at this hour on every day: a backup, a batch.
pub(super) fn nightly_job(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).errors().latency();
    night.perhaps_released_lately();
    let job = for_some_time(night, &watching, 12, 40).saying("name", "job");
    night.outages.push(job.lasting("every", DAY));
    night.because(Cause::Noise);
    night.watched(watching);
}

/// It is over before anybody can look.
pub(super) fn blip(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).errors().latency();
    night.perhaps_released_lately();
    let blip = for_some_time(night, &watching, 2, 5).saying("name", "blip");
    night.outages.push(blip);
    night.because(Cause::Noise);
    night.watched(watching);
}

/// Errors or slow answers for some minutes.
fn for_some_time(night: &mut Sketch, watching: &Watching, low: usize, high: usize) -> Table {
    let (requests, lasts) = (night.main().requests, some_time(night, low, high));
    let outage =
        Table::default().when("at", 0).when("until", lasts).with("services", format!("[\"{}\"]", night.main().name));
    if night.dice.percent(50.0) {
        outage.about("errors_percent", watching.seen_errors(&mut night.dice, requests))
    } else {
        outage.about("latency_factor", watching.seen_latency(&mut night.dice))
    }
}

/// Memory that tasks have lost for hours is at its end.
pub(super) fn old_leak(night: &mut Sketch) {
    let mut watching = Watching::roll(&mut night.dice).unhealthy();
    watching.memory |= night.dice.percent(50.0);
    let ago = night.dice.whole(4, 14) as i64 * HOUR;
    let leak = Table::default().saying("kind", "oom").lasting("every", ago);
    night.main().never_released_since(-ago, Table::default().with("crash", leak.inline()));
    night.because(Cause::MemoryLeak);
    night.watched(watching);
}

/// AWS replaces tasks, as it does every few weeks, and the new ones lack what
/// somebody has deleted since.
fn replaced(night: &mut Sketch, release: Table) {
    let ago = night.dice.whole(5, 30) as i64 * DAY;
    let main = night.main();
    main.never_released_since(-ago, release);
    main.fields.set("retired_at", quoted("+0s"));
    let watching = Watching::roll(&mut night.dice).unhealthy();
    night.watched(watching);
}

/// A secret.
pub(super) fn secret_gone(night: &mut Sketch) {
    night.because(Cause::Configuration);
    replaced(night, Table::default().with("crash", "{ kind = \"secret\" }"));
}

/// The image, which a rule on the registry has cleaned up.
pub(super) fn registry_cleaned(night: &mut Sketch) {
    night.because(Cause::ImageUnavailable);
    replaced(night, Table::default().with("image_gone", true));
}
