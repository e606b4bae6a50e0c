//! AWS denies, throttles, or cannot be reached.

use jiff::SignedDuration;
use nightshift::night::{Night, What};
use nightshift_core::fault::FaultKind;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::{Intent, Phase};
use nightshift_core::notice::NoticeKind;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::{Outcome, Remedy};
use nightshift_incident::end;
use nightshift_sim::scenario::Moment;
use nightshift_sim::{Account, Story};

use super::{changes, incident, refusal, run, scenario};

#[test]
fn a_denied_remedy_names_action_resource_and_the_line_to_add() {
    let story = Story::new(scenario("bad-release"));
    story.fault_on("ecs:UpdateService", FaultKind::Denied, 1);
    run(&story);
    assert_eq!(changes(&story), Vec::<String>::new());
    assert_eq!(refusal(&story).as_deref(), Some("NotPermitted"));
    assert_eq!((incident(&story).phase, incident(&story).pages), (Phase::Escalated, 1));
    let told = story.notices().into_iter().flat_map(|notice| notice.done).collect::<String>();
    let arn = story.service_ref("checkout").unwrap().arn();
    let line = format!("\"Action\": \"ecs:UpdateService\", \"Resource\": \"{arn}\"");
    for part in ["ecs:UpdateService", "prod/checkout", &line] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
}

/// A load spike of a quarter of an hour, at the moment when its minimum is raised.
fn raised() -> (Story, Night) {
    let mut spike = scenario("load-spike");
    spike.service_mut("checkout").unwrap().loads[0].until = Some(Moment::minutes(12));
    let story = Story::new(spike);
    let mut night = Night::new(story.account(), &Policy::default());
    night.run_until(story.now() + SignedDuration::from_mins(18));
    assert_eq!(changes(&story), ["minimum 8"]);
    (story, night)
}

#[test]
fn a_minimum_that_somebody_has_set_since_is_told_as_theirs() {
    let (story, _) = raised();
    let service = story.service_ref("checkout").unwrap();
    let mut record = Account::record(&story, &service);
    let incident = record.incident.as_mut().unwrap();
    let undone = Remedy::RestoreScaling { from: 8, to: 4 };
    incident.intents.push(Intent { remedy: undone, outcome: None, ..incident.intents[0].clone() });
    let told = |refusal| {
        let mut record = record.clone();
        let closed = end::with_outcome(&mut record, Outcome::Withheld { refusal }, &Policy::default(), story.now());
        assert_eq!(closed.unwrap().phase, Phase::Resolved);
        record.unpublished.pop().unwrap().done.join(" ")
    };
    let done = told(Refusal::Overtaken);
    assert!(done.contains("left as somebody set it") && !done.contains("stays at"), "{done}");
    // Given up for want of an answer, it is nobody's wish.
    let done = told(Refusal::AlarmStale { at: story.now() });
    assert!(done.contains("it stays at 8, it was 4") && !done.contains("somebody"), "{done}");
}

#[test]
fn a_minimum_that_cannot_be_lowered_again_is_told_with_the_reason() {
    let (story, mut night) = raised();
    story.fault_on("application-autoscaling:RegisterScalableTarget", FaultKind::Denied, 1);
    night.run_until(story.now() + SignedDuration::from_mins(50));
    let over = story.notices().pop().unwrap();
    assert_eq!(over.kind, NoticeKind::Resolved);
    let done = over.done.join(" ");
    for part in ["it stays at 8, it was 4", "application-autoscaling:RegisterScalableTarget", "\"Effect\": \"Allow\""] {
        assert!(done.contains(part), "{part} is not in {done}");
    }
}

#[test]
fn without_the_ledger_nothing_is_done_and_somebody_is_paged() {
    let story = Story::new(scenario("bad-release"));
    story.fault_on("dynamodb:BatchGetItem", FaultKind::Transient, 10_000);
    let night = run(&story);
    assert_eq!(changes(&story), Vec::<String>::new());
    let pages = story.plain_pages();
    assert!(!pages.is_empty());
    assert!(pages[0].0.contains("the ledger cannot be read"), "{pages:?}");
    assert!(pages[0].0.is_ascii() && pages[0].0.len() <= 100);
    let lost = night.happened().iter().filter(|happened| matches!(happened.what, What::Failed { again: None, .. }));
    assert!(lost.count() > 0, "the event must end in the dead-letter queue");
}

#[test]
fn a_notice_topic_that_denies_is_made_up_for_by_the_plain_one() {
    let story = Story::new(scenario("bad-release"));
    story.fault_on("sns:Publish", FaultKind::Denied, 1);
    run(&story);
    assert_eq!(changes(&story), ["task definition checkout:42"]);
    assert_eq!(story.plain_pages().len(), 1);
}

#[test]
fn a_timer_that_cannot_be_set_holds_the_remedy_back_until_it_can() {
    let story = Story::new(scenario("bad-release"));
    story.fault_on("scheduler:CreateSchedule", FaultKind::Transient, 1);
    run(&story);
    let calls = story.calls();
    let place = |operation: &str| calls.iter().position(|call| call.operation == operation);
    let timers = calls.iter().filter(|call| call.operation == "scheduler:CreateSchedule").count();
    assert!(timers >= 2 && place("scheduler:CreateSchedule") < place("ecs:UpdateService"));
    assert_eq!(changes(&story), ["task definition checkout:42"]);
}

