//! The deployment guard: every verdict, and every remedy.

use std::fmt::Write as _;

use jiff::SignedDuration;
use nightshift::night::{Night, What};
use nightshift_core::incident::Phase;
use nightshift_core::notice::NoticeKind;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::release::DeploymentStatus;
use nightshift_core::task::Crash;
use nightshift_core::verdict::{By, DeploymentKind, Release, Verdict, Warning};
use nightshift_incident::plan::Decision;
use nightshift_sim::{Scenario, Story};

/// A service of four tasks with two good releases, and a third at 02:00 of
/// which `third` tells.
pub(super) fn scenario(service: &str, third: &str) -> Scenario {
    let mut text = String::from("deployment_events = true\nstart = \"2026-11-20T01:58:00Z\"\n");
    let _ = write!(
        text,
        "[[service]]\nname = \"web\"\ndesired = 4\ntags = {{ nightshift = \"act\" }}\n{service}\n\
         [[service.release]]\nrevision = 41\nat = \"2026-11-17T10:00:00Z\"\n\
         [[service.release]]\nrevision = 42\nat = \"2026-11-18T10:00:00Z\"\n\
         [[service.release]]\nrevision = 43\nat = \"2026-11-20T02:00:00Z\"\n{third}\n"
    );
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The functions for so many minutes.
pub(super) fn night(scenario: Scenario, minutes: i64) -> (Story, Night) {
    let story = Story::new(scenario);
    let mut night = Night::new(story.account(), &Policy::default());
    night.run_until(story.now() + SignedDuration::from_mins(minutes));
    (story, night)
}

pub(super) fn releases(story: &Story) -> Vec<Release> {
    let web = story.service_ref("web").unwrap();
    story.record(&web).releases
}

pub(super) fn newest(story: &Story) -> Release {
    releases(story).into_iter().next().unwrap()
}

pub(super) fn decisions(night: &Night) -> Vec<Decision> {
    let of = |what: &What| match what {
        What::Deployment { report, .. } => match report.as_ref() {
            deployment_guard::Report::Deployment { plan, .. } => Some(plan.decision.clone()),
            _ => None,
        },
        _ => None,
    };
    night.happened().iter().filter_map(|happened| of(&happened.what)).collect()
}

pub(super) fn operations(story: &Story) -> Vec<String> {
    story.production_writes().into_iter().map(|write| write.operation).collect()
}

pub(super) const CRASHES: &str = "crash = { kind = \"oom\", every = \"20s\" }";

#[test]
fn a_release_that_gets_there_is_healthy_and_nobody_is_told() {
    let (story, _) = night(scenario("circuit_breaker = true", ""), 30);
    let newest = newest(&story);
    assert!(matches!(newest.verdict, Verdict::Healthy { .. }), "{newest:?}");
    assert_eq!(newest.kind, DeploymentKind::Release);
    assert_eq!(newest.from.as_ref().map(|from| from.short()), Some("web:42"));
    assert_eq!(releases(&story).len(), 3, "what came before is known from AWS's history");
    assert_eq!(story.notices(), []);
    assert_eq!(operations(&story), Vec::<String>::new());
}

#[test]
fn a_crash_loop_without_a_circuit_breaker_is_stopped_and_the_service_heals() {
    let (story, night) = night(scenario("", CRASHES), 30);
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"]);
    let newest = newest(&story);
    assert_eq!(newest.status, DeploymentStatus::RollbackSuccessful, "{:#?}", decisions(&night));
    assert!(matches!(newest.verdict, Verdict::RolledBack { by: By::Nightshift { .. } }), "{:?}", newest.verdict);
    assert!(newest.failures.iter().all(|failure| failure.crash == Some(Crash::OutOfMemory)));
    let closed = story.closed_incidents();
    assert_eq!(closed.len(), 1);
    assert_eq!(closed[0].phase, Phase::Resolved);
    assert!(closed[0].trouble.as_ref().unwrap().contains("3× out of memory (app, exit 137)"), "{:?}", closed[0]);
    let told: Vec<NoticeKind> = story.notices().iter().map(|notice| notice.kind).collect();
    assert_eq!(told.last(), Some(&NoticeKind::Resolved), "{told:?}");
    let acting = story.notices().into_iter().find(|notice| notice.kind == NoticeKind::Acting).unwrap();
    assert!(!acting.sections.is_empty(), "the log of the failing container: {acting:?}");
}

#[test]
fn what_a_circuit_breaker_counts_is_left_to_it_and_told_once() {
    let (story, night) = night(scenario("circuit_breaker = true", CRASHES), 30);
    assert_eq!(operations(&story), Vec::<String>::new());
    assert_eq!(newest(&story).verdict, Verdict::RolledBack { by: By::CircuitBreaker });
    let left = |decision: &Decision| match decision {
        Decision::Judged { refusal: Some(refusal), .. } => Some(refusal.clone()),
        _ => None,
    };
    let refusals: Vec<Refusal> = decisions(&night).iter().filter_map(left).collect();
    assert!(refusals.contains(&Refusal::RollbackUnderWay), "{refusals:?}");
    let notices = story.notices();
    assert_eq!(notices.len(), 1, "{notices:#?}");
    assert_eq!(notices[0].kind, NoticeKind::Release);
    assert!(notices[0].headline.contains("rolled back by the circuit breaker"), "{}", notices[0].headline);
    assert!(notices[0].done[0].contains("out of memory"), "{:?}", notices[0].done);
}

#[test]
fn a_small_service_is_proven_to_fail_before_its_breaker_trips_and_left_to_it() {
    let mut small = scenario("circuit_breaker = true", CRASHES);
    small.services[0].desired = 2;
    let (story, night) = night(small, 30);
    let left = |decision: &Decision| match decision {
        Decision::Judged { refusal: Some(refusal), .. } => refusal.name() == "LeftToCircuitBreaker",
        _ => false,
    };
    assert!(decisions(&night).iter().any(left), "{:#?}", decisions(&night));
    assert_eq!(operations(&story), Vec::<String>::new());
    assert_eq!(newest(&story).verdict, Verdict::RolledBack { by: By::CircuitBreaker });
}

#[test]
fn an_observed_service_is_told_what_would_have_been_done() {
    let mut observed = scenario("", CRASHES);
    observed.services[0].tags.clear();
    let (story, night) = night(observed, 30);
    assert_eq!(operations(&story), Vec::<String>::new());
    let refused = decisions(&night).into_iter().find_map(|decision| match decision {
        Decision::Refused { refusal, would } => Some((refusal, would)),
        _ => None,
    });
    let (refusal, would) = refused.unwrap();
    assert_eq!(refusal.name(), "NotOptedIn");
    assert!(would.unwrap().to_string().starts_with("stop the deployment of web:43"));
    assert!(story.notices().iter().all(|notice| notice.pager.is_none()));
}

#[test]
fn a_deployment_that_hangs_is_stopped_at_the_services_own_pace() {
    let (story, _) = night(scenario("circuit_breaker = true\ngrace = \"2h\"", "starts = false"), 60);
    let writes = story.production_writes();
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"]);
    // Two past deployments are too few to know a pace: thirty minutes.
    let after = writes[0].at.duration_since("2026-11-20T02:00:00Z".parse().unwrap());
    assert!((30..=33).contains(&after.as_mins()), "{after}");
    let told = story.notices().into_iter().find(|notice| notice.kind == NoticeKind::Acting).unwrap();
    assert!(told.headline.contains("has hung for 30 m"), "{}", told.headline);
}

#[test]
fn a_denied_release_is_stopped_once_and_let_through_the_second_time() {
    let again = |time: &str| format!("\n[[service.release]]\nrevision = 43\nat = \"2026-11-20T{time}:00Z\"\n{CRASHES}");
    let third = format!("{CRASHES}{}{}", again("02:40"), again("03:30"));
    let (story, night) = night(scenario("", &third), 50);
    assert_eq!(operations(&story).len(), 2, "{:#?}", decisions(&night));
    let denied = story.notices().into_iter().find(|notice| notice.headline.contains("web:43 comes again")).unwrap();
    assert!(denied.why[0].contains("was rolled back"), "{:?}", denied.why);
    let mut night = night;
    night.run_until("2026-11-20T04:30:00Z".parse().unwrap());
    let through = story.notices().into_iter().filter(|notice| notice.kind == NoticeKind::Release);
    assert!(
        through.clone().any(|notice| notice.headline.ends_with("let through")),
        "{:#?}",
        through.collect::<Vec<_>>()
    );
    let web = story.service_ref("web").unwrap();
    let budget = story.record(&web).incident.and_then(|incident| incident.refusal).map(|refusal| refusal.name());
    assert_eq!(budget.as_deref(), Some("BudgetSpent"), "it fails again, and two remedies a day is enough");
}

#[test]
fn a_failing_deployment_at_a_pause_hook_is_ended_there() {
    let third = format!("paused_until = \"2026-11-20T06:00:00Z\"\n{}", "crash = { kind = \"exit\", every = \"4m\" }");
    let (story, night) = night(scenario("", &third), 60);
    assert_eq!(operations(&story), ["ecs:ContinueServiceDeployment"], "{:#?}", decisions(&night));
    assert!(matches!(newest(&story).verdict, Verdict::RolledBack { by: By::Nightshift { .. } }));
}

#[test]
fn what_ecs_gave_up_and_left_is_rolled_back_once_the_breakers_grace_is_over() {
    let (story, night) = night(scenario("circuit_breaker = true\ncircuit_breaker_rollback = false", CRASHES), 30);
    assert_eq!(operations(&story), ["ecs:UpdateService"], "{:#?}", decisions(&night));
    let releases = releases(&story);
    assert_eq!((releases[0].kind, releases[0].target.task_definition.short()), (DeploymentKind::Rollback, "web:42"));
    assert!(matches!(releases[1].verdict, Verdict::RolledBack { by: By::Nightshift { .. } }), "{:#?}", releases[1]);
    let given_up = releases[1].ended_at.unwrap();
    let after = story.production_writes()[0].at.duration_since(given_up);
    assert!((90..=180).contains(&after.as_secs()), "{after}");
    assert_eq!(story.closed_incidents()[0].phase, Phase::Resolved);
}

#[test]
fn what_is_wrong_at_the_start_is_said_once_and_quietly() {
    let (story, _) = night(scenario("", ""), 30);
    assert_eq!(newest(&story).warnings, [Warning::NoCircuitBreaker]);
    let notices = story.notices();
    let kinds: Vec<NoticeKind> = notices.iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds, [NoticeKind::Release; 2], "its beginning, and the same message when it is healthy");
    assert!(notices[1].headline.contains("healthy after"), "{}", notices[1].headline);
    assert_eq!(notices[0].incident, notices[1].incident);
    assert!(notices.iter().all(|notice| notice.pager.is_none()));
}

