//! What must hold whatever is delivered how often, how late and in which order, and
//! in a storm: a bounded number of what `make prove` runs.

use nightshift::simulate::deliveries::{Delivered, deliveries, regressions, schedule};
use nightshift::simulate::storm::{Wanted, storm};

/// So many schedules in every run of the tests, from a seed that nothing was tuned on.
const SCHEDULES: (u32, u64) = (300, 1_000_000);

#[track_caller]
fn held(delivered: &Delivered) {
    let again = |seed| format!("nightshift simulate deliveries --seeds 1 --first-seed {seed}");
    let failed: Vec<String> =
        delivered.failed.iter().map(|one| format!("{}\n  {}", again(one.seed), one.broken.join("\n  "))).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn no_schedule_of_deliveries_loses_or_doubles_anything() {
    let (schedules, first) = SCHEDULES;
    let delivered = deliveries(schedules, first, || ());
    held(&delivered);
    // They are schedules that are hard to hold: every kind of night, repetitions, deaths, remedies.
    let Delivered { deliveries, killed, incidents, remedies, nights, .. } = &delivered;
    let all = u64::from(schedules);
    assert!(nights.len() == 6 && nights.values().all(|times| *times > schedules / 20), "{nights:?}");
    assert!(*deliveries > 10 * all && *killed > all / 10, "{deliveries} deliveries, {killed} killed");
    assert!(*incidents > all / 2 && *remedies > all / 5, "{incidents} incidents, {remedies} remedies");
}

#[test]
fn schedules_that_once_broke_an_invariant_hold() {
    regressions().into_iter().for_each(|seed| held(&schedule(seed)));
}

#[test]
fn the_same_seeds_are_the_same_schedules_on_any_number_of_processors() {
    let together = deliveries(6, 77, || ());
    let alone: Vec<Delivered> = (77..83).map(schedule).collect();
    assert_eq!(together.deliveries, alone.iter().map(|one| one.deliveries).sum::<u64>());
    assert_eq!(together, deliveries(6, 77, || ()));
}

#[test]
fn a_storm_breaks_no_rule_and_is_looked_at_in_short() {
    let wanted = Wanted { services: 120, ill: 120, alarms: 600, concurrency: 1000, seed: 1 };
    let stormed = storm(wanted, |_| ()).unwrap();
    assert_eq!((&stormed.broken, stormed.dead), (&std::collections::BTreeMap::new(), 0), "{:?}", stormed.examples);
    assert_eq!(stormed.incidents, 120);
    // The budget of ten minutes, for as long as nobody can know yet that it is a storm.
    assert!(stormed.remedies <= 2, "{}", stormed.remedies);
    // Where the brake is on, nobody asks for metrics: fewer ask than there are alarms.
    let all = |operation: &str| stormed.calls.get(operation).map_or(0, |call| call.called.all);
    assert!(all("ecs:DescribeServices") >= 600, "{:?}", stormed.calls);
    assert_eq!(stormed, storm(wanted, |_| ()).unwrap(), "the same seed is the same storm");
}
