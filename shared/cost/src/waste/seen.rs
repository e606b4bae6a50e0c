//! What the rules look at.

use std::collections::BTreeMap;

use nightshift_core::cost::Money;
use nightshift_core::ids::ServiceRef;
use nightshift_core::service::Launch;
use nightshift_core::waste::{LogGroup, TaskSize};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All that was seen of an account, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// How many whole days (UTC) metrics were read of.
    pub days: u32,
    /// All log groups.
    pub log_groups: Vec<LogGroup>,
    /// All repositories.
    pub repositories: Vec<StoredImages>,
    /// Services that want tasks.
    pub services: Vec<ServiceUse>,
    /// Application Load Balancers.
    pub balancers: Vec<BalancerUse>,
    /// The last whole month by usage type, as it was charged.
    pub costs: BTreeMap<String, Money>,
    /// What could not be read, in sentences that name the action to allow.
    pub unseen: Vec<String>,
}

/// What a repository stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredImages {
    /// Its name.
    pub name: String,
    /// Bytes of its images that can be pulled. What images share is counted with
    /// each of them, and stored once.
    pub stored_bytes: u64,
    /// It has a lifecycle policy.
    pub has_lifecycle: bool,
}

/// How a service was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceUse {
    /// Which one.
    pub service: ServiceRef,
    /// The environment that it says it is in.
    pub environment: Option<String>,
    /// Tasks wanted.
    pub desired: u32,
    /// What they run on.
    pub launch: Option<Launch>,
    /// Their size.
    pub size: Option<TaskSize>,
    /// CPU in its busiest hour, per cent of what is reserved.
    #[schemars(with = "Option<String>")]
    pub cpu: Option<Decimal>,
    /// Memory in its busiest hour, per cent of what is reserved.
    #[schemars(with = "Option<String>")]
    pub memory: Option<Decimal>,
    /// Of which statistic both are.
    pub peak: Peak,
    /// Hours in which it ran: those that have datapoints of both.
    pub hours: u32,
    /// Requests that its load balancer sent to it; `None`: it has no Application
    /// Load Balancer, or nobody can tell.
    pub requests: Option<u64>,
}

/// By which statistic the busiest hour was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Peak {
    /// The 99th percentile of each hour.
    #[default]
    P99,
    /// The highest value of each hour, which is never less: CloudWatch has no
    /// percentiles of what was published as a summary.
    Maximum,
}

impl Peak {
    /// As CloudWatch and people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::P99 => "p99",
            Self::Maximum => "maximum",
        }
    }
}

/// How a load balancer was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BalancerUse {
    /// `app/prod/50dc6c495c0c9188`.
    pub name: String,
    /// It was there before the first of the days.
    pub there_all_along: bool,
    /// Requests that it sent to a target; `None`: nobody can tell.
    pub requests: Option<u64>,
}
