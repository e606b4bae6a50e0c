//! What could not be delivered is counted by its receiver, whether or not
//! something made up for it.

use std::collections::BTreeMap;

use nightshift_core::tally::{Counter, Family, Tallied};
use nightshift_sim::chat::Mishap;
use serde_json::json;

use super::{at, handler, secret, tell};
use crate::plan::Sink;
use crate::report::Needed;
use crate::samples;
use crate::world::{Desk, run};

#[track_caller]
fn check(desk: &Desk, expect: &[(&str, u64)]) {
    let times = desk.tally().take().times;
    let times: BTreeMap<String, u64> = times.into_iter().map(|(counter, times)| (counter.to_string(), times)).collect();
    assert_eq!(times, expect.iter().map(|(name, times)| ((*name).to_owned(), *times)).collect());
}

#[test]
fn what_is_delivered_counts_nothing() {
    let desk = Desk::new(&secret(&["slack_bot_token", "pagerduty_routing_key"]));
    tell(&desk, &samples::notice("opened")).unwrap();
    check(&desk, &[]);
}

#[test]
fn each_receiver_that_fails_is_counted_and_so_is_the_page_that_makes_up_for_it() {
    let desk = Desk::new(&secret(&["slack_bot_token", "pagerduty_routing_key"]));
    desk.chat.next("enqueue", Mishap::Status(503));
    desk.chat.next("chat.postMessage", Mishap::Refused("channel_not_found".into()));
    tell(&desk, &samples::notice("opened")).unwrap_err();
    check(&desk, &[("PlainPage", 1), ("Undelivered", 2), ("Undelivered.Pagerduty", 1), ("Undelivered.Slack", 1)]);
}

#[test]
fn a_secret_that_cannot_be_had_is_counted_as_a_receiver() {
    let desk = Desk::new("{}");
    desk.state().secret = None;
    tell(&desk, &samples::notice("opened")).unwrap_err();
    check(&desk, &[("PlainPage", 1), ("Undelivered", 1), ("Undelivered.Secret", 1)]);
}

#[test]
fn an_event_or_a_record_that_cannot_be_read_is_counted() {
    let desk = Desk::new("{}");
    run(handler(&desk).handle(json!({}), at("2026-11-20T02:15:00Z"))).unwrap_err();
    run(handler(&desk).handle(json!({"Records": [{"Sns": {"Message": "{}"}}]}), at("2026-11-20T02:15:00Z")))
        .unwrap_err();
    check(&desk, &[("Event.Malformed", 2)]);
}

#[test]
fn every_receiver_has_its_metric_in_docs() {
    let sinks = [
        Sink::Pagerduty,
        Sink::Slack,
        Sink::SlackPicture,
        Sink::SlackWebhook,
        Sink::Webhook,
        Sink::PageTopic,
        Sink::PlainPage,
    ];
    for sink in sinks {
        // A new one does not compile here, and is to be added above and there.
        match sink {
            Sink::Pagerduty | Sink::Slack | Sink::SlackPicture => {}
            Sink::SlackWebhook | Sink::Webhook | Sink::PageTopic | Sink::PlainPage => {}
        }
    }
    let of_secret = Counter::of(Family::Undelivered, &Needed::Secret).to_string();
    let of_sinks = sinks.iter().map(|sink| Counter::of(Family::Undelivered, sink).to_string());
    let mut expect: Vec<String> = of_sinks.chain([of_secret]).collect();
    expect.sort();
    let docs = include_str!("../../../../docs/metrics.md");
    let rows = docs.lines().filter_map(|line| line.strip_prefix("| `Undelivered.")?.split('`').next());
    let mut named: Vec<String> = rows.map(|name| format!("Undelivered.{name}")).collect();
    named.sort();
    assert_eq!(named, expect);
}
