//! The hard gate beside the score.

use nightshift_core::metric::Signal;
use nightshift_core::task::Crash;

use crate::night::{Night, issue, other, release, series, step, stopped};

#[track_caller]
fn check(night: &Night, expect: bool) {
    let diagnosis = night.diagnose();
    assert_eq!(diagnosis.release_gate, expect, "{diagnosis:#?}");
}

fn crashes() -> Vec<nightshift_core::task::StoppedTask> {
    vec![stopped(43, Crash::Exit, 4), stopped(43, Crash::Exit, 3)]
}

#[test]
fn the_onset_must_lie_after_the_release() {
    check(&Night::failing(5), true);
    check(&Night::failing(12), true);
    check(&Night::failing(13), false);
    check(&Night::failing(13).stopped(crashes()), false);
    check(&Night::quiet(), false);
}

/// web:43 began so many minutes ago and is still on its way.
fn on_its_way(night: Night, began: i64, stage: &str) -> Night {
    let stage = Some(stage.to_owned());
    let newest = nightshift_core::release::ServiceDeployment {
        stage,
        status: nightshift_core::release::DeploymentStatus::InProgress,
        ..release(43, began, None)
    };
    let night = night.history(vec![newest, release(42, 7200, Some(7195))]);
    night.live(|service| service.strategy = nightshift_core::service::Strategy::BlueGreen)
}

#[test]
fn a_release_is_blamed_from_the_moment_at_which_it_got_more_traffic() {
    // Three hours is longer than the blame window; five minutes is not.
    let held = || on_its_way(Night::failing(5), 150, "BAKE_TIME");
    check(&held(), false);
    check(&held().shifted(&[5]), true);
    let says =
        |night: &Night| night.diagnose().evidence.into_iter().find(|one| one.name.starts_with("onset-")).unwrap();
    let at_once = says(&held().shifted(&[7]));
    assert_eq!(at_once.name, "onset-as-tasks-came");
    assert_eq!(says(&held().shifted(&[10])).name, "onset-soon-after-release");
    assert!(at_once.says.ends_with("2 m after web:43 got more traffic"), "{}", at_once.says);
    assert!(says(&held().shifted(&[5])).says.ends_with("the minute web:43 got more traffic"));
    // Its steps before count as well, those of another release do not.
    check(&held().shifted(&[140, 9]), true);
    check(&held().shifted(&[140]), false);
    check(&held().shifted(&[151]), false);
}

#[test]
fn a_release_that_nobody_was_served_by_is_not_blamed_for_failed_requests() {
    let early = || on_its_way(Night::failing(5), 12, "SCALE_UP");
    check(&early(), false);
    check(&on_its_way(Night::failing(5), 12, "BAKE_TIME"), true);
    check(&on_its_way(Night::failing(5), 12, "BAKE_TIME").shifted(&[3]), false);
    let says = early().diagnose().evidence.into_iter().find(|one| one.name == "onset-before-release").unwrap().says;
    assert!(says.ends_with("before any production traffic reached web:43"), "{says}");
    // What its tasks do to the host count is theirs, served or not.
    let mut hosts = early();
    hosts.alarm.as_mut().unwrap().metrics[0].name = "UnHealthyHostCount".into();
    check(&hosts, true);
    // A rolling deployment's bake time is no such stage.
    check(&early().live(|service| service.strategy = nightshift_core::service::Strategy::Rolling), true);
}

#[test]
fn in_the_minute_of_the_release_its_own_tasks_tell_or_all_else_is_clean() {
    let began = |second: i64, mut night: Night| {
        if let nightshift_core::fault::Sight::Seen(history) = &mut night.view.history {
            let later = jiff::SignedDuration::from_secs(second);
            history[0].started_at = history[0].started_at.and_then(|at| at.checked_add(later).ok());
        }
        night
    };
    let mid = |night: Night| began(30, night);
    check(&mid(Night::failing(12)), false);
    check(&mid(Night::failing(12).stopped(crashes())), true);
    check(&mid(Night::failing(11)), true);
    // One that began early in it may have served in it: then the rest must be clean.
    check(&began(5, Night::failing(12)), true);
    check(&began(5, Night::failing(12).busy(3.0, 12)), false);
    check(&began(5, Night::failing(12).firing(vec![other("orders", 12), other("users", 12)])), false);
    let sick = series(|minute| if minute <= 12 || (60..70).contains(&minute) { 41.0 } else { 0.0 });
    check(&began(5, Night::failing(12).signal(Signal::Symptom, sick)), false);
    // The release before is not to blame for that minute either.
    let names: Vec<String> = mid(Night::failing(12)).diagnose().evidence.into_iter().map(|one| one.name).collect();
    assert!(names.contains(&"previous-clean".into()) && !names.contains(&"previous-sick".into()), "{names:?}");
}

#[test]
fn one_sign_must_be_specific_to_the_release() {
    // Neither a clean predecessor nor usual requests: nothing to go by.
    let bare = Night::failing(5).history(vec![release(43, 12, Some(8))]).without(&[Signal::Requests]);
    check(&bare, false);
    check(&bare.clone().stopped(crashes()), true);
    check(&bare.clone().stopped(vec![stopped(43, Crash::Exit, 4)]), false);
    check(&bare.stopped([crashes(), vec![stopped(42, Crash::Exit, 9)]].concat()), false);
    let failing_checks = vec![stopped(43, Crash::HealthCheck, 4), stopped(43, Crash::HealthCheck, 3)];
    check(&Night::failing(5).busy(3.0, 6).stopped(failing_checks), false);
}

#[test]
fn what_has_another_explanation_is_not_specific() {
    check(&Night::failing(5).busy(3.0, 6), false);
    check(&Night::failing(5).firing(vec![other("orders", 4), other("users", 4)]), false);
    check(&Night::failing(5).issues(vec![issue("ECS")]), false);
    let before = series(|minute| if minute <= 5 || (60..70).contains(&minute) { 41.0 } else { 0.0 });
    check(&Night::failing(5).signal(Signal::Symptom, before), false);
}

#[test]
fn without_a_metric_the_first_crash_dates_the_symptom() {
    let dark = Night::quiet().without(&[Signal::Symptom]);
    check(&dark, false);
    check(&dark.clone().stopped(crashes()), true);
    check(&dark.clone().stopped([crashes(), vec![stopped(42, Crash::Exit, 30)]].concat()), false);
    // What could not be looked at is not what is not there.
    check(&dark.stopped(crashes()).hide(3), false);
}

#[test]
fn a_metric_that_fails_by_falling_has_its_onset_too() {
    let mut night = Night::quiet().signal(Signal::Symptom, series(step(4.0, 1.0, 5)));
    let alarm = night.alarm.as_mut().unwrap();
    alarm.metrics[0].name = "HealthyHostCount".into();
    alarm.metrics[0].stat = "Minimum".into();
    check(&night, false);
    night.alarm.as_mut().unwrap().breaches_above = false;
    check(&night, true);
}
