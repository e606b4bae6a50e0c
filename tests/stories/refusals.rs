//! Each rule that forbids a remedy, met by a story: nothing is changed, and
//! people read the rule's name.

use std::collections::BTreeMap;

use nightshift_core::fault::FaultKind;
use nightshift_core::incident::Phase;
use nightshift_core::notice::NoticeKind;
use nightshift_core::policy::Policy;
use nightshift_core::service::Controller;
use nightshift_core::span::Span;
use nightshift_sim::Story;
use nightshift_sim::scenario::{HealthSetup, Moment, Scenario, ServiceSetup};

use super::{bad_release, changes, incident, refusal, run_under, sample, scenario};

/// Nothing is changed, and people read the refusal's name.
#[track_caller]
pub fn refuses(scenario: Scenario, policy: &Policy, expect: &str) {
    let story = Story::new(scenario);
    run_under(&story, policy, 20);
    assert_eq!(refusal(&story).as_deref(), Some(expect));
    assert_eq!(changes(&story), Vec::<String>::new(), "{expect}");
    let told: Vec<String> = story.notices().into_iter().flat_map(|notice| notice.done).collect();
    assert!(told.iter().any(|line| line.contains(expect)), "{expect} is not in {told:?}");
}

/// The bad release, with something about its service changed, is refused.
#[track_caller]
pub fn check(expect: &str, change: impl FnOnce(&mut ServiceSetup)) {
    refuses(bad_release(change), &Policy::default(), expect);
}

fn tag(key: &'static str, value: &'static str) -> impl FnOnce(&mut ServiceSetup) {
    move |service| drop(service.tags.insert(key.into(), value.into()))
}

#[test]
fn a_service_that_is_not_ours_to_touch() {
    check("NotOptedIn", tag("nightshift", "observe"));
    check("NotOptedIn", tag("nightshift", "approve"));
    check("NotOptedIn", tag("nightshift", "actt"));
    check("NotOptedIn", |service| drop(service.tags.remove("nightshift")));
    check("AnotherStacks", tag("nightshift:stack", "somebody-else"));
    check("Parked", tag("nightshift:parked", "2026-11-19"));
    check("ControllerNotOurs", |service| service.controller = Controller::CodeDeploy);
    check("ControllerNotOurs", |service| service.controller = Controller::External);
    check("StackUpdating", |service| {
        service.stack = Some("shop".into());
        service.stack_status = "UPDATE_IN_PROGRESS".into();
    });
}

#[test]
fn the_stack_that_owns_a_service_may_act_on_it() {
    let story = Story::new(bad_release(tag("nightshift:stack", "nightshift")));
    run_under(&story, &Policy::default(), 20);
    assert_eq!(changes(&story), ["task definition checkout:42"]);
}

#[test]
fn a_target_that_cannot_be_returned_to() {
    let unsafe_tag = || BTreeMap::from([("nightshift:rollback-safe".to_owned(), "false".to_owned())]);
    check("TargetInactive", |service| service.releases[0].inactive = true);
    check("TargetImageGone", |service| service.releases[0].image_gone = true);
    check("RollbackMarkedUnsafe", |service| service.releases[1].tags = unsafe_tag());
    check("DiffersBeyondTaskDefinition", |service| service.releases[1].surroundings = "other subnets".into());
    check("NothingGoodToReturnTo", |service| service.releases[0].at = Moment::minutes(-20));
    refuses(scenario("tag-moved"), &Policy::default(), "TargetTagMoved");
    refuses(scenario("image-gone"), &Policy::default(), "TargetImageGone");
}

#[test]
fn a_release_marked_unsafe_in_between_is_not_crossed() {
    check("CrossesUnsafeRelease", |service| {
        let mut between = service.releases[0].clone();
        between.revision = 43;
        between.at = Moment::minutes(-25);
        between.tags = BTreeMap::from([("nightshift:rollback-safe".to_owned(), "false".to_owned())]);
        service.releases[1].revision = 44;
        service.releases.insert(1, between);
    });
}

