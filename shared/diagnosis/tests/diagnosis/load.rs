//! What requests take of the tasks' CPU.

use nightshift_core::cause::Cause;
use nightshift_core::metric::Signal;
use nightshift_diagnosis::{has_grown, in_use};

use crate::night::*;

/// Requests and CPU of an hour and more ago, and of the last half hour.
fn grew(requests: (f64, f64), cpu: (f64, f64)) -> Night {
    // Over two hours, minute by minute.
    let ramp =
        |(from, to): (f64, f64)| move |minute: Ago| from + (to - from) * ((140 - minute).clamp(0, 120) as f64) / 120.0;
    Night::failing(4)
        .history(vec![release(42, 7200, Some(7195))])
        .signal(Signal::Requests, series(ramp(requests)))
        .signal(Signal::Cpu, series(ramp(cpu)))
}

#[track_caller]
fn check(night: &Night, expect: bool) {
    let found = night.diagnose();
    let says = found.evidence.iter().any(|one| one.name == "load-fills-cpu");
    assert_eq!((says, found.cause == Cause::Load), (expect, expect), "{found:#?}");
}

#[test]
fn load_that_grows_for_hours_and_fills_the_tasks_is_load() {
    check(&grew((600.0, 830.0), (66.0, 91.0)), true);
    // Yesterday's requests are the same as ever, and half an hour shows nothing.
    let says = |night: Night, name: &str| night.diagnose().evidence.iter().any(|one| one.name == name);
    assert!(!says(grew((600.0, 830.0), (66.0, 91.0)), "load-usual"));
}

#[test]
fn dearer_requests_and_tasks_with_room_are_no_load() {
    // Twice the CPU for a third more requests: each has become dearer.
    check(&grew((600.0, 780.0), (40.0, 92.0)), false);
    check(&grew((600.0, 780.0), (50.0, 65.0)), false);
    check(&grew((600.0, 660.0), (80.0, 88.0)), false);
    check(&grew((0.0, 0.0), (80.0, 100.0)), false);
}

#[test]
fn what_requests_need_is_known_though_tasks_at_their_limit_do_not_show_it() {
    let spike = |rate: f64| {
        let night = Night::failing(6).signal(Signal::Requests, series(step(600.0, rate, 7)));
        night.signal(Signal::Cpu, series(step(40.0, 100.0, 7)))
    };
    assert_eq!(spike(1800.0).diagnose().demand_percent, Some(120));
    assert_eq!(spike(3000.0).diagnose().demand_percent, Some(200));
    // Tasks that somebody has added meanwhile have room.
    let added = spike(3000.0).signal(
        Signal::Cpu,
        series(|ago| {
            if ago > 7 {
                40.0
            } else if ago > 3 {
                90.0
            } else {
                80.0
            }
        }),
    );
    assert_eq!(added.diagnose().demand_percent, Some(90));
    assert_eq!(spike(1800.0).without(&[Signal::Requests]).diagnose().demand_percent, None);
    assert_eq!(spike(1800.0).without(&[Signal::Cpu]).diagnose().demand_percent, None);
    assert_eq!(in_use(&spike(1800.0).view, now()), Some(100));
    assert_eq!(in_use(&spike(1800.0).without(&[Signal::Cpu]).view, now()), None);
}

#[test]
fn load_has_grown_if_more_requests_come_than_did() {
    let of = |factor: f64| Night::failing(4).signal(Signal::Requests, series(step(600.0, 600.0 * factor, 8)));
    let grown = |night: &Night| has_grown(&night.view, ago(9), now());
    assert!(grown(&of(1.2)) && !grown(&of(1.05)) && !grown(&of(0.5)));
    assert!(!grown(&of(1.2).without(&[Signal::Requests])), "what nobody counts was not seen to grow");
}

#[test]
fn requests_that_failed_and_come_again_are_no_growth() {
    let failing = grew((600.0, 830.0), (66.0, 91.0)).signal(Signal::Symptom, series(step(0.0, 200.0, 8)));
    check(&failing, false);
}
