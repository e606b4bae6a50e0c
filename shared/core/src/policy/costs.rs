//! What of costs is worth a message, and how many questions may be paid for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scans::text;
use super::section::Section;

/// What is told of costs. Amounts are whole units of the account's currency, by
/// day unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Costs {
    /// The cost allocation tag by which costs are told apart.
    pub tag: String,
    /// The total moved if it is off what is usual by so much …
    pub floor: u32,
    /// … and by so many per cent.
    pub floor_percent: u32,
    /// A service moved if it is above what is usual by so much …
    pub mover_floor: u32,
    /// … and by so many per cent.
    pub mover_percent: u32,
    /// What spends for the first time is told from so much on.
    pub new_floor: u32,
    /// Questions of one report; each page of an answer is one, and costs a cent.
    pub most_requests: u32,
    /// What nobody asked anything of for so many days is idle.
    pub idle_days: u32,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            tag: "team".to_owned(),
            floor: 10,
            floor_percent: 5,
            mover_floor: 20,
            mover_percent: 35,
            new_floor: 20,
            most_requests: 20,
            idle_days: 14,
        }
    }
}

/// `[costs]`.
pub(super) fn costs(mut section: Section<'_, '_, '_>) -> Costs {
    let usual = Costs::default();
    let costs = Costs {
        tag: section.value("tag", usual.tag, text("tag", "team")),
        floor: section.number("floor", usual.floor, 1..=u32::MAX),
        floor_percent: section.number("floor_percent", usual.floor_percent, 1..=1000),
        mover_floor: section.number("mover_floor", usual.mover_floor, 1..=u32::MAX),
        mover_percent: section.number("mover_percent", usual.mover_percent, 1..=1000),
        new_floor: section.number("new_floor", usual.new_floor, 1..=u32::MAX),
        // Fewer do not make a report, more are asked for by mistake.
        most_requests: section.number("most_requests", usual.most_requests, 5..=200),
        // CloudWatch keeps what percentiles are taken of for fifteen days.
        idle_days: section.number("idle_days", usual.idle_days, 1..=14),
    };
    section.close();
    costs
}
