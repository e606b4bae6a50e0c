use jiff::SignedDuration;
use nightshift_core::ids::ServiceRef;
use nightshift_core::metric::MetricId;
use nightshift_core::ports::{ServiceReads as _, ServiceWrites as _, TargetReads as _};
use nightshift_core::release::{DeploymentStatus, ServiceDeployment};

use crate::scenario::Stage;
use crate::state::series::Scope;
use crate::{Account, Scenario, poll_once};

/// A service of four tasks at a flat 600 requests a minute, and a second
/// release ten minutes before the event, which is where the clock starts.
fn account(service: &str, release: &str) -> (Account, ServiceRef) {
    let text = format!(
        "start = \"-10m\"\n[[service]]\nname = \"web\"\n{service}\n[service.baseline]\ndaily_rhythm = 0.0\n\
         [[service.release]]\nrevision = 1\nat = \"-3d\"\n[[service.release]]\nrevision = 2\nat = \"-10m\"\n{release}\n"
    );
    let account = Account::new(Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}")));
    let web = account.service_ref("web").unwrap();
    (account, web)
}

fn history(account: &Account, web: &ServiceRef) -> Vec<ServiceDeployment> {
    poll_once(account.history(web)).unwrap().unwrap()
}

/// The newest deployment's status and stage, and green's share of the traffic.
fn stands(account: &Account, web: &ServiceRef) -> (DeploymentStatus, Option<String>, f64) {
    let newest = history(account, web).remove(0);
    let weight = account.state().machines[0].deployments.last().unwrap().shift.unwrap().weight;
    (newest.status, newest.stage, weight)
}

/// Requests and 5XX of the minute that is over, as all of the service's targets
/// together see them.
fn traffic(account: &Account, scope: Scope) -> (f64, f64) {
    let state = account.state();
    let at = state.now - 1;
    let instant = state.machines[0].instant(at, scope);
    (instant.requests, instant.errors)
}

/// Lets the newest deployment go on to that stage.
#[track_caller]
fn advance_to(account: &Account, web: &ServiceRef, stage: Stage) {
    for _ in 0..2000 {
        if stands(account, web).1.as_deref() == Some(stage.word()) {
            return;
        }
        account.advance(SignedDuration::from_secs(5));
    }
    panic!("never at {}: {:?}", stage.word(), stands(account, web));
}

#[test]
fn a_deployment_goes_through_every_stage_and_traffic_moves_when_its_stage_says_so() {
    let (account, web) = account("strategy = \"BLUE_GREEN\"\nbake = \"10m\"", "errors_percent = 50.0");
    let (mut stages, mut last) = (Vec::new(), 0.0);
    for _ in 0..400 {
        let (status, stage, weight) = stands(&account, &web);
        if let Some(stage) = stage.filter(|stage| stages.last() != Some(stage)) {
            stages.push(stage);
        }
        let (requests, errors) = traffic(&account, Scope::Whole);
        assert_eq!(requests.round(), 600.0, "no request is lost at {stages:?}");
        let green = if (errors - 0.5).abs() < 0.01 { 100.0 } else { 0.0 };
        // What is looked at lies a second back.
        assert!(green == weight || green == last, "{errors} at {stages:?}");
        last = weight;
        if status == DeploymentStatus::Successful {
            break;
        }
        account.advance(SignedDuration::from_secs(5));
    }
    let mut all = vec![Stage::ReconcileService];
    all.extend(std::iter::successors(all[0].next(), |stage| stage.next()));
    assert_eq!(stages, all.iter().map(|stage| stage.word()).collect::<Vec<_>>());
    assert_eq!((last, all.len()), (100.0, 10));
    let service = poll_once(account.service(&web)).unwrap().unwrap().unwrap();
    assert!(service.settled() && service.task_definition.short() == "web:2", "{service:?}");
}

#[test]
fn both_sets_stand_whole_until_the_bake_time_is_over() {
    let (account, web) = account("strategy = \"BLUE_GREEN\"\nbake = \"10m\"", "");
    advance_to(&account, &web, Stage::BakeTime);
    account.advance(SignedDuration::from_mins(9));
    let service = poll_once(account.service(&web)).unwrap().unwrap().unwrap();
    let sets: Vec<_> =
        service.deployments.iter().map(|one| (one.task_definition.short(), one.desired, one.running)).collect();
    assert_eq!(sets, [("web:2", 4, 4), ("web:1", 4, 4)]);
    assert!(service.deployments.iter().all(|one| one.rollout.is_none()), "of rolling deployments alone");
    let targets = |groups: &[String]| poll_once(account.targets(groups)).unwrap().unwrap().healthy;
    assert_eq!(service.target_groups.len(), 2);
    assert_eq!((targets(&service.target_groups[..1]), targets(&service.target_groups)), (4, 8));
}

