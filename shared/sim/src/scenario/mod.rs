//! A scenario: what an account holds, and the truth about it.
//!
//! The same file makes the account in process, the HTTP face, and what seeds
//! an emulator. `docs/scenario.md` describes every field.

mod alarm;
mod baseline;
mod beside;
mod builtin;
mod check;
mod costs;
mod image;
mod moment;
mod release;
mod service;
mod setup;
mod stage;
mod truth;

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;

pub use alarm::{AlarmSetup, Comparison, Gap, HealthSetup, Missing, Outage, Watched};
pub use baseline::{Baseline, Load};
pub use beside::{BalancerSetup, LogGroupSetup, StackSetup, TaskSetup};
pub use builtin::{BUILTIN, builtin};
pub use costs::{CostAccount, CostCharge, CostJump, CostService, CostSetup, CostTag, Estimated};
pub use image::{ImageSetup, RepositorySetup, Scanning, Vulnerability};
pub use moment::Moment;
pub use release::{CrashKind, CrashTruth, Release};
pub use service::{ScalingSetup, ServiceSetup};
pub use setup::ContainerTruth;
pub use stage::Stage;
pub use truth::{Cures, Truth};

/// What an account holds, and the truth about it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One line about this night.
    #[serde(default)]
    pub title: String,
    /// The moment that offsets count from.
    #[serde(default = "event")]
    pub event: Timestamp,
    /// Where the clock starts; what lies before is history.
    #[serde(default = "start")]
    pub start: Moment,
    /// Twelve digits.
    #[serde(default = "account")]
    pub account: String,
    /// For example `eu-west-1`.
    #[serde(default = "region")]
    pub region: String,
    /// Another seed, other noise and other ids; the same truth.
    #[serde(default)]
    pub seed: u64,
    /// The kill switch is on.
    #[serde(default)]
    pub halted: bool,
    /// ECS and CodeDeploy say what becomes of deployments: `deployment-guard`
    /// works in this account too.
    #[serde(default)]
    pub deployment_events: bool,
    /// ECR and Inspector say what is pushed and what scans find: `image-guard`
    /// works in this account too.
    #[serde(default)]
    pub image_events: bool,
    /// Clusters that count their services' tasks (Container Insights).
    #[serde(default)]
    pub insights: Vec<String>,
    /// Actions that IAM lets no role of Nightshift's take.
    #[serde(default)]
    pub denied: Vec<String>,
    /// How many services the ledger says there are; unset: not counted yet.
    #[serde(default)]
    pub fleet_services: Option<u32>,
    /// The services.
    #[serde(rename = "service")]
    pub services: Vec<ServiceSetup>,
    /// What several services depend on, and when it was down.
    #[serde(default, rename = "outage")]
    pub outages: Vec<Outage>,
    /// The alarms.
    #[serde(default, rename = "alarm")]
    pub alarms: Vec<AlarmSetup>,
    /// Datapoints that are missing.
    #[serde(default, rename = "gap")]
    pub gaps: Vec<Gap>,
    /// Issues that AWS reports about itself.
    #[serde(default, rename = "health")]
    pub health: Vec<HealthSetup>,
    /// Repositories; one that is only pushed to has nothing to say about itself.
    #[serde(default, rename = "repository")]
    pub repositories: Vec<RepositorySetup>,
    /// Images that are pushed without a release.
    #[serde(default, rename = "image")]
    pub images: Vec<ImageSetup>,
    /// Flaws that images can have.
    #[serde(default, rename = "vulnerability")]
    pub vulnerabilities: Vec<Vulnerability>,
    /// Log groups; those of services are there without a word.
    #[serde(default, rename = "log_group")]
    pub log_groups: Vec<LogGroupSetup>,
    /// Load balancers that no service registers with.
    #[serde(default, rename = "load_balancer")]
    pub balancers: Vec<BalancerSetup>,
    /// Stacks with what they put out; those of services are there without a word.
    #[serde(default, rename = "stack")]
    pub stacks: Vec<StackSetup>,
    /// What it costs; unset: Cost Explorer was never switched on.
    #[serde(default)]
    pub costs: Option<CostSetup>,
    /// What a test expects of it, as it stands in the file.
    #[serde(default)]
    pub expect: Option<toml::Value>,
    /// What really happened, for whoever judges what was made of it.
    #[serde(default)]
    pub truth: Option<Truth>,
}

/// What is wrong with a scenario, where a person can find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// From 1; `None` for what only the whole file shows.
    pub line: Option<usize>,
    /// `service[0].release[1].at`; empty for broken TOML.
    pub field: String,
    /// What and how to cure it.
    pub says: String,
}

/// Characters of what is repeated of the text, and of the keys that there are.
const REPEATED: usize = 1500;

fn cut(text: &str) -> String {
    match text.char_indices().nth(REPEATED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.says)
    }
}

impl std::error::Error for ScenarioError {}

