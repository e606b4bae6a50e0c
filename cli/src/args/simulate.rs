//! `nightshift simulate` as people type it.

use clap::Subcommand;

/// What a simulation is about.
#[derive(Debug, Subcommand)]
pub enum Simulation {
    /// How well cost anomalies are detected, next to what people do without a detector.
    ///
    /// Each seed is a year of an account's costs with jumps of known cause in it. The same seeds print the same
    /// bytes.
    #[command(after_help = "Examples:\n  nightshift simulate cost --seeds 50\n  nightshift simulate cost --seeds 200 \
                            --first-seed 1000 --json | jq .detector\n\ndocs/simulate.md says what is measured.")]
    Cost {
        /// So many years.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        seeds: u32,
        /// The first one's seed; the others follow.
        #[arg(long, default_value_t = 0)]
        first_seed: u64,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// That no order, repetition or delay of deliveries loses or doubles anything.
    ///
    /// Each seed is a night on the simulated account and a schedule: every event up to ten times, by SNS and by
    /// EventBridge, up to a day late, answered at the same time call by call, with processes that die. Exit code 1:
    /// an invariant was broken, and the seed is printed.
    #[command(
        after_help = "Examples:\n  nightshift simulate deliveries --seeds 1000\n  nightshift simulate deliveries \
                            --seeds 1 --first-seed 4711 --json\n\ndocs/simulate.md says what must hold."
    )]
    Deliveries {
        /// So many schedules.
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
        seeds: u32,
        /// The first one's seed; the others follow.
        #[arg(long, default_value_t = 0)]
        first_seed: u64,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// A storm: ten thousand alarms of two thousand services in a minute, and the recovery.
    ///
    /// It counts what AWS lets and what was used, call by call and key by key, what people were told, and what it would
    /// have cost. Exit code 1: an invariant was broken.
    #[command(
        after_help = "Examples:\n  nightshift simulate storm\n  nightshift simulate storm --services 200 --alarms \
                            1000 --json\n\ndocs/simulate.md says how it is modelled."
    )]
    Storm {
        /// So many services.
        #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        services: u32,
        /// So many alarms over all of them.
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        alarms: u32,
        /// Invocations at once that the account lets.
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        concurrency: u32,
        /// Another seed, other services act.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}
