//! The weights against seeded nights, and against the naive rule.

use std::collections::BTreeMap;

use nightshift_core::cause::Cause;

use crate::generated::{Chance, TRUTHS, generate};
use crate::night::{Night, ago, percent_of};

const NIGHTS_PER_CAUSE: u64 = 250;

/// How often a rule blamed the release, and how often it was right to.
#[derive(Debug, Default)]
struct Score {
    right: u32,
    wrong: u32,
    missed: u32,
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

    /// Of the blamed, how many were guilty; per cent.
    fn precision(&self) -> u32 {
        100 * self.right / (self.right + self.wrong).max(1)
    }

    /// Of the guilty, how many were blamed; per cent.
    fn recall(&self) -> u32 {
        100 * self.right / (self.right + self.missed).max(1)
    }
}

/// An alarm within an hour of a release means roll back.
fn naive(night: &Night) -> bool {
    let history = night.view.history.seen().unwrap();
    history.iter().any(|one| one.began_at() >= ago(60) && one.began_at() <= ago(0))
}

#[derive(Debug, Default)]
struct Report {
    acts: Score,
    asks: Score,
    naive: Score,
    /// Of all nights, whose likeliest cause was the true one.
    named: BTreeMap<Cause, u32>,
    /// By tens of per cent: nights, and how many of them a release's.
    calibration: BTreeMap<u8, (u32, u32)>,
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

/// Other seeds than those the weights were set with.
#[test]
#[expect(clippy::print_stdout, reason = "the figures are what one reads this test for")]
fn the_release_is_blamed_rightly_far_more_often_than_by_the_naive_rule() {
    let report = run(2);
    for (rule, score) in [("act", &report.acts), ("ask", &report.asks), ("naive", &report.naive)] {
        println!("{rule}: precision {} %, recall {} %, {score:?}", score.precision(), score.recall());
    }
    for (truth, named) in &report.named {
        println!("{truth}: named in {} % of its nights", 100 * named / u32::try_from(NIGHTS_PER_CAUSE).unwrap());
    }
    for (percent, (nights, guilty)) in &report.calibration {
        println!("{percent} to {} %: {guilty} of {nights} were the release's", percent + 9);
    }
    assert!(report.acts.precision() >= 95 && report.acts.recall() >= 75, "{report:#?}");
    assert!(report.asks.precision() >= 80 && report.asks.recall() >= 90, "{report:#?}");
    assert!(report.acts.precision() >= report.naive.precision() + 60, "{report:#?}");
    // Who is 90 per cent sure is wrong at most one time in ten.
    let (nights, guilty) = report.calibration[&90];
    assert!(guilty * 10 >= nights * 9, "{report:#?}");
}
