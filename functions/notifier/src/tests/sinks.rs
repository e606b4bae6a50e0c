//! The other sinks, and what happens when one of them fails.

use nightshift_core::mode::Severity;
use nightshift_sim::chat::Mishap;
use serde_json::{Value, json};

use super::{at, event, handler, secret, story, tell};
use crate::plan::Sink;
use crate::world::{Desk, TOKEN, run};
use crate::{Error, Outcome, samples};

const ALL: [&str; 5] = ["slack_bot_token", "slack_webhook_url", "pagerduty_routing_key", "webhook_url", "webhook_key"];

#[test]
fn a_page_is_triggered_and_taken_back_and_never_acknowledged() {
    let desk = Desk::new(&secret(&["pagerduty_routing_key"]));
    for notice in story() {
        tell(&desk, &notice).unwrap();
    }
    let alerts = desk.chat.alerts();
    assert_eq!(
        alerts.keys().collect::<Vec<_>>(),
        ["nightshift:20261120-0214-5f0c1d2e:1", "nightshift:20261120-0214-5f0c1d2e:2"]
    );
    assert!(alerts.values().all(|alert| !alert.open && alert.triggers == 1));
    assert_eq!(desk.chat.requests(), ["enqueue"; 4]);
}

#[test]
fn a_page_that_comes_after_the_end_wakes_nobody() {
    let desk = Desk::new(&secret(&["pagerduty_routing_key"]));
    tell(&desk, &samples::notice("resolved")).unwrap();
    tell(&desk, &samples::notice("escalated")).unwrap();
    assert!(desk.chat.alerts().is_empty());
}

#[test]
fn a_slack_web_hook_gets_the_turns_of_the_story_only() {
    let desk = Desk::new(&secret(&["slack_webhook_url"]));
    for notice in story().into_iter().chain(story()) {
        tell(&desk, &notice).unwrap();
    }
    let texts: Vec<Value> = desk
        .chat
        .hooks()
        .iter()
        .map(|hook| serde_json::from_str::<Value>(hook.body.text()).unwrap()["text"].clone())
        .collect();
    let lights: String = texts.iter().filter_map(|text| text.as_str()?.chars().next()).collect();
    assert_eq!(lights, "🟠🟠🔴🟢");
}

#[test]
fn a_bot_without_a_channel_falls_back_to_the_web_hook() {
    let desk = Desk::new(&secret(&["slack_bot_token", "slack_webhook_url"]));
    let mut nowhere = handler(&desk);
    nowhere.config.slack_channel = None;
    let report = run(nowhere.handle(samples::event("refused"), at("2026-11-20T02:15:00Z"))).unwrap();
    assert_eq!(report.told[0].sinks[&Sink::SlackWebhook], Outcome::Sent);

    let desk = Desk::new(&secret(&["slack_bot_token"]));
    nowhere.world = desk.clone();
    nowhere.keyring.forget();
    let error = run(nowhere.handle(samples::event("refused"), at("2026-11-20T02:15:00Z"))).unwrap_err();
    assert!(error.to_string().contains("neither the team nor the stack names a channel"), "{error}");
}

#[test]
fn the_generic_web_hook_gets_the_notice_itself_signed() {
    let desk = Desk::new(&secret(&["webhook_url", "webhook_key"]));
    let notice = samples::notice("escalated");
    tell(&desk, &notice).unwrap();
    let [hook] = desk.chat.hooks().try_into().unwrap();
    assert_eq!(serde_json::from_str::<nightshift_core::notice::Notice>(hook.body.text()).unwrap(), notice);
    let header = |name: &str| hook.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    assert_eq!(header("x-nightshift-notice").as_deref(), Some("20261120-0214-5f0c1d2e#5"));
    assert!(header("x-nightshift-signature").is_some_and(|value| value.starts_with("sha256=") && value.len() == 71));
}

#[test]
fn one_sink_that_fails_stops_no_other_and_the_retry_repeats_none() {
    let desk = Desk::new(&secret(&ALL));
    desk.chat.next("enqueue", Mishap::Status(503));
    let notice = samples::notice("opened");
    assert!(tell(&desk, &notice).is_err());
    assert_eq!((desk.chat.roots().len(), desk.chat.hooks().len(), desk.state().pages.len()), (1, 1, 1));
    tell(&desk, &notice).unwrap();
    assert_eq!((desk.chat.roots().len(), desk.chat.hooks().len(), desk.state().pages.len()), (1, 1, 1));
    assert_eq!(desk.chat.alerts().len(), 1);
}

