//! The picture of a notice: in the thread of its message, which does not need it.

use jiff::civil::date;
use nightshift_core::mode::Severity;
use nightshift_core::notice::{Chart, Layer, Notice, NoticeKind};
use nightshift_sim::chat::Mishap;
use proptest::prelude::*;

use super::{at, event, handler, secret, tell};
use crate::plan::Sink;
use crate::world::{Desk, TOKEN, step};
use crate::{Outcome, samples};

const CALLS: [&str; 3] = ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"];

fn desk() -> Desk {
    Desk::new(&secret(&["slack_bot_token", "pagerduty_routing_key", "webhook_url"]))
}

/// A report of costs.
pub fn report() -> Notice {
    let layer = Layer { name: "AWS Fargate".into(), days: ["8.10", "7.95"].map(|day| day.parse().unwrap()).to_vec() };
    let chart = Chart {
        title: "Costs <!channel> by service".into(),
        currency: "USD".into(),
        from: date(2026, 11, 18),
        settled: 1,
        layers: vec![layer],
    };
    Notice { chart: Some(chart), ..samples::notice("report") }
}

/// What must hold when all is done: one message, and so many pictures in its
/// thread.
#[track_caller]
fn settled(desk: &Desk, pictures: std::ops::RangeInclusive<usize>) {
    let [root] = desk.chat.roots().try_into().unwrap();
    let files = desk.chat.files();
    assert!(pictures.contains(&files.len()), "{} pictures", files.len());
    for file in files {
        assert_eq!((file.channel, file.thread), (root.channel.clone(), Some(root.ts.clone())));
        assert!(file.bytes.starts_with(b"\x89PNG\r\n"));
    }
}

#[test]
fn a_picture_is_put_once_into_the_thread_of_its_message() {
    let desk = desk();
    let first = tell(&desk, &report()).unwrap();
    assert_eq!(first.told[0].sinks[&Sink::SlackPicture], Outcome::Sent);
    let again = tell(&desk, &report()).unwrap();
    assert_eq!(again.told[0].sinks.get(&Sink::SlackPicture), None);
    settled(&desk, 1..=1);
    let file = desk.chat.files().remove(0);
    assert_eq!((file.name.as_str(), file.title.as_str()), ("chart.png", "Costs <!channel> by service"));
    assert_eq!(file.alt, "Stacked bars, 18 Nov – 19 Nov 2026; AWS Fargate $8.10; 1 settled day $8.10");
    assert!(desk.thread_of(&report()).delivered.contains("slack-picture#1"));
}

#[test]
fn the_token_does_not_go_where_the_file_goes() {
    let desk = desk();
    tell(&desk, &report()).unwrap();
    let [upload] = desk.chat.uploads().try_into().unwrap();
    assert_eq!(upload.headers, [("content-type".to_owned(), "application/octet-stream".to_owned())]);
    assert!(!upload.url.contains(TOKEN));
}

#[test]
fn a_file_is_not_sent_to_an_address_that_is_not_slacks() {
    let desk = desk();
    desk.chat.mislead("https://files.slack.com.hush.example/upload");
    let report = tell(&desk, &report()).unwrap();
    let Outcome::Failed(fault) = &report.told[0].sinks[&Sink::SlackPicture] else { panic!("{report:?}") };
    assert!(fault.to_string().contains("is not Slack's") && !fault.to_string().contains("hush"), "{fault}");
    assert!(desk.chat.uploads().is_empty() && desk.chat.requests().iter().filter(|what| *what == "hook").count() == 1);
    settled(&desk, 0..=0);
}

#[test]
fn a_message_whose_picture_is_refused_is_told_and_the_report_says_what_to_do() {
    for call in [CALLS[0], CALLS[2]] {
        let desk = desk();
        desk.chat.next(call, Mishap::Refused("missing_scope".into()));
        let urgent = Notice { severity: Severity::P1, kind: NoticeKind::Opened, ..report() };
        let report = tell(&desk, &urgent).unwrap();
        assert!(matches!(report.told[0].sinks[&Sink::Slack], Outcome::Posted));
        let Outcome::Failed(fault) = &report.told[0].sinks[&Sink::SlackPicture] else { panic!("{report:?}") };
        assert!(fault.to_string().contains("denied: missing_scope: give the app the scope files:write"), "{fault}");
        assert!(desk.state().pages.is_empty(), "nobody is paged for a picture");
        settled(&desk, 0..=0);
        // Once the app has the scope, whatever comes again brings the picture.
        tell(&desk, &urgent).unwrap();
        settled(&desk, 1..=1);
    }
}

