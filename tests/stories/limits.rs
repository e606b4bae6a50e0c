//! Limits that only a night with a past can meet: what was tried, how often,
//! and how much room is left.

use nightshift_core::incident::{Incident, Phase};
use nightshift_core::notice::Pager;
use nightshift_core::policy::Policy;
use nightshift_sim::Story;
use nightshift_sim::scenario::{Moment, ScalingSetup, Scenario, Watched};

use super::escalation::hopeless_but;
use super::refusals::refuses;
use super::{changes, incident, refusal, run_under, scenario};

#[test]
fn without_room_to_scale_nothing_is_scaled() {
    for scaling in [None, Some(ScalingSetup { min: 4, max: 4 })] {
        let mut full = scenario("load-spike");
        full.service_mut("checkout").unwrap().scaling = scaling;
        refuses(full, &Policy::default(), "AtCeiling");
    }
}

/// The remedy did not help, the incident gets worse, and is decided afresh.
#[test]
fn what_was_tried_is_not_tried_again_when_it_gets_worse() {
    let story = hopeless_but(|scenario| {
        let mut slow = scenario.alarms[0].clone();
        slow.name = "prod-checkout-slow".into();
        (slow.metric, slow.threshold) = (Some(Watched::Latency), 1.0);
        scenario.alarms.push(slow);
        let mut slower = scenario.outages[0].clone();
        (slower.name, slower.at, slower.latency_factor) = ("cache".into(), Moment::minutes(30), 40.0);
        scenario.outages.push(slower);
    });
    run_under(&story, &Policy::default(), 40);
    assert_eq!((incident(&story).phase, incident(&story).pages), (Phase::Escalated, 1));
    let service = story.service_ref("checkout").unwrap();
    story.person_tags(&service, "tier", Some("1"));
    run_under(&story, &Policy::default(), 15);
    assert_eq!(changes(&story), ["task definition checkout:42"]);
    assert_eq!(refusal(&story).as_deref(), Some("AlreadyTried"));
    let open = incident(&story);
    assert_eq!((open.phase, open.pages), (Phase::Escalated, 2), "a rise pages under a key of its own");
    let last = story.notices().pop().unwrap();
    assert!(matches!(&last.pager, Some(Pager::Trigger { key }) if *key == open.page_key(2)), "{last:?}");
    assert!(last.done.iter().any(|line| line.contains("AlreadyTried")), "{:?}", last.done);
}

/// Somebody deploys the bad release again and again, each time after the
/// cool-down.
#[test]
fn the_third_rollback_of_a_day_is_a_persons() {
    let story = Story::new(scenario("bad-release"));
    let service = story.service_ref("checkout").unwrap();
    run_under(&story, &Policy::default(), 55);
    for _ in 0..2 {
        assert!(story.person_deploys(&service, 43));
        run_under(&story, &Policy::default(), 50);
    }
    assert_eq!(changes(&story), ["task definition checkout:42", "task definition checkout:42"]);
    assert_eq!(refusal(&story).as_deref(), Some("BudgetSpent"));
    assert_eq!(incident(&story).pages, 1);
}

/// Bad releases of three services, some minutes apart, among so many that it
/// is no fleet incident.
fn one_after_the_other() -> Scenario {
    let mut scenario = scenario("bad-release");
    scenario.fleet_services = Some(2000);
    for (name, minutes) in [("search", 4), ("payments", 8)] {
        let mut service = scenario.services[0].clone();
        service.name = name.into();
        service.releases[1].at = Moment::minutes(-7 + minutes);
        scenario.services.push(service);
        let mut alarm = scenario.alarms[0].clone();
        alarm.name = format!("prod-{name}-5xx");
        alarm.service = Some(name.into());
        alarm.description = Some(format!("{{\"cluster\":\"prod\",\"service\":\"{name}\"}}"));
        scenario.alarms.push(alarm);
    }
    scenario
}

#[test]
fn the_third_remedy_within_ten_minutes_is_a_persons() {
    let story = Story::new(one_after_the_other());
    run_under(&story, &Policy::default(), 55);
    assert_eq!(changes(&story), ["task definition checkout:42", "task definition search:42"]);
    let of_payments = |incident: &Incident| incident.alarms.values().any(|alarm| alarm.name == "prod-payments-5xx");
    let service = story.service_ref("payments").unwrap();
    let open = nightshift_sim::Account::record(&story, &service).incident;
    let third = story.closed_incidents().into_iter().chain(open).find(of_payments).unwrap();
    assert_eq!(third.refusal.map(|refusal| refusal.name()).as_deref(), Some("FleetBudgetSpent"));
    assert_eq!(third.pages, 1);
    let told: Vec<String> = story.notices().into_iter().flat_map(|notice| notice.done).collect();
    assert!(told.iter().any(|line| line.contains("FleetBudgetSpent")), "{told:?}");
}
