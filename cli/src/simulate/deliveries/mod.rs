//! Whatever is delivered how often, how late, by which door and in which order,
//! the night ends as it must: `docs/simulate.md`.
//!
//! A seed is a night ([`world`]) and a schedule of its deliveries. What must hold
//! afterwards is in [`super::invariants`].

mod course;
mod parcel;
pub mod text;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Serialize;

use super::invariants::{self, broken};
use course::Course;
use nightshift_sim::dice::Dice;
use world::night;

/// Seeds whose schedules once broke something: `make test` runs them all.
pub const REGRESSIONS: &str = include_str!("regressions.txt");

/// What came of many schedules: the document of `nightshift simulate deliveries --json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Delivered {
    /// So many schedules.
    pub schedules: u32,
    /// The first one's seed.
    pub first_seed: u64,
    /// Deliveries that a function began to handle, retries included.
    pub deliveries: u64,
    /// Of these, killed in the middle.
    pub killed: u64,
    /// Incidents that opened.
    pub incidents: u64,
    /// Remedies that were taken.
    pub remedies: u64,
    /// Schedules by what went wrong in their night.
    pub nights: BTreeMap<&'static str, u32>,
    /// Schedules that broke an invariant, by seed.
    pub failed: Vec<Failed>,
}

/// A schedule that broke an invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// Its seed.
    pub seed: u64,
    /// What went wrong in its night.
    pub night: &'static str,
    /// What it broke.
    pub broken: Vec<String>,
}

/// Runs so many schedules, as many at once as there are processors; `each` is called
/// after every one. The answer is the same however many there are.
pub fn deliveries(seeds: u32, first_seed: u64, each: impl Fn() + Sync) -> Delivered {
    let (next, all) = (AtomicU32::new(0), Mutex::new(Delivered { first_seed, ..Delivered::default() }));
    let work = || {
        loop {
            let offset = next.fetch_add(1, Ordering::Relaxed);
            if offset >= seeds {
                return;
            }
            let one = schedule(first_seed.wrapping_add(u64::from(offset)));
            all.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(one);
            each();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut all = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    all.failed.sort_by_key(|failed| failed.seed);
    all
}

/// Runs the schedule of one seed.
pub fn schedule(seed: u64) -> Delivered {
    let mut dice = Dice::new(seed, "deliveries");
    let (trouble, scenario) = match night(&mut dice, seed) {
        Ok(night) => night,
        Err(error) => {
            let failed = Failed { seed, night: "none", broken: vec![format!("the scenario is wrong: {error}")] };
            return Delivered { schedules: 1, failed: vec![failed], ..Delivered::default() };
        }
    };
    let (ended, course) = Course::new(scenario).run(&mut dice);
    let broken = broken(&ended, course.reader());
    let failed = (!broken.is_empty()).then(|| Failed { seed, night: trouble.name(), broken });
    Delivered {
        schedules: 1,
        first_seed: seed,
        deliveries: course.delivered,
        killed: course.died,
        incidents: invariants::incidents(&ended).0 as u64,
        remedies: invariants::remedies(&ended) as u64,
        nights: [(trouble.name(), 1)].into(),
        failed: failed.into_iter().collect(),
    }
}

/// The seeds of [`REGRESSIONS`]: one on a line, with what it broke behind it.
pub fn regressions() -> Vec<u64> {
    let lines = REGRESSIONS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
}

impl Delivered {
    fn add(&mut self, one: Self) {
        self.schedules += one.schedules;
        self.deliveries += one.deliveries;
        self.killed += one.killed;
        self.incidents += one.incidents;
        self.remedies += one.remedies;
        for (name, times) in one.nights {
            *self.nights.entry(name).or_default() += times;
        }
        self.failed.extend(one.failed);
    }
}