#[test]
fn a_p1_that_slack_refuses_for_good_goes_to_the_plain_page_and_the_report() {
    let desk = Desk::new(&secret(&["slack_bot_token", "pagerduty_routing_key"]));
    desk.chat.next("chat.postMessage", Mishap::Refused("channel_not_found".into()));
    let report = tell(&desk, &samples::notice("opened")).unwrap();
    assert!(matches!(&report.told[0].sinks[&Sink::Slack], Outcome::Failed(_)));
    assert_eq!(report.told[0].sinks[&Sink::PlainPage], Outcome::Sent);
    let (subject, text) = desk.state().pages[0].clone();
    assert_eq!(subject, "[nightshift] P1 prod/checkout prod checkout-5xx - rolling back checkout:43 > checkout:42");
    assert!(text.contains("channel_not_found"), "{text}");
}

#[test]
fn what_is_not_urgent_and_fails_is_left_to_the_retry_and_the_dead_letter_queue() {
    let desk = Desk::new(&secret(&["slack_bot_token"]));
    desk.chat.next("chat.postMessage", Mishap::Refused("channel_not_found".into()));
    let mut notice = samples::notice("opened");
    (notice.severity, notice.pager) = (Severity::P2, None);
    assert!(matches!(tell(&desk, &notice), Err(Error::Undelivered(_))));
    assert!(desk.state().pages.is_empty());
}

#[test]
fn a_page_that_rang_again_after_its_incident_is_taken_back_by_the_retry() {
    let desk = Desk::new(&secret(&["pagerduty_routing_key"]));
    let rings = || desk.chat.alerts().values().filter(|alert| alert.open).count();
    tell(&desk, &samples::notice("escalated")).unwrap();
    tell(&desk, &samples::notice("resolved")).unwrap();
    assert_eq!(rings(), 0);
    desk.state().ledger_down = true;
    assert!(tell(&desk, &samples::notice("escalated")).is_err(), "better once too often than not at all");
    assert_eq!(rings(), 1);
    desk.state().ledger_down = false;
    tell(&desk, &samples::notice("escalated")).unwrap();
    assert_eq!(rings(), 0);
}

#[test]
fn without_the_ledger_the_pager_still_rings() {
    let desk = Desk::new(&secret(&ALL));
    desk.state().ledger_down = true;
    assert!(tell(&desk, &samples::notice("opened")).is_err());
    assert_eq!((desk.chat.alerts().len(), desk.chat.roots().len(), desk.state().pages.len()), (1, 0, 1));
    desk.state().ledger_down = false;
    tell(&desk, &samples::notice("opened")).unwrap();
    assert_eq!((desk.chat.alerts().len(), desk.chat.roots().len()), (1, 1));
}

#[test]
fn without_the_secret_a_p1_is_paged_plainly() {
    let desk = Desk::new("{}");
    desk.state().secret = None;
    assert!(tell(&desk, &samples::notice("opened")).is_err());
    assert_eq!(desk.state().pages.len(), 1);
    assert!(tell(&desk, &samples::notice("verifying")).is_err());
    assert_eq!(desk.state().pages.len(), 1);
}

#[test]
fn a_stack_with_no_sink_says_so_and_is_content() {
    let desk = Desk::new("{}");
    let report = tell(&desk, &samples::notice("verifying")).unwrap();
    assert!(report.told[0].nobody_configured && report.told[0].sinks.is_empty());
    assert!(desk.state().pages.is_empty());
}

/// Whoever is to be woken has subscribed to the page topic: by SMS, or another's pager.
#[test]
fn where_there_is_no_pager_a_page_goes_to_the_page_topic_once() {
    for keys in [&[][..], &["slack_bot_token"], &["slack_webhook_url"], &["webhook_url", "webhook_key"]] {
        let desk = Desk::new(&secret(keys));
        let report = tell(&desk, &samples::notice("opened")).unwrap();
        assert_eq!(report.told[0].sinks[&Sink::PageTopic], Outcome::Sent, "{keys:?}");
        tell(&desk, &samples::notice("opened")).unwrap();
        let pages = desk.state().pages.clone();
        assert_eq!(pages.len(), 1, "{keys:?}");
        assert!(pages[0].1.contains("the key of no pager"), "{}", pages[0].1);
        for quiet in ["verifying", "resolved"] {
            tell(&desk, &samples::notice(quiet)).unwrap();
        }
        // Late, and its incident is over.
        tell(&desk, &samples::notice("escalated")).unwrap();
        assert_eq!(desk.state().pages.len(), 1, "{keys:?}");
    }
}

/// Nothing can be taken back there, and nothing is known by a key: once is better than thrice.
#[test]
fn without_the_ledger_a_page_to_the_page_topic_is_not_sent_with_every_retry() {
    let desk = Desk::new("{}");
    desk.state().ledger_down = true;
    tell(&desk, &samples::notice("opened")).unwrap();
    assert_eq!(desk.state().pages.len(), 1);
}

