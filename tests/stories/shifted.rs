//! Releases that get production traffic beside the old one, at once or step by
//! step: what becomes of those that are bad, and that others are left alone.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use nightshift::night::Night;
use nightshift_core::incident::{Incident, Phase};
use nightshift_core::metric::{MetricId, Point};
use nightshift_core::policy::Policy;
use nightshift_core::ports::MetricReads as _;
use nightshift_core::release::DeploymentStatus;
use nightshift_core::verdict::{By, Verdict};
use nightshift_sim::{Scenario, Story, poll_once};

use super::guard::{decisions, newest, night, operations, scenario};

/// Five requests in a hundred failing at all of its tasks would ring it at
/// once; of a canary that has a tenth of them, half must fail.
const ALARM: &str = "[[alarm]]\nname = \"prod-web-5xx\"\nservice = \"web\"\nmetric = \"errors\"\nthreshold = 15\n\
                     evaluation_periods = 3\ndescription = '{\"cluster\":\"prod\",\"service\":\"web\"}'";

/// `third` is what is bad about the release of 02:00.
fn shifted(service: &str, third: &str) -> Scenario {
    let mut scenario = scenario(service, &format!("{third}\n{ALARM}"));
    scenario.services[0].baseline.daily_rhythm = 0.0;
    scenario
}

/// The service's 5XX of so many minutes since 01:58, minute by minute.
fn errors_by_minute(story: &Story, minutes: i64) -> Vec<Point> {
    let dimensions = BTreeMap::from([("LoadBalancer".to_owned(), "app/prod/50dc6c495c0c9188".to_owned())]);
    let (namespace, name) = ("AWS/ApplicationELB".to_owned(), "HTTPCode_Target_5XX_Count".to_owned());
    let wanted = MetricId { namespace, name, dimensions, stat: "Sum".into(), period_s: 60 };
    let until = story.now();
    let from = until - SignedDuration::from_mins(minutes);
    let mut answer = poll_once(story.series(&[(wanted, from, until)])).unwrap().unwrap();
    answer.remove(0).0
}

fn failed_requests(story: &Story, minutes: i64) -> f64 {
    errors_by_minute(story, minutes).iter().map(|point| point.value).sum()
}

/// The one incident that is over.
#[track_caller]
fn closed(story: &Story) -> Incident {
    let closed = story.closed_incidents();
    assert_eq!(closed.len(), 1, "{closed:#?}");
    closed.into_iter().next().unwrap()
}

