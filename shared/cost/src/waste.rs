//! The waste list: what is paid for and not used, each with what it would save
//! and how that was computed.
//!
//! What is unknown gives no entry, never a guess. No two entries count the same
//! money, so that they may be added up. Left out, for want of a way to see it:
//! volumes that no instance has. Cost Explorer has no usage type for them, and
//! EC2's SDK takes longer to compile than everything else here. Addresses that
//! nothing uses need no call of their own: usage types name them.

mod fargate;
mod network;
mod prices;
mod seen;
mod services;
mod storage;

pub mod observe;

use nightshift_core::cost::{Money, Sums};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use network::{by_usage_type, last_month};
pub use prices::{Prices, RATES_AS_OF};
pub use seen::{BalancerUse, Peak, Seen, ServiceUse, StoredImages};

/// As many entries as people read; what is less is summed up.
pub const MOST_ENTRIES: usize = 50;
/// Less than this a month is not worth a line, in whatever currency.
pub const LEAST_SAVING: Decimal = Decimal::ONE;

/// What is wasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WasteKind {
    /// A log group that keeps its events for ever.
    LogsKeptForEver,
    /// A repository whose images no lifecycle policy ever deletes.
    ImagesKeptForEver,
    /// A service that nobody asked for anything.
    IdleService,
    /// Tasks of more CPU or memory than they ever use.
    OversizedTasks,
    /// A service beside production that runs at night and at week-ends.
    AwakeAtNight,
    /// Public addresses that nothing uses.
    IdleAddress,
    /// A load balancer without requests.
    IdleLoadBalancer,
    /// All that is beyond [`MOST_ENTRIES`].
    Rest,
}

/// One thing that is paid for and not used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Waste {
    /// What is wasted.
    pub kind: WasteKind,
    /// Which log group, repository, service, ….
    pub what: String,
    /// What it would save in a month; an estimate, and never more than it costs.
    pub saving: Money,
    /// The sentence with the figures that it was computed from.
    pub how: String,
}

/// What is wasted, dearest first, and what is beyond [`MOST_ENTRIES`] in one
/// entry for each currency, last.
pub fn waste(seen: &Seen, prices: &Prices) -> Vec<Waste> {
    let mut all: Vec<Waste> = storage::logs(seen, prices)
        .chain(storage::images(seen, prices))
        .chain(services::of(seen, prices))
        .chain(network::addresses(seen))
        .chain(network::balancers(seen, prices))
        .filter(|waste| waste.saving.amount >= LEAST_SAVING)
        .collect();
    // Two savings that are equal are told in the order of their names.
    all.sort_by(|a, b| b.saving.amount.cmp(&a.saving.amount).then_with(|| a.cmp(b)));
    let beyond = all.split_off(all.len().min(MOST_ENTRIES));
    all.extend(rest(&beyond));
    all
}

fn rest(beyond: &[Waste]) -> Vec<Waste> {
    let sums = Sums::from_iter(beyond.iter().map(|waste| &waste.saving));
    let entry = |(currency, amount): (&String, &Decimal)| {
        let number = beyond.iter().filter(|waste| waste.saving.currency == *currency).count();
        Waste {
            kind: WasteKind::Rest,
            what: format!("{number} more"),
            saving: Money::new(*amount, currency.clone()),
            how: format!("The sum of {number} more, each of which saves less than those above."),
        }
    };
    sums.0.iter().map(entry).collect()
}

/// An entry whose saving is of list prices: to the cent, and never rounded up.
fn entry(kind: WasteKind, what: impl Into<String>, saving: Decimal, how: String) -> Waste {
    let saving = prices::dollars(saving.max(Decimal::ZERO).trunc_with_scale(2));
    Waste { kind, what: what.into(), saving, how }
}
