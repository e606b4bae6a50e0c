//! What counts as healed, and until when it may take.

use nightshift_core::alarm::{AlarmState, LiveAlarm};
use nightshift_core::fault::Sight;
use nightshift_core::ids::{EventId, IncidentId};
use nightshift_core::incident::{About, Incident, JoinedAlarm, Phase};
use nightshift_core::metric::{Series, Signal};
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::service::{Rollout, TargetHealth};
use nightshift_core::span::Span;
use nightshift_diagnosis::{Recovery, deadline, recovery};

use crate::night::{Night, ago, now, series, step, web};

fn incident(alarms: &[LiveAlarm]) -> Incident {
    let joined = |alarm: &LiveAlarm| JoinedAlarm {
        name: alarm.name.clone(),
        state: alarm.state,
        at: ago(4),
        times: 1,
        signal: None,
    };
    Incident {
        id: IncidentId::of(&web(), "20261120-0211", &EventId::of(&["test"])),
        opened_at: ago(20),
        about: About::default(),
        severity: Severity::P1,
        severity_because: "test".into(),
        mode: Mode::Act,
        phase: Phase::Verifying,
        alarms: alarms.iter().map(|alarm| (alarm.arn.clone(), joined(alarm))).collect(),
        diagnosis: None,
        suspect: None,
        intents: Vec::new(),
        refusal: None,
        raised: None,
        sequence: 1,
        pages: 0,
        checks: 0,
        deadline: now(),
        timer: None,
        healthy_since: None,
        chronic: false,
        heard_at: ago(4),
        trouble: None,
        closed_at: None,
        told_plainly: false,
        would: None,
        escalated_at: None,
        told_by: None,
        untold: 0,
        felt: false,
        rated: false,
    }
}

fn calm(night: &Night) -> LiveAlarm {
    LiveAlarm { state: AlarmState::Ok, ..night.alarm.clone().unwrap() }
}

fn verdict(night: &Night, live: &[LiveAlarm]) -> Recovery {
    let joined = incident(&[calm(night)]);
    recovery(&night.view, &joined, live, &night.policy, now())
}

#[track_caller]
fn waits(night: &Night, expect: &[&str]) {
    match verdict(night, &[calm(night)]) {
        Recovery::NotYet { waiting_for, .. } => assert_eq!(waiting_for, expect),
        healed @ Recovery::Healed { .. } => panic!("{healed:?}, expected to wait for {expect:?}"),
    }
}

#[track_caller]
fn heals(night: &Night) {
    let verdict = verdict(night, &[calm(night)]);
    assert!(matches!(verdict, Recovery::Healed { .. }), "{verdict:?}");
}

#[test]
fn a_settled_service_with_traffic_and_quiet_alarms_is_healed() {
    heals(&Night::quiet());
}

#[test]
fn the_service_must_have_settled() {
    waits(&Night::quiet().live(|service| service.running = 3), &["3 of 4 tasks run, 0 are starting"]);
    waits(&Night::quiet().live(|service| service.pending = 1), &["4 of 4 tasks run, 1 are starting"]);
    let rollout = |to| Night::quiet().live(|service| service.deployments[0].rollout = Some(to));
    waits(&rollout(Rollout::InProgress), &["the rollout is not complete"]);
    waits(&rollout(Rollout::Failed), &["the rollout is not complete"]);
    let parked = Night::quiet().live(|service| (service.desired, service.running) = (0, 0));
    waits(&parked, &["no task is wanted, so none shows that the service is well"]);
}

#[test]
fn targets_must_be_healthy_where_there_are_any() {
    let with = |healthy, unhealthy| {
        let mut night = Night::quiet();
        night.view.targets = Sight::Seen(TargetHealth { healthy, unhealthy, ..TargetHealth::default() });
        night
    };
    waits(&with(3, 1), &["3 of 4 targets are healthy"]);
    waits(&with(3, 0), &["3 of 4 targets are healthy"]);
    waits(&with(0, 0), &["0 of 4 targets are healthy"]);
    heals(&with(0, 0).live(|service| service.target_groups.clear()));
    let unseen = "targets cannot be seen: ecs:DescribeServices prod/web denied: AccessDenied";
    waits(&Night::quiet().hide(6), &[unseen]);
}

#[test]
fn no_data_is_not_health() {
    let silent = Night::quiet().signal(Signal::Requests, Series::default());
    waits(
        &silent,
        &["the metric has not been reported for three hours", "no requests are reported; 600 a minute are usual"],
    );
    let stale = series(|_| 600.0).0.into_iter().filter(|point| point.at < ago(6)).collect();
    let stale = Night::quiet().signal(Signal::Requests, Series(stale));
    waits(&stale, &["the metric has not been reported for three hours"]);
    waits(&Night::quiet().hide(3), &["metrics cannot be seen: ecs:DescribeServices prod/web denied: AccessDenied"]);
    waits(&Night::quiet().hide(0), &["the service cannot be seen: ecs:DescribeServices prod/web denied: AccessDenied"]);
}

