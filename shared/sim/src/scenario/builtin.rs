//! The scenarios that come with the account.

use super::{Scenario, ScenarioError};

/// Names and texts of the built-in scenarios.
pub const BUILTIN: [(&str, &str); 7] = [
    ("bad-release", include_str!("../../scenarios/bad-release.toml")),
    ("load-spike", include_str!("../../scenarios/load-spike.toml")),
    ("dependency-outage", include_str!("../../scenarios/dependency-outage.toml")),
    ("observe-mode", include_str!("../../scenarios/observe-mode.toml")),
    ("in-flight", include_str!("../../scenarios/in-flight.toml")),
    ("image-gone", include_str!("../../scenarios/image-gone.toml")),
    ("tag-moved", include_str!("../../scenarios/tag-moved.toml")),
];

/// The built-in scenario of that name; `None`: there is none.
pub fn builtin(name: &str) -> Option<Result<Scenario, ScenarioError>> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| Scenario::parse(text))
}