#[test]
fn a_green_set_that_never_gets_healthy_is_stopped_before_any_request_reaches_it() {
    let service = "strategy = \"BLUE_GREEN\"\nbake = \"30m\"\ncircuit_breaker = true";
    let (story, night) = night(shifted(service, "starts = false\nerrors_percent = 100.0"), 40);
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"], "{:#?}", decisions(&night));
    let newest = newest(&story);
    assert_eq!(newest.status, DeploymentStatus::RollbackSuccessful);
    assert!(newest.failed <= 4, "one set of tasks has failed, no more: {}", newest.failed);
    assert!(matches!(newest.verdict, Verdict::RolledBack { by: By::Nightshift { .. } }), "{:?}", newest.verdict);
    let closed = closed(&story);
    assert_eq!((closed.phase, closed.alarms.len()), (Phase::Resolved, 0), "no alarm ever rang");
    assert!(failed_requests(&story, 40) < 60.0, "{}", failed_requests(&story, 40));
}

#[test]
fn a_canary_that_rings_the_alarm_is_stopped_while_it_has_a_tenth_of_the_requests() {
    let service = "strategy = \"CANARY\"\ncanary_percent = 10\ncanary_bake = \"30m\"\nbake = \"10m\"";
    let (story, night) = night(shifted(service, "errors_percent = 60.0"), 60);
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"], "{:#?}", decisions(&night));
    assert_eq!(newest(&story).status, DeploymentStatus::RollbackSuccessful);
    let closed = closed(&story);
    assert_eq!((closed.phase, closed.alarms.len()), (Phase::Resolved, 1));
    // Everybody's requests for a minute would have been 360.
    let failed = failed_requests(&story, 60);
    assert!((60.0..260.0).contains(&failed), "{failed}");
}

#[test]
fn a_linear_deployment_takes_the_time_that_it_was_given() {
    let service = "strategy = \"LINEAR\"\nstep_bake = \"10m\"\nbake = \"30m\"";
    let (story, night) = night(shifted(service, ""), 180);
    assert_eq!((operations(&story), story.notices()), (Vec::new(), Vec::new()), "{:#?}", decisions(&night));
    let newest = newest(&story);
    assert!(matches!(newest.verdict, Verdict::Healthy { .. }), "{:?}", newest.verdict);
    let took = newest.took_s().unwrap();
    assert!((120 * 60..125 * 60).contains(&took), "nine steps and its bake time: {took} s");
}

#[test]
fn a_release_that_turns_out_bad_in_its_bake_time_is_stopped_and_heals_at_once() {
    let (story, night) = night(shifted("strategy = \"BLUE_GREEN\"\nbake = \"60m\"", "errors_percent = 8.0"), 40);
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"], "{:#?}", decisions(&night));
    let stopped = story.production_writes()[0].at;
    assert_eq!(newest(&story).status, DeploymentStatus::RollbackSuccessful);
    assert_eq!(closed(&story).phase, Phase::Resolved);
    let web = story.service_ref("web").unwrap();
    let errors = errors_by_minute(&story, 40);
    let after = errors.iter().filter(|point| point.at > stopped && point.value > 10.0).count();
    assert_eq!(after, 0, "{web}: {errors:?}");
}

/// A person lets it go on after two hours at its hook; then it bakes for one.
const HELD: &str = "paused_until = \"2026-11-20T04:00:00Z\"";

#[test]
fn what_waited_at_its_hook_has_its_whole_bake_time_after_that() {
    let (story, night) = night(shifted("strategy = \"BLUE_GREEN\"\nbake = \"60m\"", HELD), 240);
    assert_eq!((operations(&story), story.notices()), (Vec::new(), Vec::new()), "{:#?}", decisions(&night));
    assert!(matches!(newest(&story).verdict, Verdict::Healthy { .. }), "{:?}", newest(&story));
}

/// Its fault shows once its own bake time is over; the way back bakes as long, and has
/// helped long before that.
#[test]
fn a_way_back_that_bakes_is_not_said_to_have_failed_while_it_does() {
    let late = "sets_in_after = \"35m\"\nerrors_percent = 30.0";
    let sure = Policy::parse("[confidence]\nact_at = 60\n").unwrap();
    let story = Story::new(shifted("strategy = \"BLUE_GREEN\"\nbake = \"30m\"", late));
    let mut night = Night::new(story.account(), &sure);
    night.run_until(story.now() + SignedDuration::from_mins(120));
    assert_eq!(operations(&story), ["ecs:UpdateService"], "{:#?}", decisions(&night));
    let closed = closed(&story);
    assert_eq!((closed.phase, closed.pages, closed.escalated_at), (Phase::Resolved, 0, None));
    let told: String = story.notices().into_iter().flat_map(|notice| notice.done).collect();
    assert!(told.contains("30m later if all is well by then but its rollout"), "{told}");
}

#[test]
fn a_release_is_blamed_by_when_its_traffic_came_and_not_by_when_it_began() {
    let held = format!("{HELD}\nerrors_percent = 8.0");
    let (story, night) = night(shifted("strategy = \"BLUE_GREEN\"\nbake = \"60m\"", &held), 170);
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"], "{:#?}", decisions(&night));
    let closed = closed(&story);
    let said = &closed.diagnosis.as_ref().unwrap().evidence;
    assert!(said.iter().any(|one| one.says.ends_with("the minute web:43 got more traffic")), "{said:#?}");
    let took = story.production_writes()[0].at.duration_since("2026-11-20T04:00:00Z".parse().unwrap());
    assert!(took < SignedDuration::from_mins(5), "{took}");
    assert_eq!((closed.phase, newest(&story).status), (Phase::Resolved, DeploymentStatus::RollbackSuccessful));
}

#[test]
fn a_fault_that_only_all_of_the_traffic_shows_is_blamed_after_a_long_canary() {
    let service = "strategy = \"CANARY\"\ncanary_percent = 10\ncanary_bake = \"90m\"\nbake = \"30m\"";
    let (story, night) = night(shifted(service, "errors_percent = 12.0"), 140);
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"], "{:#?}", decisions(&night));
    assert_eq!(newest(&story).status, DeploymentStatus::RollbackSuccessful);
    assert_eq!(closed(&story).phase, Phase::Resolved);
}

#[test]
fn what_breaks_under_a_release_that_has_served_for_long_is_not_blamed_on_it() {
    let outage = "[[outage]]\nname = \"db\"\nat = \"+120m\"\nservices = [\"web\"]\nerrors_percent = 20.0";
    let service = "strategy = \"BLUE_GREEN\"\nbake = \"5h\"";
    let (story, night) = night(shifted(service, outage), 160);
    assert_eq!(operations(&story), Vec::<String>::new(), "{:#?}", decisions(&night));
    let web = story.service_ref("web").unwrap();
    let open = story.record(&web).incident.unwrap();
    assert_eq!(open.refusal.map(|refusal| refusal.name()).as_deref(), Some("NoRemedyForCause"));
}
