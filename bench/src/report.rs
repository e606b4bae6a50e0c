//! All that was measured, and the goals it is held against: `target/bench/bench.json`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calls::Calls;
use crate::conditions::{Condition, Often};
use crate::figures::Figures;
use crate::money::Billed;

/// The product of a bench.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// When it was made.
    pub made_at: Timestamp,
    /// Where.
    pub machine: Machine,
    /// How often each variant was started.
    pub often: BTreeMap<Condition, Often>,
    /// Ours first.
    pub variants: Vec<Measured>,
    /// What Lambda bills at each size of memory; empty where no share can be dealt out.
    #[serde(default)]
    pub billed: Vec<Billed>,
    /// What was promised, and what came of it.
    pub goals: Vec<Goal>,
    /// What could not be measured, and why.
    pub missing: Vec<String>,
}

/// Where a bench ran: times are of this machine, ratios travel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// CPUs it may use.
    pub cpus: usize,
    /// Name of the processor.
    pub processor: String,
    /// Of the kernel.
    pub kernel: String,
}

/// A variant with its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How tables call it.
    pub name: String,
    /// What is uploaded to Lambda, zipped, in megabytes of 10^6 bytes.
    pub zipped_mb: Option<f64>,
    /// The calls of an event; `None` if they could not be told apart.
    pub calls: Option<Calls>,
    /// What it took.
    pub figures: BTreeMap<Condition, Figures>,
}

/// A figure that was promised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// What it is of.
    pub name: String,
    /// Whether it is to be no less, or no more.
    pub bound: Bound,
    /// The bound.
    pub wanted: f64,
    /// What was measured; `None` if it could not be.
    pub found: Option<f64>,
}

/// On which side of a bound a figure is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// No less.
    AtLeast,
    /// No more.
    AtMost,
}

impl Goal {
    /// `None` if it could not be measured.
    pub fn met(&self) -> Option<bool> {
        self.found.map(|found| match self.bound {
            Bound::AtLeast => found >= self.wanted,
            Bound::AtMost => found <= self.wanted,
        })
    }
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        let text = |path| std::fs::read_to_string(path).unwrap_or_default();
        let info = text("/proc/cpuinfo");
        let processor = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            processor: processor.map_or("unknown", |(_, name)| name).to_owned(),
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

/// The variant that all is measured for.
pub const OURS: &str = "ours";
/// The same calls and nothing else.
pub const FLOOR: &str = "floor";
/// What most teams would write.
pub const PYTHON: &str = "python";

/// The goals, held against what was measured.
pub fn goals(variants: &[Measured]) -> Vec<Goal> {
    let of = |name: &str| variants.iter().find(|variant| variant.name == name);
    let under = |name: &str, condition: Condition| of(name).and_then(|found| found.figures.get(&condition));
    let ratio = |over: &str, under_it: &str, condition, figure: fn(&Figures) -> f64| {
        Some(figure(under(over, condition)?) / figure(under(under_it, condition)?))
    };
    let goal = |name: String, bound, wanted, found| Goal { name, bound, wanted, found };
    let (full, share) = (Condition::FullCpu, Condition::Share);
    let cold: fn(&Figures) -> f64 = |figures| figures.cold_to_remedy_ms;
    let warm: fn(&Figures) -> f64 = |figures| figures.warm_p50_ms;
    let rss: fn(&Figures) -> f64 = |figures| figures.peak_rss_mb;
    let latency = Condition::Latency.latency().as_secs_f64() * 1000.0;
    let waited = under(OURS, Condition::Latency).map(|figures| figures.warm_to_remedy_ms / latency);
    let start = "cold start to remedy done";
    let (least, most) = (Bound::AtLeast, Bound::AtMost);
    vec![
        goal(format!("{start}, {}: python / ours", full.title()), least, 40.0, ratio(PYTHON, OURS, full, cold)),
        goal(format!("{start}, {}: python / ours", share.title()), least, 120.0, ratio(PYTHON, OURS, share, cold)),
        goal(format!("{start}, {}: ours / floor", full.title()), most, 1.5, ratio(OURS, FLOOR, full, cold)),
        goal(format!("{start}, {}: ours / floor", share.title()), most, 1.5, ratio(OURS, FLOOR, share, cold)),
        goal("warm event, median: python / ours".into(), least, 8.0, ratio(PYTHON, OURS, full, warm)),
        goal("warm event, median: ours / floor".into(), most, 1.5, ratio(OURS, FLOOR, full, warm)),
        goal("event to remedy sent, in latencies of an AWS call".into(), most, 5.2, waited),
        goal("peak RSS: python / ours".into(), least, 6.0, ratio(PYTHON, OURS, full, rss)),
        goal("artifact zipped, MB".into(), most, 2.8, of(OURS).and_then(|ours| ours.zipped_mb)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_on_its_side_of_the_bound() {
        let goal = |bound, found| Goal { name: String::new(), bound, wanted: 1.5, found }.met();
        assert_eq!(goal(Bound::AtMost, Some(1.5)), Some(true));
        assert_eq!(goal(Bound::AtMost, Some(1.6)), Some(false));
        assert_eq!(goal(Bound::AtLeast, Some(1.6)), Some(true));
        assert_eq!(goal(Bound::AtLeast, None), None);
    }

    #[test]
    fn without_rivals_the_goals_are_there_and_not_measured() {
        assert!(goals(&[]).iter().all(|goal| goal.met().is_none()));
    }
}
