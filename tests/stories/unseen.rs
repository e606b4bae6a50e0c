//! What a decision needs cannot be seen: no remedy, and people hear of it
//! straight by the plain topic, once.

use jiff::SignedDuration;
use nightshift::night::Night;
use nightshift_core::fault::FaultKind;
use nightshift_core::incident::Phase;
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::policy::Policy;
use nightshift_sim::scenario::Moment;
use nightshift_sim::{Delivery, Story};

use super::deliveries::firing_in;
use super::{bad_release, changes, incident, refusal, run, run_under, scenario};

/// The bad release, of which that operation cannot be had.
fn without(operation: &str, kind: FaultKind) -> Story {
    let story = Story::new(scenario("bad-release"));
    story.fault_on(operation, kind, 10_000);
    run_under(&story, &Policy::default(), 20);
    story
}

#[track_caller]
fn check(operation: &str) {
    for (kind, expect) in [(FaultKind::Transient, "NotObserved"), (FaultKind::Denied, "NotPermitted")] {
        let story = without(operation, kind);
        assert_eq!(refusal(&story).as_deref(), Some(expect), "{operation}");
        let pages = story.plain_pages();
        assert_eq!(pages.len(), 1, "{operation} {pages:?}");
        assert!(pages[0].1.contains(operation), "{}", pages[0].1);
        assert_eq!(changes(&story), Vec::<String>::new(), "{operation}");
        assert_eq!((incident(&story).phase, incident(&story).pages), (Phase::Escalated, 1), "{operation}");
    }
}

#[test]
fn what_a_decision_needs_and_cannot_see_is_told_plainly_and_by_name() {
    for operation in [
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
        "ecs:DescribeServices",
        "ecs:ListServiceDeployments",
        "ecs:DescribeTaskDefinition",
        "ecr:BatchGetImage",
    ] {
        check(operation);
    }
}

#[test]
fn a_stack_whose_status_cannot_be_read_is_not_said_to_be_updating() {
    let story = Story::new(bad_release(|service| service.stack = Some("shop".into())));
    story.fault_on("cloudformation:DescribeStacks", FaultKind::Denied, 10_000);
    run_under(&story, &Policy::default(), 20);
    assert_eq!((refusal(&story).as_deref(), story.plain_pages().len()), (Some("NotPermitted"), 1));
}

#[test]
fn the_same_event_again_and_other_alarms_of_the_incident_tell_nothing_more_plainly() {
    let mut both = scenario("bad-release");
    let mut second = both.alarms[0].clone();
    (second.name, second.evaluation_periods) = ("prod-checkout-5xx-late".into(), 8);
    both.alarms.push(second);
    let (story, event) = firing_in(both);
    story.fault_on("ecs:DescribeServices", FaultKind::Denied, 10_000);
    let mut night = Night::new(story.account(), &Policy::default());
    for _ in 0..3 {
        night.deliver(Delivery::Alarm { event: event.clone(), at: story.now() }, 0);
        story.advance(SignedDuration::from_secs(61));
    }
    night.run_until(story.now() + SignedDuration::from_mins(20));
    assert_eq!(incident(&story).alarms.len(), 2);
    assert_eq!(story.plain_pages().len(), 1, "{:?}", story.plain_pages());
}

/// Its tags are what they were: one call that fails makes nothing worse of it.
#[test]
fn an_incident_that_was_rated_stays_so_when_its_service_cannot_be_seen_for_once() {
    let mut mild = bad_release(|service| {
        service.tags.insert("nightshift".into(), "observe".into());
        service.tags.insert("environment".into(), "staging".into());
    });
    let mut second = mild.alarms[0].clone();
    (second.name, second.evaluation_periods) = ("prod-checkout-5xx-late".into(), 8);
    mild.alarms.push(second);
    let story = Story::new(mild);
    let mut night = Night::new(story.account(), &Policy::default());
    let until = story.now() + SignedDuration::from_mins(40);
    while story.now() < until && story.notices().is_empty() {
        night.run_until(story.now() + SignedDuration::from_secs(20));
    }
    story.fault_on("ecs:DescribeServices", FaultKind::Transient, 10_000);
    night.run_until(until);
    let open = incident(&story);
    assert_eq!(open.alarms.len(), 2);
    assert_eq!((open.severity, open.mode, open.pages), (Severity::P3, Mode::Observe, 0));
    assert_eq!(story.plain_pages().len(), 0, "{:?}", story.plain_pages());
}

/// What is decided anew meanwhile is decided in the mode that its tag gave it.
#[test]
fn an_observed_service_that_cannot_be_seen_when_its_alarm_is_read_again_needs_nobody() {
    let mut newborn = bad_release(|service| drop(service.tags.insert("nightshift".into(), "observe".into())));
    newborn.alarms[0].configured = Moment::minutes(-8);
    let story = Story::new(newborn);
    run_under(&story, &Policy::default(), 2 + 13);
    assert_eq!(refusal(&story).as_deref(), Some("AlarmNewborn"));
    story.fault_on("ecs:DescribeServices", FaultKind::Transient, 10_000);
    run_under(&story, &Policy::default(), 10);
    let open = incident(&story);
    assert_eq!((open.mode, open.phase, open.pages), (Mode::Observe, Phase::Firing, 0));
    assert_ne!(open.refusal.map(|refusal| refusal.name()).as_deref(), Some("AlarmNewborn"));
}

#[test]
fn how_mild_it_is_does_not_matter_but_a_service_that_is_only_observed_stays_quiet() {
    let told = |key: &'static str, value: &'static str, policy: &Policy| {
        let story = Story::new(bad_release(|service| drop(service.tags.insert(key.into(), value.into()))));
        story.fault_on("ecs:ListServiceDeployments", FaultKind::Denied, 10_000);
        run_under(&story, policy, 20);
        let incident = incident(&story);
        (incident.severity, incident.pages, story.plain_pages().len())
    };
    assert_eq!(told("environment", "staging", &Policy::default()), (Severity::P3, 0, 1));
    assert_eq!(told("nightshift", "observe", &Policy::default()), (Severity::P2, 0, 0));
    let loud = Policy::parse("[paging]\nobserved_services = true\n").unwrap();
    assert_eq!(told("nightshift", "observe", &loud), (Severity::P2, 1, 1));
}

#[test]
fn a_look_right_before_the_rollback_that_iam_denies_ends_it_and_names_the_action() {
    let calm = Story::new(scenario("bad-release"));
    run(&calm);
    let calls = calm.calls();
    let remedy = calls.iter().position(|call| call.operation == "ecs:UpdateService").unwrap();
    let look = calls[..remedy].iter().rposition(|call| call.operation == "ecs:DescribeServices").unwrap();

    let denied = Story::new(scenario("bad-release"));
    denied.fault_at(look + 1, FaultKind::Denied);
    run_under(&denied, &Policy::default(), 20);
    assert_eq!(changes(&denied), Vec::<String>::new());
    assert_eq!(refusal(&denied).as_deref(), Some("NotPermitted"));
    assert_eq!((incident(&denied).phase, denied.plain_pages().len()), (Phase::Escalated, 1));
    let told: String = denied.notices().into_iter().flat_map(|notice| notice.done).collect();
    assert!(told.contains("ecs:DescribeServices") && told.contains("\"Effect\": \"Allow\""), "{told}");

    // A retry cures the other kind, as ever.
    let throttled = Story::new(scenario("bad-release"));
    throttled.fault_at(look + 1, FaultKind::Transient);
    run(&throttled);
    assert_eq!(changes(&throttled), ["task definition checkout:42"]);
    assert_eq!(throttled.plain_pages().len(), 0);
}
