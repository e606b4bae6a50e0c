//! `nightshift simulate` as people type it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
        /// How it is told.
        #[command(flatten)]
        told: Told,
    },
    /// How often the functions are right about incidents, next to what people do without them.
    ///
    /// Each seed is a night: an account, something that goes wrong in it, and the truth about that. The same seeds
    /// print the same bytes.
    #[command(after_help = "Examples:\n  nightshift simulate incidents --seeds 500\n  nightshift simulate incidents \
                            --seeds-from shared/sim/seeds/test.toml --json | jq .rollback\n  nightshift simulate \
                            incidents --scenario-dir nights/\n\ndocs/simulate.md says what is measured.")]
    Incidents(Incidents),
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
        /// How it is told.
        #[command(flatten)]
        told: Told,
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
        /// The account, and how it is told.
        #[command(flatten)]
        fleet: Fleet,
    },
    /// How calls, money and time grow with the number of services: 1, 10, 100, and so on.
    ///
    /// Of each size one service is ill, and then all of them at the same minute. Exit code 1: something grows faster
    /// than the services that are ill, or an invariant was broken.
    #[command(after_help = "Examples:\n  nightshift simulate scale\n  nightshift simulate scale --most 100 --json | \
                            jq .faster\n\ndocs/simulate.md says how it is modelled.")]
    Scale {
        /// No more services than so many.
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        most: u32,
        /// The account, and how it is told.
        #[command(flatten)]
        fleet: Fleet,
    },
    /// One page with pictures of what incidents, deliveries, storm and the proof on the wire wrote.
    ///
    /// It stands by itself: one file, no script, nothing from elsewhere. A part that is not there is named.
    #[command(
        after_help = "Examples:\n  nightshift simulate storm --json-to target/prove/storm.json\n  nightshift simulate \
                            page\n  nightshift simulate page --from proof/ --out /tmp/proof.html\n\nmake prove writes \
                            all parts and the page."
    )]
    Page {
        /// Where incidents.json, deliveries.json, storm.json and wire.json are.
        #[arg(long, value_name = "DIR", default_value = "target/prove")]
        from: PathBuf,
        /// Where the page goes [default: index.html in DIR].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// The account of many services, and how what came of it is told.
#[derive(Debug, Args)]
pub struct Fleet {
    /// Invocations at once that the account lets.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub concurrency: u32,
    /// Another seed, other services act.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How it is told.
    #[command(flatten)]
    pub told: Told,
}

/// Which nights, and what is wanted of them.
#[derive(Debug, Args)]
pub struct Incidents {
    /// So many nights.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub seeds: u32,
    /// The first one's seed; the others follow.
    #[arg(long, default_value_t = 0)]
    pub first_seed: u64,
    /// Those of this file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seeds", "first_seed"])]
    pub seeds_from: Option<PathBuf>,
    /// The scenarios of this folder, each with its `[truth]`, and no seeds.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["seeds", "first_seed", "seeds_from"])]
    pub scenario_dir: Option<PathBuf>,
    /// Write the nights as scenarios into this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "scenario_dir")]
    pub write_to: Option<PathBuf>,
    /// Draw stated probability against outcome into this SVG file.
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
    /// Print what each piece of evidence is worth on these nights: what weights are set by.
    #[arg(long, conflicts_with_all = ["json", "json_to"])]
    pub evidence: bool,
    /// Print a line for each night that came out otherwise than it should.
    #[arg(long, conflicts_with_all = ["json", "json_to", "evidence"])]
    pub misses: bool,
    /// How it is told.
    #[command(flatten)]
    pub told: Told,
}

/// How what came of a simulation is told.
#[derive(Clone, Debug, Args)]
pub struct Told {
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
    /// Write the JSON document into this file as well, whatever is printed.
    #[arg(long, value_name = "FILE")]
    pub json_to: Option<PathBuf>,
}
