//! Under which conditions all is measured.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How much CPU there is, and how long AWS takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// A whole CPU, and an AWS that answers at once: what the software itself costs.
    FullCpu,
    /// The CPU share of a function of 128 MB once init is over.
    Share,
    /// A whole CPU, and 20 ms on every call: what people wait for.
    Latency,
}

impl Condition {
    /// In the order of the tables.
    pub const ALL: [Self; 3] = [Self::FullCpu, Self::Share, Self::Latency];

    /// What each answer of AWS takes longer.
    pub const fn latency(self) -> Duration {
        match self {
            Self::FullCpu | Self::Share => Duration::ZERO,
            Self::Latency => Duration::from_millis(20),
        }
    }

    /// Title of its table.
    pub const fn title(self) -> &'static str {
        match self {
            Self::FullCpu => "full CPU",
            Self::Share => "the CPU share of 128 MB",
            Self::Latency => "20 ms on every AWS call",
        }
    }
}

/// How often a variant is started under a condition, and how many events follow the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Often {
    /// Processes.
    pub lives: usize,
    /// Events of each after its first.
    pub warm: usize,
}

impl Often {
    /// Enough for medians that hold, in a few minutes: at the share of 128 MB an event of
    /// Python takes most of a second.
    pub const fn usual(condition: Condition) -> Self {
        match condition {
            Condition::FullCpu => Self { lives: 15, warm: 20 },
            Condition::Share => Self { lives: 7, warm: 4 },
            Condition::Latency => Self { lives: 5, warm: 7 },
        }
    }

    /// A look whether all runs: figures of it are of no worth.
    pub const fn quick() -> Self {
        Self { lives: 2, warm: 2 }
    }
}