#[test]
fn a_timer_that_is_denied_withholds_the_remedy_and_wakes_somebody() {
    let story = Story::new(scenario("bad-release"));
    story.fault_on("scheduler:CreateSchedule", FaultKind::Denied, 10_000);
    run(&story);
    assert_eq!(changes(&story), Vec::<String>::new());
    assert_eq!(refusal(&story).as_deref(), Some("NotPermitted"));
    assert_eq!((incident(&story).phase, incident(&story).pages), (Phase::Escalated, 1));
    let last = story.notices().pop().unwrap();
    assert!(last.done[0].contains("scheduler:CreateSchedule"), "{:?}", last.done);
}

#[test]
fn the_case_of_a_decision_outlives_the_checks_that_follow() {
    let story = Story::new(scenario("observe-mode"));
    run(&story);
    let cases = story.cases();
    assert_eq!(cases.len(), 1);
    assert_eq!((cases[0].1, cases[0].2.function.as_str()), (1, "alarm-responder"));
}

#[test]
fn a_switch_that_cannot_be_read_forbids_remedies_and_is_told_from_one_that_is_on() {
    for (kind, expect) in [(FaultKind::Transient, "NotObserved"), (FaultKind::Denied, "NotPermitted")] {
        let story = Story::new(scenario("bad-release"));
        story.fault_on("ssm:GetParameter", kind, 10_000);
        run(&story);
        assert_eq!((changes(&story), refusal(&story).as_deref()), (Vec::new(), Some(expect)));
        let pages = story.plain_pages();
        assert!(pages.len() == 1 && pages[0].1.contains("ssm:GetParameter"), "{pages:?}");
        let told = story.notices().into_iter().flat_map(|notice| notice.done).collect::<String>();
        assert!(!told.contains("nightshift resume"), "{told}");
    }
}

/// It could be read when the remedy was claimed, and not right before the call.
#[test]
fn a_switch_that_cannot_be_read_at_the_last_look_withholds_the_remedy_by_name() {
    let calm = Story::new(scenario("bad-release"));
    run(&calm);
    let calls = calm.calls();
    let remedy = calls.iter().position(|call| call.operation == "ecs:UpdateService").unwrap();
    let look = calls[..remedy].iter().rposition(|call| call.operation == "ssm:GetParameter").unwrap();
    let story = Story::new(scenario("bad-release"));
    story.fault_at(look + 1, FaultKind::Denied);
    run(&story);
    assert_eq!((changes(&story), refusal(&story).as_deref()), (Vec::new(), Some("NotPermitted")));
    assert_eq!((incident(&story).pages, story.plain_pages().len()), (1, 1));
}

#[test]
fn a_service_that_cannot_be_seen_is_left_alone_and_somebody_is_paged() {
    let story = Story::new(scenario("bad-release"));
    story.fault_on("ecs:DescribeServices", FaultKind::Transient, 10_000);
    run(&story);
    assert_eq!(changes(&story), Vec::<String>::new());
    assert_eq!(refusal(&story).as_deref(), Some("NotObserved"));
    assert_eq!((incident(&story).phase, incident(&story).pages), (Phase::Escalated, 1));
}

#[test]
fn a_verifier_that_cannot_read_the_ledger_comes_again() {
    let story = Story::new(scenario("bad-release"));
    let mut night = Night::new(story.account(), &Policy::default());
    for delivery in story.advance_until_due(story.now() + SignedDuration::from_hours(1)) {
        night.deliver(delivery, 0);
    }
    // Five minutes without the ledger: longer than Lambda retries.
    let end = story.now() + SignedDuration::from_mins(5);
    story.fault_on("dynamodb:BatchGetItem", FaultKind::Transient, 4);
    night.run_until(end);
    let again = story.waiting_timers().into_iter().filter(|timer| timer.name.starts_with("again-")).count();
    assert_eq!(again, 1, "however often one delivery was tried");
    night.run_until(end + SignedDuration::from_mins(60));
    assert_eq!(incident(&story).phase, Phase::Resolved);
}

#[test]
fn a_service_that_never_was_heals_nothing_while_its_alarm_fires() {
    let mut misspelt = scenario("bad-release");
    misspelt.alarms[0].description = Some("{\"cluster\":\"prod\",\"service\":\"chekout\"}".into());
    let story = Story::new(misspelt);
    run(&story);
    let chekout = ServiceRef { service: "chekout".into(), ..story.service_ref("checkout").unwrap() };
    let open = story.record(&chekout).incident.unwrap();
    assert_eq!(open.refusal.map(|refusal| refusal.name()).as_deref(), Some("ServiceNotActive"));
    assert!(story.notices().iter().all(|notice| notice.kind != NoticeKind::Resolved), "{:#?}", story.notices());
}
