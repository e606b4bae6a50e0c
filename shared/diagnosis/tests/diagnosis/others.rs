//! Other target groups, and what they say of this one's trouble.

use nightshift_core::cause::Cause;
use nightshift_core::fault::Sight;
use nightshift_core::task::Crash;
use nightshift_diagnosis::Other;

use crate::causes::check;
use crate::generated::Chance;
use crate::night::{Ago, Night, ago, percent_of, stopped, well};

/// Other target groups: most serve as ever, some are idle, hardly ill, or ill at a time of their own.
pub fn strangers(chance: &mut Chance) -> Vec<Other> {
    let mut some: Vec<Other> = (0..chance.between(0, 6))
        .map(|number| {
            let requests = if chance.percent(15) { 0.0 } else { chance.real(5.0, 3000.0) };
            Other { requests_before: requests, requests_since: requests, ..well(&format!("stranger-{number}00")) }
        })
        .collect();
    for other in &mut some {
        if chance.percent(10) {
            let (at, clear) = (chance.between(2, 60), chance.percent(30));
            (other.since, other.clear, other.over) = (Some(ago(at)), clear, chance.percent(50));
        }
    }
    some
}

/// Mostly one to three of the others are hit at about that time.
pub fn hit(mut night: Night, chance: &mut Chance, onset: Ago) -> Night {
    let number = if chance.percent(75) { chance.between(1, 3) } else { 0 };
    if let Sight::Seen(others) = &mut night.view.others {
        for other in others.iter_mut().take(number as usize) {
            let at = (onset + chance.between(-2, 2)).max(0);
            (other.since, other.clear, other.over, other.after) = (Some(ago(at)), true, false, 40.0);
        }
    }
    night
}

#[test]
fn what_others_fail_with_in_the_same_minutes_is_not_the_releases_and_needs_no_alarm() {
    let with = |others: &[(&str, Option<Ago>)]| Night::failing(5).others(others);
    check(&with(&[("orders", Some(6)), ("users", Some(3)), ("mail", None)]), Cause::Dependency, 0..=59);
    // One may be a caller of this one: a reason to ask.
    check(&with(&[("orders", Some(4)), ("mail", None)]), Cause::Release, 60..=89);
    // Most troubles of a service are its own: that others serve does not make it the release's.
    let percent = |others: &[(&str, Option<Ago>)], cause| percent_of(&with(others).diagnose(), cause);
    let serve = [("orders", None), ("mail", None)];
    assert_eq!(percent(&serve, Cause::Release), percent(&[], Cause::Release));
    let dependency = [&serve[..], &serve[..1], &[]].map(|others| percent(others, Cause::Dependency));
    assert!(dependency.is_sorted() && dependency[0] < dependency[1] && dependency[1] < dependency[2], "{dependency:?}");
    // Two colours of one service are one.
    check(&with(&[("orders-blue", Some(5)), ("orders-green", Some(5))]), Cause::Release, 60..=89);
}

#[test]
fn others_that_fail_at_another_time_or_serve_nobody_speak_for_nobody() {
    let with = |others: &[(&str, Option<Ago>)], change: &dyn Fn(&mut Other)| {
        let mut night = Night::failing(5).others(others);
        if let Sight::Seen(others) = &mut night.view.others {
            others.iter_mut().for_each(change);
        }
        night.diagnose()
    };
    let alone = Night::failing(5).diagnose();
    let two = |ago: Ago| [("orders", Some(ago)), ("users", Some(ago))];
    // Ill before or soon after, ill for a while, hardly ill, idle, and out of reach.
    assert_eq!(with(&two(40), &|_| ()), alone);
    assert_eq!(with(&two(1), &|_| ()), alone);
    assert_eq!(with(&two(5), &|other| other.over = true), alone);
    assert_eq!(with(&two(5), &|other| other.clear = false), alone);
    assert_eq!(with(&[("orders", None), ("users", None)], &|other| other.requests_before = 0.1), alone);
    assert_eq!(with(&[("orders", None), ("users", None)], &|other| other.requests_since = 12.0), alone);
    // What was over long before is well.
    assert_ne!(with(&two(60), &|other| other.over = true), alone);
}

#[test]
fn tasks_that_end_amid_others_are_asked_about_and_beside_one_other_acted_on() {
    let crashing = |others: &[(&str, Option<Ago>)]| {
        let crashes = (2..6).map(|at| stopped(43, Crash::Exit, at)).collect();
        Night::failing(5).stopped(crashes).others(others)
    };
    check(&crashing(&[("orders", Some(5))]), Cause::Release, 90..=99);
    check(&crashing(&[("orders", Some(5)), ("users", Some(5))]), Cause::Dependency, 0..=59);
}

#[test]
fn others_are_called_by_name_and_the_first_that_failed_dates_them() {
    let says = |others: &[(&str, Option<Ago>)], name: &str| {
        let diagnosis = Night::failing(5).others(others).diagnose();
        let found = diagnosis.evidence.into_iter().find(|one| one.name == name);
        found.unwrap_or_else(|| panic!("no {name}")).says
    };
    let two = [("users", Some(4)), ("orders", Some(5))];
    assert_eq!(says(&two, "others-fail-too"), "5xx of orders and users moved in the same minutes, from 02:10 on");
    assert_eq!(says(&two[..1], "another-fails-too"), "5xx of users moved in the same minutes, from 02:11 on");
    assert_eq!(says(&[("users", None)], "another-serves"), "5xx of another target group stayed as ever");
    assert_eq!(says(&[("x", None), ("y", None)], "others-serve"), "5xx of 2 other target groups stayed as ever");
}
