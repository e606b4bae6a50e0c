//! Alarms of no service of this stack: counted, and told by one plain message
//! where their tags ask for it or where nobody could look.

use nightshift::night::{Night, What};
use nightshift_core::alarm::NOTIFY_TAG;
use nightshift_core::fault::FaultKind;
use nightshift_core::policy::Policy;
use nightshift_sim::scenario::Scenario;
use nightshift_sim::{Delivery, Story};
use serde_json::{Value, json};

use super::deliveries::firing_in;
use super::{changes, run_under, sample, scenario};

/// A database that nobody serves, and an alarm on it.
const DATABASE: &str = r#"
[[service]]
name = "checkout"
tags = { nightshift = "act", environment = "production" }
[[service.release]]
revision = 42
at = "-3d"

[[outage]]
name = "ledger-db"
at = "-3m"
services = []

[[alarm]]
name = "ledger-db-cpu"
outage = "ledger-db"
threshold = 90
"#;

/// The account right when that alarm fires, with these tags, and its event.
fn firing(tags: &[(&str, &str)]) -> (Story, Value) {
    let mut scenario = Scenario::parse(DATABASE).unwrap();
    scenario.alarms[0].tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    firing_in(scenario)
}

/// Delivers the event so many times, each as if it came by itself.
fn deliver(story: &Story, event: &Value, times: usize) -> Night {
    let mut night = Night::new(story.account(), &Policy::default());
    for _ in 0..times {
        night.deliver(Delivery::Alarm { event: event.clone(), at: story.now() }, 0);
    }
    night
}

fn counted(story: &Story) -> Vec<String> {
    story.silent().into_iter().map(|silent| silent.refusal.name()).collect()
}

#[test]
fn an_alarm_of_no_service_is_told_once_if_its_tags_ask_for_it() {
    let (story, event) = firing(&[(NOTIFY_TAG, "true"), ("team", "finance"), ("severity", "P1")]);
    deliver(&story, &event, 3);
    let pages = story.plain_pages();
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert_eq!(pages[0].0, "P1 - ledger-db-cpu - in ALARM, no service is known for it");
    for part in ["Team finance.", "Key=cluster,Value=CLUSTER", "config/nightshift.toml", "nightshift:notify"] {
        assert!(pages[0].1.contains(part), "{part} is not in {}", pages[0].1);
    }
    assert_eq!(counted(&story), ["Unmapped"]);
    assert!(story.silent()[0].told, "no report calls it silent");
    assert_eq!((story.notices().len(), changes(&story)), (0, Vec::new()));
}

#[test]
fn an_alarm_of_no_service_that_asks_for_nothing_is_counted_alone() {
    let (story, event) = firing(&[("team", "finance")]);
    deliver(&story, &event, 3);
    assert_eq!((story.plain_pages(), counted(&story)), (Vec::new(), vec!["Unmapped".to_owned()]));
    assert!(!story.silent()[0].told, "nobody heard of it");
}

#[test]
fn a_message_that_could_not_be_sent_is_sent_by_the_retry_and_counted_then() {
    let (story, event) = firing(&[(NOTIFY_TAG, "true")]);
    story.fault_on("sns:Publish", FaultKind::Transient, 1);
    let mut night = deliver(&story, &event, 1);
    assert_eq!((story.plain_pages().len(), counted(&story).len()), (0, 0));
    night.run_until(story.now() + jiff::SignedDuration::from_mins(5));
    assert_eq!((story.plain_pages().len(), counted(&story).len()), (1, 1));
}