#[test]
fn an_app_that_may_post_and_is_not_in_the_channel_is_to_be_invited() {
    let desk = desk();
    desk.chat.next(CALLS[2], Mishap::Refused("not_in_channel".into()));
    let said = format!("{:?}", tell(&desk, &report()).unwrap());
    assert!(said.contains("it must be in it to put a file there"), "{said}");
}

#[test]
fn what_goes_wrong_for_now_is_made_good_by_the_retry() {
    let of_all = [Mishap::Status(503), Mishap::Lost, Mishap::Unanswered, Mishap::Throttled(21)];
    for call in CALLS {
        for mishap in of_all.clone() {
            let desk = desk();
            desk.chat.next(call, mishap.clone());
            let error = tell(&desk, &report()).unwrap_err().to_string();
            assert!(error.contains("to slack-picture: https:Post slack") && !error.contains("hush"), "{error}");
            tell(&desk, &report()).unwrap();
            // It may be there twice: the answer of the last call got lost.
            settled(&desk, if call == CALLS[2] && mishap == Mishap::Unanswered { 2..=2 } else { 1..=1 });
        }
    }
}

#[test]
fn a_short_retry_after_is_honoured_for_a_picture_too() {
    for call in CALLS {
        let desk = desk();
        desk.chat.next(call, Mishap::Throttled(3));
        tell(&desk, &report()).unwrap();
        assert_eq!(desk.chat.waited_s(), 3);
        settled(&desk, 1..=1);
    }
}

#[test]
fn a_picture_killed_at_any_place_is_there_after_the_retry() {
    let mut reached_the_end = false;
    let mut interrupted = 0;
    for place in 1..60 {
        let desk = desk();
        desk.state().killed_at = Some(place);
        let killed = handler(&desk);
        let mut run = Box::pin(killed.handle(event(&[report()]), at("2026-11-20T02:15:00Z")));
        reached_the_end |= step(&mut run.as_mut(), 10_000).is_some();
        drop(run);
        desk.state().killed_at = None;
        let known = !desk.thread_of(&report()).root.is_empty();
        tell(&desk, &report()).unwrap();
        // A root that was not noted yet is posted again rather than never.
        if known {
            settled(&desk, 1..=2);
            interrupted += 1;
        }
        let files = desk.chat.files();
        let root = desk.thread_of(&report()).root;
        assert!(files.iter().any(|file| file.thread.as_ref() == Some(&root)), "place {place}");
    }
    assert!(reached_the_end && interrupted > 6, "the places do not cover the whole invocation");
}

#[test]
fn without_figures_no_file_is_asked_for() {
    let desk = desk();
    for name in samples::NAMES {
        tell(&desk, &samples::notice(name)).unwrap();
    }
    let requests = desk.chat.requests();
    assert!(requests.iter().all(|what| !what.starts_with("files.") && what != "upload"), "{requests:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_goes_wrong_the_message_is_there_once_and_in_the_end_the_picture(
        mishaps in prop::collection::vec(
            (0usize..3, prop_oneof![
                Just(Mishap::Status(500)), Just(Mishap::Status(400)), Just(Mishap::Lost), Just(Mishap::Unanswered),
                Just(Mishap::Throttled(1)), Just(Mishap::Throttled(99)), Just(Mishap::Refused("ratelimited".into())),
                Just(Mishap::Refused("missing_scope".into())), Just(Mishap::Refused(TOKEN.into())),
            ]),
            0..6,
        ),
    ) {
        let desk = desk();
        for (call, mishap) in &mishaps {
            desk.chat.next(CALLS[*call], mishap.clone());
        }
        let pictures = || desk.chat.files().len();
        for _ in 0..=mishaps.len() {
            let said = format!("{:?}", tell(&desk, &report()));
            prop_assert!(!said.contains("hush"), "{}", said);
            prop_assert_eq!(desk.chat.roots().len(), 1);
        }
        let lost = mishaps.iter().filter(|(_, mishap)| *mishap == Mishap::Unanswered).count();
        prop_assert!((1..=1 + lost).contains(&pictures()), "{}", pictures());
    }
}