#[test]
fn a_persons_way_back_is_a_rollback_and_no_release() {
    let (story, mut night) = night(scenario("circuit_breaker = true", ""), 30);
    let web = story.service_ref("web").unwrap();
    assert!(story.person_deploys(&web, 42));
    night.run_until(story.now() + SignedDuration::from_mins(20));
    let releases = releases(&story);
    assert_eq!(releases[0].kind, DeploymentKind::Rollback);
    assert_eq!(releases[1].verdict, Verdict::RolledBack { by: By::Person });
    assert!(matches!(releases[2].verdict, Verdict::Healthy { .. }));
}

#[test]
fn a_service_that_is_deleted_leaves_its_release_without_a_verdict() {
    let (story, mut night) = night(scenario("circuit_breaker = true", ""), 3);
    let web = story.service_ref("web").unwrap();
    let event = night.happened().iter().find_map(|happened| match &happened.what {
        What::Deployment { event, .. } => Some(event.clone()),
        _ => None,
    });
    let mut event = event.unwrap();
    event["id"] = "another".into();
    story.person_deletes(&web);
    night.deliver(nightshift_sim::Delivery::Deployment { event, at: story.now() }, 0);
    let reason = nightshift_core::verdict::Unjudged::ServiceGone;
    assert_eq!(story.record(&web).releases[0].verdict, Verdict::Unknown { reason });
    assert_eq!(operations(&story), Vec::<String>::new());
}

#[test]
fn the_sweep_finds_what_events_have_missed_and_counts_the_services() {
    let silent = Scenario { deployment_events: false, ..scenario("", CRASHES) };
    let (story, mut night) = night(silent, 6);
    let sweep = |at: &str| serde_json::json!({"sweep": "daily", "at": at});
    let event = sweep("2026-11-20T02:04:00Z");
    night.deliver(nightshift_sim::Delivery::Deployment { event: event.clone(), at: story.now() }, 0);
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"], "{:#?}", night.happened().last());
    assert_eq!(story.fleet_services(), Some(1));
    night.deliver(nightshift_sim::Delivery::Deployment { event, at: story.now() }, 0);
    assert_eq!(operations(&story).len(), 1, "the same sweep again changes nothing");
}
