//! The picture of what goes through Slack's web hook: linked from a bucket, and
//! the message does not need it.

use nightshift_core::fault::FaultKind;
use nightshift_core::notice::Notice;
use nightshift_core::tally::Tallied;
use nightshift_sim::chat::Mishap;
use serde_json::{Value, json};

use super::picture::report;
use super::{at, event, handler, handler_in, secret};
use crate::plan::Sink;
use crate::world::{Desk, run, step};
use crate::{Error, Outcome, Report, samples};

fn desk() -> Desk {
    Desk::new(&secret(&["slack_webhook_url"]))
}

/// One invocation of a fresh function in a stack with a bucket.
fn tell(desk: &Desk, notice: &Notice) -> Result<Report, Error> {
    run(handler_in(desk, "night").handle(event(std::slice::from_ref(notice)), at("2026-11-20T02:15:00Z")))
}

/// The pictures of each message, in order.
fn images(desk: &Desk) -> Vec<Vec<Value>> {
    let of = |text: &str| -> Vec<Value> {
        let body: Value = serde_json::from_str(text).unwrap();
        let blocks = body["blocks"].as_array().unwrap().clone();
        assert_eq!(blocks.last().unwrap()["type"], "context", "the footer stays the last");
        blocks.into_iter().filter(|block| block["type"] == "image").collect()
    };
    desk.chat.hooks().iter().map(|hook| of(hook.body.text())).collect()
}

/// One message without a picture, and why it has none, by the report.
#[track_caller]
fn bare(desk: &Desk, report: &Report) -> String {
    assert_eq!(images(desk), [Vec::<Value>::new()]);
    let sinks = &report.told[0].sinks;
    assert_eq!(sinks[&Sink::SlackWebhook], Outcome::Sent);
    let Outcome::Failed(fault) = &sinks[&Sink::SlackPicture] else { panic!("{report:?}") };
    fault.to_string()
}

#[test]
fn a_message_through_the_web_hook_links_its_picture_which_is_kept_once() {
    let desk = desk();
    let first = tell(&desk, &report()).unwrap();
    assert_eq!(first.told[0].sinks[&Sink::SlackPicture], Outcome::Sent);
    assert!(tell(&desk, &report()).unwrap().told[0].sinks.is_empty(), "told again");
    let [(name, png)] = desk.state().pictures.clone().try_into().unwrap();
    assert_eq!(name, format!("pictures/{}-1.png", report().incident));
    assert!(png.starts_with(b"\x89PNG\r\n"));
    let image = json!({
        "type": "image",
        "image_url": format!("https://night.s3.eu-west-1.amazonaws.com/{name}?X-Amz-Signature=hush"),
        "alt_text": "Stacked bars, 18 Nov – 19 Nov 2026; AWS Fargate $8.10; 1 settled day $8.10",
    });
    assert_eq!(images(&desk), [vec![image]]);
}

#[test]
fn the_link_is_in_the_message_and_nowhere_else() {
    let desk = desk();
    let said = format!("{:?}", tell(&desk, &report()).unwrap());
    assert!(!said.contains("hush"), "{said}");
    let refused = self::desk();
    for _ in 0..2 {
        refused.chat.next("hook", Mishap::Status(400));
    }
    let error = tell(&refused, &report()).unwrap_err().to_string();
    assert!(error.contains("to slack-webhook") && !error.contains("hush") && !error.contains("https://"), "{error}");
}

#[test]
fn a_bucket_that_fails_keeps_no_message_back_and_brings_no_retry() {
    for kind in [FaultKind::Transient, FaultKind::Denied, FaultKind::NotFound, FaultKind::Permanent] {
        let desk = desk();
        desk.state().bucket_fails = Some(kind);
        let why = bare(&desk, &tell(&desk, &report()).unwrap());
        assert!(why.starts_with("s3:PutObject pictures/"), "{why}");
        let times = desk.tally().take().times;
        let times: Vec<String> = times.into_iter().map(|(counter, times)| format!("{counter} {times}")).collect();
        assert_eq!(times, ["Undelivered.SlackPicture 1"], "it is counted and wakes nobody");
    }
}

#[test]
fn a_message_that_slack_refuses_with_its_picture_is_sent_without() {
    let desk = desk();
    desk.chat.next("hook", Mishap::Status(400));
    let why = bare(&desk, &tell(&desk, &report()).unwrap());
    assert_eq!(why, "https:Post slack webhook failed: status 400");
}

#[test]
fn a_message_that_slack_cannot_take_for_now_keeps_its_picture_for_the_retry() {
    let desk = desk();
    desk.chat.next("hook", Mishap::Status(503));
    let error = tell(&desk, &report()).unwrap_err().to_string();
    assert!(error.contains("to slack-webhook: https:Post slack webhook failed for now: status 503"), "{error}");
    tell(&desk, &report()).unwrap();
    assert_eq!(images(&desk).iter().map(Vec::len).collect::<Vec<_>>(), [1]);
    let [first, again] = desk.state().pictures.clone().try_into().unwrap();
    assert_eq!(first, again);
}

#[test]
fn a_message_killed_at_any_place_is_there_with_its_picture_after_the_retry() {
    let mut reached_the_end = false;
    for place in 1..40 {
        let desk = desk();
        desk.state().killed_at = Some(place);
        let killed = handler_in(&desk, "night");
        let mut run = Box::pin(killed.handle(event(&[report()]), at("2026-11-20T02:15:00Z")));
        reached_the_end |= step(&mut run.as_mut(), 10_000).is_some();
        drop(run);
        desk.state().killed_at = None;
        tell(&desk, &report()).unwrap();
        let images = images(&desk);
        assert!(!images.is_empty() && images.iter().all(|of_one| of_one.len() == 1), "place {place}");
        let names =
            desk.state().pictures.iter().map(|(name, _)| name.clone()).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(names.len(), 1, "place {place}");
    }
    assert!(reached_the_end, "the places do not cover the whole invocation");
}

#[test]
fn without_a_bucket_or_without_figures_it_is_the_text_alone() {
    let desk = desk();
    let report_of = run(handler(&desk).handle(event(&[report()]), at("2026-11-20T02:15:00Z"))).unwrap();
    assert_eq!(report_of.told[0].sinks.keys().collect::<Vec<_>>(), [&Sink::SlackWebhook]);
    for name in samples::NAMES.iter().filter(|name| **name != "report") {
        tell(&desk, &samples::notice(name)).unwrap();
    }
    assert!(desk.state().pictures.is_empty() && images(&desk).concat().is_empty());
}

#[test]
fn a_bot_puts_its_picture_into_the_thread_and_none_into_the_bucket() {
    let desk = Desk::new(&secret(&["slack_bot_token", "slack_webhook_url"]));
    tell(&desk, &report()).unwrap();
    assert!(desk.state().pictures.is_empty() && desk.chat.files().len() == 1 && desk.chat.hooks().is_empty());
}
