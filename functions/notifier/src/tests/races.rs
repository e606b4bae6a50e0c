//! Notices overtake each other, arrive at once, and invocations are killed.

use std::future::Future;
use std::pin::Pin;

use nightshift_core::notice::Notice;
use nightshift_sim::chat::Mishap;
use proptest::prelude::*;

use super::{at, event, handler, secret, story, tell};
use crate::render::slack::line;
use crate::world::{Desk, step};
use crate::{Error, Report};

/// What must hold when everything has been delivered: one root, which shows
/// the newest notice, and a line for each.
#[track_caller]
fn settled(desk: &Desk, most_lines: usize) {
    let [root] = desk.chat.roots().try_into().unwrap();
    let newest = story().into_iter().max_by_key(|notice| notice.sequence).unwrap();
    assert_eq!(root.body["metadata"]["event_payload"]["sequence"], newest.sequence);
    let lines = desk.chat.thread(&root.ts);
    for notice in story() {
        let times = lines.iter().filter(|said| **said == line(&notice)).count();
        assert!((1..=most_lines).contains(&times), "{}: {lines:#?}", notice.key());
    }
}

/// Runs the invocations as the schedule says: each number lets one of them go
/// on to its next call.
fn interleaved(desk: &Desk, notices: &[Notice], schedule: &[usize]) -> Vec<Result<Report, Error>> {
    let handlers: Vec<_> = notices.iter().map(|_| handler(desk)).collect();
    type Invocation<'a> = Pin<Box<dyn Future<Output = Result<Report, Error>> + 'a>>;
    let start = |(handler, notice): (&'static crate::Handler<Desk>, &Notice)| -> Invocation<'static> {
        Box::pin(handler.handle(event(std::slice::from_ref(notice)), at("2026-11-20T02:15:00Z")))
    };
    let handlers: &'static [_] = Vec::leak(handlers);
    let mut running: Vec<Invocation<'static>> = handlers.iter().zip(notices).map(start).collect();
    let mut done = Vec::new();
    let mut choices = schedule.iter().copied().cycle();
    while !running.is_empty() {
        let at = choices.next().unwrap_or(0) % running.len();
        if let Some(result) = step(&mut running[at].as_mut(), 1) {
            done.push(result);
            drop(running.remove(at));
        }
    }
    done
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn notices_that_arrive_at_once_end_in_one_message_that_shows_the_newest(
        order in Just(vec![0usize, 1, 2, 3, 4, 5]).prop_shuffle(),
        schedule in prop::collection::vec(0usize..6, 1..60),
    ) {
        let desk = Desk::new(&secret(&["slack_bot_token"]));
        let notices: Vec<Notice> = order.iter().map(|at| story()[*at].clone()).collect();
        for result in interleaved(&desk, &notices, &schedule) {
            prop_assert!(result.is_ok(), "{:?}", result);
        }
        settled(&desk, 1);
    }

    #[test]
    fn notices_in_any_order_and_twice_end_the_same(order in Just(vec![0usize, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]).prop_shuffle()) {
        let desk = Desk::new(&secret(&["slack_bot_token"]));
        for at in order {
            tell(&desk, &story()[at]).unwrap();
        }
        settled(&desk, 1);
    }
}

#[test]
fn an_invocation_killed_at_any_place_is_made_good_by_its_retry() {
    let mut reached_the_end = false;
    for place in 1..80 {
        let desk = Desk::new(&secret(&["slack_bot_token", "pagerduty_routing_key", "webhook_url"]));
        let [opened, rest @ ..] = &story()[..] else { unreachable!("the story has six notices") };
        tell(&desk, opened).unwrap();
        let before = desk.state().passed;
        desk.state().killed_at = Some(before + place);
        let second = &rest[0];
        let killed = handler(&desk);
        let mut run = Box::pin(killed.handle(event(std::slice::from_ref(second)), at("2026-11-20T02:15:00Z")));
        reached_the_end |= step(&mut run.as_mut(), 10_000).is_some();
        drop(run);
        desk.state().killed_at = None;
        for notice in rest {
            tell(&desk, notice).unwrap();
        }
        settled(&desk, 1);
        assert!(desk.chat.alerts().values().all(|alert| !alert.open));
    }
    assert!(reached_the_end, "the places do not cover the whole invocation");
}

#[test]
fn a_first_invocation_killed_at_any_place_loses_nothing() {
    for place in 1..40 {
        let desk = Desk::new(&secret(&["slack_bot_token", "pagerduty_routing_key"]));
        let opened = &story()[0];
        desk.state().killed_at = Some(place);
        let killed = handler(&desk);
        let mut run = Box::pin(killed.handle(event(std::slice::from_ref(opened)), at("2026-11-20T02:15:00Z")));
        let _ = step(&mut run.as_mut(), 10_000);
        drop(run);
        desk.state().killed_at = None;
        tell(&desk, opened).unwrap();
        assert_eq!(desk.chat.roots().len(), 1, "place {place}");
        assert!(desk.chat.alerts().values().all(|alert| alert.open) && desk.chat.alerts().len() == 1);
    }
}

/// Opened in the channel by its id: history takes no names.
fn unanswered(at: usize, also: &[(&str, Mishap)]) -> Desk {
    let desk = Desk::new(&secret(&["slack_bot_token"]));
    for notice in &story()[..at] {
        tell(&desk, notice).unwrap();
    }
    desk.chat.next("chat.postMessage", Mishap::Unanswered);
    assert!(tell(&desk, &story()[at]).is_err());
    for (what, mishap) in also {
        desk.chat.next(what, mishap.clone());
    }
    desk
}

#[test]
fn a_root_whose_answer_got_lost_is_found_in_the_channel_and_adopted() {
    let desk = unanswered(0, &[]);
    tell(&desk, &story()[0]).unwrap();
    let [root] = desk.chat.roots().try_into().unwrap();
    assert_eq!(desk.thread_of(&story()[0]).root, root.ts);
    for notice in &story()[1..] {
        tell(&desk, notice).unwrap();
    }
    settled(&desk, 1);
}

#[test]
fn a_line_whose_answer_got_lost_is_found_in_the_thread() {
    let desk = unanswered(1, &[]);
    for notice in &story()[1..] {
        tell(&desk, notice).unwrap();
    }
    settled(&desk, 1);
}

#[test]
fn who_may_not_look_posts_twice_rather_than_never() {
    let desk = unanswered(0, &[("conversations.history", Mishap::Refused("missing_scope".into()))]);
    tell(&desk, &story()[0]).unwrap();
    assert_eq!(desk.chat.roots().len(), 2);
    assert_eq!(desk.thread_of(&story()[0]).root, desk.chat.roots()[1].ts);
}

#[test]
fn a_look_that_fails_for_now_is_left_to_the_retry() {
    let desk = unanswered(0, &[("conversations.history", Mishap::Status(503))]);
    assert!(tell(&desk, &story()[0]).is_err());
    tell(&desk, &story()[0]).unwrap();
    assert_eq!(desk.chat.roots().len(), 1);
}

#[test]
fn a_newer_notice_may_come_in_whole_at_any_place_of_an_older_one() {
    let mut reached_the_end = false;
    for polls in 1..60 {
        let desk = Desk::new(&secret(&["slack_bot_token"]));
        let [opened, between @ .., last] = &story()[..] else { unreachable!("the story has six notices") };
        tell(&desk, opened).unwrap();
        let slow = handler(&desk);
        let mut run = Box::pin(slow.handle(event(&between[..1]), at("2026-11-20T02:15:00Z")));
        reached_the_end |= step(&mut run.as_mut(), polls).is_some_and(|done| done.is_ok());
        tell(&desk, last).unwrap();
        if !reached_the_end {
            step(&mut run.as_mut(), 10_000).unwrap().unwrap();
        }
        between[1..].iter().for_each(|notice| drop(tell(&desk, notice).unwrap()));
        settled(&desk, 1);
    }
    assert!(reached_the_end, "the places do not cover the whole invocation");
}
