use jiff::{SignedDuration, Timestamp};
use nightshift_core::alarm::AlarmState;
use nightshift_core::fault::FaultKind;
use nightshift_core::ids::ServiceRef;
use nightshift_core::metric::MetricId;
use nightshift_core::ports::{
    AlarmReads as _, Answer, ImageReads as _, MetricReads as _, ScalingWrites as _, ServiceReads as _,
    ServiceWrites as _, TargetReads as _,
};
use nightshift_core::release::{DeploymentStatus, ImageNow, ServiceDeployment};
use nightshift_core::service::Service;
use nightshift_core::task::Crash;

use crate::scenario::{Scenario, builtin};
use crate::{Account, Delivery, poll_once};

const BAD: &str = "bad-release";

fn account(name: &str) -> (Account, ServiceRef) {
    let account = Account::new(builtin(name).unwrap().unwrap());
    let checkout = account.service_ref("checkout").unwrap();
    (account, checkout)
}

fn with(lines: &str) -> (Account, ServiceRef) {
    let text = format!(
        "[[service]]\nname = \"web\"\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n[[service.release]]\nrevision = 2\nat = \"-10m\"\n{lines}"
    );
    let account = Account::new(Scenario::parse(&text).unwrap());
    let web = account.service_ref("web").unwrap();
    (account, web)
}

fn now<T>(future: impl Future<Output = Answer<T>>) -> T {
    poll_once(future).expect("the account never waits").unwrap()
}

fn seen(account: &Account, service: &ServiceRef) -> Service {
    now(account.service(service)).unwrap()
}

