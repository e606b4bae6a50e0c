//! One message for each incident, whatever happens to it.

use nightshift_core::incident::Phase;
use nightshift_core::mode::Severity;
use nightshift_core::notice::{Notice, NoticeKind};
use nightshift_sim::chat::Mishap;
use serde_json::json;

use super::{secret, story, tell};
use crate::plan::Sink;
use crate::world::Desk;
use crate::{Outcome, samples};

fn desk() -> Desk {
    Desk::new(&secret(&["slack_bot_token"]))
}

#[test]
fn an_incident_is_one_message_that_is_edited_and_a_thread_that_tells_it() {
    let desk = desk();
    for notice in story() {
        tell(&desk, &notice).unwrap();
    }
    let [root] = desk.chat.roots().try_into().unwrap();
    assert_eq!((root.channel.as_str(), root.edits), ("C0PAYMENTS", 5));
    assert!(root.text().starts_with("🟢 P1 · prod/checkout"), "{}", root.text());
    let payload = json!({"incident": "20261120-0214-5f0c1d2e", "sequence": 6});
    assert_eq!(root.body["metadata"], json!({"event_type": "nightshift_incident", "event_payload": payload}));
    insta::assert_snapshot!(desk.chat.thread(&root.ts).join("\n"), @r"
    02:14:03 Alarm checkout-5xx; the release checkout:43 is to blame (96 %), rolling back to checkout:42
    02:14:09 Approved in chat: rolling back to checkout:42
    02:14:31 UpdateService accepted: checkout:42 is rolling out; checked every minute until 02:26
    02:16:10 Alarm checkout-latency joined: p95 2.1 s &gt; 1 s
    02:26:02 Not healed 12 min after the rollback: 5xx 38 a minute; paging
    02:31:40 Healed: 4 of 4 tasks, 4 healthy targets, every alarm OK for 2 minutes
    ");
}

#[test]
fn only_what_turns_a_p1_is_broadcast_to_the_channel() {
    let desk = desk();
    for notice in story() {
        tell(&desk, &notice).unwrap();
    }
    let shown = desk.chat.messages().into_iter().filter(|message| message.broadcast);
    let shown: Vec<String> = shown.map(|message| message.text()[..8].to_owned()).collect();
    assert_eq!(shown, ["02:26:02", "02:31:40"]);
}

/// Nobody is told by an edit.
#[test]
fn what_needs_somebody_or_wakes_somebody_is_shown_in_the_channel_whatever_its_severity() {
    let shown = |name: &str, change: fn(&mut Notice)| {
        let desk = desk();
        tell(&desk, &samples::notice("opened")).unwrap();
        let mut notice = samples::notice(name);
        change(&mut notice);
        tell(&desk, &notice).unwrap();
        desk.chat.messages().into_iter().filter(|message| message.broadcast).count()
    };
    let wakes = |notice: &mut Notice| notice.pager = samples::notice("escalated").pager;
    assert_eq!(shown("updated", |_| {}), 0);
    assert_eq!(shown("updated", wakes), 1);
    assert_eq!(shown("acting", wakes), 1);
    let mild = |notice: &mut Notice| (notice.severity, notice.pager) = (Severity::P2, None);
    assert_eq!(shown("escalated", mild), 1);
    assert_eq!(shown("escalated", |notice| (notice.severity, notice.pager) = (Severity::P3, None)), 0);
}

#[test]
fn a_report_is_one_message_without_a_thread_however_often_it_comes() {
    let desk = desk();
    for _ in 0..2 {
        tell(&desk, &samples::notice("report")).unwrap();
    }
    let [root] = desk.chat.roots().try_into().unwrap();
    assert_eq!((root.channel.as_str(), root.edits), ("C0INCIDENTS", 0));
    assert!(root.text().starts_with("📋 Nightshift, week to Mon 23 Nov: 5 incidents"), "{}", root.text());
    assert_eq!(desk.chat.thread(&root.ts), Vec::<String>::new());
}

#[test]
fn a_redelivered_notice_changes_nothing() {
    let desk = desk();
    for notice in story() {
        tell(&desk, &notice).unwrap();
    }
    let (before, posts) = (desk.chat.messages(), desk.chat.requests().len());
    for notice in story() {
        let report = tell(&desk, &notice).unwrap();
        assert_eq!(report.told[0].sinks[&Sink::Slack], Outcome::AlreadyThere);
    }
    assert_eq!((desk.chat.messages(), desk.chat.requests().len()), (before, posts));
}

#[test]
fn a_late_notice_adds_its_line_and_leaves_the_root_alone() {
    let desk = desk();
    tell(&desk, &samples::notice("escalated")).unwrap();
    let report = tell(&desk, &samples::notice("opened")).unwrap();
    assert_eq!(report.told[0].sinks[&Sink::Slack], Outcome::LineAdded);
    let [root] = desk.chat.roots().try_into().unwrap();
    assert!(root.text().contains("needs you") && root.edits == 0);
    assert_eq!(desk.chat.thread(&root.ts).len(), 2);
}

#[test]
fn a_deleted_root_is_posted_anew_and_remembered() {
    let desk = desk();
    tell(&desk, &samples::notice("opened")).unwrap();
    desk.chat.delete(&desk.chat.roots()[0].ts);
    tell(&desk, &samples::notice("verifying")).unwrap();
    tell(&desk, &samples::notice("resolved")).unwrap();
    let [root] = desk.chat.roots().try_into().unwrap();
    assert!(root.text().starts_with('🟢') && root.edits == 1, "{root:?}");
    assert_eq!(desk.thread_of(&samples::notice("resolved")).root, root.ts);
}

#[test]
fn a_short_retry_after_is_honoured_and_a_long_one_left_to_the_retry() {
    let desk = desk();
    desk.chat.next("chat.postMessage", Mishap::Throttled(20));
    tell(&desk, &samples::notice("verifying")).unwrap();
    assert_eq!((desk.chat.waited_s(), desk.chat.messages().len()), (20, 2));

    let patient = self::desk();
    patient.chat.next("chat.postMessage", Mishap::Throttled(21));
    let error = tell(&patient, &samples::notice("verifying")).unwrap_err().to_string();
    let expect =
        "notice 20261120-0214-5f0c1d2e#3 to slack: https:Post slack chat.postMessage failed for now: status 429";
    assert_eq!((error.as_str(), patient.chat.waited_s()), (expect, 0));
    tell(&patient, &samples::notice("verifying")).unwrap();
    assert_eq!(patient.chat.messages().len(), 2);
}

#[test]
fn blocks_that_slack_refuses_do_not_keep_the_text_back() {
    let desk = desk();
    desk.chat.next("chat.postMessage", Mishap::Refused("invalid_blocks".into()));
    tell(&desk, &samples::notice("opened")).unwrap();
    let [root] = desk.chat.roots().try_into().unwrap();
    assert!(root.text().contains("rolling back") && root.body["blocks"] == json!([]));
}

/// Its thread is the same for months: the root is far up by then.
#[test]
fn what_becomes_of_an_image_or_a_sum_is_shown_in_the_channel_where_it_asks_for_something() {
    let shown = |change: fn(&mut Notice)| {
        let desk = desk();
        tell(&desk, &samples::notice("opened")).unwrap();
        let mut notice = samples::notice("updated");
        (notice.kind, notice.phase, notice.severity) = (NoticeKind::Image, Phase::Noted, Severity::P3);
        change(&mut notice);
        tell(&desk, &notice).unwrap();
        desk.chat.messages().into_iter().filter(|message| message.broadcast).count()
    };
    assert_eq!(shown(|_| {}), 0);
    assert_eq!(shown(|notice| notice.severity = Severity::P2), 1);
    assert_eq!(shown(|notice| notice.opened_at = notice.at), 1, "it came up again");
    assert_eq!(shown(|notice| (notice.severity, notice.phase) = (Severity::P2, Phase::Resolved)), 0);
    assert_eq!(shown(|notice| notice.kind = NoticeKind::Cost), 1);
    assert_eq!(shown(|notice| (notice.kind, notice.phase) = (NoticeKind::Cost, Phase::Resolved)), 0);
}

#[test]
fn an_error_with_status_200_is_an_error_and_says_how_to_cure_it() {
    let desk = desk();
    desk.chat.next("chat.postMessage", Mishap::Refused("not_in_channel".into()));
    let error = tell(&desk, &samples::notice("verifying")).unwrap_err().to_string();
    assert!(error.contains("denied: not_in_channel: invite the app to the channel"), "{error}");
}

#[test]
fn every_sample_is_posted_within_what_slack_accepts() {
    for name in samples::NAMES {
        let desk = desk();
        tell(&desk, &samples::notice(name)).unwrap();
        assert_ne!(desk.chat.roots()[0].body["blocks"], json!([]), "{name}");
    }
}
