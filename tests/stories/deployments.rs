//! A service that somebody else is already changing: people, ECS itself, or a
//! hook that waits for an answer. Nothing of that is got in the way of.

use nightshift_core::incident::Phase;
use nightshift_core::policy::Policy;
use nightshift_core::remedy::Outcome;
use nightshift_core::tally::{Counter, Family, Tallied};
use nightshift_sim::Story;
use nightshift_sim::scenario::{Moment, Outage, Scenario, ServiceSetup, Watched};

use super::deliveries::{firing_in, while_it_is_answered};
use super::refusals::{check, refuses};
use super::{bad_release, changes, incident, refusal, run_under, scenario};

/// The bad release that is still rolling out, with something about it changed.
fn in_flight(change: impl FnOnce(&mut ServiceSetup)) -> Scenario {
    let mut scenario = scenario("in-flight");
    change(scenario.service_mut("checkout").unwrap());
    scenario
}

#[test]
fn a_deployment_that_a_person_is_taking_back_is_left_to_them() {
    let stopped = in_flight(|service| service.releases[1].rolled_back_at = Some(Moment::Offset(-90)));
    refuses(stopped, &Policy::default(), "RollbackUnderWay");
}

#[test]
fn a_deployment_that_the_circuit_breaker_is_taking_back_is_left_to_it() {
    let mut broken = in_flight(|service| {
        service.circuit_breaker = true;
        let release = &mut service.releases[1];
        (release.at, release.errors_percent, release.starts) = (Moment::Offset(-310), None, false);
    });
    let alarm = &mut broken.alarms[0];
    (alarm.metric, alarm.threshold, alarm.evaluation_periods) = (Some(Watched::Unhealthy), 0.0, 2);
    refuses(broken, &Policy::default(), "RollbackUnderWay");
}

/// What ECS went back to is unwell too: the cause is elsewhere.
#[test]
fn what_was_rolled_back_is_not_rolled_back_again() {
    let mut gone_back = in_flight(|service| {
        service.deregistration_delay = nightshift_core::span::Span::seconds(30);
        service.releases[1].rolled_back_at = Some(Moment::minutes(-4));
    });
    gone_back.alarms[0].evaluation_periods = 5;
    gone_back.outages.push(Outage {
        name: "database".into(),
        at: Moment::Offset(-220),
        until: Some(Moment::minutes(60)),
        services: vec!["checkout".into()],
        errors_percent: 30.0,
        latency_factor: 1.0,
        grows_over: nightshift_core::span::Span::seconds(0),
        every: None,
    });
    refuses(gone_back, &Policy::default(), "NeverRollBackARollback");
}

#[test]
fn a_deployment_at_a_pause_hook_waits_for_the_person_it_asks() {
    let paused = in_flight(|service| {
        service.deregistration_delay = nightshift_core::span::Span::seconds(30);
        service.releases[1].paused_until = Some(Moment::minutes(60));
    });
    refuses(paused, &Policy::default(), "PausedAtHook");
}

#[test]
fn a_service_that_is_being_deleted_is_left_alone() {
    for status in ["DRAINING", "INACTIVE"] {
        check("ServiceNotActive", |service| service.status = status.into());
        let story = Story::new(bad_release(|service| service.status = status.into()));
        run_under(&story, &Policy::default(), 20);
        let told: String = story.notices().into_iter().flat_map(|notice| notice.done).collect();
        assert!(told.contains(&format!("the service is {status}")), "{told}");
    }
}

/// For a while ECS shows a deleted service as INACTIVE, and only then no more.
#[test]
fn an_incident_of_a_service_that_was_deleted_ends_with_its_alarms() {
    let story = Story::new(bad_release(|service| drop(service.tags.insert("nightshift".into(), "approve".into()))));
    run_under(&story, &Policy::default(), 20);
    assert_eq!(incident(&story).pages, 1);
    let service = story.service_ref("checkout").unwrap();
    story.person_deploys(&service, 42);
    story.person_retires(&service);
    run_under(&story, &Policy::default(), 60);
    let over = incident(&story);
    assert_eq!((over.phase, over.pages), (Phase::Resolved, 1));
    let done = story.notices().pop().unwrap().done.join(" ");
    assert!(done.contains("service no longer exists"), "{done}");
}

/// The bad release, and one more that had run before.
fn with_an_older_release() -> Scenario {
    bad_release(|service| {
        let mut older = service.releases[0].clone();
        (older.revision, older.at) = (41, Moment::minutes(-9 * 24 * 60));
        service.releases.insert(0, older);
    })
}

/// While AWS has to be asked again for the timer or the notice, what was seen of the service
/// grows old: it is looked at once more.
#[test]
fn a_person_who_deploys_while_aws_is_asked_again_wins_too() {
    let (story, event) = firing_in(with_an_older_release());
    let service = story.service_ref("checkout").unwrap();
    let mut looked = 0;
    let outcome = while_it_is_answered(&story, &event, || {
        if nightshift_sim::Account::record(&story, &service).incident.is_none() {
            return false;
        }
        let looks = story.calls().iter().filter(|call| call.operation == "ecs:DescribeServices").count();
        if looked == 0 {
            looked = looks;
            story.tally().add(Counter::all(Family::AwsRetries));
        }
        // The last look has seen what it saw.
        looks > looked && story.person_deploys(&service, 41)
    });
    assert!(matches!(&outcome, Some(Outcome::Withheld { refusal }) if refusal.name() == "Overtaken"), "{outcome:?}");
    assert_eq!(changes(&story), Vec::<String>::new());
}

#[test]
fn a_person_who_deploys_between_claim_and_remedy_wins() {
    let (story, event) = firing_in(with_an_older_release());
    let service = story.service_ref("checkout").unwrap();
    let outcome = while_it_is_answered(&story, &event, || {
        let claimed = nightshift_sim::Account::record(&story, &service).incident.is_some();
        claimed && story.person_deploys(&service, 41)
    });
    assert!(matches!(&outcome, Some(Outcome::Withheld { refusal }) if refusal.name() == "Overtaken"), "{outcome:?}");
    assert_eq!(changes(&story), Vec::<String>::new());
    assert_eq!(refusal(&story).as_deref(), Some("Overtaken"));
    assert_eq!((incident(&story).phase, incident(&story).pages), (Phase::Escalated, 1));
    let told: String = story.notices().into_iter().flat_map(|notice| notice.done).collect();
    assert!(told.contains("Overtaken: the service changed in between."), "{told}");
    // What was withheld is no remedy, neither in the budget nor on the deny-list.
    let record = nightshift_sim::Account::record(&story, &service);
    assert_eq!((record.remedies.len(), record.denied.len()), (0, 0));
    run_under(&story, &Policy::default(), 40);
    assert_eq!((changes(&story), incident(&story).phase), (Vec::new(), Phase::Resolved));
}

#[test]
fn a_person_who_rolls_back_between_claim_and_remedy_has_done_it() {
    let (story, event) = firing_in(scenario("bad-release"));
    let service = story.service_ref("checkout").unwrap();
    let outcome = while_it_is_answered(&story, &event, || {
        let claimed = nightshift_sim::Account::record(&story, &service).incident.is_some();
        claimed && story.person_deploys(&service, 42)
    });
    assert!(matches!(outcome, Some(Outcome::FoundTaken { .. })), "{outcome:?}");
    run_under(&story, &Policy::default(), 40);
    assert_eq!((changes(&story), incident(&story).phase), (Vec::new(), Phase::Resolved));
    assert_eq!(incident(&story).pages, 0);
}