impl Scenario {
    /// Reads and checks a scenario.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line or its field.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let broken = |error: &toml::de::Error, field: String| ScenarioError {
            line: error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1),
            // What is too deep has no place: the parser gives up.
            field: if field.is_empty() && error.span().is_none() { "the file".into() } else { field },
            says: cut(error.message()),
        };
        let toml = toml::Deserializer::parse(text).map_err(|error| broken(&error, String::new()))?;
        let scenario: Self = serde_path_to_error::deserialize(toml).map_err(|error| {
            let path = error.path().to_string();
            broken(error.inner(), if path == "." { String::new() } else { cut(&path) })
        })?;
        match check::wrong(&scenario) {
            Some((field, says)) => Err(ScenarioError { line: None, field, says }),
            None => Ok(scenario),
        }
    }

    /// The service of that name, `checkout` or `prod/checkout`.
    pub fn service_mut(&mut self, name: &str) -> Option<&mut ServiceSetup> {
        self.services.iter_mut().find(|service| service.is(name))
    }

    /// The event moment in seconds since the epoch.
    pub fn event_second(&self) -> i64 {
        self.event.as_second()
    }

    /// The same night around another moment: what is written as an offset
    /// moves along, what is written as a time does not.
    #[must_use]
    pub fn around(mut self, event: Timestamp) -> Self {
        self.event = event;
        self
    }
}

fn event() -> Timestamp {
    // 2026-11-20T02:14:00Z, the night that the sample events are from.
    Timestamp::constant(1_795_140_840, 0)
}

fn start() -> Moment {
    Moment::minutes(-15)
}

fn account() -> String {
    "123456789012".into()
}

fn region() -> String {
    "eu-west-1".into()
}

#[cfg(test)]
mod page_tests;

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = "[[service]]\nname = \"web\"\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n";

    #[test]
    fn the_smallest_scenario_is_one_service_with_one_release() {
        let scenario = Scenario::parse(SMALLEST).unwrap();
        assert_eq!(scenario.event.to_string(), "2026-11-20T02:14:00Z");
        assert_eq!(scenario.services[0].cluster, "prod");
        assert_eq!(scenario.services[0].releases[0].at, Moment::Offset(-259_200));
    }

    #[track_caller]
    fn wrong(text: &str, expect: &str) {
        assert_eq!(Scenario::parse(text).unwrap_err().to_string(), expect);
    }

    #[test]
    fn what_is_wrong_is_named_with_line_or_field() {
        wrong(
            &SMALLEST.replace("\"-3d\"", "\"soon\""),
            "line 5: service[0].release[0].at: expected an offset like -7m or +90s, or a time like 2026-11-20T02:14:00Z, found \"soon\"",
        );
        wrong(
            &format!("{SMALLEST}errors = 3\n"),
            "line 6: service[0].release[0].errors: unknown field `errors`, expected one of `revision`, `at`, `image`, `content`, \
             `findings`, `platforms`, `scan`, `tags`, `labels`, `annotations`, `errors_percent`, `latency_factor`, \
             `cpu_factor`, `sets_in_after`, `grows_over`, `above_load`, `lasting`, `crash`, `starts`, `inactive`, `image_gone`, `moved_tag`, \
             `surroundings`, `rolled_back_at`, `paused_until`, `paused_stage`",
        );
        wrong(
            &format!("{SMALLEST}[[alarm]]\nname = \"a\"\nservice = \"wbe\"\nmetric = \"cpu\"\nthreshold = 80\n"),
            "alarm[0].service: there is no service \"wbe\"",
        );
        wrong(
            &format!("{SMALLEST}errors_percent = 120\n"),
            "service[0].release[0].errors_percent: 120 is no percentage between 0 and 100",
        );
        wrong(
            &format!("{SMALLEST}paused_until = \"-4d\"\n"),
            "service[0].release[0].paused_until: it lies before the release",
        );
        wrong(
            &format!("{SMALLEST}paused_stage = \"BAKE_TIME\"\n"),
            "service[0].release[0].paused_stage: ECS knows no hook at BAKE_TIME",
        );
        wrong(
            &SMALLEST.replace("[[service.release]]", "step_percent = 2\n[[service.release]]"),
            "service[0].step_percent: 2 is no percentage between 3 and 100",
        );
        wrong(
            &SMALLEST.replace("[[service.release]]", "status = \"GONE\"\n[[service.release]]"),
            "service[0].status: expected ACTIVE, DRAINING or INACTIVE, found \"GONE\"",
        );
        let twice = "[[log_group]]\nname = \"a\"\ncount = 2\n[[log_group]]\nname = \"a-0002\"\n";
        wrong(&format!("{SMALLEST}{twice}"), "log_group[1].name: \"a-0002\" is there twice");
        wrong(
            &format!("{SMALLEST}[[load_balancer]]\nname = \"prod\"\n"),
            "load_balancer[0].name: \"prod\": a service has it already",
        );
        wrong("service = []\n", "service: a scenario needs at least one service");
    }

    #[test]
    fn every_built_in_scenario_is_sound() {
        for (name, _) in BUILTIN {
            let scenario = builtin(name).unwrap_or_else(|| panic!("{name}"));
            let scenario = scenario.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(scenario.expect.is_some(), "{name} expects nothing");
        }
    }
}
