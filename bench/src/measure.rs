//! Measures all variants under one condition, in turns: whatever else the machine does
//! meets all of them alike.

use std::collections::BTreeMap;

use crate::book::Book;
use crate::calls::Calls;
use crate::conditions::{Condition, Often};
use crate::figures::Samples;
use crate::life::{Died, Event, Life, World};
use crate::runtime_api::Answer;
use crate::share::Share;
use crate::variant::Variant;

/// The release that the remedy has to go back to.
const GOOD: &str = "checkout:42";

/// What one variant did under one condition.
#[derive(Debug, Default)]
pub struct Measured {
    /// The times.
    pub samples: Samples,
    /// The calls of the event that came through in the fewest rounds: a busy machine only
    /// ever adds some.
    pub calls: Option<Calls>,
}

/// Why a measurement is worth nothing.
#[derive(Debug, thiserror::Error)]
pub enum Worthless {
    /// A process was of no use.
    #[error(transparent)]
    Died(#[from] Died),
    /// An event did not end as it should.
    #[error("{name}: {what}")]
    Event {
        /// Which variant.
        name: String,
        /// What was wrong with it.
        what: String,
    },
}

/// Measures; `after_each` is called after each process. A variant of which any process
/// dies, or any event ends otherwise than with the remedy, is left out with what was
/// wrong: medians over what went well would hide it.
pub async fn measure(
    world: &mut World,
    variants: &[Variant],
    (condition, often): (Condition, Often),
    share: Option<&Share>,
    mut after_each: impl FnMut(&str),
) -> BTreeMap<String, Result<Measured, Worthless>> {
    world.cloud.delay(condition.latency());
    let new = |variant: &Variant| (variant.name.clone(), Ok(Measured::default()));
    let mut all: BTreeMap<String, Result<Measured, Worthless>> = variants.iter().map(new).collect();
    for _ in 0..often.lives {
        for variant in variants {
            let Some(Ok(measured)) = all.get_mut(&variant.name) else { continue };
            if let Err(worthless) = one_life(world, variant, often.warm, share, measured).await {
                all.insert(variant.name.clone(), Err(worthless));
            }
            after_each(&variant.name);
        }
    }
    all
}

async fn one_life(
    world: &mut World,
    variant: &Variant,
    warm: usize,
    share: Option<&Share>,
    measured: &mut Measured,
) -> Result<(), Worthless> {
    let wrong = |what: String| Worthless::Event { name: variant.name.clone(), what };
    let mut life = Life::start(world, variant, share).await?;
    let first = life.event(world).await?;
    remedied(&first).map_err(wrong)?;
    let samples = &mut measured.samples;
    let cold = life.usage()?;
    samples.init.push(life.init);
    samples.first.push(first.took);
    samples.cold_to_remedy.extend(first.to_remedy_done.map(|done| life.init + done));
    samples.cold_cpu.push(cold.cpu);
    let mut fewest: Option<Book> = None;
    for _ in 0..warm {
        let event = life.event(world).await?;
        remedied(&event).map_err(wrong)?;
        samples.warm.push(event.took);
        samples.warm_to_remedy.extend(event.to_remedy);
        let rounds = |book: &Book| book.rounds_before_remedy();
        if fewest.as_ref().is_none_or(|known| rounds(&event.book) < rounds(known)) {
            fewest = Some(event.book);
        }
    }
    let usage = life.usage()?;
    if let Ok(events @ 1..) = u32::try_from(warm) {
        samples.warm_cpu.push(usage.cpu.saturating_sub(cold.cpu) / events);
    }
    samples.peak_rss.push(usage.peak_rss);
    let calls = fewest.map(|later| Calls::of(&life.init_book, &first.book, &later));
    let before = measured.calls.as_ref().map_or(usize::MAX, |calls| calls.rounds_before_remedy);
    if calls.as_ref().is_some_and(|calls| calls.rounds_before_remedy < before) {
        measured.calls = calls;
    }
    life.end().await;
    Ok(())
}

/// Whether the event ended as every variant's has to.
///
/// # Errors
/// What is wrong.
pub fn remedied(event: &Event) -> Result<(), String> {
    let unknown = event.book.unknown();
    if !unknown.is_empty() {
        return Err(format!("the canned account has no answer to {}", unknown.join(", ")));
    }
    if let Answer::Error(text) = &event.answer {
        return Err(format!("the event failed: {text}"));
    }
    match event.book.remedy() {
        Some(call) if call.request.body.contains(GOOD) => Ok(()),
        Some(call) => Err(format!("the service was changed to something else: {}", call.request.body)),
        None => Err(format!("no remedy was taken; it answered {:?}", event.answer)),
    }
}
