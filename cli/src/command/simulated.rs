//! `nightshift simulate`.

use std::fs;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use nightshift_sim::trouble;
use serde::Serialize;

use super::{Wrong, chain, proved, say, write};
use crate::args::simulate::{Fleet, Told};
use crate::args::{Incidents, Simulation};
use crate::paint::Paint;
use crate::simulate::incidents::seeds::{self, Seeds};
use crate::simulate::incidents::{self, Night, Source, evidence, picture};
use crate::simulate::storm::Wanted;
use crate::simulate::{cost, text};

/// Measures what was asked for.
pub(super) fn simulated(simulation: Simulation, paint: Paint) -> Result<ExitCode, Wrong> {
    match simulation {
        Simulation::Cost { seeds, first_seed, told } => of_costs(seeds, first_seed, &told, paint)?,
        Simulation::Incidents(wanted) => of_incidents(&wanted, paint)?,
        Simulation::Deliveries { seeds, first_seed, told } => {
            return proved::deliveries(seeds, first_seed, &told, paint);
        }
        Simulation::Storm { services, alarms, fleet: Fleet { concurrency, seed, told } } => {
            return proved::storm(Wanted { services, ill: services, alarms, concurrency, seed }, &told, paint);
        }
        Simulation::Scale { most, fleet: Fleet { concurrency, seed, told } } => {
            return proved::scale(most, (concurrency, seed), &told, paint);
        }
        Simulation::Page { from, out } => proved::page(&from, out, paint)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn of_costs(seeds: u32, first_seed: u64, told: &Told, paint: Paint) -> Result<(), Wrong> {
    let bar = bar(seeds.into(), "years")?;
    let simulated = cost(seeds, first_seed, || bar.inc(1));
    bar.finish_and_clear();
    self::told(&simulated, told, || text::text(&simulated, paint))
}

fn of_incidents(wanted: &Incidents, paint: Paint) -> Result<(), Wrong> {
    let nights = nights(wanted)?;
    if wanted.misses {
        return Ok(say(&incidents::text::misses(&nights))?);
    }
    if wanted.evidence {
        return Ok(say(&evidence::table(&nights))?);
    }
    let simulated = incidents::simulated(&nights);
    if let Some(file) = &wanted.picture {
        fs::write(file, picture::svg(&simulated.calibration))
            .map_err(|error| format!("{}: {error}", file.display()))?;
    }
    told(&simulated, &wanted.told, || incidents::text::text(&simulated, paint))
}

fn nights(wanted: &Incidents) -> Result<Vec<Night>, Wrong> {
    if let Some(folder) = &wanted.scenario_dir {
        let all = seeds::of_folder(folder).map_err(|error| chain(&error))?;
        return play(all.len(), |index| all.get(index).cloned());
    }
    let Incidents { seeds, first_seed, .. } = *wanted;
    let seeds = match &wanted.seeds_from {
        Some(file) => Seeds::read(file).map_err(|error| chain(&error))?,
        None => Seeds { first_seed, seeds },
    };
    if let Some(folder) = &wanted.write_to {
        fs::create_dir_all(folder)?;
        for seed in seeds.all() {
            fs::write(folder.join(format!("{seed}.toml")), trouble::night(seed).map_err(|error| chain(&error))?.text)?;
        }
    }
    play(seeds.seeds as usize, |index| seeds.night(index))
}

fn play(count: usize, source: impl Fn(usize) -> Option<Source> + Sync) -> Result<Vec<Night>, Wrong> {
    let bar = bar(count as u64, "nights")?;
    let nights = incidents::nights(count, source, || bar.inc(1));
    bar.finish_and_clear();
    Ok(nights)
}

fn bar(length: u64, of: &str) -> Result<ProgressBar, Wrong> {
    let style = ProgressStyle::with_template(&format!("  {{bar:20}} {{pos}}/{{len}} {of}"))?;
    Ok(ProgressBar::new(length).with_style(style))
}

/// Says what came of it, as text or as JSON; the document goes into a file first, so that
/// a reader who goes away takes nothing with them.
pub(super) fn told(simulated: &impl Serialize, told: &Told, text: impl FnOnce() -> String) -> Result<(), Wrong> {
    let document = format!("{:#}\n", serde_json::to_value(simulated)?);
    if let Some(file) = &told.json_to {
        write(file, &document)?;
    }
    Ok(say(&if told.json { document } else { text() })?)
}