/// A worker, or what stands behind a network load balancer: a count of failures says
/// nothing when there are none, and nobody counts requests.
#[test]
fn where_nobody_counts_requests_cpu_and_the_alarm_say_that_it_works() {
    let uncounted = Night::quiet().without(&[Signal::Requests, Signal::RequestsYesterday, Signal::RequestsLastWeek]);
    heals(&uncounted);
    // That nothing says how many tasks run is no sign that they do.
    let mut tasks = uncounted.clone();
    let of_tasks = crate::night::metric("AWS/ECS", "CPUUtilization", "SampleCount", &[]);
    tasks.alarm.as_mut().unwrap().metrics = vec![of_tasks];
    waits(&tasks, &["the metric has not been reported for three hours"]);
    let unseen = uncounted.clone().without(&[Signal::Cpu]);
    waits(&unseen, &["the metric has not been reported for three hours"]);
    let ringing = LiveAlarm { state: AlarmState::Alarm, ..calm(&uncounted) };
    let Recovery::NotYet { waiting_for, .. } = verdict(&uncounted, &[ringing]) else { panic!("it rings") };
    assert_eq!(waiting_for.len(), 2, "{waiting_for:?}");
    // At night a service may have a request in ten minutes.
    let hardly = |rate: f64| {
        let few = |ago| crate::night::earlier(series(|_| rate), ago);
        let night = Night::quiet().signal(Signal::Requests, Series::default());
        let night = night.signal(Signal::RequestsYesterday, few(Span::hours(24)));
        night.signal(Signal::RequestsLastWeek, few(Span::hours(168)))
    };
    heals(&hardly(0.1));
    assert!(matches!(verdict(&hardly(600.0), &[calm(&uncounted)]), Recovery::NotYet { .. }));
    // One quiet day of two is a holiday, or yesterday's outage.
    let holiday =
        hardly(600.0).signal(Signal::RequestsYesterday, crate::night::earlier(series(|_| 0.0), Span::hours(24)));
    assert!(matches!(verdict(&holiday, &[calm(&uncounted)]), Recovery::NotYet { .. }));
    let none = hardly(0.1).signal(Signal::RequestsYesterday, Series::default());
    heals(&none.signal(Signal::RequestsLastWeek, Series::default()));
}

#[test]
fn a_rollout_that_alone_is_missing_is_told_apart() {
    let alone = |night: &Night| match verdict(night, &[calm(night)]) {
        Recovery::NotYet { rollout_alone, .. } => rollout_alone,
        Recovery::Healed { .. } => panic!("healed"),
    };
    let rollout = |to| Night::quiet().live(|service| service.deployments[0].rollout = Some(to));
    assert!(alone(&rollout(Rollout::InProgress)));
    assert!(!alone(&rollout(Rollout::Failed)));
    let idle = rollout(Rollout::InProgress).signal(Signal::Requests, series(step(600.0, 100.0, 12)));
    assert!(!alone(&idle), "its traffic is not back either");
    let fewer = Night::quiet().live(|service| service.running = 3);
    assert!(!alone(&fewer), "its rollout is through, and its tasks are not");
    // One call that fails tells nothing.
    for unseen in [0, 3, 6] {
        assert!(alone(&rollout(Rollout::InProgress).hide(unseen)), "{unseen}");
    }
}

#[test]
fn a_metric_that_is_no_count_must_be_reported_itself() {
    let mut night = Night::quiet();
    let alarm = night.alarm.as_mut().unwrap();
    (alarm.metrics[0].name, alarm.metrics[0].stat) = ("TargetResponseTime".into(), "p99".into());
    waits(&night, &["the metric has not been reported for three hours"]);
    heals(&night.clone().signal(Signal::Symptom, series(|_| 0.2)));
    let stale = series(|_| 0.2).0.into_iter().filter(|point| point.at < ago(6)).collect();
    waits(&night.signal(Signal::Symptom, Series(stale)), &["the metric was last reported 7 m 20 s ago"]);
}

#[test]
fn traffic_must_be_back() {
    let rate = |after| Night::quiet().signal(Signal::Requests, series(step(600.0, after, 12)));
    heals(&rate(300.0));
    waits(&rate(299.0), &["299 requests a minute against a usual 600"]);
    // The lower of two days is enough.
    let rush =
        Night::quiet().signal(Signal::RequestsYesterday, crate::night::earlier(series(|_| 6000.0), Span::hours(24)));
    heals(&rush);
    // Without other days, the time before the incident tells.
    waits(
        &rate(100.0).without(&[Signal::RequestsYesterday, Signal::RequestsLastWeek]),
        &["100 requests a minute against a usual 600"],
    );
}

#[test]
fn every_joined_alarm_must_be_ok_now() {
    let night = Night::quiet();
    let state = |state| verdict(&night, &[LiveAlarm { state, ..calm(&night) }]);
    let waiting = |says: &str| Recovery::NotYet { waiting_for: vec![says.into()], rollout_alone: false };
    assert_eq!(state(AlarmState::Alarm), waiting("web-5xx is in ALARM"));
    assert_eq!(state(AlarmState::InsufficientData), waiting("web-5xx has too few datapoints to tell"));
    let unread = night.clone().without(&[Signal::Symptom]);
    assert_eq!(verdict(&unread, &[]), waiting("web-5xx cannot be read"));
}

#[test]
fn the_deadline_is_rollout_and_deregistration_and_the_alarms_span() {
    let night = Night::quiet();
    let until = |night: &Night| deadline(&night.view, night.alarm.as_ref(), &night.policy, ago(0));
    assert_eq!(until(&night), Span::seconds(600 + 30 + 120).after(ago(0)));
    assert_eq!(until(&night.clone().hide(6)), Span::seconds(600 + 300 + 120).after(ago(0)));
    let alone = Night { alarm: None, ..night }.hide(6).live(|service| service.target_groups.clear());
    assert_eq!(until(&alone), Span::seconds(600).after(ago(0)));
}
