//! What the deployment guard leaves alone, and what it says about it.

use jiff::SignedDuration;
use nightshift::night::{Night, What, stack};
use nightshift_core::policy::Policy;
use nightshift_core::verdict::{By, DeploymentKind, Verdict};
use nightshift_incident::stack::Stack;
use nightshift_sim::{Delivery, Scenario, Story, poll_once};
use serde_json::Value;

use super::guard::{CRASHES, decisions, newest, night, operations, scenario};

fn refusal(story: &Story) -> Option<String> {
    let web = story.service_ref("web").unwrap();
    story.record(&web).incident.and_then(|incident| incident.refusal).map(|refusal| refusal.name())
}

/// What is in the image that its tag points to by then.
const CONTENT: &str = "what was good";

/// A good release at 02:00, and at 02:20 the way back to the one before, of
/// which `back` tells.
fn fled(service: &str, back: &str) -> Scenario {
    scenario(
        service,
        &format!(
            "\n[[service.release]]\nrevision = 42\nat = \"2026-11-20T02:20:00Z\"\ncontent = \"{CONTENT}\"\n{back}"
        ),
    )
}

#[test]
fn a_failing_way_back_is_not_taken_back() {
    let (story, night) = night(fled("", CRASHES), 40);
    assert_eq!(newest(&story).kind, DeploymentKind::Rollback);
    assert_eq!(operations(&story), Vec::<String>::new(), "{:#?}", decisions(&night));
    assert_eq!(refusal(&story).as_deref(), Some("NeverRollBackARollback"));
}

#[test]
fn a_hanging_way_back_is_not_taken_back() {
    let (story, night) = night(fled("grace = \"2h\"", "starts = false"), 70);
    assert_eq!(newest(&story).kind, DeploymentKind::Rollback);
    assert_eq!(operations(&story), Vec::<String>::new(), "{:#?}", decisions(&night));
    assert_eq!(refusal(&story).as_deref(), Some("NeverRollBackARollback"));
    let told = story.notices().into_iter().find(|notice| notice.headline.contains("has hung")).unwrap();
    assert!(told.why[0].contains("targets do not pass health checks"), "{:?}", told.why);
}

#[test]
fn a_healthy_deployment_may_wait_at_its_hook_as_long_as_people_like() {
    let (story, night) = night(scenario("circuit_breaker = true", "paused_until = \"2026-11-20T06:00:00Z\""), 200);
    assert_eq!(operations(&story), Vec::<String>::new(), "{:#?}", decisions(&night));
    assert_eq!(story.notices(), [], "nobody needs to hear of it");
    assert!(newest(&story).paused_at.is_some());
    let mut night = night;
    night.run_until("2026-11-20T07:00:00Z".parse().unwrap());
    assert!(matches!(newest(&story).verdict, Verdict::Healthy { .. }), "{:?}", newest(&story));
}

#[test]
fn a_codedeploy_deployment_whose_end_nobody_told_is_read_when_its_watchdog_wakes() {
    let of = scenario("controller = \"CODE_DEPLOY\"\ncircuit_breaker = true", "");
    let (_, heard) = night(of.clone(), 10);
    let start = heard.happened().iter().find_map(|happened| match &happened.what {
        What::Deployment { event, .. } if event["detail"]["state"] == "START" => Some(event.clone()),
        _ => None,
    });
    let story = Story::new(Scenario { deployment_events: false, ..of });
    let mut night = Night::new(story.account(), &Policy::default());
    night.run_until("2026-11-20T02:00:30Z".parse().unwrap());
    night.deliver(Delivery::Deployment { event: start.unwrap(), at: story.now() }, 0);
    assert_eq!(newest(&story).verdict, Verdict::InProgress);
    night.run_until(story.now() + SignedDuration::from_mins(90));
    assert!(matches!(newest(&story).verdict, Verdict::Healthy { .. }), "{:?}", newest(&story).verdict);
    assert_eq!(operations(&story), Vec::<String>::new());
    let web = story.service_ref("web").unwrap();
    assert_eq!(story.record(&web).incident, None);
}

/// Tasks that crash, as a drill tells of them.
fn crashes_of_a_drill() -> Vec<Value> {
    let (_, loud) = night(scenario("", CRASHES), 10);
    let stopped = loud.happened().iter().filter_map(|happened| match &happened.what {
        What::Deployment { event, .. } if event["detail"]["lastStatus"] == "STOPPED" => Some(event.clone()),
        _ => None,
    });
    let drills: Vec<Value> = stopped
        .map(|mut event| {
            event["source"] = "nightshift.drill".into();
            event
        })
        .collect();
    assert!(drills.len() >= 3, "{}", drills.len());
    drills
}

