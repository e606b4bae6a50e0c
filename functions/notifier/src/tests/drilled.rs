//! The self-drill ends at the notifier: counted, and told to nobody.

use nightshift_core::alarm::Door;
use nightshift_core::drill;
use nightshift_core::tally::Tallied;

use super::{at, secret, tell};
use crate::samples;
use crate::world::Desk;

fn desk() -> Desk {
    Desk::new(&secret(&["slack_bot_token", "pagerduty_routing_key", "webhook_url"]))
}

/// What was counted, by name.
fn counted(desk: &Desk) -> Vec<String> {
    desk.tally().take().times.keys().map(ToString::to_string).collect()
}

#[test]
fn a_self_drill_is_counted_by_its_door_and_told_to_nobody() {
    let desk = desk();
    let told = tell(&desk, &samples::notice("self-drill")).unwrap().told;
    assert!(told[0].drilled && told[0].sinks.is_empty(), "{told:?}");
    assert_eq!(counted(&desk), ["SelfDrill.EventBridge"]);
    assert_eq!((desk.chat.requests().len(), desk.state().pages.len()), (0, 0));
    let by_topic = drill::notice(&samples::notice("self-drill").service, Door::Sns, at("2026-11-21T09:00:00Z"));
    tell(&desk, &by_topic).unwrap();
    assert_eq!(counted(&desk), ["SelfDrill.Sns"]);
    // Each day over the last.
    assert_eq!(desk.thread_of(&by_topic).newest, Some(by_topic));
    assert_eq!(desk.state().threads.len(), 1);
}

#[test]
fn the_sample_is_what_the_verifier_sends() {
    let sample = samples::notice("self-drill");
    assert_eq!(drill::notice(&sample.service, Door::EventBridge, sample.at), sample);
}

#[test]
fn a_drill_that_could_have_been_told_to_nobody_is_not_counted() {
    let desk = desk();
    desk.state().secret = None;
    let error = tell(&desk, &samples::notice("self-drill")).unwrap_err();
    assert!(error.to_string().contains("to secret"), "{error}");
    assert_eq!(counted(&desk), ["Undelivered", "Undelivered.Secret"]);

    let desk = self::desk();
    desk.state().ledger_down = true;
    let error = tell(&desk, &samples::notice("self-drill")).unwrap_err();
    assert!(error.to_string().contains("to the ledger"), "{error}");
    assert_eq!(counted(&desk), Vec::<String>::new());
    assert_eq!(desk.state().pages, [], "an alarm rings for it, not the plain page");
}
