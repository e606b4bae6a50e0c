//! What fails elsewhere, and hurts here.

use nightshift_core::cause::Cause;

use super::coincidences::some_time;
use super::sketch::{MINUTE, Sketch};
use super::tables::Table;
use super::watched::Watching;

/// The service, and so many others.
fn hit(night: &Sketch, others: usize) -> String {
    let names = night.services.iter().take(others + 1).map(|service| format!("\"{}\"", service.name));
    format!("[{}]", names.collect::<Vec<_>>().join(", "))
}

/// Something that is down from the event on, and hurts.
fn down(night: &mut Sketch, watching: &Watching, others: usize) -> Table {
    let requests = night.main().requests;
    let (errors, over) = (watching.seen_errors(&mut night.dice, requests), night.minutes(0, 3));
    let lasts = some_time(night, 10, 90);
    let slower = if night.dice.percent(40.0) { night.dice.between(1.5, 5.0) } else { 1.0 };
    Table::default()
        .when("at", 0)
        .when("until", lasts)
        .lasting("grows_over", over)
        .with("services", hit(night, others))
        .about("errors_percent", errors)
        .about("latency_factor", slower)
}

/// What several services call is down, and mostly has an alarm of its own.
pub(super) fn fails(night: &mut Sketch) {
    let watching = Watching::roll(&mut night.dice).errors();
    let others = night.dice.whole(1, night.services.len() - 1);
    let outage = down(night, &watching, others).saying("name", "orders-db");
    night.outages.push(outage);
    // Without one of its own, others at least are unwell.
    if others < 2 || night.dice.percent(70.0) {
        let alarm = Table::default().saying("name", "orders-db-cpu").saying("outage", "orders-db");
        let alarm = alarm.with("threshold", "90.0").with("evaluation_periods", night.dice.whole(1, 4));
        night.alarms.push(alarm);
    }
    night.watched(watching);
}

/// The database is down.
pub(super) fn database_down(night: &mut Sketch) {
    night.perhaps_released_lately();
    fails(night);
    night.because(Cause::Dependency);
}

/// Somebody else's service is down, which one of ours calls, and nothing here
/// watches.
pub(super) fn third_party_down(night: &mut Sketch) {
    night.perhaps_released_lately();
    let watching = Watching::roll(&mut night.dice).errors();
    let others = usize::from(night.dice.percent(30.0));
    let outage = down(night, &watching, others).saying("name", "third-party");
    night.outages.push(outage);
    night.because(Cause::Dependency);
    night.watched(watching);
}

/// Another user of what several services share takes more than its part.
pub(super) fn noisy_neighbour(night: &mut Sketch) {
    night.perhaps_released_lately();
    let watching = Watching::roll(&mut night.dice).latency();
    let others = night.dice.whole(1, (night.services.len() - 1).min(3));
    let (slower, over) = (watching.seen_latency(&mut night.dice), night.minutes(0, 10));
    let lasts = some_time(night, 15, 120);
    let outage = Table::default()
        .saying("name", "shared")
        .when("at", 0)
        .when("until", lasts)
        .lasting("grows_over", over)
        .with("services", hit(night, others))
        .about("latency_factor", slower);
    night.outages.push(outage);
    night.because(Cause::Dependency);
    night.watched(watching);
}

/// AWS itself; it says so four times in five, and minutes later.
pub(super) fn provider(night: &mut Sketch) {
    night.perhaps_released_lately();
    let watching = Watching::roll(&mut night.dice).errors();
    let others = night.dice.whole(1, night.services.len() - 1);
    let outage = down(night, &watching, others).saying("name", "availability-zone");
    night.outages.push(outage);
    if night.dice.percent(80.0) {
        let service = night.dice.of(&["ECS", "FARGATE", "ELASTICLOADBALANCING", "EC2"]);
        let at = night.minutes(0, 6);
        night.health.push(Table::default().saying("service", service).when("at", at).when("until", 100 * MINUTE));
    }
    night.because(Cause::Provider);
    night.watched(watching);
}
