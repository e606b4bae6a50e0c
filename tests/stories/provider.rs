//! AWS itself is unwell: its Health event comes by the same door as alarms.

use nightshift_core::policy::Policy;
use nightshift_sim::{Delivery, Story};

use super::{changes, refusal, run_under, sample, scenario};

/// The responder hears of these before the alarm comes.
fn after(events: &[&str]) -> Story {
    let story = Story::new(scenario("bad-release"));
    let mut night = nightshift::night::Night::new(story.account(), &Policy::default());
    for event in events {
        night.deliver(Delivery::Alarm { event: sample(event), at: story.now() }, 0);
    }
    assert_eq!((story.notices().len(), story.silent().len()), (0, 0), "an issue of AWS is evidence, not news");
    run_under(&story, &Policy::default(), 20);
    story
}

#[test]
fn an_open_issue_that_came_before_the_alarm_holds_the_remedy_back() {
    let story = after(&["health-ecs-issue-open"]);
    assert_eq!((refusal(&story).as_deref(), changes(&story)), (Some("ProviderEvent"), Vec::new()));
    let told: String = story.notices().into_iter().flat_map(|notice| notice.done).collect();
    assert!(told.contains("ProviderEvent: AWS reports AWS_ECS_OPERATIONAL_ISSUE."), "{told}");
}

#[test]
fn an_issue_that_is_closed_or_elsewhere_holds_nothing_back() {
    for events in [&["health-ecs-issue-open", "health-closed"][..], &["health-scheduled-change"]] {
        let story = after(events);
        assert_eq!(changes(&story), ["task definition checkout:42"], "{events:?}");
    }
}
