//! Which cause comes out on top, and how sure it is.

use nightshift_core::alarm::{AlarmState, LiveAlarm};
use nightshift_core::cause::Cause;
use nightshift_core::metric::Signal;
use nightshift_core::span::Span;
use nightshift_core::task::Crash;

use crate::night::{
    BALANCER, GROUP, Night, ago, alarm, database, earlier, issue, metric, names, other, percent_of, release, series,
    step, stopped,
};

/// The likeliest cause, and within which per cent the release is.
#[track_caller]
pub fn check(night: &Night, cause: Cause, release: std::ops::RangeInclusive<u8>) {
    let diagnosis = night.diagnose();
    let guilt = percent_of(&diagnosis, Cause::Release);
    assert!(diagnosis.cause == cause && release.contains(&guilt), "release {guilt} %: {diagnosis:#?}");
}

#[test]
fn a_release_that_fails_at_once_is_to_blame_even_if_no_task_crashes() {
    check(&Night::failing(5), Cause::Release, 90..=99);
}

#[test]
fn a_release_whose_tasks_crash_is_to_blame() {
    let crashes = (2..6).map(|at| stopped(43, Crash::Exit, at)).collect();
    check(&Night::failing(5).stopped(crashes), Cause::Release, 97..=99);
}

#[test]
fn a_symptom_older_than_the_release_clears_it() {
    check(&Night::failing(13), Cause::Unknown, 0..=5);
    check(&Night::failing(40), Cause::Unknown, 0..=5);
}

#[test]
fn no_release_within_the_window_means_none_to_blame() {
    let night =
        |began| Night::failing(5).history(vec![release(43, began, Some(began - 4)), release(42, 7200, Some(7195))]);
    check(&night(64), Cause::Release, 60..=89);
    check(&night(66), Cause::Unknown, 0..=5);
}

#[test]
fn a_later_onset_is_asked_about_and_not_acted_on() {
    let late = Night::failing(5).history(vec![release(43, 40, Some(36)), release(42, 7200, Some(7195))]);
    check(&late, Cause::Release, 60..=89);
}

#[test]
fn a_load_spike_clears_a_recent_release() {
    check(&Night::failing(5).busy(3.0, 6), Cause::Load, 0..=59);
    check(&Night::failing(5).busy(1.5, 6), Cause::Load, 0..=75);
}

#[test]
fn a_bad_release_under_load_is_asked_about_and_not_acted_on() {
    let crashes = (2..6).map(|at| stopped(43, Crash::Exit, at)).collect();
    check(&Night::failing(5).busy(3.0, 6).stopped(crashes), Cause::Load, 30..=89);
}

#[test]
fn an_outage_of_a_dependency_clears_a_recent_release() {
    let others = || vec![other("orders", 4), other("users", 3)];
    check(&Night::failing(5).firing(others()), Cause::Dependency, 0..=59);
    check(&Night::failing(5).firing(vec![database(5)]), Cause::Dependency, 0..=59);
    let crashes = (2..6).map(|at| stopped(43, Crash::Exit, at)).collect();
    check(&Night::failing(5).firing(others()).stopped(crashes), Cause::Dependency, 0..=59);
    // What began long before is another story.
    check(&Night::failing(5).firing(vec![other("orders", 60), other("users", 90)]), Cause::Release, 90..=99);
}

#[test]
fn alarms_of_the_service_itself_and_of_its_scaling_are_no_neighbours() {
    let scaling =
        |name: &str| LiveAlarm { name: format!("TargetTracking-service/prod/{name}-AlarmLow"), ..other(name, 4) };
    let night = Night::failing(5).firing(vec![other("web", 4), scaling("orders"), scaling("users")]);
    check(&night, Cause::Release, 90..=99);
    assert!(names(&night.diagnose()).contains(&"alone"));
}

