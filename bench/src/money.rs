//! What Lambda bills for an event at each size of memory: the CPU grows with it, and so
//! does the price of a millisecond.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::conditions::{Condition, Often};
use crate::figures::Figures;
use crate::life::World;
use crate::measure::measure;
use crate::share::Share;
use crate::variant::Variant;

/// The smallest there is, what the template sets, its double, and what buys a whole CPU.
pub const SIZES_MB: [u64; 4] = [128, 256, 512, 1769];
/// List price of a large Region on arm64, November 2026: USD a GB-second, and a request.
const GB_SECOND: f64 = 0.000_013_333_4;
const REQUEST: f64 = 0.000_000_2;

/// One variant at one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Billed {
    /// Megabytes of memory.
    pub memory_mb: u64,
    /// How tables call the variant.
    pub name: String,
    /// Init and first event, in milliseconds: Lambda bills both.
    pub cold_ms: f64,
    /// A later event.
    pub warm_ms: f64,
    /// USD for a million events that each find no function running.
    pub usd_of_a_million_cold: f64,
    /// USD for a million that each find one.
    pub usd_of_a_million_warm: f64,
}

impl Billed {
    fn of(memory_mb: u64, name: &str, figures: &Figures) -> Self {
        let cold_ms = figures.init_ms + figures.first_event_ms;
        let usd = |ms: f64| 1e6 * (REQUEST + ms.ceil() / 1e3 * memory_mb as f64 / 1024.0 * GB_SECOND);
        Self {
            memory_mb,
            name: name.to_owned(),
            cold_ms,
            warm_ms: figures.warm_p50_ms,
            usd_of_a_million_cold: usd(cold_ms),
            usd_of_a_million_warm: usd(figures.warm_p50_ms),
        }
    }
}

/// Measures each variant at each size, with an AWS that takes its time; `after_each` is
/// called after each process. What is worth nothing is left out: the tables before say why.
pub async fn bill(
    world: &mut World,
    variants: &[Variant],
    often: Often,
    share: &mut Share,
    mut after_each: impl FnMut(&str),
) -> Vec<Billed> {
    let mut all = Vec::new();
    for memory_mb in SIZES_MB {
        share.memory_mb = memory_mb;
        let measured = measure(world, variants, (Condition::Latency, often), Some(share), &mut after_each).await;
        for variant in variants {
            let figures = measured.get(&variant.name).and_then(|outcome| outcome.as_ref().ok()?.samples.figures());
            all.extend(figures.map(|figures| Billed::of(memory_mb, &variant.name, &figures)));
        }
    }
    all
}

/// The table for a terminal.
pub fn text(all: &[Billed]) -> String {
    let mut text = String::new();
    if all.is_empty() {
        return text;
    }
    let latency: Duration = Condition::Latency.latency();
    let title = format!("what Lambda bills, {} ms on every AWS call", latency.as_millis());
    let _ = writeln!(
        text,
        "{title}\n{:<16}{:>8}{:>12}{:>12}{:>18}{:>18}",
        "", "MB", "cold ms", "warm ms", "USD/10⁶ cold", "USD/10⁶ warm"
    );
    for billed in all {
        let Billed { memory_mb, name, cold_ms, warm_ms, usd_of_a_million_cold, usd_of_a_million_warm } = billed;
        let _ = writeln!(
            text,
            "{name:<16}{memory_mb:>8}{cold_ms:>12.0}{warm_ms:>12.0}{usd_of_a_million_cold:>18.2}{usd_of_a_million_warm:>18.2}"
        );
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_begun_millisecond_is_billed_and_so_is_the_request() {
        let figures = Figures {
            cold_starts: 1,
            warm_events: 1,
            init_ms: 60.0,
            first_event_ms: 139.2,
            cold_to_remedy_ms: 0.0,
            cold_to_remedy_range_ms: [0.0, 0.0],
            cold_cpu_ms: 0.0,
            warm_p50_ms: 100.0,
            warm_p99_ms: 0.0,
            warm_to_remedy_ms: 0.0,
            warm_cpu_ms: 0.0,
            peak_rss_mb: 0.0,
        };
        let billed = Billed::of(1024, "ours", &figures);
        assert!((billed.usd_of_a_million_cold - (0.2 + 0.2 * 13.3334)).abs() < 1e-9, "{billed:?}");
        assert!((billed.usd_of_a_million_warm - (0.2 + 0.1 * 13.3334)).abs() < 1e-9, "{billed:?}");
    }
}