#[test]
fn an_hour_at_which_nothing_is_done() {
    let freeze = "[[freeze]]\nname = \"night\"\nstops = \"remedies\"\nfrom = \"22:00:00\"\nto = \"06:00:00\"\n";
    refuses(scenario("bad-release"), &Policy::parse(freeze).unwrap(), "Frozen");
    let halted = Scenario { halted: true, ..scenario("bad-release") };
    refuses(halted, &Policy::default(), "Halted");
    let sure = Policy::parse("[confidence]\nact_at = 100\n").unwrap();
    refuses(scenario("bad-release"), &sure, "ConfidenceTooLow");
}

#[test]
fn a_freeze_of_deployments_does_not_stop_a_remedy() {
    let freeze = "[[freeze]]\nname = \"night\"\nstops = \"deploys\"\nfrom = \"22:00:00\"\nto = \"06:00:00\"\n";
    let story = Story::new(scenario("bad-release"));
    run_under(&story, &Policy::parse(freeze).unwrap(), 20);
    assert_eq!(changes(&story), ["task definition checkout:42"]);
}

#[test]
fn an_open_issue_of_aws_holds_remedies_back() {
    let mut provider = scenario("bad-release");
    provider.health.push(HealthSetup { service: "ECS".into(), code: None, at: Moment::minutes(-10), until: None });
    let story = Story::new(provider);
    run_under(&story, &Policy::default(), 20);
    assert_eq!(changes(&story), Vec::<String>::new());
    assert_eq!(refusal(&story).as_deref(), Some("ProviderEvent"));
}

#[test]
fn a_newborn_alarm_is_read_again_when_it_is_old_enough() {
    let mut newborn = scenario("bad-release");
    newborn.alarms[0].configured = Moment::minutes(-8);
    let story = Story::new(newborn);
    run_under(&story, &Policy::default(), 2 + 13);
    assert_eq!(refusal(&story).as_deref(), Some("AlarmNewborn"));
    assert_eq!(changes(&story), Vec::<String>::new());
    run_under(&story, &Policy::default(), 40);
    assert_eq!(changes(&story), ["task definition checkout:42"]);
    assert!(incident(&story).taken().is_some());
}

#[test]
fn a_newborn_alarm_that_is_refused_again_wakes_nobody_twice() {
    let mut newborn = bad_release(|service| {
        service.tags.insert("tier".into(), "1".into());
        service.tags.insert("nightshift".into(), "approve".into());
    });
    newborn.alarms[0].configured = Moment::minutes(-8);
    let story = Story::new(newborn);
    run_under(&story, &Policy::default(), 2 + 13);
    assert_eq!((refusal(&story).as_deref(), incident(&story).pages), (Some("AlarmNewborn"), 1));
    run_under(&story, &Policy::default(), 10);
    assert_eq!((refusal(&story).as_deref(), incident(&story).pages), (Some("NotOptedIn"), 1));
    let asks = story.notices().pop().unwrap();
    assert_eq!((asks.kind, asks.pager), (NoticeKind::Escalated, None), "a message of its own, which wakes nobody");
}

/// By the time it is old enough somebody has silenced it: maintenance is no reason to act.
#[test]
fn a_newborn_alarm_that_was_silenced_meanwhile_is_left_alone() {
    let mut newborn = scenario("bad-release");
    newborn.alarms[0].configured = Moment::minutes(-8);
    let story = Story::new(newborn);
    run_under(&story, &Policy::default(), 2 + 13);
    assert_eq!(refusal(&story).as_deref(), Some("AlarmNewborn"));
    story.person_silences(&incident(&story).alarms.into_keys().next().unwrap());
    run_under(&story, &Policy::default(), 40);
    assert_eq!((changes(&story), refusal(&story).as_deref()), (Vec::new(), Some("AlarmNewborn")));
    assert_eq!((incident(&story).phase, incident(&story).pages), (Phase::Firing, 1), "it is maintenance");
}