#[test]
fn an_alarm_names_its_service_by_dimension_description_or_policy() {
    let anonymous = |name: &str| {
        let own_metric = metric("Shop", "Failures", "Sum", &[("Shop", name)]);
        alarm(name, 4, own_metric)
    };
    let says = |alarm: LiveAlarm, names: &str| {
        let mut night = Night::failing(5).firing(vec![alarm]);
        night.policy.services.insert("shop-users".into(), "prod/users".into());
        night.policy.services.insert("shop-web".into(), "prod/web".into());
        let diagnosis = night.diagnose();
        let other = diagnosis.evidence.iter().find(|one| one.name == "another-too");
        assert_eq!(other.map(|one| one.says.as_str()).unwrap_or_default(), names, "{diagnosis:#?}");
    };
    let one = |name: &str| format!("an alarm of {name} fires since about the same time");
    says(anonymous("whose"), "");
    says(other("orders", 4), &one("prod/orders"));
    says(anonymous("shop-users-failures"), &one("prod/users"));
    says(anonymous("shop-web-failures"), "");
    let described = |service: &str| LiveAlarm {
        description: Some(format!(r#"{{"cluster":"prod","service":"{service}","signal":"errors"}}"#)),
        ..anonymous("described")
    };
    says(described("orders"), &one("prod/orders"));
    says(described("web"), "");
    let behind = |group: &str| {
        let of = [("LoadBalancer", BALANCER), ("TargetGroup", group)];
        alarm("behind", 4, metric("AWS/ApplicationELB", "TargetResponseTime", "p99", &of))
    };
    says(behind("targetgroup/orders/1"), &one("targetgroup/orders/1"));
    says(behind(GROUP), "");
}

#[test]
fn an_issue_of_aws_holds_a_release_blameless() {
    check(&Night::failing(5).issues(vec![issue("FARGATE")]), Cause::Provider, 0..=59);
    check(&Night::failing(5).issues(vec![issue("IOT")]), Cause::Release, 90..=99);
}

#[test]
fn what_happens_every_day_is_no_release() {
    let yesterday = earlier(series(step(0.0, 38.0, 6)), Span::hours(24));
    check(&Night::failing(5).signal(Signal::SymptomYesterday, yesterday), Cause::Release, 0..=80);
}

#[test]
fn tasks_of_the_old_release_that_crash_speak_for_the_new_one() {
    let of_old = vec![stopped(42, Crash::Exit, 20), stopped(42, Crash::Exit, 4)];
    check(&Night::failing(5).stopped(of_old.clone()), Cause::Release, 0..=59);
    check(&Night::failing(5).stopped([of_old, vec![stopped(43, Crash::Exit, 4)]].concat()), Cause::Release, 0..=80);
}

#[test]
fn tasks_that_cannot_start_after_a_finished_rollout_are_not_the_releases_fault() {
    let starts = |at| vec![stopped(43, Crash::Resources, at), stopped(43, Crash::Resources, at)];
    let late = Night::failing(5).history(vec![release(43, 40, Some(36)), release(42, 7200, Some(7195))]);
    check(&late.stopped(starts(5)), Cause::Configuration, 0..=59);
    let rolling_out = Night::failing(5).history(vec![release(43, 12, None), release(42, 7200, Some(7195))]);
    check(&rolling_out.stopped(starts(5)), Cause::Release, 90..=99);
}

#[test]
fn a_worker_without_requests_is_judged_by_its_cpu() {
    let worker = || Night::failing(5).without(&[Signal::Requests, Signal::RequestsYesterday, Signal::RequestsLastWeek]);
    check(&worker(), Cause::Release, 90..=92);
    check(&worker().signal(Signal::Cpu, series(step(40.0, 97.0, 5))), Cause::Release, 60..=89);
}

#[test]
fn memory_that_climbed_before_the_release_is_a_leak_of_the_old_one() {
    let climbing = series(|minute| if minute > 12 { 95.0 - 0.3 * minute as f64 } else { 40.0 });
    let killed = vec![stopped(42, Crash::OutOfMemory, 14), stopped(42, Crash::OutOfMemory, 13)];
    check(&Night::failing(14).signal(Signal::Memory, climbing).stopped(killed), Cause::MemoryLeak, 0..=5);
}

#[test]
fn memory_that_runs_out_under_the_new_release_alone_is_its_fault() {
    let killed = vec![stopped(43, Crash::OutOfMemory, 5), stopped(43, Crash::OutOfMemory, 3)];
    check(&Night::failing(5).stopped(killed), Cause::Release, 90..=99);
}

#[test]
fn what_cannot_start_says_why() {
    let pulls = vec![stopped(43, Crash::ImagePull, 9), stopped(43, Crash::ImagePull, 5)];
    let without = Night::quiet().history(vec![release(43, 7200, Some(7195))]);
    check(&without.clone().stopped(pulls), Cause::ImageUnavailable, 0..=10);
    let secrets = vec![stopped(43, Crash::Resources, 9)];
    check(&without.stopped(secrets), Cause::Configuration, 0..=10);
}

#[test]
fn an_alarm_that_is_over_is_noise() {
    let mut night =
        Night::quiet().signal(Signal::Symptom, series(|minute| if minute == 9 || minute == 8 { 12.0 } else { 0.0 }));
    night.alarm.as_mut().unwrap().state = AlarmState::Ok;
    night = night.history(vec![release(43, 7200, Some(7195))]);
    check(&night, Cause::Noise, 0..=10);
}

#[test]
fn nothing_seen_is_unknown() {
    let mut night = Night::quiet();
    for part in 0..crate::night::PARTS {
        night = night.hide(part);
    }
    let diagnosis = night.diagnose();
    assert_eq!((diagnosis.cause, diagnosis.evidence.len()), (Cause::Unknown, 0));
}

#[test]
fn the_evidence_adds_up_and_is_told_with_its_figures() {
    let crashes = vec![stopped(43, Crash::Exit, 5), stopped(43, Crash::HealthCheck, 4), stopped(43, Crash::Exit, 3)];
    let diagnosis = Night::failing(5).stopped(crashes).diagnose();
    let sum: i32 = diagnosis.evidence.iter().filter(|one| one.cause == Cause::Release).map(|one| one.weight).sum();
    assert_eq!(diagnosis.ranking[0].log_odds, sum - 100, "{diagnosis:#?}");
    let says: Vec<&str> =
        diagnosis.evidence.iter().filter(|one| one.cause == Cause::Release).map(|one| one.says.as_str()).collect();
    assert_eq!(
        says,
        [
            "2 tasks of web:43 crashed, none of web:42 did",
            "5xx went from 0 to 41 a minute at 02:10, 7 m after web:43 began",
            "web:42 ran for 4 d 23 h without this symptom",
            "600 requests a minute against 600 at this hour yesterday",
            // The cap of the tasks' group leaves 40 of its 90.
            "1 task of web:43 failed their health checks, none of web:42 did",
            "no other service and no dependency has an alarm",
            "5xx did nothing like it at this hour on other days",
        ]
    );
    assert_eq!(diagnosis.onset, Some(ago(5)));
}
