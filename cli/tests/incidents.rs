//! How often the functions are right about incidents: floors well below what is
//! measured on many more nights, which `docs/simulate.md` tells.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::path::Path;

use nightshift::paint::Paint;
use nightshift::simulate::incidents::seeds::Seeds;
use nightshift::simulate::incidents::{Night, Simulated, nights, picture, simulated, text};

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/sim/seeds");
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/incidents.schema.json");

/// Nights that no weight was set by.
fn unseen(count: usize) -> Vec<Night> {
    let seeds = Seeds::read(&Path::new(SEEDS).join("test.toml")).unwrap();
    nights(count, |index| seeds.night(index), || ())
}

#[test]
fn rollbacks_are_rarely_wrong_and_seldom_missed_on_nights_that_no_weight_was_set_by() {
    let Simulated { rollback, baselines, .. } = simulated(&unseen(40));
    assert!(rollback.due >= 10, "{rollback:?}");
    assert!(rollback.precision >= Some(0.93) && rollback.recall >= Some(0.7), "{rollback:?}");
    assert!(rollback.precision > baselines.alarm_after_release.precision, "{rollback:?} {baselines:?}");
    assert!(rollback.recall > baselines.while_deploying.recall, "{rollback:?} {baselines:?}");
}

#[test]
fn the_same_seeds_print_the_same_bytes() {
    let shown = || {
        let simulated = simulated(&unseen(6));
        let text = text::text(&simulated, Paint::PLAIN);
        format!("{text}{:#}{}", serde_json::json!(simulated), picture::svg(&simulated.calibration))
    };
    assert_eq!(shown(), shown());
}

#[test]
fn seeds_to_fit_and_seeds_to_test_are_other_seeds() {
    let of = |name: &str| Seeds::read(&Path::new(SEEDS).join(name)).unwrap();
    let (fit, test) = (of("fit.toml"), of("test.toml"));
    assert!(fit.first_seed + u64::from(fit.seeds) <= test.first_seed, "{fit:?} {test:?}");
}

#[test]
fn the_schema_of_the_document_is_the_one_in_docs() {
    let wanted = format!("{}\n", serde_json::to_string_pretty(&schemars::schema_for!(Simulated)).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(SCHEMA, &wanted).unwrap();
    }
    let there = std::fs::read_to_string(SCHEMA).unwrap_or_default();
    assert!(there == wanted, "run `UPDATE_SCHEMA=1 cargo test -p nightshift --test incidents schema`");
}