#[test]
fn an_alarm_of_another_account_or_region_is_counted_and_nothing_here_is_read() {
    let elsewhere = [("210987654321", "eu-west-1", "AnotherAccounts"), ("123456789012", "us-east-1", "AnotherRegions")];
    for (account, region, expect) in elsewhere {
        let story = Story::new(scenario("bad-release"));
        let mut event = sample("single-metric-alarm");
        let arn = format!("arn:aws:cloudwatch:{region}:{account}:alarm:checkout-5xx");
        (event["account"], event["region"], event["resources"]) = (json!(account), json!(region), json!([arn]));
        deliver(&story, &event, 1);
        assert_eq!(counted(&story), [expect]);
        let calls: Vec<String> = story.calls().into_iter().map(|call| call.operation).collect();
        assert_eq!(calls, ["dynamodb:PutItem"], "{expect}");
        assert_eq!((story.plain_pages().len(), story.notices().len()), (0, 0));

        event["detail"]["alarmTags"] = json!({NOTIFY_TAG: "true"});
        let story = Story::new(scenario("bad-release"));
        deliver(&story, &event, 2);
        let pages = story.plain_pages();
        assert_eq!((pages.len(), counted(&story).len()), (1, 1));
        assert!(pages[0].1.contains("Deploy Nightshift there"), "{}", pages[0].1);
    }
}

/// An alarm that names its service by its target group alone.
fn by_its_target_group() -> Scenario {
    let mut scenario = scenario("bad-release");
    scenario.alarms[0].description = None;
    scenario
}

#[test]
fn a_service_that_iam_keeps_from_being_found_is_told_with_the_action() {
    let (story, event) = firing_in(by_its_target_group());
    story.fault_on("ecs:ListServices", FaultKind::Denied, 10_000);
    let night = deliver(&story, &event, 2);
    let pages = story.plain_pages();
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert!(pages[0].0.contains("its service cannot be looked up"), "{}", pages[0].0);
    assert!(pages[0].1.contains("IAM denies ecs:ListServices") && pages[0].1.contains("\"Effect\": \"Allow\""));
    assert_eq!(counted(&story), ["NotPermitted"]);
    assert_eq!(changes(&story), Vec::<String>::new());
    assert!(!night.happened().iter().any(|happened| matches!(happened.what, What::Failed { .. })));
}

#[test]
fn a_service_that_cannot_be_found_for_now_is_looked_up_by_the_retry() {
    let story = Story::new(by_its_target_group());
    story.fault_on("ecs:ListServices", FaultKind::Transient, 1);
    run_under(&story, &Policy::default(), 55);
    assert_eq!((changes(&story), story.plain_pages().len()), (vec!["task definition checkout:42".to_owned()], 0));

    let story = Story::new(by_its_target_group());
    story.fault_on("ecs:ListServices", FaultKind::Transient, 10_000);
    let night = run_under(&story, &Policy::default(), 20);
    let lost = night.happened().iter().filter(|happened| matches!(happened.what, What::Failed { again: None, .. }));
    assert!(lost.count() > 0, "the event must end in the dead-letter queue, whose alarm tells");
}

#[test]
fn a_map_that_cannot_be_kept_is_no_reason_not_to_act() {
    let (story, event) = firing_in(by_its_target_group());
    let before = story.calls().len();
    deliver(&story, &event, 1);
    let put = story.calls()[before..].iter().position(|call| call.operation == "dynamodb:PutItem").unwrap();

    let (story, event) = firing_in(by_its_target_group());
    story.fault_at(put + 1, FaultKind::Denied);
    deliver(&story, &event, 1);
    assert_eq!(changes(&story), ["task definition checkout:42"]);
}

#[test]
fn an_alarm_of_the_stack_itself_is_not_even_looked_at() {
    let mut own = Scenario::parse(DATABASE).unwrap();
    own.alarms[0].name = "nightshift-self-alarm-responder-errors".into();
    let (story, event) = firing_in(own);
    let calls = story.calls().len();
    let night = deliver(&story, &event, 1);
    let [.., last] = night.happened() else { panic!("nothing happened") };
    let What::Alarm { report: alarm_responder::Report::Ignored { why }, .. } = &last.what else { panic!("{last:?}") };
    assert_eq!(why, "nightshift-self-alarm-responder-errors is an alarm of this stack itself");
    assert_eq!(story.calls().len(), calls, "what fails must not be asked why it fails");
}
