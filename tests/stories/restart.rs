//! A service that leaks: new tasks of the same release help for a while.

use nightshift_core::cause::Cause;
use nightshift_core::policy::Policy;
use nightshift_sim::Story;
use nightshift_sim::scenario::Scenario;

use super::{changes, incident, refusal, run_under};

const LEAK: &str = r#"
event = "2026-11-20T02:14:00Z"
fleet_services = 12

[[service]]
name = "checkout"
desired = 4
tags = { nightshift = "act", environment = "production" }

[[service.release]]
revision = 42
at = "-20d"
crash = { kind = "oom", every = "170m" }

[[alarm]]
name = "prod-checkout-memory"
service = "checkout"
metric = "memory"
threshold = 70
evaluation_periods = 3
description = '{"cluster":"prod","service":"checkout"}'
"#;

fn leak() -> Story {
    Story::new(Scenario::parse(LEAK).unwrap())
}

#[test]
fn a_leak_that_is_only_likely_is_not_restarted() {
    let story = leak();
    run_under(&story, &Policy::default(), 200);
    assert_eq!(changes(&story), Vec::<String>::new());
    assert_eq!(refusal(&story).as_deref(), Some("ConfidenceTooLow"));
}

/// Under a policy that takes less for enough, so that the remedy is met.
#[test]
fn a_leak_is_restarted_once_and_checked() {
    let story = leak();
    let bold = Policy::parse("[confidence]\nact_at = 50\nask_at = 40\n").unwrap();
    let until = 400;
    run_under(&story, &bold, until);
    assert_eq!(changes(&story).len(), 1, "{:?}", changes(&story));
    let first = story
        .closed_incidents()
        .into_iter()
        .find(|incident| incident.taken().is_some())
        .unwrap_or_else(|| incident(&story));
    assert_eq!(first.diagnosis.unwrap().cause, Cause::MemoryLeak);
    assert!(story.notices().iter().any(|notice| notice.headline.contains("restarted all tasks")));
}
