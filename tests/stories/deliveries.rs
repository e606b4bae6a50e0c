//! Deliveries: twice, ten at once, by two doors, out of order.

use std::pin::Pin;

use jiff::SignedDuration;
use nightshift::night::Night;
use nightshift_core::mode::Mode;
use nightshift_core::policy::Policy;
use nightshift_incident::scene::Stack;
use nightshift_sim::{Delivery, Story, poll_in_turn, poll_once};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{changes, incident, run, scenario};

fn responder(story: &Story) -> alarm_responder::Handler<nightshift_sim::Account> {
    let stack = Stack { name: "nightshift".into(), default_mode: Mode::Observe, drill_service: None };
    alarm_responder::Handler::new(story.account(), alarm_responder::config::Config { stack }, Policy::default())
}

/// The account right when its alarm fires, and the alarm's event.
fn firing(name: &str) -> (Story, Value) {
    let story = Story::new(scenario(name));
    loop {
        for delivery in story.advance_until_due(story.now() + SignedDuration::from_hours(1)) {
            if let Delivery::Alarm { event, .. } = delivery
                && event["detail"]["state"]["value"] == "ALARM"
            {
                return (story, event);
            }
        }
    }
}

/// The same change as CloudWatch writes it to an SNS topic.
fn by_sns(event: &Value) -> Value {
    let detail = &event["detail"];
    let stat = &detail["configuration"]["metrics"][0]["metricStat"];
    let dimensions: Vec<Value> = stat["metric"]["dimensions"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let message = json!({
        "AlarmName": detail["alarmName"], "AlarmArn": event["resources"][0], "AWSAccountId": event["account"],
        "AlarmDescription": detail["configuration"]["description"], "NewStateValue": detail["state"]["value"],
        "NewStateReason": detail["state"]["reason"], "StateChangeTime": detail["state"]["timestamp"],
        "Region": "EU (Ireland)", "OldStateValue": detail["previousState"]["value"],
        "Trigger": {"MetricName": stat["metric"]["name"], "Namespace": stat["metric"]["namespace"],
            "StatisticType": "Statistic", "Statistic": "SUM", "Dimensions": dimensions, "Period": 60,
            "EvaluationPeriods": 5, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 10.0}
    });
    json!({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn:aws:sns:eu-west-1:123456789012:alarms:1",
        "Sns": {"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms", "Subject": null,
            "Message": message.to_string(), "Timestamp": event["time"], "SignatureVersion": "1", "Signature": "x",
            "SigningCertUrl": "https://x", "UnsubscribeUrl": "https://x", "MessageAttributes": {}}}]})
}

#[test]
fn redelivered_ten_times_changes_nothing_more() {
    let (story, event) = firing("bad-release");
    let mut night = Night::new(story.account(), &Policy::default());
    for _ in 0..10 {
        night.deliver(Delivery::Alarm { event: event.clone(), at: story.now() }, 0);
        story.advance(SignedDuration::from_secs(90));
    }
    night.run_until(story.now() + SignedDuration::from_mins(30));
    assert_eq!(changes(&story), ["task definition checkout:42"]);
    assert_eq!(story.notices().len(), 3, "{:?}", story.notices());
}

#[test]
fn by_sns_and_eventbridge_is_one_incident() {
    let (story, event) = firing("bad-release");
    let responder = responder(&story);
    for event in [by_sns(&event), event] {
        poll_once(responder.handle(&event, story.now())).unwrap().unwrap();
    }
    assert_eq!(changes(&story), ["task definition checkout:42"]);
    assert_eq!(incident(&story).alarms.len(), 1);
    assert_eq!(story.notices().len(), 2);
}

#[test]
fn two_alarms_of_one_service_are_one_incident_and_one_remedy() {
    let mut both = scenario("bad-release");
    let mut second = both.alarms[0].clone();
    second.name = "prod-checkout-5xx-fast".into();
    both.alarms.push(second);
    let story = Story::new(both);
    run(&story);
    assert_eq!(changes(&story), ["task definition checkout:42"]);
    assert_eq!(story.closed_incidents().len(), 1);
    assert_eq!(incident(&story).alarms.len(), 2);
}

#[test]
fn delivered_late_it_is_counted_in_silence() {
    let (story, event) = firing("bad-release");
    poll_once(responder(&story).handle(&event, story.now())).unwrap().unwrap();
    run(&story);
    let (before, notices) = (changes(&story), story.notices().len());
    story.advance(SignedDuration::from_hours(20));
    poll_once(responder(&story).handle(&event, story.now())).unwrap().unwrap();
    assert_eq!((changes(&story), story.notices().len()), (before, notices));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Ten deliveries at once, by both doors, in whatever order their calls
    /// meet: one incident, one remedy, no notice twice under different keys.
    #[test]
    fn ten_at_once_are_one_remedy(picks in prop::collection::vec(0_usize..10, 1..200), both in any::<bool>()) {
        let (story, event) = firing("bad-release");
        let sns = if both { by_sns(&event) } else { event.clone() };
        let events: Vec<Value> = (0..10).map(|n| if n % 2 == 0 { event.clone() } else { sns.clone() }).collect();
        let responder = responder(&story);
        let now = story.now();
        story.interleave();
        let futures = events.iter().map(|event| {
            let (responder, event) = (&responder, event);
            Box::pin(async move { responder.handle(event, now).await.is_ok() }) as Pin<Box<dyn Future<Output = bool> + '_>>
        });
        let mut turn = 0;
        let answers = poll_in_turn(futures.collect(), |left| {
            turn += 1;
            picks[turn % picks.len()] % left
        });
        prop_assert!(answers.contains(&true), "somebody must have answered");
        prop_assert_eq!(changes(&story), ["task definition checkout:42"]);
        let keys: std::collections::BTreeSet<String> = story.notices().iter().map(|notice| notice.key()).collect();
        prop_assert_eq!(keys.len(), 2);
        prop_assert_eq!(incident(&story).intents.len(), 1);
    }
}
