//! The weights against seeded nights, and against the naive rule.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use nightshift_core::cause::Cause;

use crate::generated::{Chance, TRUTHS, generate};
use crate::night::{Night, ago, percent_of};

/// Every truth as often.
pub const NIGHTS_PER_CAUSE: u64 = 250;

/// How often a rule blamed the release, and how often it was right to.
#[derive(Debug, Default)]
pub struct Score {
    pub right: u32,
    pub wrong: u32,
    pub missed: u32,
}

impl Score {
    fn count(&mut self, blames: bool, guilty: bool) {
        match (blames, guilty) {
            (true, true) => self.right += 1,
            (true, false) => self.wrong += 1,
            (false, true) => self.missed += 1,
            (false, false) => {}
        }
    }

    /// Of the blamed, how many were guilty; per cent, rounded down.
    pub fn precision(&self) -> u32 {
        100 * self.right / (self.right + self.wrong).max(1)
    }

    /// Of the guilty, how many were blamed; per cent, rounded down.
    pub fn recall(&self) -> u32 {
        100 * self.right / (self.right + self.missed).max(1)
    }
}

/// An alarm within an hour of a release means roll back.
fn naive(night: &Night) -> bool {
    let history = night.view.history.seen().unwrap();
    history.iter().any(|one| one.began_at() >= ago(60) && one.began_at() <= ago(0))
}

/// What became of all the nights.
#[derive(Debug, Default)]
pub struct Report {
    /// Nights that it would act on.
    pub acts: Score,
    /// Nights that it would act on or ask about.
    pub asks: Score,
    /// Nights that the naive rule would act on.
    pub naive: Score,
    /// By truth: nights whose likeliest cause was the true one.
    pub named: BTreeMap<Cause, u32>,
    /// By tens of per cent: nights, and how many of them a release's.
    pub calibration: BTreeMap<u8, (u32, u32)>,
}

/// The report on other seeds than those the weights were set with; made once
/// for all tests.
pub fn unseen_nights() -> &'static Report {
    static REPORT: LazyLock<Report> = LazyLock::new(|| run(2));
    &REPORT
}

fn run(seed: u64) -> Report {
    let mut report = Report::default();
    for (index, truth) in TRUTHS.into_iter().enumerate() {
        for number in 0..NIGHTS_PER_CAUSE {
            let mut chance = Chance::new(seed << 32 | (index as u64) << 16 | number);
            let night = generate(truth, &mut chance);
            let diagnosis = night.diagnose();
            let (guilty, p) = (truth == Cause::Release, percent_of(&diagnosis, Cause::Release));
            let confidence = &night.policy.confidence;
            report.acts.count(diagnosis.release_gate && p >= confidence.act_at, guilty);
            report.asks.count(diagnosis.release_gate && p >= confidence.ask_at, guilty);
            report.naive.count(naive(&night), guilty);
            *report.named.entry(truth).or_default() += u32::from(diagnosis.cause == truth);
            let bucket = report.calibration.entry(p / 10 * 10).or_default();
            *bucket = (bucket.0 + 1, bucket.1 + u32::from(guilty));
        }
    }
    report
}

#[test]
fn the_release_is_blamed_rightly_far_more_often_than_by_the_naive_rule() {
    let report = unseen_nights();
    assert!(report.acts.precision() >= 95 && report.acts.recall() >= 75, "{report:#?}");
    assert!(report.asks.precision() >= 80 && report.asks.recall() >= 90, "{report:#?}");
    assert!(report.acts.precision() >= report.naive.precision() + 60, "{report:#?}");
    // Who is 90 per cent sure is wrong at most one time in ten.
    let (nights, guilty) = report.calibration[&90];
    assert!(guilty * 10 >= nights * 9, "{report:#?}");
}
