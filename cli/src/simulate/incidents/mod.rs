//! How often the functions are right about incidents, on nights that are made
//! up and next to what people do without them: `docs/simulate.md`.
//!
//! A night is played as it stands ([`play`]), by the functions and by their
//! rivals ([`rivals`]), and each is judged by what it did ([`Played`]).

pub mod evidence;
pub mod figures;
pub mod picture;
pub mod play;
pub mod seeds;
pub mod text;

mod rivals;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nightshift_core::cause::Cause;
use nightshift_sim::Scenario;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use figures::{Calibration, Causes, Figures, Tally};
use play::Played;
use rivals::Rival;

/// A night by its name: a seed or a file.
pub type Source = (String, Scenario);

/// What came of a simulation: the document of `nightshift simulate incidents --json`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Simulated {
    /// So many nights.
    pub nights: u32,
    /// Where nothing rang: nobody could have done anything.
    pub silent: u32,
    /// Rollbacks that nobody was asked about.
    pub rollback: Figures,
    /// How often a stated probability came true, by tens of per cent.
    pub calibration: Vec<Calibration>,
    /// By the true cause.
    pub causes: BTreeMap<Cause, Causes>,
    /// By what happened.
    pub kinds: BTreeMap<String, Figures>,
    /// What people do without it, on the same nights.
    pub baselines: Baselines,
}

/// What people do without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baselines {
    /// An alarm within 60 minutes after a release: back.
    pub alarm_after_release: Figures,
    /// Back only while the deployment runs: circuit breaker and deployment alarms, as ECS has them.
    pub while_deploying: Figures,
    /// A person who is paged, and finds the right remedy half an hour later.
    pub page_a_human: Figures,
}

/// What everybody did in one night.
#[derive(Clone, Debug)]
pub struct Night {
    /// Its name.
    pub name: String,
    /// What the functions did.
    pub ours: Played,
    rivals: [Played; 3],
}

impl Night {
    /// Everybody plays the same night.
    pub fn of((name, scenario): Source) -> Option<Self> {
        let truth = scenario.truth.clone()?;
        let rivals = Rival::ALL.map(|rival| rivals::play(rival, &scenario, &truth));
        Some(Self { name, ours: play::play(scenario, truth), rivals })
    }
}

/// Plays all of them, on as many threads as there are processors; `each` is
/// called after every one. In the order in which they came.
pub fn nights(count: usize, source: impl Fn(usize) -> Option<Source> + Sync, each: impl Fn() + Sync) -> Vec<Night> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return done;
            }
            done.extend(source(index).and_then(Night::of).map(|night| (index, night)));
            each();
        }
    };
    let threads = thread::available_parallelism().map_or(1, Into::into);
    let mut all: Vec<(usize, Night)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, night)| night).collect()
}

/// Sums them up.
pub fn simulated(nights: &[Night]) -> Simulated {
    let mut all = Tally::default();
    let mut causes: BTreeMap<Cause, Tally> = BTreeMap::new();
    let mut kinds: BTreeMap<String, Tally> = BTreeMap::new();
    let mut rivals = [Tally::default(), Tally::default(), Tally::default()];
    for night in nights.iter().filter(|night| night.heard()) {
        let truth = &night.ours.truth;
        all.add(&night.ours);
        causes.entry(truth.cause).or_default().add(&night.ours);
        kinds.entry(truth.kind.clone()).or_default().add(&night.ours);
        for (tally, rival) in rivals.iter_mut().zip(&night.rivals) {
            tally.add(rival);
        }
    }
    let named: Vec<&Played> = nights.iter().filter(|night| night.heard()).map(|night| &night.ours).collect();
    let [alarm_after_release, while_deploying, page_a_human] = rivals.map(|tally| tally.figures());
    Simulated {
        nights: nights.len() as u32,
        silent: nights.iter().filter(|night| !night.heard()).count() as u32,
        rollback: all.figures(),
        calibration: figures::calibration(&named),
        causes: figures::causes(&named, &causes),
        kinds: kinds.into_iter().map(|(kind, tally)| (kind, tally.figures())).collect(),
        baselines: Baselines { alarm_after_release, while_deploying, page_a_human },
    }
}

impl Night {
    /// Something rang for somebody: an alarm, or a deployment that failed.
    fn heard(&self) -> bool {
        self.ours.rang.is_some()
    }
}
