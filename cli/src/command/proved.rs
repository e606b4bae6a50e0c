//! Simulations that prove something: exit code 1 if it does not hold.

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Wrong, say};
use crate::paint::Paint;
use crate::simulate::storm::Wanted;
use crate::simulate::{deliveries, storm};

/// Runs schedules of deliveries.
pub(super) fn deliveries(seeds: u32, first_seed: u64, json: bool, paint: Paint) -> Result<ExitCode, Wrong> {
    let style = ProgressStyle::with_template("  {bar:20} {pos}/{len} schedules, {per_sec}, {eta} left")?;
    let bar = ProgressBar::new(seeds.into()).with_style(style);
    let delivered = deliveries::deliveries(seeds, first_seed, || bar.inc(1));
    bar.finish_and_clear();
    match json {
        true => say(&format!("{:#}\n", serde_json::to_value(&delivered)?))?,
        false => say(&deliveries::text::text(&delivered, paint))?,
    }
    Ok(if delivered.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a storm.
pub(super) fn storm(wanted: Wanted, json: bool, paint: Paint) -> Result<ExitCode, Wrong> {
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("  {spinner} {msg}")?);
    let stormed = storm::storm(wanted, |second| bar.set_message(format!("minute {} of the night", second / 60)))?;
    bar.finish_and_clear();
    match json {
        true => say(&format!("{:#}\n", serde_json::to_value(&stormed)?))?,
        false => say(&storm::text::text(&stormed, paint))?,
    }
    Ok(if stormed.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
