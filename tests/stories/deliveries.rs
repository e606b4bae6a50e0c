//! Deliveries: twice, ten at once, by two doors, out of order.

use std::pin::Pin;

use alarm_responder::Report;
use jiff::SignedDuration;
use nightshift::courier::by_sns;
use nightshift::night::{Night, stack};
use nightshift_core::policy::Policy;
use nightshift_core::remedy::Outcome;
use nightshift_sim::scenario::Scenario;
use nightshift_sim::{Delivery, Story, poll_in_turn, poll_once};
use proptest::prelude::*;
use serde_json::Value;

use super::{changes, incident, run, scenario};

/// The responder on the story's account.
pub fn responder(story: &Story) -> alarm_responder::Handler<nightshift_sim::Account> {
    alarm_responder::Handler::new(story.account(), stack(&story.account()), Policy::default())
}

/// The account right when its alarm fires, and the alarm's event.
fn firing(name: &str) -> (Story, Value) {
    firing_in(scenario(name))
}

/// The same of any scenario.
pub fn firing_in(scenario: Scenario) -> (Story, Value) {
    let story = Story::new(scenario);
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

/// Answers the event, and before each of the answer's calls lets `somebody` do
/// something, until they have done it. Gives what came of the remedy.
pub fn while_it_is_answered(story: &Story, event: &Value, mut somebody: impl FnMut() -> bool) -> Option<Outcome> {
    let (responder, now) = (responder(story), story.now());
    let answer = async { responder.handle(event, now).await.unwrap() };
    story.interleave();
    let mut done = false;
    let mut reports = poll_in_turn(vec![Box::pin(answer)], |_| {
        done = done || somebody();
        0
    });
    story.one_by_one();
    assert!(done, "nobody did anything");
    match reports.pop() {
        Some(Report::Alarm { outcome, .. }) => outcome,
        other => panic!("no alarm was answered: {other:?}"),
    }
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

    /// Two alarms of one service fire at the same instant, and their answers
    /// meet at every call: one incident, one remedy, both alarms in it.
    #[test]
    fn two_alarms_at_one_instant_are_one_remedy(picks in prop::collection::vec(0_usize..2, 1..120)) {
        let mut both = scenario("bad-release");
        let mut second = both.alarms[0].clone();
        second.name = "prod-checkout-5xx-too".into();
        both.alarms.push(second);
        let story = Story::new(both);
        let due = story.advance_until_due(story.now() + SignedDuration::from_hours(1));
        prop_assert_eq!(due.len(), 2);
        let events: Vec<Value> = due.iter().map(|delivery| match delivery {
            Delivery::Alarm { event, .. } => event.clone(),
            other => panic!("{other:?}"),
        }).collect();
        let (responder, now) = (responder(&story), story.now());
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
        story.one_by_one();
        let mut night = Night::new(story.account(), &Policy::default());
        for (delivery, answered) in due.into_iter().zip(answers) {
            if !answered {
                night.deliver(delivery, 0);
            }
        }
        prop_assert_eq!(changes(&story), ["task definition checkout:42"]);
        prop_assert_eq!((incident(&story).alarms.len(), incident(&story).intents.len()), (2, 1));
        night.run_until(now + SignedDuration::from_mins(30));
        prop_assert_eq!((story.closed_incidents().len(), incident(&story).pages), (1, 0));
        prop_assert_eq!(changes(&story), ["task definition checkout:42"]);
    }
}