fn history(account: &Account, service: &ServiceRef) -> Vec<ServiceDeployment> {
    now(account.history(service))
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// Advances to the event moment.
fn to_event(account: &Account) -> Timestamp {
    account.advance_to(account.scenario().event);
    account.now()
}

/// The sum of a load balancer metric over the minutes before now.
fn sum(account: &Account, service: &ServiceRef, name: &str, back: i64) -> f64 {
    let to = account.now();
    let dimensions = [
        ("LoadBalancer".to_owned(), "app/prod/50dc6c495c0c9188".to_owned()),
        ("TargetGroup".to_owned(), format!("targetgroup/{}/6d0ecf831eec9f09", service.service)),
    ];
    let metric = MetricId {
        namespace: "AWS/ApplicationELB".into(),
        name: name.into(),
        dimensions: dimensions.into(),
        stat: "Sum".into(),
        period_s: 60,
    };
    let series = now(account.series(&[(metric, to - minutes(back), to)])).remove(0);
    series.0.iter().map(|point| point.value).sum()
}

fn error_share(account: &Account, service: &ServiceRef, back: i64) -> f64 {
    100.0 * sum(account, service, "HTTPCode_Target_5XX_Count", back) / sum(account, service, "RequestCount", back)
}

#[test]
fn a_release_rolls_out_by_itself_and_its_errors_raise_the_alarm_at_the_event_moment() {
    let (account, checkout) = account(BAD);
    let event = account.scenario().event;
    let due = account.advance_until_due(event + minutes(10));
    let [Delivery::Alarm { event: alarm, at }] = &due[..] else { panic!("{due:?}") };
    assert!((*at - event).total(jiff::Unit::Second).unwrap().abs() <= 60.0, "{at}");
    assert_eq!(alarm["detail"]["state"]["value"], "ALARM");
    assert_eq!(alarm["detail"]["previousState"]["value"], "OK");
    assert_eq!(
        alarm["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["name"],
        "HTTPCode_Target_5XX_Count"
    );
    let service = seen(&account, &checkout);
    assert!(service.settled(), "{service:?}");
    assert_eq!(service.task_definition.short(), "checkout:43");
    let newest = &history(&account, &checkout)[0];
    assert_eq!(newest.status, DeploymentStatus::Successful);
    assert!((6.0..11.0).contains(&error_share(&account, &checkout, 4)), "{}", error_share(&account, &checkout, 4));
}

#[test]
fn a_rollback_restores_the_error_rate_and_completes() {
    let (account, checkout) = account(BAD);
    to_event(&account);
    let good = history(&account, &checkout)[1].target.clone();
    now(account.deploy(&checkout, &good.task_definition));
    let moving = seen(&account, &checkout);
    assert_eq!(moving.deployments.len(), 2);
    assert_eq!(history(&account, &checkout)[0].status, DeploymentStatus::Pending);
    account.advance(minutes(5));
    let newest = history(&account, &checkout)[0].clone();
    assert_eq!(newest.status, DeploymentStatus::Successful);
    assert_eq!(newest.target.images, good.images, "the tag still means the image");
    assert!(newest.target.arn != good.arn, "UpdateService makes a new revision");
    assert!(seen(&account, &checkout).settled());
    account.advance(minutes(10));
    assert!(error_share(&account, &checkout, 8) < 0.5);
    let alarm = now(account.alarm("prod-checkout-5xx")).unwrap();
    assert_eq!(alarm.state, AlarmState::Ok);
    assert_eq!(account.production_writes().len(), 1);
}

#[test]
fn a_stop_in_flight_goes_back_to_the_old_revision_without_making_one() {
    let (account, checkout) = account("in-flight");
    to_event(&account);
    let before = history(&account, &checkout);
    assert_eq!(before[0].status, DeploymentStatus::InProgress);
    now(account.stop_deployment(&checkout, &before[0].arn));
    assert_eq!(history(&account, &checkout)[0].status, DeploymentStatus::RollbackRequested);
    now(account.stop_deployment(&checkout, &before[0].arn));
    account.advance(SignedDuration::from_secs(30));
    assert_eq!(history(&account, &checkout)[0].status, DeploymentStatus::RollbackInProgress);
    account.advance(minutes(10));
    let after = history(&account, &checkout);
    assert_eq!(after.len(), before.len());
    assert_eq!(after[0].status, DeploymentStatus::RollbackSuccessful);
    assert_eq!(after[0].rolled_back_to.as_ref(), Some(&before[1].target.arn));
    let service = seen(&account, &checkout);
    assert!(service.settled());
    assert_eq!(service.task_definition.short(), "checkout:42");
    assert_eq!(account.production_writes().len(), 1, "stopping it again changed nothing");
}

#[test]
fn a_finished_deployment_cannot_be_stopped() {
    let (account, checkout) = account(BAD);
    to_event(&account);
    let newest = history(&account, &checkout)[0].arn.clone();
    let fault = poll_once(account.stop_deployment(&checkout, &newest)).unwrap().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Permanent);
    assert!(fault.to_string().contains("ConflictException"), "{fault}");
}

#[test]
fn deploying_what_runs_is_no_new_deployment_and_a_restart_is_one_once() {
    let (account, checkout) = account(BAD);
    to_event(&account);
    let service = seen(&account, &checkout);
    now(account.deploy(&checkout, &service.task_definition));
    assert_eq!(history(&account, &checkout).len(), 2);
    let primary = service.primary().unwrap().id.clone();
    now(account.restart(&checkout, &primary));
    now(account.restart(&checkout, &primary));
    assert_eq!(history(&account, &checkout).len(), 3);
    assert_eq!(account.production_writes().len(), 1);
}

#[test]
fn going_back_under_a_moved_tag_runs_the_bad_image_again() {
    let (account, checkout) = account("tag-moved");
    to_event(&account);
    let past = history(&account, &checkout);
    let good = &past[1].target;
    now(account.deploy(&checkout, &good.task_definition));
    account.advance(minutes(10));
    let newest = history(&account, &checkout)[0].clone();
    assert_eq!(newest.target.images, past[0].target.images);
    assert!(error_share(&account, &checkout, 4) > 5.0);
}

#[test]
fn going_back_to_a_deleted_image_starts_no_task_and_costs_none() {
    let (account, checkout) = account("image-gone");
    to_event(&account);
    let good = history(&account, &checkout)[1].target.clone();
    assert_eq!(now(account.image(&good.images["app"].image)), ImageNow::Gone);
    now(account.deploy(&checkout, &good.task_definition));
    account.advance(minutes(5));
    let service = seen(&account, &checkout);
    assert_eq!(history(&account, &checkout)[0].status, DeploymentStatus::InProgress);
    assert_eq!((service.deployments[0].running, service.deployments[1].running), (0, 4));
    let crashes: Vec<_> = now(account.stopped_tasks(&checkout)).iter().filter_map(|task| task.crash()).collect();
    assert!(crashes.contains(&Crash::ImagePull) && !crashes.contains(&Crash::Exit), "{crashes:?}");
}

#[test]
fn tasks_that_crash_say_how_and_are_replaced() {
    let (account, web) = with("crash = { kind = \"oom\", every = \"2m\" }\n");
    to_event(&account);
    let crashes: Vec<_> = now(account.stopped_tasks(&web)).iter().filter_map(|task| task.crash()).collect();
    assert!(crashes.len() > 4 && crashes.iter().all(|crash| *crash == Crash::OutOfMemory), "{crashes:?}");
    let (account, web) = with("starts = false\n");
    to_event(&account);
    let service = seen(&account, &web);
    assert!(service.deployments[0].failed_tasks >= 4, "{service:?}");
    assert_eq!(now(account.targets(&service.target_groups)).healthy, 4, "the old tasks serve on");
}

#[test]
fn the_circuit_breaker_is_off_by_default_and_goes_back_when_on() {
    let (account, web) = with("starts = false\n");
    account.advance(minutes(40));
    assert_eq!(history(&account, &web)[0].status, DeploymentStatus::InProgress);
    let text = "[[service]]\nname = \"web\"\ncircuit_breaker = true\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n\
                [[service.release]]\nrevision = 2\nat = \"-10m\"\nstarts = false\n";
    let account = Account::new(Scenario::parse(text).unwrap());
    account.advance(minutes(40));
    assert_eq!(history(&account, &web)[0].status, DeploymentStatus::RollbackSuccessful);
}

#[test]
fn more_tasks_carry_more_load() {
    let (account, checkout) = account("load-spike");
    account.advance_to(account.scenario().event + minutes(2));
    let before = error_share(&account, &checkout, 2);
    now(account.set_minimum(&checkout, 7));
    account.advance(minutes(8));
    let after = error_share(&account, &checkout, 3);
    assert!(before > 10.0 && after < 1.0, "{before} {after}");
    assert_eq!(seen(&account, &checkout).running, 7);
    now(account.set_minimum(&checkout, 4));
    account.advance(minutes(5));
    assert_eq!(seen(&account, &checkout).running, 4);
}

#[test]
fn an_outage_raises_every_alarm_of_those_who_need_it() {
    let (account, _) = account("dependency-outage");
    account.advance_to(account.scenario().event + minutes(2));
    let names: Vec<String> = now(account.alarms_firing()).into_iter().map(|alarm| alarm.name).collect();
    assert_eq!(names, ["orders-db-cpu", "prod-checkout-5xx", "prod-payments-5xx", "prod-search-5xx"]);
}

fn night(seed: u64) -> String {
    let mut scenario = builtin(BAD).unwrap().unwrap();
    scenario.seed = seed;
    let account = Account::new(scenario);
    let checkout = account.service_ref("checkout").unwrap();
    account.advance(minutes(60));
    let errors = sum(&account, &checkout, "HTTPCode_Target_5XX_Count", 60);
    format!("{:?} {:?} {errors}", account.take_due(), history(&account, &checkout))
}

#[test]
fn the_same_seed_gives_the_same_night_and_another_seed_another() {
    assert_eq!(night(1), night(1));
    assert_ne!(night(1), night(2));
}

#[test]
fn metrics_reach_back_a_week_and_errors_of_zero_are_not_reported() {
    let (account, _) = account(BAD);
    let to = account.now() - minutes(7 * 24 * 60);
    let metric = |name: &str| MetricId {
        namespace: "AWS/ApplicationELB".into(),
        name: name.into(),
        dimensions: [("TargetGroup".to_owned(), "targetgroup/checkout/6d0ecf831eec9f09".to_owned())].into(),
        stat: "Sum".into(),
        period_s: 60,
    };
    let wanted = ["RequestCount", "HTTPCode_Target_5XX_Count"].map(|name| (metric(name), to - minutes(60), to));
    let found = now(account.series(&wanted));
    assert_eq!(found[0].0.len(), 60);
    assert!(found[1].0.len() < 60 && found[1].0.iter().all(|point| point.value >= 1.0));
    assert!(found[0].0.windows(2).all(|pair| pair[0].at < pair[1].at));
}

#[test]
fn every_built_in_scenario_raises_its_alarm_around_its_event_moment() {
    for (name, _) in crate::scenario::BUILTIN {
        let (account, _) = account(name);
        let event = account.scenario().event;
        let due = account.advance_until_due(event + minutes(10));
        let Some(Delivery::Alarm { at, .. }) = due.first() else { panic!("{name}: {due:?}") };
        assert!(*at > event - minutes(2) && *at < event + minutes(2), "{name}: {at}");
    }
}
