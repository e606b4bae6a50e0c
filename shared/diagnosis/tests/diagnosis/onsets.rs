//! What the onset, the load and memory tell about a release.

use nightshift_core::metric::{Series, Signal};
use nightshift_core::release::{DeploymentStatus, ServiceDeployment};
use nightshift_core::span::Span;
use nightshift_core::task::Crash;

use crate::night::{Ago, Night, earlier, names, release, runs, series, step, stopped};

#[track_caller]
fn check(night: &Night, evidence: &str, expect: bool) {
    let diagnosis = night.diagnose();
    assert_eq!(names(&diagnosis).contains(&evidence), expect, "{evidence}: {diagnosis:#?}");
}

fn released(began: Ago, finished: Ago) -> Vec<ServiceDeployment> {
    vec![release(43, began, Some(finished)), release(42, 7200, Some(7195))]
}

#[test]
fn an_onset_while_new_tasks_come_says_more_than_one_minutes_later() {
    let night = |began, finished| Night::failing(5).history(released(began, finished));
    check(&night(9, 8), "onset-as-tasks-came", true);
    check(&night(10, 9), "onset-soon-after-release", true);
    check(&night(15, 14), "onset-soon-after-release", true);
    check(&night(16, 15), "onset-later-after-release", true);
    // A slow rollout shows its fault until it is through.
    check(&night(40, 8), "onset-as-tasks-came", true);
    check(&night(40, 9), "onset-later-after-release", true);
}

/// web:43 began so many minutes ago, and web:44 after it.
fn in_a_row(first: Ago, second: ServiceDeployment) -> Night {
    let stopped = ServiceDeployment { status: DeploymentStatus::Stopped, ..release(43, first, None) };
    Night::failing(6).history(vec![second, stopped, release(42, 7200, Some(7195))])
}

#[track_caller]
fn suspects(night: &Night, revision: u32) {
    let diagnosis = night.diagnose();
    assert_eq!(diagnosis.suspect.as_ref().map(|it| it.task_definition.clone()), Some(runs(revision)), "{diagnosis:#?}");
}

#[test]
fn a_symptom_that_runs_on_under_the_next_release_is_that_ones_too() {
    let through = in_a_row(8, release(44, 6, Some(3)));
    suspects(&through, 44);
    assert!(through.diagnose().release_gate);
    let onset = |night: &Night| {
        night.diagnose().evidence.into_iter().find(|one| one.name == "onset-as-tasks-came").map(|one| one.says)
    };
    let says = onset(&through).unwrap();
    assert!(says.ends_with("2 m after web:43 began, and runs on under web:44"), "{says}");
    // One that is on its way has it as well if all its tasks run.
    let under_way =
        |began| in_a_row(8, release(44, began, None)).live(|service| service.deployments[0].task_definition = runs(44));
    suspects(&under_way(5), 44);
    suspects(&under_way(1), 43);
    suspects(&under_way(5).live(|service| service.deployments[0].running = 1), 43);
}

#[test]
fn what_may_be_the_fix_is_no_suspect() {
    // The symptom goes with it.
    let gone = series(|minute| if minute <= 6 && minute > 3 { 41.0 } else { 0.0 });
    suspects(&in_a_row(8, release(44, 5, Some(3))).signal(Signal::Symptom, gone), 43);
    // It is not through yet, and errors fall.
    let falls = series(|minute| if minute > 6 { 0.0 } else { 41.0 * minute as f64 / 6.0 });
    let under_way = in_a_row(8, release(44, 5, None)).live(|service| service.deployments[0].task_definition = runs(44));
    suspects(&under_way.signal(Signal::Symptom, falls), 43);
    // Stopping it would lead back to the first.
    let history = vec![release(44, 5, None), release(43, 8, Some(6)), release(42, 7200, Some(7195))];
    suspects(&Night::failing(6).history(history), 43);
    // What ran for a while before is no part of a row.
    suspects(&in_a_row(17, release(44, 6, Some(3))), 44);
}

/// Requests that went up eight minutes ago.
fn busier(today: f64, yesterday: f64, symptom: impl Fn(Ago) -> f64) -> Night {
    let rises = |to: f64| series(step(600.0, to, 6));
    Night::failing(5)
        .history(released(40, 36))
        .signal(Signal::Requests, rises(today))
        .signal(Signal::RequestsYesterday, earlier(rises(yesterday), Span::hours(24)))
        .signal(Signal::SymptomYesterday, earlier(series(symptom), Span::hours(24)))
}

#[test]
fn a_load_that_the_release_before_carried_is_no_excuse() {
    let quiet = |_| 0.0;
    check(&busier(800.0, 790.0, quiet), "load-carried-before", true);
    check(&busier(800.0, 650.0, quiet), "load-carried-before", false);
    check(&busier(630.0, 630.0, quiet), "load-carried-before", false);
    check(&busier(800.0, 790.0, step(0.0, 38.0, 6)), "load-carried-before", false);
    // Before the release it is not the release's.
    check(&busier(800.0, 790.0, quiet).history(released(4, 1)), "load-carried-before", false);
}

/// Memory that climbs by so much a minute since then, from a steady level.
fn climbs(since: Ago, a_minute: f64) -> Series {
    series(move |minute| 40.0 + a_minute * (since - minute).max(0) as f64)
}

#[test]
fn memory_that_climbs_since_the_release_is_its_leak() {
    let night = |memory| Night::failing(5).history(released(40, 36)).signal(Signal::Memory, memory);
    check(&night(climbs(38, 1.0)), "memory-climbed-since", true);
    check(&night(climbs(38, 0.3)), "memory-climbed-since", false);
    check(&night(climbs(90, 0.5)), "memory-climbed-since", false);
    check(&night(series(|_| 70.0)), "memory-climbed-since", false);
}

#[test]
fn a_leak_is_dated_by_its_climb_even_if_it_hurts_after_the_blame_window() {
    let killed = vec![stopped(43, Crash::OutOfMemory, 5), stopped(43, Crash::OutOfMemory, 4)];
    let night =
        |memory| Night::failing(5).history(released(95, 91)).stopped(killed.clone()).signal(Signal::Memory, memory);
    suspects(&night(climbs(93, 0.6)), 43);
    assert!(night(climbs(93, 0.6)).diagnose().release_gate);
    check(&night(series(|_| 60.0)), "no-release", true);
}

#[test]
fn sparse_errors_are_dated_by_where_their_mean_moved() {
    // One in four minutes, then one or two in each; the alarm saw six of one minute.
    let sparse = |minute: Ago| match minute {
        1..=5 => 6.0,
        6..=30 => {
            if minute % 5 == 0 {
                0.0
            } else {
                4.0
            }
        }
        _ if minute % 4 == 0 => 1.0,
        _ => 0.0,
    };
    let night = Night::quiet().history(released(32, 31)).signal(Signal::Symptom, series(sparse));
    check(&night, "onset-as-tasks-came", true);
}
