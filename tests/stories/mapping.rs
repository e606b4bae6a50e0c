//! Which service an alarm watches: what says more goes first.

use jiff::SignedDuration;
use nightshift::night::{Night, What};
use nightshift_core::fault::FaultKind;
use nightshift_core::policy::Policy;
use nightshift_sim::scenario::{Load, Moment, Scenario};
use nightshift_sim::{Account, Delivery, Story};
use serde_json::{Value, json};

use super::run_under;

/// Every service that an alarm could mean; the alarm watches requests at the
/// target group of one of them, and says nothing itself.
const SERVICES: &str = r#"
[[service]]
name = "behind"
[[service.release]]
revision = 1
at = "-9d"
[[service.load]]
at = "-3m"
until = "+20m"
factor = 3.0

[[service]]
name = "tagged"
[[service.release]]
revision = 1
at = "-9d"

[[service]]
name = "described"
[[service.release]]
revision = 1
at = "-9d"

[[service]]
name = "dimensioned"
[[service.release]]
revision = 1
at = "-9d"

[[service]]
name = "named"
[[service.release]]
revision = 1
at = "-9d"

[[alarm]]
name = "prod-busy"
service = "behind"
metric = "requests"
threshold = 1000
"#;

/// The account, with that alarm by the name it is given.
fn account(alarm: &str) -> Scenario {
    let mut scenario = Scenario::parse(SERVICES).unwrap();
    alarm.clone_into(&mut scenario.alarms[0].name);
    scenario
}

/// The same, and a composite over that alarm.
fn with_composite() -> Scenario {
    let mut scenario = account("busy");
    let mut composite = scenario.alarms[0].clone();
    composite.name = "prod-unwell".into();
    (composite.service, composite.metric, composite.children) = (None, None, vec!["busy".into()]);
    scenario.alarms.push(composite);
    scenario
}

fn names() -> Policy {
    Policy::parse("[services]\n\"prod-\" = \"prod/named\"\n").unwrap()
}

type Set = (&'static str, Value);

fn tags() -> Set {
    ("/detail/alarmTags", json!({"nightshift:cluster": "prod", "nightshift:service": "tagged"}))
}

fn description() -> Set {
    ("/detail/configuration/description", json!("{\"cluster\":\"prod\",\"service\":\"described\"}"))
}

fn dimensions() -> Set {
    let group = "targetgroup/behind/6d0ecf831eec9f09";
    let all = json!({"ClusterName": "prod", "ServiceName": "dimensioned", "TargetGroup": group});
    ("/detail/configuration/metrics/0/metricStat/metric/dimensions", all)
}

/// The account right when that alarm fires, and the alarm's event.
fn firing(scenario: Scenario, alarm: &str) -> (Story, Value) {
    let story = Story::new(scenario);
    loop {
        for delivery in story.advance_until_due(story.now() + SignedDuration::from_hours(1)) {
            let Delivery::Alarm { event, .. } = delivery else { continue };
            if event["detail"]["alarmName"] == alarm && event["detail"]["state"]["value"] == "ALARM" {
                return (story, event);
            }
        }
    }
}

/// The services of which an incident is open.
fn open(story: &Story) -> Vec<&'static str> {
    let all = ["behind", "tagged", "described", "dimensioned", "named"];
    let open = |name: &&str| Account::record(story, &story.service_ref(name).unwrap()).incident.is_some();
    all.into_iter().filter(open).collect()
}

/// The alarm's event, in which somebody says more, leads to that service.
#[track_caller]
fn leads(scenario: Scenario, policy: &Policy, says: &[Set], expect: &[&str]) {
    let alarm = scenario.alarms.last().unwrap().name.clone();
    let (story, mut event) = firing(scenario, &alarm);
    for (path, value) in says {
        let (parent, key) = path.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[key] = value.clone();
    }
    let mut night = Night::new(story.account(), policy);
    night.deliver(Delivery::Alarm { event, at: story.now() }, 0);
    assert_eq!(open(&story), expect, "{says:?}");
    let silent: Vec<String> = story.silent().into_iter().map(|silent| silent.refusal.name()).collect();
    assert_eq!(silent, if expect.is_empty() { vec!["Unmapped"] } else { vec![] }, "{says:?}");
}

#[test]
fn of_all_that_names_a_service_the_most_telling_goes_first() {
    let check = |says: &[Set], expect: &str| leads(account("prod-busy"), &names(), says, &[expect]);
    check(&[tags(), description(), dimensions()], "tagged");
    check(&[description(), dimensions()], "described");
    check(&[dimensions()], "dimensioned");
    check(&[], "behind");
    // Two services behind one group: nobody can say which of them it is.
    let mut shared = account("prod-busy");
    shared.service_mut("tagged").unwrap().target_group = Some("behind".into());
    leads(shared.clone(), &names(), &[], &["named"]);
    leads(shared, &Policy::default(), &[], &[]);
}

#[test]
fn a_composite_is_known_by_itself_or_else_by_its_children() {
    let check = |policy: &Policy, says: &[Set], expect: &str| leads(with_composite(), policy, says, &[expect]);
    check(&names(), &[tags(), description()], "tagged");
    check(&names(), &[description()], "described");
    check(&names(), &[], "named");
    check(&Policy::default(), &[], "behind");
}

