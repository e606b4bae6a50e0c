//! The deployment guard when events come in any order, processes die and calls
//! fail: it ends as if nothing had happened.

use jiff::{SignedDuration, Timestamp};
use nightshift::night::{Happened, Night, What};
use nightshift_core::fault::FaultKind;
use nightshift_core::notice::NoticeKind;
use nightshift_core::policy::Policy;
use nightshift_core::verdict::{DeploymentKind, Release, Verdict};
use nightshift_sim::{Scenario, Story};

use super::guard::{CRASHES, night, operations, releases, scenario};

/// By which stopped tasks are seen, and those that run.
const TASKS: &str = "ecs:ListTasks";

/// The events of a night with a breaker that goes back, and the account as it
/// is when they have all been sent.
fn events_of(scenario: Scenario) -> (Story, Vec<serde_json::Value>) {
    let (story, night) = night(scenario, 30);
    let event = |what: &What| match what {
        What::Deployment { event, .. } if event.get("detail-type").is_some() => Some(event.clone()),
        _ => None,
    };
    let mut events: Vec<_> = night.happened().iter().filter_map(|happened| event(&happened.what)).collect();
    assert!(events.len() >= 2, "{} events", events.len());
    events.extend([called("web:43", "maria"), called("web:44", "nobody")]);
    (story, events)
}

/// CloudTrail's event of a call at 02:00, when the third release begins.
fn called(task_definition: &str, by: &str) -> serde_json::Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/deployment-guard/call-without-answer.json");
    let mut event: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    event["id"] = by.into();
    let detail = &mut event["detail"];
    detail["eventID"] = by.into();
    detail["eventTime"] = "2026-11-20T01:59:59Z".into();
    detail["userIdentity"]["arn"] = format!("arn:aws:iam::123456789012:user/{by}").into();
    detail["requestParameters"]["taskDefinition"] = task_definition.into();
    event
}

/// What is remembered once these events have come in this order.
fn verdicts(scenario: &Scenario, events: &[serde_json::Value]) -> Vec<(DeploymentKind, Verdict, u32, Option<String>)> {
    let story = Story::new(Scenario { deployment_events: false, ..scenario.clone() });
    story.advance(SignedDuration::from_mins(30));
    let mut night = Night::new(story.account(), &Policy::default());
    for event in events {
        night.deliver(nightshift_sim::Delivery::Deployment { event: event.clone(), at: story.now() }, 0);
    }
    assert_eq!(operations(&story), Vec::<String>::new(), "ECS has been at it");
    let of = |release: Release| {
        let by = release.by().map(ToOwned::to_owned);
        (release.kind, release.verdict, release.failed, by)
    };
    releases(&story).into_iter().map(of).collect()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]
    #[test]
    fn no_order_and_no_repetition_of_events_changes_a_verdict(
        picks in proptest::collection::vec(proptest::prelude::any::<proptest::sample::Index>(), 1..20),
        breaker in proptest::prelude::any::<bool>(),
    ) {
        let third = if breaker { CRASHES } else { "" };
        let scenario = scenario("circuit_breaker = true", third);
        let (_story, events) = events_of(scenario.clone());
        let straight = verdicts(&scenario, &events);
        let deployers: Vec<Option<&str>> = straight.iter().map(|found| found.3.as_deref()).collect();
        proptest::prop_assert_eq!(deployers, [Some("maria"), None, None]);
        let mut shuffled: Vec<_> = picks.iter().map(|pick| pick.get(&events).clone()).collect();
        // What comes at all comes at least once, in whatever order.
        let rest: Vec<_> = events.iter().rev().filter(|event| !shuffled.contains(event)).cloned().collect();
        shuffled.extend(rest);
        proptest::prop_assert_eq!(verdicts(&scenario, &shuffled), straight.clone());
        // Any single one of them is enough, but for tasks that AWS has forgotten.
        let one: Vec<_> = verdicts(&scenario, &shuffled[..1]).into_iter().map(|found| (found.0, found.1)).collect();
        proptest::prop_assert_eq!(one, straight.into_iter().map(|found| (found.0, found.1)).collect::<Vec<_>>());
    }
}

