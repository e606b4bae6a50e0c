//! What is quarantined: how it is held, and how it is let go.

use std::collections::BTreeSet;

use nightshift_core::image::{FindingSeverity, Fix, Marked, Role, Run, Scan, ScanState};
use nightshift_core::ledger::Versioned;
use nightshift_core::policy::Policy;

use super::{at, finding, findings, pushed, run, settle, with};
use crate::plan::{Came, Step, Tried, plan};

#[test]
fn quarantine_and_release_are_inverse() {
    let policy = Policy::default();
    let before = pushed();
    let (held, ..) = settle(&before, &policy, at(0));
    // Scanned again, nothing is found: a rebuilt base of the same digest cannot be,
    // but a withdrawn advisory can.
    let clean = with(held, |it| findings(it, Vec::new()));
    let (free, steps, told) = settle(&clean, &policy, at(10));
    assert_eq!(steps, [Step::Unmark]);
    assert_eq!(free.record.value.quarantine, None);
    assert_eq!(free.detail, before.detail);
    assert_eq!(told.len(), 1);
    assert!(told[0].headline.ends_with("nothing is found in it any more that asks for a message"), "{told:?}");
    let (_, steps, told) = settle(&free, &policy, at(20));
    assert_eq!((steps, told), (vec![], vec![]));
}

#[test]
fn an_exception_lets_it_go_and_its_end_speaks_up() {
    let (held, ..) = settle(&pushed(), &Policy::default(), at(0));
    let day = at(0).to_zoned(jiff::tz::TimeZone::UTC).date();
    let policy = Policy::parse(&format!(
        "[[images.exception]]\nfinding = \"CVE-1\"\nowner = \"platform\"\nreason = \"not reachable\"\nuntil = \"{day}\"\n"
    ))
    .unwrap();
    let (free, steps, told) = settle(&held, &policy, at(1));
    assert_eq!((steps, told.len()), (vec![Step::Unmark], 1));
    assert!(told[0].headline.ends_with("somebody answers for what is found in it"), "{}", told[0].headline);
    let later = at(3 * 24 * 60);
    let (_, steps, told) = settle(&with(free, |it| it.runs_known = Some(later)), &policy, later);
    assert_eq!(steps, [Step::Mark]);
    let parts: Vec<_> = told[0].sections.iter().filter(|part| part.title == "Exceptions").collect();
    assert!(parts[0].lines[0].contains("that of platform ended on"), "{parts:?}");
}

#[test]
fn a_person_who_takes_the_marker_off_means_it() {
    let policy = Policy::default();
    let (held, ..) = settle(&pushed(), &policy, at(0));
    let untagged = with(held, |it| {
        it.detail.as_mut().unwrap().tags.remove("quarantine-aaaaaaaaaaaa");
    });
    let (free, steps, told) = settle(&untagged, &policy, at(10));
    assert_eq!((steps, free.record.value.quarantine.is_none()), (vec![], true));
    assert!(told[0].headline.ends_with("it may be deployed again"), "{}", told[0].headline);
    let (_, steps, told) = settle(&free, &policy, at(20));
    assert_eq!((steps, told), (vec![], vec![]), "not a second time for the same findings");
    let more = with(free, |it| {
        findings(it, ["CVE-1", "CVE-9"].map(|id| finding(id, FindingSeverity::Critical, Fix::Available)).into());
    });
    let (held, steps, _) = settle(&more, &policy, at(30));
    assert_eq!(steps, [Step::Mark]);
    assert_eq!(held.record.value.quarantine.unwrap().because, BTreeSet::from(["CVE-9".to_owned()]));
}

#[test]
fn somebody_who_deploys_it_all_the_same_ends_the_quarantine() {
    let policy = Policy::default();
    let (held, ..) = settle(&pushed(), &policy, at(0));
    let deployed = with(held, |it| it.runs = vec![run(it, "web", Role::Runs)]);
    let (runs, steps, told) = settle(&deployed, &policy, at(10));
    assert_eq!(steps, [Step::Unmark, Step::Keep]);
    assert_eq!(runs.record.value.quarantine, None);
    assert!(told[0].headline.contains("it runs in prod/web"), "{}", told[0].headline);
}

#[test]
fn a_deployment_that_may_yet_be_stopped_does_not_end_the_quarantine() {
    let policy = Policy::default();
    let (held, ..) = settle(&pushed(), &policy, at(0));
    let arrives = with(held.clone(), |it| it.runs = vec![Run { arrives: true, ..run(it, "web", Role::Runs) }]);
    let (still, steps, told) = settle(&arrives, &policy, at(10));
    assert_eq!((steps, told), (vec![], vec![]));
    assert_eq!(still.record.value.quarantine, held.record.value.quarantine);
    // What is found in it only now was not held before, and stops nothing.
    let new = with(pushed(), |it| it.runs = vec![Run { arrives: true, ..run(it, "web", Role::Runs) }]);
    assert_eq!(settle(&new, &policy, at(10)).0.record.value.quarantine, None);
}

#[test]
fn what_cannot_be_marked_is_quarantined_by_the_ledger_and_said_so() {
    let why = "IAM denies ecr:PutImage.".to_owned();
    let claimed = plan(&pushed(), &Policy::default(), at(0)).record.unwrap();
    let denied = with(pushed(), |it| {
        it.record = Versioned { version: 1, value: claimed };
        it.tried = vec![Tried { step: Step::Mark, came: Came::Cannot { why: why.clone() } }];
    });
    let plan = plan(&denied, &Policy::default(), at(0));
    let record = plan.record.unwrap();
    assert_eq!(plan.step, None);
    assert_eq!(record.quarantine.unwrap().mark, Marked::Cannot { why: why.clone() });
    assert!(record.unpublished[0].done.iter().any(|line| line.contains(&why)), "{:?}", record.unpublished);
}

#[test]
fn a_scan_that_is_not_done_changes_nothing() {
    let policy = Policy::default();
    let (held, ..) = settle(&pushed(), &policy, at(0));
    let not = |status: &str| ScanState::Not { status: status.into(), why: None };
    for state in [ScanState::Pending, ScanState::Never, ScanState::Archived, not("FAILED"), not("UNSUPPORTED_IMAGE")] {
        let odd = with(held.clone(), |it| {
            it.scans.insert(it.image.digest.clone(), Scan::of(state.clone()));
        });
        let (after, steps, told) = settle(&odd, &policy, at(10));
        assert_eq!((steps, told), (vec![], vec![]), "{state:?}");
        assert_eq!(after.record.value.quarantine, held.record.value.quarantine);
        assert_eq!(after.record.value.scan, Some(state));
    }
}
