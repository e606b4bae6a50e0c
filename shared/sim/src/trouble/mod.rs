//! Nights that are made up: a seed gives an account, something that goes wrong
//! in it, and the truth about that.
//!
//! What is made up is a scenario's text, which anybody can read and run again.
//! Nothing in here knows how a cause is found: it says what happens, the
//! account's state machines say what that looks like.

mod coincidences;
mod elsewhere;
mod inside;
mod load;
mod releases;
mod sketch;
mod tables;
mod watched;

use crate::dice::Dice;
use crate::scenario::{Scenario, ScenarioError};

use sketch::Sketch;

/// A night.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The scenario as a file, with its `[truth]`.
    pub text: String,
    /// The same, read.
    pub scenario: Scenario,
}

/// What goes wrong, and in how many nights of a thousand.
type Kind = (&'static str, usize, fn(&mut Sketch));

/// All of it. Half are releases, for those are what is judged; the rest is as
/// frequent as each would be among alarms that ring, as far as anybody knows.
const KINDS: [Kind; 30] = [
    ("errors", 105, releases::errors),
    ("latency", 55, releases::latency),
    ("dear", 30, releases::dear),
    ("one-endpoint", 40, releases::one_endpoint),
    ("under-load", 25, releases::under_load),
    ("sets-in-later", 30, releases::sets_in_later),
    ("crash-at-start", 35, releases::crash_at_start),
    ("crash-soon", 35, releases::crash_soon),
    ("crash-after-an-hour", 15, releases::crash_after_an_hour),
    ("oom", 30, releases::oom),
    ("slow-leak", 25, releases::slow_leak),
    ("bad-config", 25, releases::bad_config),
    ("image-gone", 20, releases::image_gone),
    ("two-releases", 15, coincidences::two_releases),
    ("fixed-forward", 10, coincidences::fixed_forward),
    ("schema-change", 10, coincidences::schema_change),
    ("spike", 60, load::spike),
    ("growth", 35, load::growth),
    ("release-in-spike", 30, coincidences::release_in_spike),
    ("database-down", 50, elsewhere::database_down),
    ("release-before-outage", 40, coincidences::release_before_outage),
    ("third-party-down", 40, elsewhere::third_party_down),
    ("noisy-neighbour", 30, elsewhere::noisy_neighbour),
    ("provider", 35, elsewhere::provider),
    ("flapping", 30, inside::flapping),
    ("nightly-job", 30, inside::nightly_job),
    ("blip", 35, inside::blip),
    ("old-leak", 35, inside::old_leak),
    ("secret-gone", 20, inside::secret_gone),
    ("registry-cleaned", 15, inside::registry_cleaned),
];

/// The night of a seed: always the same one.
///
/// # Errors
/// None: a test makes up thousands. It says which line of the text is wrong.
pub fn night(seed: u64) -> Result<Trouble, ScenarioError> {
    let mut dice = Dice::new(seed, "trouble");
    let all: usize = KINDS.iter().map(|(_, share, _)| share).sum();
    let mut left = dice.whole(0, all - 1);
    let mut kinds = KINDS.iter();
    let drawn = kinds.find(|(_, share, _)| {
        let here = left < *share;
        left = left.wrapping_sub(*share);
        here
    });
    let (kind, _, happens) = drawn.unwrap_or(&KINDS[0]);
    let mut sketch = Sketch::new(seed, kind, dice);
    happens(&mut sketch);
    let text = sketch.text();
    let scenario = Scenario::parse(&text)?;
    Ok(Trouble { text, scenario })
}

/// The names of all that can go wrong.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(kind, ..)| *kind)
}

#[cfg(test)]
mod tests;