/// The ways out of a failing deployment, each with the call that is its own.
fn ways_out() -> [(&'static str, Scenario); 3] {
    let paused = format!("paused_until = \"2026-11-20T06:00:00Z\"\n{}", "crash = { kind = \"exit\", every = \"4m\" }");
    [
        ("ecs:StopServiceDeployment", scenario("", CRASHES)),
        ("ecs:ContinueServiceDeployment", scenario("", &paused)),
        ("codedeploy:StopDeployment", scenario("controller = \"CODE_DEPLOY\"", CRASHES)),
    ]
}

/// Runs the night with something disturbed, and holds its end against the calm one's.
#[track_caller]
fn check(operation: &str, of: &Scenario, calm: &Story, what: &str, disturb: impl Fn(&Story)) {
    let story = Story::new(of.clone());
    disturb(&story);
    let mut night = Night::new(story.account(), &Policy::default());
    night.run_until(story.now() + SignedDuration::from_mins(70));
    assert_eq!(operations(&story), [operation], "{what}");
    let (state, expect) = (story.final_state(), calm.final_state());
    assert_eq!(state["services"], expect["services"], "{what}");
    assert_eq!(state["ledger"]["prod/web"]["incident"], serde_json::Value::Null, "{what}");
    assert_eq!(closed(&story), closed(calm), "{what}");
}

/// What people read of the end of each incident.
fn closed(story: &Story) -> Vec<(Option<String>, String)> {
    let closed = story.closed_incidents();
    closed
        .iter()
        .map(|incident| (incident.refusal.as_ref().map(|one| one.name()), format!("{:?}", incident.phase)))
        .collect()
}

#[test]
fn an_interrupted_guard_ends_as_an_undisturbed_one() {
    for (operation, of) in ways_out() {
        let calm = night(of.clone(), 70).0;
        assert_eq!(operations(&calm), [operation]);
        let calls = calm.calls().len().min(120);
        for call in (1..=calls).step_by(7) {
            check(operation, &of, &calm, &format!("{operation}: before call {call}"), |story| story.stop_before(call));
            check(operation, &of, &calm, &format!("{operation}: after call {call}"), |story| story.stop_after(call));
        }
    }
}

#[test]
fn a_way_out_that_is_throttled_is_taken_by_the_retry() {
    for (operation, of) in ways_out() {
        let calm = night(of.clone(), 70).0;
        check(operation, &of, &calm, operation, |story| story.fault_on(operation, FaultKind::Transient, 2));
    }
}

#[test]
fn a_way_out_that_iam_denies_is_said_by_its_action() {
    for (operation, of) in ways_out() {
        let story = Story::new(of);
        story.fault_on(operation, FaultKind::Denied, 99);
        let mut night = Night::new(story.account(), &Policy::default());
        night.run_until(story.now() + SignedDuration::from_mins(40));
        assert_eq!(operations(&story), Vec::<String>::new());
        let web = story.service_ref("web").unwrap();
        let incident = story.record(&web).incident.unwrap();
        let refusal = incident.refusal.map(|refusal| refusal.name());
        assert_eq!(refusal.as_deref(), Some("NotPermitted"), "{operation}");
        assert!(story.notices().iter().any(
            |notice| notice.headline.contains(operation) || notice.done.iter().any(|done| done.contains(operation))
        ));
    }
}

#[test]
fn a_look_at_tasks_that_is_throttled_is_made_up_for_by_the_retry() {
    let of = scenario("", CRASHES);
    let calm = night(of.clone(), 70).0;
    for number in [1, 4, 9, 16] {
        let disturb = |story: &Story| story.fault_on(TASKS, FaultKind::Transient, number);
        check("ecs:StopServiceDeployment", &of, &calm, &format!("{number} looks throttled"), disturb);
    }
}

/// Those of the release before may fail as well: nobody knows.
#[test]
fn tasks_that_may_not_be_seen_forbid_a_way_out_that_rests_on_them() {
    let story = Story::new(scenario("", CRASHES));
    story.fault_on(TASKS, FaultKind::Denied, 60);
    let mut night = Night::new(story.account(), &Policy::default());
    night.run_until(story.now() + SignedDuration::from_mins(40));
    let opened = story.notices().into_iter().find(|notice| notice.kind == NoticeKind::Opened).unwrap();
    assert!(opened.done.join(" ").contains(TASKS), "{opened:?}");
    let dead = |happened: &Happened| match &happened.what {
        What::Failed { error: Some(error), again: None } => Some((happened.at, error.contains(TASKS))),
        _ => None,
    };
    let dead: Vec<(Timestamp, bool)> = night.happened().iter().filter_map(dead).collect();
    assert!(dead.iter().all(|(_, named)| *named), "{dead:?}");
    // Once it is allowed they are seen with the next news, and it is decided anew.
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"]);
    let stopped = story.production_writes()[0].at;
    assert!(dead.len() > 3 && dead.iter().all(|(at, _)| *at < stopped), "{stopped}: {dead:?}");
    assert_eq!(closed(&story).len(), 1);
}
