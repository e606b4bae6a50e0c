//! Limits hold over incidents, services and hours.

use jiff::SignedDuration;
use nightshift::night::Night;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::{Incident, ServiceRecord};
use nightshift_core::ledger::Claim;
use nightshift_core::policy::Policy;
use nightshift_core::ports::LedgerWrites;
use nightshift_sim::{Story, poll_once};

use super::{changes, incident, refusal, run_under, scenario};

#[test]
fn a_load_spike_is_scaled_and_the_minimum_comes_back() {
    let story = Story::new(scenario("load-spike"));
    run_under(&story, &Policy::default(), 150);
    assert_eq!(changes(&story).len(), 2, "{:?}", changes(&story));
    let service = story.service_ref("checkout").unwrap();
    assert_eq!(nightshift_sim::Account::record(&story, &service).incident, None);
    let end = incident(&story);
    assert_eq!((end.pages, end.raised), (0, None));
    assert_eq!(story.final_state()["services"]["prod/checkout"]["minimum"], 4);
}

#[test]
fn an_outage_of_a_dependency_is_nobodys_release() {
    let story = Story::new(scenario("dependency-outage"));
    run_under(&story, &Policy::default(), 120);
    assert_eq!(changes(&story), Vec::<String>::new());
    assert_eq!(story.closed_incidents().len(), 4, "each of the three incidents has its end, and that of all");
    let pages: u32 = story.closed_incidents().iter().map(|incident| incident.pages).sum();
    assert_eq!(pages, 3, "the third is told by that of all");
}

#[test]
fn an_observed_service_is_told_what_would_have_been_done() {
    let story = Story::new(scenario("observe-mode"));
    run_under(&story, &Policy::default(), 55);
    assert_eq!(changes(&story), Vec::<String>::new());
    assert_eq!(refusal(&story).as_deref(), Some("NotOptedIn"));
    assert_eq!(incident(&story).pages, 0);
    let notices = story.notices();
    assert_eq!(notices.len(), 1);
    assert!(notices[0].headline.ends_with("observing, would roll back checkout:43 → checkout:42"));
}

#[test]
fn the_same_release_again_is_not_rolled_back_within_the_cool_down() {
    let story = Story::new(scenario("bad-release"));
    run_under(&story, &Policy::default(), 20);
    let service = story.service_ref("checkout").unwrap();
    assert!(story.person_deploys(&service, 43));
    run_under(&story, &Policy::default(), 15);
    assert_eq!(changes(&story), ["task definition checkout:42"], "a second rollback within half an hour");
    assert_eq!(refusal(&story).as_deref(), Some("CoolingDown"));
    assert!(incident(&story).pages > 0);
}

/// A bad release while two other services have just opened incidents, among so
/// many services.
fn among(services: Option<u32>) -> Story {
    let calm = Story::new(scenario("bad-release"));
    run_under(&calm, &Policy::default(), 20);
    let story = Story::new(nightshift_sim::Scenario { fleet_services: services, ..scenario("bad-release") });
    let due = story.advance_until_due(story.now() + SignedDuration::from_hours(1));
    for name in ["search", "payments"] {
        let service = ServiceRef { service: name.into(), ..story.service_ref("checkout").unwrap() };
        let opened = Incident { opened_at: story.now(), ..incident(&calm) };
        let record = ServiceRecord { incident: Some(opened), ..ServiceRecord::new(service) };
        let claim = Claim {
            event: None,
            expected: 0,
            record,
            fleet: None,
            releases: Vec::new(),
            closed: None,
            at: story.now(),
        };
        poll_once(story.account().claim(&claim)).unwrap().unwrap();
    }
    let mut night = Night::new(story.account(), &Policy::default());
    for delivery in due {
        night.deliver(delivery, 0);
    }
    story
}

#[test]
fn three_services_at_once_are_a_fleet_incident_unless_they_are_few_of_many() {
    for services in [None, Some(15)] {
        let story = among(services);
        assert_eq!(refusal(&story).as_deref(), Some("FleetWide"), "{services:?}");
        assert_eq!(changes(&story), Vec::<String>::new());
    }
    assert_eq!(changes(&among(Some(2000))), ["task definition checkout:42"]);
}