#[test]
fn a_stale_alarm_opens_an_incident_and_changes_nothing() {
    let strict = Policy { ..Policy::default() };
    let strict =
        Policy { alarms: nightshift_core::policy::Alarms { stale: Span::seconds(0), ..strict.alarms }, ..strict };
    let story = Story::new(scenario("bad-release"));
    // The event waits for a minute before it is delivered.
    let mut night = nightshift::night::Night::new(story.account(), &strict);
    let due = story.advance_until_due(story.now() + jiff::SignedDuration::from_mins(30));
    story.advance(jiff::SignedDuration::from_mins(1));
    for delivery in due {
        night.deliver(delivery, 0);
    }
    assert_eq!(refusal(&story).as_deref(), Some("AlarmStale"));
    assert_eq!(incident(&story).pages, 1, "stale forbids remedies, never pages");
    assert_eq!(changes(&story), Vec::<String>::new());
}

#[test]
fn a_service_to_be_approved_is_asked_about_and_paged() {
    let story = Story::new(bad_release(tag("nightshift", "approve")));
    run_under(&story, &Policy::default(), 20);
    assert_eq!((changes(&story), incident(&story).pages), (Vec::new(), 1));
    let notices = story.notices();
    assert!(notices[0].headline.ends_with("needs you to roll back checkout:43 → checkout:42"));
}

#[test]
fn a_service_that_ecs_does_not_know_is_said_so() {
    let mut ghost = scenario("bad-release");
    ghost.alarms[0].description = Some("{\"cluster\":\"prod\",\"service\":\"ghost\"}".into());
    let story = Story::new(ghost);
    run_under(&story, &Policy::default(), 20);
    let told: Vec<String> = story.notices().into_iter().flat_map(|notice| notice.done).collect();
    assert!(told.iter().any(|line| line.contains("ServiceNotActive")), "{told:?}");
    assert_eq!(changes(&story), Vec::<String>::new());
}

#[test]
fn what_the_decision_needs_and_cannot_see_forbids_it() {
    let story = Story::new(scenario("bad-release"));
    story.fault_on("ecs:ListServiceDeployments", FaultKind::Transient, 10_000);
    run_under(&story, &Policy::default(), 20);
    assert_eq!((changes(&story), incident(&story).pages), (Vec::new(), 1));
}

#[test]
fn an_alarm_whose_actions_are_off_is_counted_in_silence() {
    let mut quiet = scenario("bad-release");
    quiet.alarms[0].actions_enabled = false;
    let story = Story::new(quiet);
    run_under(&story, &Policy::default(), 20);
    let names: Vec<String> = story.silent().into_iter().map(|silent| silent.refusal.name()).collect();
    assert_eq!((names, story.notices().len()), (vec!["ActionsDisabled".to_owned()], 0));
}

/// What is no news, or nobody's: counted, without a message.
#[test]
fn what_leads_to_no_message_is_counted_by_its_name() {
    let story = Story::new(scenario("bad-release"));
    let mut night = nightshift::night::Night::new(story.account(), &Policy::default());
    for name in [
        "target-tracking-alarm",
        "to-insufficient-data",
        "insufficient-data-to-ok",
        "composite-suppressed",
        "alarm-of-a-dependency",
    ] {
        night.deliver(nightshift_sim::Delivery::Alarm { event: sample(name), at: story.now() }, 0);
    }
    let mut names: Vec<String> = story.silent().into_iter().map(|silent| silent.refusal.name()).collect();
    names.sort();
    assert_eq!(names, ["ActionsSuppressed", "NoNews", "NoNews", "OfADependency", "TargetTracking"]);
    assert_eq!((story.notices().len(), changes(&story)), (0, Vec::new()));
}