/// That it rang says nothing of who did not take it.
#[test]
fn what_refuses_a_notice_for_good_is_named_though_the_page_topic_rang() {
    let desk = Desk::new(&secret(&["slack_webhook_url"]));
    desk.chat.next("hook", Mishap::Status(403));
    let report = tell(&desk, &samples::notice("opened")).unwrap();
    assert_eq!(report.told[0].sinks[&Sink::PageTopic], Outcome::Sent);
    let pages = desk.state().pages.clone();
    assert_eq!(pages.len(), 2);
    assert!(pages[1].1.contains("slack-webhook"), "{}", pages[1].1);
}

#[test]
fn what_whoever_decided_has_paged_plainly_is_not_paged_so_again() {
    let desk = Desk::new(&secret(&["slack_bot_token"]));
    let mut notice = samples::notice("opened");
    notice.plainly = true;
    tell(&desk, &notice).unwrap();
    assert!(desk.state().pages.is_empty());
}

#[test]
fn a_web_hook_is_nobody_and_a_p1_that_it_refuses_is_paged_plainly() {
    let desk = Desk::new(&secret(&["webhook_url", "webhook_key"]));
    desk.chat.next("hook", Mishap::Status(410));
    let mut notice = samples::notice("opened");
    notice.pager = None;
    let report = tell(&desk, &notice).unwrap();
    assert_eq!(report.told[0].sinks[&Sink::PlainPage], Outcome::Sent);
    assert_eq!(desk.state().pages.len(), 1);
}

/// It got worse while it was being healed: an edit alone would be read in the morning.
#[test]
fn an_update_that_wakes_somebody_is_a_message_of_its_own() {
    let mut worse = samples::notice("updated");
    worse.pager = samples::notice("escalated").pager;
    let hook = Desk::new(&secret(&["slack_webhook_url", "pagerduty_routing_key"]));
    tell(&hook, &samples::notice("updated")).unwrap();
    assert_eq!(hook.chat.hooks().len(), 0);
    worse.sequence += 1;
    tell(&hook, &worse).unwrap();
    assert_eq!((hook.chat.hooks().len(), hook.chat.alerts().len()), (1, 1));
}

#[test]
fn the_secret_is_read_once_in_five_minutes_and_at_once_after_a_refusal() {
    let desk = Desk::new(&secret(&["slack_bot_token"]));
    let handler = handler(&desk);
    let tell = |name: &str, now: &str| run(handler.handle(samples::event(name), at(now)));
    tell("opened", "2026-11-20T02:15:00Z").unwrap();
    tell("acting", "2026-11-20T02:19:59Z").unwrap();
    assert_eq!(desk.state().secret_reads, 1);
    tell("verifying", "2026-11-20T02:20:00Z").unwrap();
    assert_eq!(desk.state().secret_reads, 2);
    desk.chat.rotate("xoxb-new-hush");
    tell("updated", "2026-11-20T02:20:10Z").unwrap_err();
    desk.state().secret = Some(secret(&["slack_bot_token"]).replace(TOKEN, "xoxb-new-hush"));
    tell("updated", "2026-11-20T02:21:10Z").unwrap();
    assert_eq!(desk.state().secret_reads, 3);
}

#[test]
fn no_secret_is_ever_in_an_error_a_report_or_a_page() {
    let leaks = ["enqueue", "chat.postMessage", "hook"];
    for refused in [Mishap::Status(400), Mishap::Status(500), Mishap::Lost, Mishap::Refused(TOKEN.into())] {
        let desk = Desk::new(&secret(&ALL));
        leaks.iter().for_each(|what| desk.chat.next(what, refused.clone()));
        let said = format!("{:?}", tell(&desk, &samples::notice("opened")));
        let pages = format!("{:?}", desk.state().pages);
        assert!(!said.contains("hush") && !pages.contains("hush"), "{said}\n{pages}");
    }
}

#[test]
fn a_malformed_record_fails_the_invocation_after_the_others_were_told() {
    let desk = Desk::new(&secret(&["slack_bot_token"]));
    let mut both = event(&[samples::notice("opened")]);
    both["Records"].as_array_mut().unwrap().insert(0, json!({"Sns": {"Message": "{}"}}));
    let error = run(handler(&desk).handle(both, at("2026-11-20T02:15:00Z"))).unwrap_err();
    assert_eq!(error.to_string(), "Records[0].Sns.Message: missing field `incident`");
    assert_eq!(desk.chat.roots().len(), 1);
}