/// Green's share at these seconds after its traffic began to shift.
#[track_caller]
fn shares(service: &str, expect: &[(i64, f64)]) {
    let (account, web) = account(service, "errors_percent = 100.0");
    advance_to(&account, &web, Stage::ProductionTrafficShift);
    let began = account.now();
    for (seconds, share) in expect {
        let at = began + SignedDuration::from_secs(*seconds);
        account.advance(at.duration_since(account.now()));
        assert_eq!(stands(&account, &web).2, *share, "after {seconds} s");
        let errors = traffic(&account, Scope::Whole).1;
        assert!((errors - share / 100.0).abs() < 0.002, "{errors} after {seconds} s");
        let (requests, errors) = traffic(&account, Scope::Group(1));
        assert_eq!((requests.round(), errors), (600.0 * share / 100.0, 1.0), "what green's target group sees");
    }
}

#[test]
fn a_canary_has_its_share_until_its_bake_time_is_over() {
    let canary = "strategy = \"CANARY\"\ncanary_percent = 10\ncanary_bake = \"5m\"\nbake = \"5m\"";
    shares(canary, &[(5, 10.0), (295, 10.0), (305, 100.0), (400, 100.0)]);
}

#[test]
fn a_linear_deployment_has_more_with_each_step() {
    let linear = "strategy = \"LINEAR\"\nstep_percent = 40\nstep_bake = \"3m\"\nbake = \"5m\"";
    shares(linear, &[(5, 40.0), (175, 40.0), (185, 80.0), (355, 80.0), (365, 100.0), (500, 100.0)]);
}

#[test]
fn the_load_balancer_sees_both_target_groups_and_each_group_its_own() {
    let canary = "strategy = \"CANARY\"\ncanary_percent = 25\ncanary_bake = \"1h\"";
    let (account, web) = account(canary, "errors_percent = 100.0");
    advance_to(&account, &web, Stage::ProductionTrafficShift);
    account.advance(SignedDuration::from_mins(5));
    let state = account.state();
    let dimensions: Vec<_> = state.machines[0].dimensions("AWS/ApplicationELB").into_iter().map(|(it, _)| it).collect();
    let mut balancer = dimensions[0].clone();
    balancer.remove("TargetGroup");
    let minute = state.now.div_euclid(60) * 60 - 60;
    let [blue, green, all] = [&dimensions[0], &dimensions[1], &balancer].map(|dimensions| {
        let (namespace, name) = ("AWS/ApplicationELB".to_owned(), "HTTPCode_Target_5XX_Count".to_owned());
        let wanted = MetricId { namespace, name, dimensions: dimensions.clone(), stat: "Sum".into(), period_s: 60 };
        state.datapoint(&wanted, minute, 60).unwrap_or(0.0)
    });
    assert!(blue < 10.0 && (120.0..180.0).contains(&green), "{blue} and {green}");
    assert!((120.0..190.0).contains(&all), "{all}");
}

/// Somebody stops the deployment at that stage: blue has everything at once,
/// and green is gone.
#[track_caller]
fn stopped_at(stage: Stage, release: &str) {
    let service = "strategy = \"CANARY\"\ncanary_bake = \"10m\"\nbake = \"10m\"";
    let (account, web) = account(service, &format!("errors_percent = 50.0\n{release}"));
    advance_to(&account, &web, stage);
    let newest = history(&account, &web).remove(0);
    poll_once(account.stop_deployment(&web, &newest.arn)).unwrap().unwrap();
    assert_eq!(stands(&account, &web).0, DeploymentStatus::RollbackRequested);
    account.advance(SignedDuration::from_secs(11));
    // Of a blue set that is leaving, other tasks must start first.
    if stage != Stage::CleanUp {
        let (_, shown, weight) = stands(&account, &web);
        assert_eq!((shown, weight), (None, 0.0), "{stage:?}");
        assert!(traffic(&account, Scope::Whole).1 < 0.01, "{stage:?}");
    }
    for _ in 0..60 {
        account.advance(SignedDuration::from_secs(5));
        assert_eq!(traffic(&account, Scope::Whole).0.round(), 600.0, "no request is lost: {stage:?}");
    }
    let back = history(&account, &web).remove(0);
    assert_eq!(
        (back.status, back.rolled_back_to),
        (DeploymentStatus::RollbackSuccessful, Some(back.sources[0].clone()))
    );
    let service = poll_once(account.service(&web)).unwrap().unwrap().unwrap();
    assert!(service.settled() && service.task_definition.short() == "web:1", "{stage:?}: {service:?}");
    assert!(traffic(&account, Scope::Whole).1 < 0.01, "{stage:?}");
}

