//! A remedy that does not help, and what people do then.

use nightshift_core::incident::Phase;
use nightshift_core::notice::{NoticeKind, Pager};
use nightshift_core::policy::Policy;
use nightshift_sim::Story;
use nightshift_sim::scenario::{Moment, Outage, Scenario};

use super::{changes, incident, run_under, scenario};

/// The rollback comes, and a dependency that fails right then keeps the alarm up.
fn hopeless() -> Story {
    hopeless_but(|_| {})
}

/// The same, with something else changed.
pub fn hopeless_but(change: impl FnOnce(&mut Scenario)) -> Story {
    let mut scenario = scenario("bad-release");
    scenario.outages.push(Outage {
        name: "database".into(),
        at: Moment::minutes(0),
        until: Some(Moment::minutes(60)),
        services: vec!["checkout".into()],
        errors_percent: 30.0,
        latency_factor: 1.0,
        grows_over: nightshift_core::span::Span::seconds(0),
        every: None,
    });
    change(&mut scenario);
    Story::new(scenario)
}

#[test]
fn what_does_not_help_is_escalated_once_and_never_repeated() {
    let story = hopeless();
    run_under(&story, &Policy::default(), 60);
    assert_eq!(changes(&story), ["task definition checkout:42"]);
    let open = incident(&story);
    assert_eq!((open.phase, open.pages), (Phase::Escalated, 1));
    let kinds: Vec<NoticeKind> = story.notices().iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds, [NoticeKind::Acting, NoticeKind::Verifying, NoticeKind::Escalated]);
    let last = story.notices().pop().unwrap();
    assert!(matches!(last.pager, Some(Pager::Trigger { .. })));
    assert!(last.done[0].contains("it did not help"), "{:?}", last.done);
    assert!(last.drift.is_some_and(|drift| drift.contains("still says checkout:43")));
}

#[test]
fn once_the_cause_is_gone_the_page_is_taken_back() {
    let story = hopeless();
    run_under(&story, &Policy::default(), 120);
    let end = incident(&story);
    assert_eq!(end.phase, Phase::Resolved);
    let last = story.notices().pop().unwrap();
    assert_eq!(last.pager, Some(Pager::Resolve { keys: vec![end.page_key(1)] }));
}

#[test]
fn a_first_tier_service_pages_at_once_and_is_taken_back_when_healed() {
    let mut scenario = scenario("bad-release");
    let service = scenario.service_mut("checkout").unwrap();
    service.tags.insert("tier".into(), "1".into());
    let story = Story::new(scenario);
    run_under(&story, &Policy::default(), 30);
    let notices = story.notices();
    assert!(matches!(notices[0].pager, Some(Pager::Trigger { .. })), "{:?}", notices[0]);
    assert!(matches!(notices.last().unwrap().pager, Some(Pager::Resolve { .. })));
    assert_eq!(changes(&story), ["task definition checkout:42"]);
}
