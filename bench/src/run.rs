//! The whole bench: all variants under all conditions, and the report.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::artifact;
use crate::chain;
use crate::conditions::{Condition, Often};
use crate::life::{Life, World};
use crate::measure::{Worthless, measure, remedied};
use crate::money::{SIZES_MB, bill};
use crate::recording::{NoRecording, Recording};
use crate::report::{Machine, Measured, Report, goals};
use crate::runtime_api::Answer;
use crate::share::Share;
use crate::variant::Variant;

/// An answer that takes so long shows who waited for whom.
const WHILE_RECORDING: Duration = Duration::from_millis(20);

/// Why there is nothing for the floor to do.
#[derive(Debug, thiserror::Error)]
pub enum Unrecorded {
    /// The event was worth nothing.
    #[error(transparent)]
    Event(#[from] Worthless),
    /// It could not be written down.
    #[error("the recording cannot be written")]
    Written(#[from] NoRecording),
}

/// Records one later event of a variant.
///
/// # Errors
/// If the event does not end with the remedy, or cannot be written down.
pub async fn record(world: &mut World, variant: &Variant, file: &Path) -> Result<(), Unrecorded> {
    world.cloud.delay(WHILE_RECORDING);
    let wrong = |what: String| Worthless::Event { name: variant.name.clone(), what };
    let mut life = Life::start(world, variant, None).await.map_err(Worthless::from)?;
    life.event(world).await.map_err(Worthless::from)?;
    let event = life.event(world).await.map_err(Worthless::from)?;
    life.end().await;
    remedied(&event).map_err(wrong)?;
    let Answer::Response(response) = event.answer else {
        return Err(wrong("it answered with an error".into()).into());
    };
    Ok(Recording::of(&event.book, response).write(file)?)
}

/// Measures the variants under all conditions that this machine lets us have.
///
/// # Errors
/// If the progress cannot be shown.
pub async fn run(
    world: &mut World,
    variants: &[Variant],
    often: impl Fn(Condition) -> Often,
) -> Result<Report, indicatif::style::TemplateError> {
    let mut missing = Vec::new();
    let (there, gone): (Vec<Variant>, Vec<Variant>) = variants.iter().cloned().partition(Variant::is_set_up);
    missing.extend(gone.iter().map(|variant| format!("{}: it is not set up; cure: make bench", variant.name)));
    let variants = &there[..];
    let mut share = Share::make().map_err(|error| missing.push(format!("{}: {error}", Condition::Share.title()))).ok();
    let possible = |condition: &Condition| *condition != Condition::Share || share.is_some();
    let conditions: Vec<Condition> = Condition::ALL.into_iter().filter(possible).collect();
    let at_each_size = often(Condition::Latency);
    let sizes = if share.is_some() { SIZES_MB.len() } else { 0 };
    let starts: usize = conditions.iter().map(|condition| often(*condition).lives).sum();
    let starts = (starts + sizes * at_each_size.lives) * variants.len();
    let bar = ProgressBar::new(starts as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} starts, {eta} left  {msg}")?);
    let mut all: Vec<Measured> = variants.iter().map(|variant| unmeasured(variant, &mut missing)).collect();
    for condition in &conditions {
        let quota = share.as_ref().filter(|_| *condition == Condition::Share);
        let progress = |name: &str| {
            bar.set_message(format!("{}: {name}", condition.title()));
            bar.inc(1);
        };
        let measured = measure(world, variants, (*condition, often(*condition)), quota, progress).await;
        for (name, outcome) in measured {
            let Some(variant) = all.iter_mut().find(|variant| variant.name == name) else { continue };
            match outcome {
                Ok(measured) => {
                    // Where AWS answers at once, nobody can see who waited for whom.
                    if *condition == Condition::Latency {
                        variant.calls = measured.calls;
                    }
                    variant.figures.extend(measured.samples.figures().map(|figures| (*condition, figures)));
                }
                Err(worthless) => missing.push(format!("{name}, {}: {}", condition.title(), chain(&worthless))),
            }
        }
    }
    let mut billed = Vec::new();
    if let Some(share) = share.as_mut() {
        let progress = |name: &str| {
            bar.set_message(format!("what Lambda bills: {name}"));
            bar.inc(1);
        };
        billed = bill(world, variants, at_each_size, share, progress).await;
    }
    bar.finish_and_clear();
    Ok(Report {
        made_at: Timestamp::now(),
        machine: Machine::here(),
        often: conditions.iter().map(|condition| (*condition, often(*condition))).collect(),
        goals: goals(&all),
        variants: all,
        billed,
        missing,
    })
}

fn unmeasured(variant: &Variant, missing: &mut Vec<String>) -> Measured {
    let zipped = variant.artifact.as_deref().map(artifact::zipped);
    let zipped_mb = match zipped {
        Some(Ok(bytes)) => Some(bytes as f64 / 1e6),
        Some(Err(error)) => {
            missing.push(format!("{}, what is uploaded: {error}", variant.name));
            None
        }
        None => None,
    };
    Measured { name: variant.name.clone(), zipped_mb, calls: None, figures: BTreeMap::new() }
}
