//! What every implementation of a port must do.
//!
//! The same suite runs on the simulated account (in `tests/`) and, by the
//! binary `nightshift-conform`, on AWS as emulators answer for it (in
//! `tests/stack`). So the simulator cannot confirm itself. Both hold what
//! [`ACCOUNT`] describes; [`Place`] says where they differ, and [`Gap`] what an
//! emulator cannot be asked.

pub mod ages;
pub mod alarm_map;
pub mod alarms;
pub mod balancers;
pub mod changes;
pub mod chat;
pub mod codedeploy;
pub mod cost_ledger;
pub mod costs;
pub mod drills;
pub mod fleet;
pub mod history;
pub mod hooks;
pub mod image_ledger;
pub mod images;
pub mod labels;
pub mod ledger;
pub mod log_groups;
pub mod logs;
pub mod marks;
pub mod metrics;
pub mod notices;
pub mod past;
pub mod pictures;
pub mod registry;
pub mod running;
pub mod scaling;
pub mod scans;
pub mod secrets;
pub mod services;
pub mod setup;
pub mod stacks;
pub mod switch;
pub mod targets;
pub mod task_sizes;
pub mod timers;

use std::collections::BTreeSet;
use std::fmt::Debug;

use jiff::Timestamp;
use nightshift_core::fault::FaultKind;
use nightshift_core::ids::ServiceRef;
use nightshift_core::ports::Answer;

/// What the account holds, as a scenario.
pub const ACCOUNT: &str = include_str!("../account.toml");

/// A sentence about what was expected and what came instead.
pub type Verdict = Result<(), String>;

/// Something that an emulator is known to do unlike AWS, or that a port on AWS
/// is known not to do. What rests on it is not asserted there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// ministack keeps no `Metrics` of an alarm, so none of metric math.
    MetricMath,
    /// ministack shows `Average` beside an alarm's `ExtendedStatistic`.
    ExtendedStatistics,
    /// moto has one registry and takes any `registryId` for it.
    ForeignRegistry,
    /// moto gives no address of a layer, so none of an image's labels.
    LayerUrls,
    /// moto takes a minimum above the maximum, and a new target without one.
    ScalingBounds,
    /// moto's CodeDeploy deployments are never begun and never end.
    CodeDeployEnds,
    /// moto knows no archive.
    ImageArchive,
    /// moto takes a repository's switch and scans as the registry's rules say.
    ScanningSwitch,
    /// moto answers GetCostAndUsage with what it was given, and nothing else of
    /// Cost Explorer.
    CostExplorer,
}

impl Gap {
    /// The gap that is called so on a command line; `None`: there is none.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "metric-math" => Some(Self::MetricMath),
            "extended-statistics" => Some(Self::ExtendedStatistics),
            "foreign-registry" => Some(Self::ForeignRegistry),
            "layer-urls" => Some(Self::LayerUrls),
            "scaling-bounds" => Some(Self::ScalingBounds),
            "code-deploy-ends" => Some(Self::CodeDeployEnds),
            "image-archive" => Some(Self::ImageArchive),
            "scanning-switch" => Some(Self::ScanningSwitch),
            "cost-explorer" => Some(Self::CostExplorer),
            _ => None,
        }
    }
}

/// Where the things of [`ACCOUNT`] are, as far as accounts differ in it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Twelve digits.
    pub account: String,
    /// For example `eu-west-1`.
    pub region: String,
    /// The account's clock: the scenario's event, or a little later.
    pub now: Timestamp,
    /// What cannot be asked here.
    pub gaps: BTreeSet<Gap>,
}

impl Place {
    /// A service, whether or not there is one of that name.
    pub fn service(&self, cluster: &str, name: &str) -> ServiceRef {
        ServiceRef {
            account: self.account.clone(),
            region: self.region.clone(),
            cluster: cluster.into(),
            service: name.into(),
        }
    }

    /// A service of cluster `prod`.
    pub fn prod(&self, name: &str) -> ServiceRef {
        self.service("prod", name)
    }

    /// The full reference of an image in the account's registry.
    pub fn image(&self, local: &str) -> String {
        format!("{}.dkr.ecr.{}.amazonaws.com/{local}", self.account, self.region)
    }

    /// Whether AWS's way can be asked for here.
    pub fn has(&self, gap: Gap) -> bool {
        !self.gaps.contains(&gap)
    }
}

/// Fails with `what` and both values, if they differ.
///
/// # Errors
/// If they differ.
pub fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Verdict {
    if found == expected { Ok(()) } else { Err(format!("{what}: expected {expected:?}, found {found:?}")) }
}

/// Fails with `what` and the value that does not hold.
///
/// # Errors
/// If it does not hold.
pub fn holds<T: Debug>(what: &str, of: &T, holds: bool) -> Verdict {
    if holds { Ok(()) } else { Err(format!("{what} does not hold of {of:?}")) }
}

/// What was answered.
///
/// # Errors
/// If it is a fault.
pub fn got<T>(what: &str, answer: Answer<T>) -> Result<T, String> {
    answer.map_err(|fault| format!("{what}: {fault}"))
}

/// What was answered, if that is something.
///
/// # Errors
/// If it is a fault or nothing.
pub fn there<T>(what: &str, answer: Answer<Option<T>>) -> Result<T, String> {
    got(what, answer)?.ok_or_else(|| format!("{what}: expected one, found none"))
}

/// Fails unless the answer is a fault of this kind, which is what callers tell
/// faults apart by.
///
/// # Errors
/// If it is no fault, or one of another kind.
pub fn fails<T: Debug>(what: &str, answer: Answer<T>, kind: FaultKind) -> Verdict {
    match answer {
        Err(fault) if fault.kind == kind => Ok(()),
        other => Err(format!("{what}: expected a fault that is {kind:?}, found {other:?}")),
    }
}
