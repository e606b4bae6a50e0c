//! What the account holds beside its services: log groups, load balancers and stacks.

use std::collections::BTreeMap;

use nightshift_core::waste::Platform;
use serde::Deserialize;

use super::Moment;

/// A log group, or one of a service whose events are kept in another way.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogGroupSetup {
    /// Its name; `/ecs/checkout` is the one of service `checkout`.
    pub name: String,
    /// Days after which events go; unset: never.
    #[serde(default)]
    pub retention_days: Option<u32>,
    /// Bytes.
    #[serde(default)]
    pub stored_bytes: u64,
    /// So many of it, `NAME-0001` and so on; unset: it alone.
    #[serde(default)]
    pub count: Option<u32>,
}

impl LogGroupSetup {
    /// The names that it stands for.
    pub fn names(&self) -> Vec<String> {
        match self.count {
            None => vec![self.name.clone()],
            Some(count) => (1..=count).map(|number| format!("{}-{number:04}", self.name)).collect(),
        }
    }
}

/// A load balancer that no service registers with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalancerSetup {
    /// `name` or `name/id`.
    pub name: String,
    /// When it was made.
    #[serde(default = "a_year_ago")]
    pub at: Moment,
    /// It is a Network Load Balancer.
    #[serde(default)]
    pub network: bool,
}

/// A CloudFormation stack of no service, or what one of a service puts out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackSetup {
    /// Its name.
    pub name: String,
    /// Its status; one of a service has the service's `stack_status`.
    #[serde(default = "updated")]
    pub status: String,
    /// Its outputs, value by key.
    #[serde(default)]
    pub outputs: BTreeMap<String, String>,
}

/// The size of a service's tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskSetup {
    /// CPU units.
    pub cpu: u32,
    /// MiB.
    pub memory: u32,
    /// What it is built for.
    pub platform: Platform,
}

impl Default for TaskSetup {
    fn default() -> Self {
        Self { cpu: 512, memory: 1024, platform: Platform::LinuxX86 }
    }
}

fn updated() -> String {
    "UPDATE_COMPLETE".into()
}

fn a_year_ago() -> Moment {
    Moment::Offset(-365 * 86_400)
}