#[test]
fn a_stop_at_any_stage_gives_all_traffic_back_to_blue_and_removes_green() {
    let mut stage = Some(Stage::ReconcileService);
    while let Some(at) = stage {
        stopped_at(at, "");
        if at.has_hooks() {
            stopped_at(at, &format!("paused_until = \"+5h\"\npaused_stage = \"{}\"", at.word()));
        }
        stage = at.next();
    }
    stopped_at(Stage::ScaleUp, "starts = false");
}

#[test]
fn a_pause_hook_holds_its_stage_before_anything_happens_there() {
    let release = "paused_until = \"+5m\"\npaused_stage = \"PRODUCTION_TRAFFIC_SHIFT\"";
    let (account, web) = account("strategy = \"BLUE_GREEN\"\nbake = \"30m\"", release);
    advance_to(&account, &web, Stage::ProductionTrafficShift);
    account.advance(SignedDuration::from_mins(10));
    let waits = history(&account, &web).remove(0);
    assert!(waits.paused_at_hook.is_some(), "{waits:?}");
    assert_eq!(stands(&account, &web).2, 0.0);
    advance_to(&account, &web, Stage::BakeTime);
    assert_eq!(stands(&account, &web).2, 100.0);
    assert_eq!(history(&account, &web).remove(0).paused_at_hook, None);
}

#[test]
fn a_circuit_breaker_does_not_act_where_traffic_is_shifted() {
    let release = "crash = { kind = \"exit\", every = \"5s\" }";
    let (account, web) = account("strategy = \"BLUE_GREEN\"\ncircuit_breaker = true", release);
    account.advance(SignedDuration::from_mins(20));
    assert_eq!(stands(&account, &web).1.as_deref(), Some("SCALE_UP"));
    let service = poll_once(account.service(&web)).unwrap().unwrap().unwrap();
    assert!(service.breaker.unwrap().enabled && service.deployments[0].failed_tasks > 6, "{service:?}");
    assert_eq!(traffic(&account, Scope::Whole).0.round(), 600.0);
}

#[test]
fn a_deployment_alarm_takes_a_deployment_back_within_its_bake_time() {
    let service = "strategy = \"BLUE_GREEN\"\nbake = \"30m\"\ndeployment_alarms = [\"web-5xx\"]";
    let alarm = "[[alarm]]\nname = \"web-5xx\"\nservice = \"web\"\nmetric = \"errors\"\nthreshold = 30";
    let (account, web) = account(service, &format!("errors_percent = 50.0\n{alarm}"));
    advance_to(&account, &web, Stage::BakeTime);
    account.advance(SignedDuration::from_mins(15));
    let back = history(&account, &web).remove(0);
    assert_eq!(back.status, DeploymentStatus::RollbackSuccessful);
    assert!(back.reason.unwrap().contains("alarm"));
}

#[test]
fn a_newer_deployment_takes_the_place_of_one_that_has_not_got_there() {
    let release = "errors_percent = 50.0\n[[service.release]]\nrevision = 3\nat = \"-2m\"";
    let (account, web) = account("strategy = \"CANARY\"\nbake = \"5m\"\ncanary_bake = \"10m\"", release);
    advance_to(&account, &web, Stage::ProductionTrafficShift);
    account.advance(SignedDuration::from_mins(8));
    let [third, second, ..] = &history(&account, &web)[..] else { panic!("two deployments") };
    assert_eq!(second.status, DeploymentStatus::Stopped);
    assert_eq!((third.target.task_definition.short(), third.status), ("web:3", DeploymentStatus::InProgress));
    assert_eq!(third.sources, second.sources, "blue serves on");
    assert!(traffic(&account, Scope::Whole).1 < 0.01);
    account.advance(SignedDuration::from_mins(25));
    let service = poll_once(account.service(&web)).unwrap().unwrap().unwrap();
    assert!(service.settled() && service.task_definition.short() == "web:3", "{service:?}");
}

#[test]
fn the_next_deployment_goes_to_the_other_target_group() {
    let release = "[[service.release]]\nrevision = 3\nat = \"+30m\"";
    let (account, web) = account("strategy = \"BLUE_GREEN\"", release);
    let serves = || [0, 1].map(|side| traffic(&account, Scope::Group(side)).0.round());
    assert_eq!(serves(), [600.0, 0.0]);
    account.advance(SignedDuration::from_mins(20));
    assert_eq!(serves(), [0.0, 600.0]);
    account.advance(SignedDuration::from_mins(40));
    assert_eq!(serves(), [600.0, 0.0]);
    assert_eq!(history(&account, &web).len(), 3);
}
