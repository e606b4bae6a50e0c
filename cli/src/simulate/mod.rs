//! How well the rules do on simulated years of costs, next to what people do
//! without them: `docs/simulate.md`.
//!
//! The years ([`mod@year`]) know nothing of the detector, and the detector sees
//! of them what Cost Explorer would answer.

pub mod deliveries;
pub mod incidents;
pub mod invariants;
pub mod judge;
pub mod page;
pub mod reader;
pub mod scale;
pub mod storm;
pub mod text;
pub mod year;

mod event;
mod rivals;
mod usual;

use jiff::ToSpan as _;
use jiff::civil::Date;
use nightshift_cost::{Floors, detect, series};
use serde::Serialize;

use judge::{Figures, Tally};
use year::{Truth, Year};

/// What came of a simulation: the document of `nightshift simulate cost --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Simulated {
    /// So many years.
    pub seeds: u32,
    /// The first one's seed.
    pub first_seed: u64,
    /// Nightshift's detector.
    pub detector: Figures,
    /// What people do without one.
    pub baselines: Baselines,
}

/// Two detectors that people write.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Baselines {
    /// A day that costs 20 % more than the day before.
    pub yesterday_20_percent: Figures,
    /// A day above the mean of the last seven by three standard deviations.
    pub mean_3_sigma: Figures,
}

/// Judges all of them on so many years; `each` is called after every one.
pub fn cost(seeds: u32, first_seed: u64, mut each: impl FnMut()) -> Simulated {
    let floors = Floors::default();
    let (mut ours, mut yesterday, mut mean) = (Tally::default(), Tally::default(), Tally::default());
    for seed in (0..seeds).map(|offset| first_seed.wrapping_add(u64::from(offset))) {
        let year = Year::of(seed);
        let Some((from, to)) = year.judged() else { continue };
        let days: Vec<Date> = from.series(1.day()).take_while(|day| *day <= to).collect();
        // Years that are over: every day of them is settled.
        for series in series(&year.by, &year.costs, to.saturating_add(10.days())) {
            let truths: Vec<&Truth> =
                year.truths.iter().filter(|truth| series.key == [truth.service.as_str()]).collect();
            ours.add(&series, &truths, &days, |series, day| detect(series, day, &floors).is_some());
            yesterday.add(&series, &truths, &days, |series, day| rivals::yesterday(series, day, &floors));
            mean.add(&series, &truths, &days, |series, day| rivals::mean(series, day, &floors));
        }
        each();
    }
    let baselines = Baselines { yesterday_20_percent: yesterday.figures(), mean_3_sigma: mean.figures() };
    Simulated { seeds, first_seed, detector: ours.figures(), baselines }
}
