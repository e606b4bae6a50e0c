//! The self-drill: the stack's own test alarm goes the way of every alarm, and
//! nobody is told.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use nightshift::courier::by_sns;
use nightshift::night::{Night, What};
use nightshift_core::alarm::Door;
use nightshift_core::drill;
use nightshift_core::fault::FaultKind;
use nightshift_core::notice::{Notice, NoticeKind};
use nightshift_core::policy::Policy;
use nightshift_core::timer::Purpose;
use nightshift_sim::{Delivery, Story};
use serde_json::{Value, json};

use super::{sample, scenario};

/// An account whose services are well for as long as a drill takes.
fn story() -> Story {
    Story::new(scenario("bad-release"))
}

/// The drill's event, on the story's clock.
fn rings(story: &Story) -> Value {
    let mut event = sample("self-drill");
    event["detail"]["state"]["timestamp"] = json!(story.now().strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string());
    event
}

/// Delivers the events, and lets three minutes pass.
fn deliver(story: &Story, events: &[Value]) -> Night {
    let mut night = Night::new(story.account(), &Policy::default());
    for event in events {
        night.deliver(Delivery::Alarm { event: event.clone(), at: story.now() }, 0);
    }
    night.run_until(story.now() + SignedDuration::from_mins(3));
    night
}

/// The doors of the drills that were sent to the notifier.
fn doors(night: &Night) -> Vec<Door> {
    let told = night.happened().iter().filter_map(|happened| match &happened.what {
        What::Notice { notice } => drill::door_of(notice),
        _ => None,
    });
    told.collect()
}

fn decided(happened: &What) -> Option<Value> {
    match happened {
        What::Alarm { report: alarm_responder::Report::Alarm { plan, .. }, .. } => Some(json!(plan.decision)),
        What::Timer { report, .. } => Some(json!(report.plan.decision)),
        _ => None,
    }
}

#[test]
fn a_self_drill_goes_through_responder_ledger_timer_and_verifier_to_the_notifier() {
    let story = story();
    let night = deliver(&story, &[rings(&story)]);
    let decisions: Vec<Value> = night.happened().iter().filter_map(|it| decided(&it.what)).collect();
    assert_eq!(decisions, [json!({"decision": "self-drill"}), json!({"decision": "self-drill"})]);
    assert_eq!(doors(&night), [Door::EventBridge]);
    let timer = night.happened().iter().find_map(|it| match &it.what {
        What::Timer { timer, .. } => Some(timer.clone()),
        _ => None,
    });
    assert!(matches!(timer.unwrap().purpose, Purpose::SelfDrill { door: Door::EventBridge, .. }));
    let written: BTreeSet<String> = story.calls().iter().map(|call| call.operation.clone()).collect();
    for link in ["dynamodb:TransactWriteItems", "scheduler:CreateSchedule", "sns:Publish"] {
        assert!(written.contains(link), "{link} is not in {written:?}");
    }
}

#[test]
fn a_self_drill_tells_nobody_and_looks_at_no_service() {
    let story = story();
    let before = story.calls().len();
    let night = deliver(&story, &[rings(&story)]);
    let kinds: Vec<NoticeKind> = story.notices().iter().map(|notice: &Notice| notice.kind).collect();
    assert_eq!((kinds, story.plain_pages().len()), (vec![NoticeKind::SelfDrill], 0));
    assert!(story.notices().iter().all(|notice| notice.pager.is_none() && !notice.plainly));
    let looked: Vec<String> =
        story.calls()[before..].iter().map(|call| call.operation.clone()).filter(|it| it.starts_with("ecs:")).collect();
    assert_eq!(looked, Vec::<String>::new());
    assert_eq!((story.production_writes().len(), story.silent().len(), story.cases().len()), (0, 0, 0));
    let own = drill::service(("123456789012", "eu-west-1"));
    assert_eq!((story.record(&own).incident, story.record(&own).unpublished), (None, vec![]));
    drop(night);
}

#[test]
fn each_door_is_a_drill_of_its_own_so_that_one_cannot_hide_that_the_other_is_shut() {
    let story = story();
    let event = rings(&story);
    let night = deliver(&story, &[by_sns(&event), event]);
    let heard: BTreeSet<String> = doors(&night).iter().map(|door| format!("{door:?}")).collect();
    assert_eq!(heard, BTreeSet::from(["EventBridge".to_owned(), "Sns".to_owned()]));
}

#[test]
fn the_same_drill_again_is_sent_once() {
    let story = story();
    let event = rings(&story);
    let night = deliver(&story, &[event.clone(), event]);
    assert_eq!(doors(&night), [Door::EventBridge]);
}

#[test]
fn only_the_stacks_own_alarm_of_this_account_in_alarm_is_a_drill() {
    let changed = |change: fn(&mut Value)| {
        let story = story();
        let mut event = rings(&story);
        change(&mut event);
        let night = deliver(&story, &[event]);
        doors(&night).len()
    };
    assert_eq!(changed(|_| ()), 1);
    assert_eq!(changed(|event| event["detail"]["state"]["value"] = json!("OK")), 0);
    assert_eq!(changed(|event| event["detail"]["alarmName"] = json!("nightshift-drill-2")), 0);
    let elsewhere = |event: &mut Value| {
        event["account"] = json!("210987654321");
        event["resources"] = json!(["arn:aws:cloudwatch:eu-west-1:210987654321:alarm:nightshift-drill"]);
    };
    assert_eq!(changed(elsewhere), 0);
}

#[test]
fn a_drill_killed_or_throttled_at_any_call_comes_through_all_the_same() {
    let calm = story();
    let before = calm.calls().len();
    let night = deliver(&calm, &[rings(&calm)]);
    assert_eq!(doors(&night).len(), 1);
    let calls = calm.calls().len();
    assert_eq!(calls - before, 9, "the sweep below goes over so many");
    let ways: [fn(&Story, usize); 3] = [
        |story, k| story.stop_before(k),
        |story, k| story.stop_after(k),
        |story, k| story.fault_at(k, FaultKind::Transient),
    ];
    for k in before + 1..=calls {
        for disturb in ways {
            let story = story();
            disturb(&story, k);
            let mut night = Night::new(story.account(), &Policy::default());
            night.deliver(Delivery::Alarm { event: rings(&story), at: story.now() }, 0);
            // Lambda tries again within minutes.
            night.run_until(story.now() + SignedDuration::from_mins(12));
            let came = night
                .happened()
                .iter()
                .filter(|it| matches!(&it.what, What::Notice { notice } if notice.kind == NoticeKind::SelfDrill));
            assert!(came.count() >= 1, "call {k} of {calls}: {:?}", story.calls().get(k - 1));
        }
    }
}