/// The same release runs well here; only the drills say that it does not.
fn well() -> Story {
    let story = Story::new(Scenario { deployment_events: false, ..scenario("", "") });
    story.advance_to("2026-11-20T02:01:00Z".parse().unwrap());
    story
}

#[test]
fn a_drill_of_another_service_teaches_nothing() {
    let story = well();
    let mut night = Night::new(story.account(), &Policy::default());
    for event in crashes_of_a_drill() {
        night.deliver(Delivery::Deployment { event, at: story.now() }, 0);
    }
    assert_eq!(newest(&story).failed, 0, "{:#?}", newest(&story));
    assert_eq!(operations(&story), Vec::<String>::new());
}

#[test]
fn a_drill_of_the_drill_service_is_believed_and_acted_on() {
    let story = well();
    let stack = Stack { drill_service: Some("prod/web".into()), ..stack(&story.account()) };
    let guard = deployment_guard::Handler::new(story.account(), stack, Policy::default());
    for event in crashes_of_a_drill() {
        poll_once(guard.handle(&event, story.now())).unwrap().unwrap();
    }
    assert!(newest(&story).failed >= 3, "{:#?}", newest(&story));
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"]);
}

#[test]
fn what_a_breaker_took_back_is_told_with_what_the_container_said_last() {
    let (story, _) = night(scenario("circuit_breaker = true", CRASHES), 30);
    let notices = story.notices();
    let told = notices.iter().find(|notice| notice.headline.contains("rolled back by the circuit breaker")).unwrap();
    assert!(told.sections.iter().any(|section| section.title.starts_with("Last lines of app")), "{told:#?}");
    let course = told.sections.iter().find(|section| section.title.starts_with("The deployment")).unwrap();
    assert_eq!(course.lines[0], "02:00:05 web:43 begins");
    assert!(course.lines[1].ends_with(": out of memory (app, exit 137)"), "{:?}", course.lines);
    assert!(course.lines.last().unwrap().contains("circuit breaker"), "{:?}", course.lines);
}

#[test]
fn a_release_that_had_an_incident_is_remembered_by_it() {
    let mut observed = scenario("", CRASHES);
    observed.services[0].tags.clear();
    let (story, _) = night(observed, 20);
    let web = story.service_ref("web").unwrap();
    let incident = story.record(&web).incident.unwrap();
    assert_eq!(newest(&story).troubled, Some(incident.id));
}

#[test]
fn a_deployment_that_bakes_as_it_was_told_to_is_left_alone() {
    let (story, mut night) =
        night(scenario("strategy = \"BLUE_GREEN\"\ncircuit_breaker = true\nbake = \"3h\"", ""), 180);
    assert_eq!(newest(&story).verdict, Verdict::InProgress);
    assert_eq!((operations(&story), story.notices()), (Vec::new(), Vec::new()), "{:#?}", decisions(&night));
    night.run_until("2026-11-20T06:00:00Z".parse().unwrap());
    assert!(matches!(newest(&story).verdict, Verdict::Healthy { .. }), "{:?}", newest(&story).verdict);
}

#[test]
fn what_a_deployment_alarm_takes_back_is_left_to_ecs_by_guard_and_responder() {
    let alarm = "[[alarm]]\nname = \"prod-web-5xx\"\nservice = \"web\"\nmetric = \"errors\"\nthreshold = 10\n\
                 evaluation_periods = 3\ndescription = '{\"cluster\":\"prod\",\"service\":\"web\"}'";
    let service = "deployment_alarms = [\"prod-web-5xx\"]\nbake = \"30m\"";
    let (story, night) = night(scenario(service, &format!("errors_percent = 30.0\n{alarm}")), 60);
    assert_eq!(newest(&story).verdict, Verdict::RolledBack { by: By::DeploymentAlarm }, "{:#?}", newest(&story));
    assert_eq!(operations(&story), Vec::<String>::new(), "{:#?}", decisions(&night));
    let closed = story.closed_incidents();
    assert_eq!(closed.len(), 1, "the alarm's");
    assert_eq!(closed[0].refusal.as_ref().map(|refusal| refusal.name()).as_deref(), Some("RollbackUnderWay"));
}

#[test]
fn a_circuit_breaker_that_is_set_to_take_more_is_left_to_take_it() {
    let service = "circuit_breaker = true\ncircuit_breaker_failures = 8";
    let (story, night) = night(scenario(service, "crash = { kind = \"secret\" }"), 30);
    assert_eq!(operations(&story), Vec::<String>::new(), "{:#?}", decisions(&night));
    let newest = newest(&story);
    assert!(newest.failed > 6, "more than a usual breaker takes: {}", newest.failed);
    assert_eq!(newest.verdict, Verdict::RolledBack { by: By::CircuitBreaker });
}
