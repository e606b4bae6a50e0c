//! A process may die at any call, and any call may fail. Delivered again, or
//! found by its timer, the night ends as if nothing had happened.

use std::fmt::Write as _;

use jiff::SignedDuration;
use nightshift::night::{Night, What};
use nightshift_core::fault::FaultKind;
use nightshift_core::policy::Policy;
use nightshift_sim::Story;
use serde_json::Value;

use super::{run, scenario};

/// The first event and the first checks; later checks repeat them.
const CALLS: usize = 110;

/// Lambda has tried as often as it tries.
const LAST_ATTEMPT: usize = 2;

/// Disturbs the night at each of its calls in turn, and compares the end with
/// the undisturbed one.
#[track_caller]
fn sweep(name: &str, what: &str, disturb: impl Fn(&Story, usize)) {
    let calm = Story::new(scenario(name));
    run(&calm);
    let (calls, expect) = (calm.calls(), calm.final_state());
    let mut differs = String::new();
    for (k, call) in calls.iter().enumerate().take(CALLS) {
        let story = Story::new(scenario(name));
        disturb(&story, k + 1);
        let night = run(&story);
        let end = story.final_state();
        if end != expect || dead_letters(&night) > 0 {
            let _ = writeln!(differs, "{what} call {}: {} {}\n{end:#}", k + 1, call.operation, call.resource);
        }
    }
    assert!(differs.is_empty(), "{name} ends differently; undisturbed:\n{expect:#}\n{differs}");
    assert_disturbed(name, &disturb);
}

/// The sweep must really hit: in the middle of the night somebody notices.
#[track_caller]
fn assert_disturbed(name: &str, disturb: &impl Fn(&Story, usize)) {
    let story = Story::new(scenario(name));
    disturb(&story, 2);
    let undisturbed = Story::new(scenario(name));
    run(&undisturbed);
    run(&story);
    assert_ne!(story.calls(), undisturbed.calls(), "{name} was not disturbed");
}

fn dead_letters(night: &Night) -> usize {
    night.happened().iter().filter(|happened| matches!(happened.what, What::Failed { again: None, .. })).count()
}

fn killed_before(name: &str) {
    sweep(name, "killed before", |story, k| story.stop_before(k));
}

fn killed_after(name: &str) {
    sweep(name, "killed after", |story, k| story.stop_after(k));
}

#[test]
fn a_rollback_killed_at_any_call_ends_the_same() {
    killed_before("bad-release");
    killed_after("bad-release");
}

#[test]
fn a_stopped_deployment_killed_at_any_call_ends_the_same() {
    killed_before("in-flight");
    killed_after("in-flight");
}

#[test]
fn an_observed_incident_killed_at_any_call_ends_the_same() {
    killed_before("observe-mode");
    killed_after("observe-mode");
}

#[test]
fn a_refused_rollback_killed_at_any_call_ends_the_same() {
    killed_before("image-gone");
    killed_after("image-gone");
}

#[test]
fn a_throttled_call_never_leads_to_a_wrong_action_nor_to_silence() {
    for name in ["bad-release", "in-flight", "image-gone"] {
        let calm = Story::new(scenario(name));
        run(&calm);
        let wrote = calm.production_writes().len();
        for k in 1..=calm.calls().len().min(CALLS) {
            let story = Story::new(scenario(name));
            story.fault_at(k, FaultKind::Transient);
            let night = run(&story);
            assert_eq!(dead_letters(&night), 0, "{name}, throttled at call {k}");
            assert!(story.production_writes().len() <= wrote, "{name}, throttled at call {k}");
            let ended: Vec<Value> =
                story.closed_incidents().iter().map(|incident| serde_json::json!(incident.phase)).collect();
            let told = story.notices().len() + story.plain_pages().len();
            assert!(told > 0, "{name}, throttled at call {k}: silence, {ended:?}");
        }
    }
}

#[test]
fn a_throttled_write_is_made_up_for() {
    throttled_writes("bad-release");
    throttled_writes("in-flight");
}

/// Reads that fail may change the decision; writes that fail may not change
/// the end.
fn throttled_writes(name: &str) {
    let calm = Story::new(scenario(name));
    run(&calm);
    let expect = calm.final_state();
    for (k, call) in calm.calls().iter().enumerate().filter(|(_, call)| call.write) {
        let story = Story::new(scenario(name));
        story.fault_at(k + 1, FaultKind::Transient);
        run(&story);
        assert_eq!(story.final_state(), expect, "{name}, throttled at call {}: {}", k + 1, call.operation);
    }
}

/// The event is not delivered again: only the timer is left.
#[test]
fn a_remedy_whose_owner_died_for_good_is_found_by_its_timer() {
    let calm = Story::new(scenario("bad-release"));
    run(&calm);
    let calls = calm.calls();
    let set = calls.iter().position(|call| call.operation == "scheduler:CreateSchedule").unwrap();
    let remedy = calls.iter().position(|call| call.operation == "ecs:UpdateService").unwrap();
    for k in set + 2..=remedy + 3 {
        let story = Story::new(scenario("bad-release"));
        story.stop_before(k);
        let mut night = Night::new(story.account(), &Policy::default());
        let due = story.advance_until_due(story.now() + SignedDuration::from_hours(1));
        for delivery in due {
            night.deliver(delivery, LAST_ATTEMPT);
        }
        night.run_until(story.now() + SignedDuration::from_mins(40));
        assert_eq!(story.final_state()["services"], calm.final_state()["services"], "killed before call {k}");
        assert_eq!(story.final_state()["closed"], calm.final_state()["closed"], "killed before call {k}");
    }
}
