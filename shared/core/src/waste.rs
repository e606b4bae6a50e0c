//! What an account pays for whether or not it is used, as AWS describes it.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A log group of CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct LogGroup {
    /// `/ecs/checkout`.
    pub name: String,
    /// Days after which events go; `None`: they never do.
    pub retention_days: Option<u32>,
    /// Bytes, before they are compressed for storage.
    pub stored_bytes: u64,
}

/// The size that a task definition asks for, and what it is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct TaskSize {
    /// CPU units: 1024 are one vCPU.
    pub cpu_units: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// What it is built for.
    pub platform: Platform,
}

impl fmt::Display for TaskSize {
    /// `0.25 vCPU and 0.5 GB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Both are 1024 to one, so that three digits say all sizes that Fargate has.
        let of = |thousandths: u64| {
            let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        let thousandths = |units: u32| u64::from(units) * 1000 / 1024;
        write!(f, "{} vCPU and {} GB", of(thousandths(self.cpu_units)), of(thousandths(self.memory_mib)))
    }
}

/// What a task definition is built for, as far as prices differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// Linux on x86, also where nothing is said.
    LinuxX86,
    /// Linux on ARM.
    LinuxArm,
    /// Windows, and whatever AWS adds.
    Other,
}

/// An Application Load Balancer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Balancer {
    /// Dimension `LoadBalancer` of its metrics: `app/prod/50dc6c495c0c9188`.
    pub dimension: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_shown_as_people_write_it() {
        let shown =
            |cpu_units, memory_mib| TaskSize { cpu_units, memory_mib, platform: Platform::LinuxX86 }.to_string();
        assert_eq!(shown(256, 512), "0.25 vCPU and 0.5 GB");
        assert_eq!(shown(1024, 30720), "1 vCPU and 30 GB");
    }
}
