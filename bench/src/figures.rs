//! What was measured of one variant under one condition, and what it comes to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Times of one variant under one condition, as they were measured.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// From the process's start to its first asking for an event.
    pub init: Vec<Duration>,
    /// From the first event to its answer.
    pub first: Vec<Duration>,
    /// Init, and from the first event to the remedy's being done.
    pub cold_to_remedy: Vec<Duration>,
    /// CPU of init and first event.
    pub cold_cpu: Vec<Duration>,
    /// From a later event to its answer.
    pub warm: Vec<Duration>,
    /// From a later event to the remedy's request.
    pub warm_to_remedy: Vec<Duration>,
    /// CPU of a later event.
    pub warm_cpu: Vec<Duration>,
    /// Peaks of memory, in bytes.
    pub peak_rss: Vec<u64>,
}

/// Medians, unless a name says otherwise; milliseconds and megabytes of 10^6 bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Processes that were started.
    pub cold_starts: usize,
    /// Events after the first of each process.
    pub warm_events: usize,
    /// From the process's start to its first asking for an event.
    pub init_ms: f64,
    /// From the first event to its answer.
    pub first_event_ms: f64,
    /// From the process's start to the remedy's being done, less the bench's own part.
    pub cold_to_remedy_ms: f64,
    /// Of that, the fastest and the slowest.
    pub cold_to_remedy_range_ms: [f64; 2],
    /// CPU of init and first event.
    pub cold_cpu_ms: f64,
    /// From a later event to its answer.
    pub warm_p50_ms: f64,
    /// The same, of the slowest in a hundred.
    pub warm_p99_ms: f64,
    /// From a later event to the remedy's request.
    pub warm_to_remedy_ms: f64,
    /// CPU of a later event.
    pub warm_cpu_ms: f64,
    /// Largest resident set by the end of a process.
    pub peak_rss_mb: f64,
}

impl Samples {
    /// What they come to; `None` without a cold start or a warm event.
    pub fn figures(&self) -> Option<Figures> {
        let ms = |all: &[Duration], share| quantile(all.iter().map(|one| one.as_secs_f64() * 1000.0), share);
        Some(Figures {
            cold_starts: self.init.len(),
            warm_events: self.warm.len(),
            init_ms: ms(&self.init, 0.5)?,
            first_event_ms: ms(&self.first, 0.5)?,
            cold_to_remedy_ms: ms(&self.cold_to_remedy, 0.5)?,
            cold_to_remedy_range_ms: [ms(&self.cold_to_remedy, 0.0)?, ms(&self.cold_to_remedy, 1.0)?],
            cold_cpu_ms: ms(&self.cold_cpu, 0.5)?,
            warm_p50_ms: ms(&self.warm, 0.5)?,
            warm_p99_ms: ms(&self.warm, 0.99)?,
            warm_to_remedy_ms: ms(&self.warm_to_remedy, 0.5)?,
            warm_cpu_ms: ms(&self.warm_cpu, 0.5)?,
            peak_rss_mb: quantile(self.peak_rss.iter().map(|bytes| *bytes as f64 / 1e6), 0.5)?,
        })
    }
}

/// The value below which that share of all lies; between two, the nearer.
pub fn quantile(all: impl Iterator<Item = f64>, share: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = all.collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_was_measured() {
        let of = |share| quantile([5.0, 1.0, 9.0, 3.0].into_iter(), share);
        assert_eq!([of(0.0), of(0.5), of(1.0)], [Some(1.0), Some(5.0), Some(9.0)]);
        assert_eq!(quantile(std::iter::empty(), 0.5), None);
    }

    #[test]
    fn without_samples_there_are_no_figures() {
        assert_eq!(Samples::default().figures(), None);
    }
}
