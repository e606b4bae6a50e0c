//! What AWS itself reports.

use nightshift_core::health::{HealthIssue, SERVICES_THAT_CARRY_TASKS};

use super::{Finding, say};
use crate::scene::Scene;
use crate::weights;
use crate::words::{clock, list};

/// An open issue that can look like a bad release.
pub(crate) fn carries_tasks(issue: &HealthIssue) -> bool {
    issue.open && SERVICES_THAT_CARRY_TASKS.contains(&issue.service.as_str())
}

pub(super) fn find(scene: &Scene, found: &mut Vec<Finding>) {
    let issues = scene.view.health_issues.seen().map(Vec::as_slice).unwrap_or_default();
    let mut open: Vec<String> = issues
        .iter()
        .filter(|issue| carries_tasks(issue))
        .map(|issue| format!("{} since {}", issue.code, clock(issue.since)))
        .collect();
    if open.is_empty() {
        return;
    }
    open.sort_unstable();
    let names: Vec<&str> = open.iter().map(String::as_str).collect();
    let says = format!("AWS reports {}", list(&names));
    say(found, &weights::PROVIDER_ISSUE, says.clone());
    say(found, &weights::PROVIDER_ISSUE_INSTEAD, says);
}
