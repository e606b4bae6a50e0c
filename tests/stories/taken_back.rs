//! What was taken back, and by whom: releases that people fled from, pages of
//! incidents that make room, tasks that were added in vain.

use nightshift_core::incident::Phase;
use nightshift_core::notice::{NoticeKind, Pager};
use nightshift_core::policy::Policy;
use nightshift_sim::Story;
use nightshift_sim::scenario::{Moment, Outage, ScalingSetup, Scenario};

use super::life::chronic;
use super::refusals::refuses;
use super::{changes, incident, run_under, scenario};

/// 42 ran for days and 43 for two hours; then a person deployed `back`, and
/// soon after that the service fell ill.
fn fled_from_43(back: u32, change: impl FnOnce(&mut Scenario)) -> Scenario {
    let mut scenario = scenario("bad-release");
    let service = scenario.service_mut("checkout").unwrap();
    service.releases[0].content = Some(format!("sha256:{}", "a".repeat(64)));
    let good = service.releases[0].clone();
    service.releases[1].at = Moment::minutes(-120);
    service.releases[1].errors_percent = None;
    service.releases.push(good);
    service.releases[2].revision = back;
    service.releases[2].at = Moment::minutes(-7);
    scenario.outages.push(Outage {
        name: "database".into(),
        at: Moment::minutes(-4),
        until: Some(Moment::minutes(60)),
        services: vec!["checkout".into()],
        errors_percent: 30.0,
        latency_factor: 1.0,
        grows_over: nightshift_core::span::Span::seconds(0),
        every: None,
    });
    change(&mut scenario);
    scenario
}

#[test]
fn what_a_person_went_back_to_is_not_rolled_forward_to_what_they_fled_from() {
    refuses(fled_from_43(42, |_| ()), &Policy::default(), "NeverRollBackARollback");
}

#[test]
fn the_old_images_under_a_new_revision_are_a_rollback_too() {
    refuses(fled_from_43(44, |_| ()), &Policy::default(), "NeverRollBackARollback");
}

/// The same night, but 44 is new: then 43 had soaked, and is the way back.
#[test]
fn another_image_is_a_release_like_any_other() {
    let forward = fled_from_43(44, |scenario| scenario.services[0].releases[2].content = None);
    let story = Story::new(forward);
    run_under(&story, &Policy::default(), 20);
    assert_eq!(changes(&story), ["task definition checkout:43"]);
}

/// 43 ran for hours before a person fled from it; what came after is bad, too.
#[test]
fn a_bad_release_goes_back_behind_the_one_that_was_fled_from() {
    let mut worse = scenario("bad-release");
    let service = worse.service_mut("checkout").unwrap();
    let mut releases = vec![service.releases[0].clone(); 4];
    releases[3] = service.releases[1].clone();
    for (release, (revision, at)) in releases.iter_mut().zip([(42, -4320), (43, -300), (42, -20), (44, -7)]) {
        (release.revision, release.at) = (revision, Moment::minutes(at));
    }
    service.releases = releases;
    let story = Story::new(worse);
    // What ran for twelve minutes says little: 84 % is as sure as one can be.
    run_under(&story, &Policy::parse("[confidence]\nact_at = 80\n").unwrap(), 20);
    assert_eq!(changes(&story), ["task definition checkout:42"]);
}

#[test]
fn an_incident_that_makes_room_takes_its_pages_back() {
    let story = chronic(25);
    run_under(&story, &Policy::default(), 26 * 60);
    let closed = story.closed_incidents().remove(0);
    assert!(closed.chronic && closed.pages == 1, "{closed:?}");
    let notices = story.notices();
    let last = notices.iter().rfind(|notice| notice.incident == closed.id).unwrap();
    assert_eq!(last.pager, Some(Pager::Resolve { keys: vec![closed.page_key(1)] }));
    assert_eq!((last.kind, last.phase), (NoticeKind::Updated, Phase::Escalated), "it is not over");
    assert!(last.headline.ends_with("chronic: nothing new in 1d, closed"), "{}", last.headline);
    assert!(incident(&story).id != closed.id && incident(&story).pages == 1);
}

/// Five times the usual load, and room for one task more.
#[test]
fn tasks_that_were_added_in_vain_are_taken_back_without_a_claim_to_have_healed() {
    let mut narrow = scenario("load-spike");
    let service = narrow.service_mut("checkout").unwrap();
    service.scaling = Some(ScalingSetup { min: 4, max: 5 });
    service.loads[0].factor = 5.0;
    let story = Story::new(narrow);
    run_under(&story, &Policy::default(), 60);
    assert_eq!((incident(&story).phase, incident(&story).pages), (Phase::Escalated, 1));
    run_under(&story, &Policy::default(), 120);
    assert_eq!(changes(&story), ["minimum 5", "minimum 4"]);
    let end = incident(&story);
    assert_eq!((end.phase, end.raised), (Phase::Resolved, None));
    let last = story.notices().pop().unwrap();
    assert!(last.headline.contains("recovered after"), "{}", last.headline);
    assert!(!last.headline.contains("healed automatically"), "{}", last.headline);
    assert_eq!(last.pager, Some(Pager::Resolve { keys: vec![end.page_key(1)] }));
}
