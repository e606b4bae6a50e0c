//! Who is told what, and how often.

use std::collections::BTreeSet;

use nightshift_core::image::{Role, Run};
use nightshift_core::mode::Severity;
use nightshift_core::policy::Policy;

use super::{at, findings, run, running, settle, with};
use crate::plan::Step;

#[test]
fn each_team_has_a_thread_of_its_own_which_ends_when_its_services_move_on() {
    let policy = Policy::default();
    let two = with(running(), |it| {
        it.runs.push(Run { team: Some("search".into()), ..run(it, "find", Role::Runs) });
    });
    let (seen, _, told) = settle(&two, &policy, at(0));
    let threads: BTreeSet<_> = told.iter().map(|notice| (notice.team.clone(), notice.incident.clone())).collect();
    assert_eq!(threads.len(), 2, "{told:?}");
    let one = with(seen, |it| it.runs.retain(|run| run.team.as_deref() == Some("shop")));
    let (seen, _, told) = settle(&one, &policy, at(10));
    let [over] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((over.team.as_deref(), over.sequence), (Some("search"), 2));
    let none = with(seen, |it| it.runs.clear());
    // Now it is one that nobody runs, with what asks for a quarantine.
    let (_, steps, told) = settle(&none, &policy, at(20));
    assert_eq!(steps, [Step::Mark, Step::Unkeep]);
    assert_eq!(told.len(), 1);
}

#[test]
fn a_deadline_that_passes_is_told_once() {
    let policy = Policy::default();
    let (seen, ..) = settle(&running(), &policy, at(0));
    let days = |days: i64| at(days * 24 * 60);
    let (seen, _, told) = settle(&seen, &policy, days(6));
    assert_eq!(told, []);
    let (seen, _, told) = settle(&seen, &policy, days(7));
    assert!(told[0].why.iter().any(|line| line.starts_with("Overdue: CVE-1 was to be gone by")), "{:?}", told[0].why);
    let (_, _, told) = settle(&seen, &policy, days(8));
    assert_eq!(told, []);
}

#[test]
fn what_a_lifecycle_policy_will_take_is_told_before_it_happens() {
    let policy = Policy::default();
    let clean = with(running(), |it| findings(it, Vec::new()));
    let (seen, _, told) = settle(&clean, &policy, at(0));
    assert_eq!(told, []);
    let doomed = with(seen, |it| it.doomed = Some(Some("rule 2 takes it on 2026-12-01".into())));
    let (seen, _, told) = settle(&doomed, &policy, at(10));
    assert_eq!(told[0].severity, Severity::P2);
    assert!(told[0].why.iter().any(|line| line.contains("rule 2 takes it on 2026-12-01")), "{:?}", told[0].why);
    let saved = with(seen, |it| it.doomed = Some(None));
    assert_eq!(settle(&saved, &policy, at(20)).2.len(), 1, "and when it is over");
}