/// Searching every cluster for a target group is dear: it is done once.
#[test]
fn the_service_behind_a_target_group_is_searched_for_once() {
    let searches = |story: &Story| story.calls().iter().filter(|call| call.operation == "ecs:ListServices").count();
    let mut twice = account("prod-busy");
    let grows_over = nightshift_core::span::Span::seconds(0);
    let again =
        Load { at: Moment::minutes(30), until: Some(Moment::minutes(40)), factor: 3.0, grows_over, every: None };
    twice.services[0].loads.push(again);
    let story = Story::new(twice);
    let night = run_under(&story, &Policy::default(), 90);
    let events = night.happened().iter().filter(|happened| matches!(happened.what, What::Alarm { .. })).count();
    assert_eq!((events, searches(&story)), (4, 1), "two alarms and two returns to OK, and one search");
    // The map is only a saving: without it, it is searched.
    let (story, event) = firing(account("prod-busy"), "prod-busy");
    story.fault_on("dynamodb:PutItem", FaultKind::Denied, 1);
    let mut night = Night::new(story.account(), &Policy::default());
    night.deliver(Delivery::Alarm { event, at: story.now() }, 0);
    assert_eq!((open(&story), searches(&story)), (vec!["behind"], 1));
}

/// Somebody points the alarm at another service's target group.
#[test]
fn an_alarm_that_is_pointed_elsewhere_is_searched_for_anew() {
    let (story, event) = firing(account("prod-busy"), "prod-busy");
    let mut elsewhere = event.clone();
    let metric = "/detail/configuration/metrics/0/metricStat/metric/dimensions/TargetGroup";
    *elsewhere.pointer_mut(metric).unwrap() = json!("targetgroup/named/6d0ecf831eec9f09");
    elsewhere["detail"]["state"]["timestamp"] = json!((story.now() + SignedDuration::from_secs(1)).to_string());
    let mut night = Night::new(story.account(), &Policy::default());
    for event in [event, elsewhere] {
        night.deliver(Delivery::Alarm { event, at: story.now() }, 0);
        story.advance(SignedDuration::from_secs(1));
    }
    assert_eq!(open(&story), ["behind", "named"]);
}

#[test]
fn what_an_alarm_says_of_itself_is_in_the_message() {
    let mut scenario = super::scenario("bad-release");
    let says = json!({
        "cluster": "prod", "service": "checkout", "signal": "errors", "dashboard": "prod-checkout",
        "log_group": "/ecs/checkout", "runbook": "https://example.com/runbooks/errors.md"
    });
    scenario.alarms[0].description = Some(says.to_string());
    let story = Story::new(scenario);
    run_under(&story, &Policy::default(), 20);
    let notice = story.notices().into_iter().next().unwrap();
    assert!(notice.why[0].contains(" (errors) is in ALARM"), "{:?}", notice.why);
    let labels: Vec<&str> = notice.links.iter().map(|link| link.label.as_str()).collect();
    assert_eq!(labels, ["Service", "Deployments", "Alarm", "Dashboard", "Metrics", "Logs Insights", "Runbook"]);
}

/// The two alarms that ring of a service, as stacks/service.yaml makes them:
/// their children have their actions off and say why.
fn composed(signal: &str, runbook: &str) -> Scenario {
    let mut scenario = super::scenario("bad-release");
    let says = |signal: &str, runbook: &str| {
        let runbook = format!("https://example.com/runbooks/{runbook}");
        Some(json!({ "cluster": "prod", "service": "checkout", "signal": signal, "runbook": runbook }).to_string())
    };
    let mut composite = scenario.alarms[0].clone();
    composite.name = "prod-checkout-rings".into();
    (composite.service, composite.metric, composite.children) = (None, None, vec![scenario.alarms[0].name.clone()]);
    composite.description = says(signal, runbook);
    scenario.alarms[0].actions_enabled = false;
    scenario.alarms[0].description = says("errors", "errors.md");
    scenario.alarms.push(composite);
    scenario
}

#[test]
fn what_rings_is_one_message_with_the_page_of_the_child_that_fires() {
    let story = Story::new(composed("errors", "README.md"));
    run_under(&story, &Policy::default(), 20);
    let notice = story.notices().into_iter().next().unwrap();
    let runbook = notice.links.iter().find(|link| link.label == "Runbook").unwrap();
    assert_eq!(runbook.url, "https://example.com/runbooks/errors.md");
    assert!(story.silent().iter().any(|silent| silent.refusal.name() == "ActionsDisabled"), "{:?}", story.silent());
    assert_eq!(super::changes(&story), ["task definition checkout:42"]);
}

#[test]
fn a_composite_of_saturation_is_not_felt_by_users_yet() {
    for (signal, severity) in [("errors", "P1"), ("saturation", "P2")] {
        let mut scenario = composed(signal, "saturation.md");
        scenario.service_mut("checkout").unwrap().tags.insert("tier".into(), "1".into());
        let story = Story::new(scenario);
        run_under(&story, &Policy::default(), 20);
        assert_eq!(story.notices()[0].severity.to_string(), severity, "{signal}");
    }
}
