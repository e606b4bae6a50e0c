//! From nights to figures.

use std::collections::BTreeMap;

use nightshift_core::cause::Cause;
use nightshift_core::policy::Policy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::play::Played;

/// Counts of many nights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    n: u32,
    due: u32,
    by_ecs: u32,
    rollbacks: u32,
    right: u32,
    recalled: u32,
    healed: u32,
    wrong: u32,
    /// Seconds, of those that got well.
    took: Vec<i64>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Nights in which something rang.
    pub n: u32,
    /// Of them, those that call for a rollback and did not get it from ECS.
    pub due: u32,
    /// Nights in which ECS went back by itself.
    pub by_ecs: u32,
    /// Rollbacks that were made without asking anybody.
    pub rollbacks: u32,
    /// Of them, those that were the remedy the night called for.
    pub right: u32,
    /// Of `due`, those that were not rolled back, or not rightly.
    pub missed: u32,
    /// The share of the rollbacks that was the remedy the night called for; `None`: there were none.
    pub precision: Option<f64>,
    /// The share of `due` that was rolled back; `None`: none was due.
    pub recall: Option<f64>,
    /// The share of all nights that ended well and woke nobody.
    pub healed: Option<f64>,
    /// Nights in which something was done that the truth does not call for.
    pub wrong: u32,
    /// Median of the minutes from the first ring until all was well, of nights that ended well.
    pub minutes_to_heal: Option<f64>,
}

impl Tally {
    /// Adds a night.
    pub fn add(&mut self, played: &Played) {
        let rollback = played.rollback();
        self.n += 1;
        self.due += u32::from(played.due());
        self.by_ecs += u32::from(played.by_ecs);
        self.rollbacks += u32::from(rollback.is_some());
        self.right += u32::from(rollback.is_some_and(|taken| taken.right));
        self.recalled += u32::from(played.due() && rollback.is_some_and(|taken| taken.right));
        self.healed += u32::from(played.healed());
        self.wrong += u32::from(played.taken.iter().any(|taken| !taken.right));
        if let (Some(rang), Some(well)) = (played.rang, played.well) {
            self.took.push(well.duration_since(rang).as_secs().max(0));
        }
    }

    /// What came of it.
    pub fn figures(&self) -> Figures {
        Figures {
            n: self.n,
            due: self.due,
            by_ecs: self.by_ecs,
            rollbacks: self.rollbacks,
            right: self.right,
            missed: self.due.saturating_sub(self.recalled),
            precision: share(self.right, self.rollbacks),
            recall: share(self.recalled, self.due),
            healed: share(self.healed, self.n),
            wrong: self.wrong,
            minutes_to_heal: median(self.took.clone()),
        }
    }
}

/// What became of the nights of one cause.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Causes {
    /// Rollbacks in these nights, and the rest.
    #[serde(flatten)]
    pub figures: Figures,
    /// How often which cause was found the likeliest; nights without a diagnosis are missing.
    pub named: BTreeMap<Cause, u32>,
    /// Of the nights of which this cause was said at or above `act_at`, the share in which it was true.
    pub sure_and_right: Option<f64>,
}

/// By true cause, with what was found instead.
pub(super) fn causes(nights: &[&Played], tallies: &BTreeMap<Cause, Tally>) -> BTreeMap<Cause, Causes> {
    let act_at = Policy::default().confidence.act_at;
    let of = |cause: Cause, tally: &Tally| {
        let mut named: BTreeMap<Cause, u32> = BTreeMap::new();
        let (mut sure, mut right) = (0, 0);
        for (truth, found) in nights.iter().filter_map(|night| Some((&night.truth, night.found.as_ref()?))) {
            if truth.cause == cause {
                *named.entry(found.cause).or_default() += 1;
            }
            if found.cause == cause && found.percent >= act_at {
                sure += 1;
                right += u32::from(truth.cause == cause);
            }
        }
        Causes { figures: tally.figures(), named, sure_and_right: share(right, sure) }
    };
    tallies.iter().map(|(cause, tally)| (*cause, of(*cause, tally))).collect()
}

/// Nights in which the release was said to be to blame with that probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Calibration {
    /// From so many per cent on, up to the next ten.
    pub from_percent: u8,
    /// Nights.
    pub n: u32,
    /// What was said, on average.
    pub stated: f64,
    /// The share in which it was.
    pub came_true: f64,
}

/// By tens of per cent; what never was said is missing.
pub(super) fn calibration(nights: &[&Played]) -> Vec<Calibration> {
    let mut tens: BTreeMap<u8, (u32, u32, u32)> = BTreeMap::new();
    for night in nights {
        let Some(found) = &night.found else { continue };
        let said = found.ranking.iter().find(|one| one.cause == Cause::Release).map_or(0, |one| one.percent);
        let ten = tens.entry(said / 10 * 10).or_default();
        *ten = (ten.0 + 1, ten.1 + u32::from(said), ten.2 + u32::from(night.truth.cause == Cause::Release));
    }
    let of = |(from_percent, (n, said, true_ones)): (u8, (u32, u32, u32))| Calibration {
        from_percent,
        n,
        stated: share(said, n * 100).unwrap_or_default(),
        came_true: share(true_ones, n).unwrap_or_default(),
    };
    tens.into_iter().map(of).collect()
}

/// To a hundredth of a per cent.
pub(super) fn share(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| (f64::from(part) / f64::from(whole) * 10_000.0).round() / 10_000.0)
}

/// In minutes, to a tenth.
fn median(mut seconds: Vec<i64>) -> Option<f64> {
    seconds.sort_unstable();
    let middle = *seconds.get(seconds.len() / 2)?;
    Some((middle as f64 / 6.0).round() / 10.0)
}
