//! A service when all is well, and when there is more work than usual.

use nightshift_core::span::Span;
use serde::Deserialize;

use super::Moment;

/// A service's metrics when all is well.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Baseline {
    /// Over all tasks.
    pub requests_per_minute: f64,
    /// Requests answered with 5XX, per cent.
    pub errors_percent: f64,
    /// Mean time of an answer.
    pub latency_ms: f64,
    /// Per cent of the reservation.
    pub cpu_percent: f64,
    /// Per cent of the reservation.
    pub memory_percent: f64,
    /// How far requests swing with the hour: 0 is flat, 0.5 is half above at
    /// the afternoon's peak and half below before dawn.
    pub daily_rhythm: f64,
    /// Requests of a Saturday or Sunday, as a share of another day's.
    pub weekend: f64,
    /// Times the usual noise on every metric.
    pub noise: f64,
    /// How often clients send again what failed.
    pub retries: f64,
}

/// More work than usual.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// From when.
    pub at: Moment,
    /// Until when; unset: it stays.
    #[serde(default)]
    pub until: Option<Moment>,
    /// Times the usual.
    pub factor: f64,
    /// It takes so long, evenly, to get there.
    #[serde(default = "super::moment::no_time")]
    pub grows_over: Span,
    /// It comes back so often, and came before; unset: once.
    #[serde(default)]
    pub every: Option<Span>,
}

impl Default for Baseline {
    fn default() -> Self {
        Self {
            requests_per_minute: 600.0,
            errors_percent: 0.1,
            latency_ms: 80.0,
            cpu_percent: 35.0,
            memory_percent: 45.0,
            daily_rhythm: 0.3,
            weekend: 1.0,
            noise: 1.0,
            retries: 0.0,
        }
    }
}
