//! A process may die at any call, and any call may fail. Delivered again, or
//! found by its timer, the night ends as if nothing had happened.

use std::fmt::Write as _;
use std::ops::Range;

use jiff::SignedDuration;
use nightshift::night::{Night, What};
use nightshift_core::fault::FaultKind;
use nightshift_core::policy::Policy;
use nightshift_sim::scenario::{Moment, Scenario};
use nightshift_sim::{Account, Call, Story};
use serde_json::Value;

use super::again::{growing, unseen_at_first};
use super::{run, run_under, scenario};

/// The first event and the first checks; later checks repeat them.
const CALLS: Range<usize> = 0..110;

/// Lambda has tried as often as it tries.
const LAST_ATTEMPT: usize = 2;

/// Disturbs the night at each of those calls in turn, and compares the end with
/// the undisturbed one.
#[track_caller]
fn sweep(scenario: &Scenario, calls: Range<usize>, what: &str, disturb: impl Fn(&Story, usize)) {
    let title = &scenario.title;
    let calm = Story::new(scenario.clone());
    run(&calm);
    let (all, expect) = (calm.calls(), calm.final_state());
    let mut differs = String::new();
    for (k, call) in all.iter().enumerate().take(calls.end).skip(calls.start) {
        let story = Story::new(scenario.clone());
        disturb(&story, k + 1);
        let night = run(&story);
        let end = story.final_state();
        if end != expect || dead_letters(&night) > 0 {
            let _ = writeln!(differs, "{what} call {}: {} {}\n{end:#}", k + 1, call.operation, call.resource);
        }
    }
    assert!(differs.is_empty(), "{title}: it ends differently; undisturbed:\n{expect:#}\n{differs}");
    assert_disturbed(scenario, &disturb);
}

/// The sweep must really hit: in the middle of the night somebody notices.
#[track_caller]
fn assert_disturbed(scenario: &Scenario, disturb: &impl Fn(&Story, usize)) {
    let story = Story::new(scenario.clone());
    disturb(&story, 2);
    let undisturbed = Story::new(scenario.clone());
    run(&undisturbed);
    run(&story);
    assert_ne!(story.calls(), undisturbed.calls(), "{} was not disturbed", scenario.title);
}

fn dead_letters(night: &Night) -> usize {
    night.happened().iter().filter(|happened| matches!(happened.what, What::Failed { again: None, .. })).count()
}

fn killed_before(name: &str) {
    sweep(&scenario(name), CALLS, "killed before", |story, k| story.stop_before(k));
}

fn killed_after(name: &str) {
    sweep(&scenario(name), CALLS, "killed after", |story, k| story.stop_after(k));
}

/// A load spike that is over within the half hour, so that the minimum comes
/// back while the night is watched.
fn short_spike() -> Scenario {
    let mut spike = scenario("load-spike");
    spike.service_mut("checkout").unwrap().loads[0].until = Some(Moment::minutes(12));
    spike
}

/// The calls from the check that claims the restore to the night's last.
fn restoring(spike: &Scenario) -> Range<usize> {
    const OPERATION: &str = "application-autoscaling:RegisterScalableTarget";
    let calm = Story::new(spike.clone());
    run(&calm);
    assert_eq!(calm.production_writes().len(), 2, "{:?}", calm.production_writes());
    assert_eq!(calm.closed_incidents().len(), 1);
    let calls = calm.calls();
    let restore = calls.iter().rposition(|call| call.operation == OPERATION && call.write).unwrap();
    let begins = calls[..restore].iter().rposition(|call| call.at < calls[restore].at).unwrap() + 1;
    begins..calls.len()
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
fn a_scale_out_killed_at_any_call_ends_the_same() {
    let spike = short_spike();
    sweep(&spike, CALLS, "killed before", |story, k| story.stop_before(k));
    sweep(&spike, CALLS, "killed after", |story, k| story.stop_after(k));
}

/// Kills the night at each call of the check that makes `remedy`, and at the calls after it.
#[track_caller]
fn killed_around(night: impl Fn() -> Story, minutes: i64, remedy: impl Fn(&[Call]) -> usize) {
    let policy = Policy::default();
    let calm = night();
    run_under(&calm, &policy, minutes);
    let (calls, expect) = (calm.calls(), calm.final_state());
    let remedy = remedy(&calls);
    let begins = calls[..remedy].iter().rposition(|call| call.at < calls[remedy].at).unwrap() + 1;
    for k in begins + 1..=remedy + 8 {
        for stop in [Account::stop_before, Account::stop_after] {
            let story = night();
            stop(&story, k);
            run_under(&story, &policy, minutes);
            assert_eq!(story.final_state(), expect, "killed at call {k}: {}", calls[k - 1].operation);
        }
    }
}

/// What AWS refused to say when the alarm rang, it says to the second look.
#[test]
fn a_second_look_killed_at_any_call_ends_the_same() {
    let night = || unseen_at_first(scenario("bad-release"));
    killed_around(night, 55, |calls| calls.iter().position(|call| call.operation == "ecs:UpdateService").unwrap());
}

#[test]
fn more_tasks_a_second_time_killed_at_any_call_end_the_same() {
    killed_around(
        || Story::new(growing()),
        150,
        |calls| {
            let sets = |call: &Call| call.operation == "application-autoscaling:RegisterScalableTarget" && call.write;
            let mut sets = calls.iter().enumerate().filter(|(_, call)| sets(call)).map(|(index, _)| index);
            sets.nth(1).unwrap()
        },
    );
}

#[test]
fn a_restore_killed_at_any_call_ends_the_same() {
    let spike = short_spike();
    sweep(&spike, restoring(&spike), "killed before", |story, k| story.stop_before(k));
    sweep(&spike, restoring(&spike), "killed after", |story, k| story.stop_after(k));
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
        for k in 1..=calm.calls().len().min(CALLS.end) {
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

/// Whoever finds many services ill and dies of it leaves one incident that tells of all.
#[test]
fn the_incident_of_many_opens_once_whoever_dies_on_the_way() {
    let mut outage = scenario("dependency-outage");
    outage.outages[0].until = Some(Moment::minutes(12));
    let calm = Story::new(outage.clone());
    run(&calm);
    let third = calm.calls().iter().position(|call| call.resource.contains("payments")).unwrap();
    let calls = third..third + 45;
    sweep(&outage, calls.clone(), "killed before", |story, k| story.stop_before(k));
    sweep(&outage, calls, "killed after", |story, k| story.stop_after(k));
}
