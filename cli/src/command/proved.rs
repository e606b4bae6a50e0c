//! Simulations that prove something: exit code 1 if it does not hold.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Wrong, chain, say, simulated, write};
use crate::args::simulate::Told;
use crate::paint::{Ink, Paint, wrapped};
use crate::simulate::page::parts::Parts;
use crate::simulate::page::{self, verdict};
use crate::simulate::storm::Wanted;
use crate::simulate::{deliveries, scale, storm};

/// How often the spinner turns.
const TICK: Duration = Duration::from_millis(100);
/// Characters of a line of prose.
const WIDTH: usize = 96;

/// Runs schedules of deliveries.
pub(super) fn deliveries(seeds: u32, first_seed: u64, told: &Told, paint: Paint) -> Result<ExitCode, Wrong> {
    let style = ProgressStyle::with_template("  {bar:20} {pos}/{len} schedules, {per_sec}, {eta} left")?;
    let bar = ProgressBar::new(seeds.into()).with_style(style);
    let delivered = deliveries::deliveries(seeds, first_seed, || bar.inc(1));
    bar.finish_and_clear();
    simulated::told(&delivered, told, || deliveries::text::text(&delivered, paint))?;
    Ok(if delivered.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a storm.
pub(super) fn storm(wanted: Wanted, told: &Told, paint: Paint) -> Result<ExitCode, Wrong> {
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("  {spinner} {msg}")?);
    let stormed = storm::storm(wanted, |second| bar.set_message(format!("minute {} of the night", second / 60)))?;
    bar.finish_and_clear();
    simulated::told(&stormed, told, || storm::text::text(&stormed, paint))?;
    Ok(if stormed.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs fleets of every size.
pub(super) fn scale(most: u32, (concurrency, seed): (u32, u64), told: &Told, paint: Paint) -> Result<ExitCode, Wrong> {
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("  {spinner} {elapsed} {msg}")?);
    bar.enable_steady_tick(TICK);
    let scaled = scale::scale(most, concurrency, seed, |what| bar.set_message(what.to_owned()))?;
    bar.finish_and_clear();
    simulated::told(&scaled, told, || scale::text(&scaled, paint))?;
    let broken = scaled.steps.iter().flat_map(|step| [&step.one, &step.all]).any(|it| !it.broken.is_empty());
    Ok(if scaled.faster.is_empty() && !broken { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Draws the page of the parts that are there, and says what it says on top.
pub(super) fn page(from: &Path, out: Option<PathBuf>, paint: Paint) -> Result<(), Wrong> {
    let parts = Parts::read(from).map_err(|error| chain(&error))?;
    let out = out.unwrap_or_else(|| from.join("index.html"));
    write(&out, &page::page(&parts))?;
    let mut text = String::from("\n");
    for verdict in verdict::verdicts(&parts) {
        text.push_str(&format!("  {}\n", paint.ink(Ink::Bold, verdict.question)));
        wrapped(&verdict.answer, WIDTH).iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        text.push('\n');
    }
    for source in parts.missing() {
        text.push_str(&format!("  Missing: {}, which {} writes.\n", source.file, source.made_by));
    }
    text.push_str(&format!("  The same with pictures: {}\n\n", paint.ink(Ink::Bold, &out.display().to_string())));
    Ok(say(&text)?)
}
