//! What is decided about an image, at every boundary.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::ids::{Digest, ServiceRef};
use nightshift_core::image::{
    Finding, FindingSeverity, Fix, ImageDetail, ImageId, ImageRecord, ImageStatus, Marked, Mutability, Repository,
    Role, Run, Scan, ScanFrequency, ScanState,
};
use nightshift_core::ledger::Versioned;
use nightshift_core::mode::Severity;
use nightshift_core::notice::Notice;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_incident::stack::Home;

use crate::observe::Observed;
use crate::plan::{Came, Decision, Plan, Step, Tried, plan};

mod held;
mod telling;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + 60 * minutes).unwrap()
}

fn digest(letter: &str) -> Digest {
    Digest::new(format!("sha256:{}", letter.repeat(64)))
}

fn service(name: &str) -> ServiceRef {
    ServiceRef::from_arn(&format!("arn:aws:ecs:eu-west-1:123456789012:service/prod/{name}")).unwrap()
}

fn finding(id: &str, severity: FindingSeverity, fix: Fix) -> Finding {
    Finding {
        id: id.into(),
        severity,
        package: Some("openssl".into()),
        installed: Some("3.0.1".into()),
        fixed_in: fix.helps().then(|| "3.0.9".into()),
        fix,
        exploit: None,
    }
}

fn scan(findings: Vec<Finding>) -> Scan {
    let mut counts = BTreeMap::new();
    findings.iter().for_each(|it| *counts.entry(it.severity).or_insert(0) += 1);
    Scan { findings, counts, at: Some(at(0)), ..Scan::of(ScanState::Done) }
}

/// An image of repository `web` in mode act that nobody runs, with one critical
/// finding that has a fix.
fn pushed() -> Observed {
    let image = ImageId::new("web", digest("a"));
    Observed {
        image: image.clone(),
        home: Home { account: "123456789012".into(), region: "eu-west-1".into() },
        record: Versioned { version: 0, value: ImageRecord::new(image.clone()) },
        repository: Some(Repository {
            name: "web".into(),
            tags: BTreeMap::from([("nightshift".into(), "act".into()), ("team".into(), "shop".into())]),
            mutability: Mutability::Immutable,
            scans: ScanFrequency::OnPush,
            lifecycle: None,
        }),
        detail: Some(ImageDetail {
            digest: image.digest.clone(),
            tags: BTreeSet::from(["43".to_owned()]),
            pushed_at: Some(at(-5)),
            pulled_at: None,
            size: 1,
            status: ImageStatus::Active,
            index: false,
        }),
        scans: BTreeMap::from([(
            image.digest.clone(),
            scan(vec![finding("CVE-1", FindingSeverity::Critical, Fix::Available)]),
        )]),
        platforms: Vec::new(),
        runs: Vec::new(),
        others: BTreeMap::new(),
        runs_known: Some(at(-60)),
        spread: BTreeMap::new(),
        halted: false,
        switch: None,
        doomed: None,
        tried: Vec::new(),
    }
}

fn run(observed: &Observed, name: &str, role: Role) -> Run {
    Run {
        service: service(name),
        container: "app".into(),
        role,
        image: observed.image.clone(),
        platforms: Vec::new(),
        reference: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:43".into(),
        previous: None,
        since: at(-60),
        arrives: false,
        environment: Some("production".into()),
        team: Some("shop".into()),
    }
}

/// The same image, run by a service in production.
fn running() -> Observed {
    let observed = pushed();
    Observed { runs: vec![run(&observed, "web", Role::Runs)], ..observed }
}

fn with(mut observed: Observed, change: impl FnOnce(&mut Observed)) -> Observed {
    change(&mut observed);
    observed
}

fn findings(observed: &mut Observed, findings: Vec<Finding>) {
    let digest = observed.image.digest.clone();
    observed.scans.insert(digest, scan(findings));
}

/// Goes on until nothing is left to be done, as the handler does: what is
/// remembered is remembered, a step does what the registry would do.
fn settle(observed: &Observed, policy: &Policy, now: Timestamp) -> (Observed, Vec<Step>, Vec<Notice>) {
    let (mut observed, mut steps, mut told) = (observed.clone(), Vec::new(), Vec::new());
    observed.tried.clear();
    for _ in 0..16 {
        let Plan { record, step, .. } = plan(&observed, policy, now);
        if let Some(record) = record {
            observed.record = Versioned { version: observed.record.version + 1, value: record };
        }
        let Some(step) = step else {
            told.append(&mut observed.record.value.unpublished);
            return (observed, steps, told);
        };
        let came = take(&mut observed, step);
        observed.tried.push(Tried { step, came });
        steps.push(step);
    }
    panic!("it never settles: {steps:?}");
}

fn take(observed: &mut Observed, step: Step) -> Came {
    let (marker, keep) = (observed.image.quarantine_tag(), observed.image.keep_tag());
    let Some(detail) = observed.detail.as_mut() else { return Came::Done };
    let cannot = |why: &str| Came::Cannot { why: why.into() };
    match step {
        Step::Mark => drop(detail.tags.insert(marker)),
        Step::Keep => drop(detail.tags.insert(keep)),
        Step::Unmark | Step::Unkeep if detail.tags.len() == 1 => return cannot("it is the last tag."),
        Step::Unmark => drop(detail.tags.remove(&marker)),
        Step::Unkeep => drop(detail.tags.remove(&keep)),
        Step::Archive => detail.status = ImageStatus::Archived,
        Step::Restore => detail.status = ImageStatus::Active,
    }
    Came::Done
}

#[track_caller]
fn spared(observed: &Observed, expect: &Refusal) {
    let plan = plan(observed, &Policy::default(), at(0));
    let record = plan.record.unwrap();
    assert_eq!((record.spared.as_ref(), record.quarantine), (Some(expect), None));
    assert!(matches!(plan.decision, Decision::Spared { .. } | Decision::Told { .. }), "{:?}", plan.decision);
}

#[test]
fn what_nobody_runs_yet_is_quarantined_marked_and_told_once() {
    let policy = Policy::default();
    let (held, steps, told) = settle(&pushed(), &policy, at(0));
    assert_eq!(steps, [Step::Mark]);
    assert_eq!(held.record.value.quarantine.as_ref().map(|held| &held.mark), Some(&Marked::Tagged));
    assert!(held.detail.as_ref().unwrap().tags.contains("quarantine-aaaaaaaaaaaa"));
    let [notice] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(notice.headline, "P3 · image web:43 is quarantined: 1 critical; it runs nowhere");
    assert_eq!((notice.sequence, notice.team.as_deref()), (1, Some("shop")));
    // Looked at again, whenever that is, nothing is new.
    for minutes in [0, 10, 100_000] {
        let (again, steps, told) = settle(&held, &policy, at(minutes));
        assert_eq!((again.record.value, steps, told), (held.record.value.clone(), vec![], vec![]));
    }
}

#[test]
fn it_is_claimed_before_it_is_marked_and_told_after_it() {
    let observed = pushed();
    let first = plan(&observed, &Policy::default(), at(0));
    let record = first.record.unwrap();
    assert_eq!((first.decision, first.step), (Decision::Quarantined, Some(Step::Mark)));
    assert_eq!(record.quarantine.as_ref().map(|held| &held.mark), Some(&Marked::Not));
    assert_eq!(record.unpublished, []);
}

#[test]
fn what_runs_is_told_and_never_quarantined() {
    let (seen, steps, told) = settle(&running(), &Policy::default(), at(0));
    assert_eq!((seen.record.value.quarantine, steps), (None, vec![Step::Keep]));
    let [notice] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(notice.headline, "P3 · image web:43: 1 critical; it runs in prod/web");
    assert_eq!(notice.service, service("web"));
    spared(&running(), &Refusal::ImageRuns { services: 1 });
}

#[test]
fn rules_spare_an_image_by_name() {
    let good = with(pushed(), |it| it.runs = vec![run(it, "web", Role::LastGood)]);
    spared(&good, &Refusal::ImageLastKnownGood { service: "prod/web".into() });
    let other = |it: &mut Observed, ids: &[&str]| {
        it.others.insert(digest("b"), ids.iter().map(|id| ((*id).to_owned(), at(-90))).collect());
    };
    spared(&with(pushed(), |it| other(it, &["CVE-1", "CVE-2"])), &Refusal::NoWorseThanWhatRuns);
    let many: Vec<ServiceRef> = (0..6).map(|n| service(&format!("web{n}"))).collect();
    let spread = |it: &mut Observed, n: usize| drop(it.spread.insert("CVE-1".into(), many[..n].to_vec()));
    spared(&with(pushed(), |it| spread(it, 6)), &Refusal::TooManyServices { services: 6 });
    for word in ["observe", "approve", "yes"] {
        let mode = nightshift_core::mode::Mode::Observe;
        spared(&with(pushed(), |it| with_mode(it, word)), &Refusal::NotOptedIn { mode });
    }
    spared(&with(pushed(), |it| it.halted = true), &Refusal::Halted);
    spared(&with(pushed(), |it| it.runs_known = None), &Refusal::RunsNotKnown);
    spared(&with(pushed(), |it| it.runs_known = Some(at(-51 * 60))), &Refusal::RunsNotKnown);
    // What one of several findings forbids, another may still ask for.
    let two = with(pushed(), |it| {
        spread(it, 6);
        findings(it, ["CVE-1", "CVE-2"].map(|id| finding(id, FindingSeverity::Critical, Fix::Available)).into());
    });
    let record = plan(&two, &Policy::default(), at(0)).record.unwrap();
    assert_eq!(record.quarantine.unwrap().because, BTreeSet::from(["CVE-2".to_owned()]));
    let five = with(pushed(), |it| spread(it, 5));
    assert_eq!(plan(&five, &Policy::default(), at(0)).decision, Decision::Quarantined);
    let worse = with(pushed(), |it| other(it, &["CVE-2"]));
    assert_eq!(plan(&worse, &Policy::default(), at(0)).decision, Decision::Quarantined);
}

fn with_mode(observed: &mut Observed, mode: &str) {
    observed.repository.as_mut().unwrap().tags.insert("nightshift".into(), mode.into());
}

#[test]
fn an_image_that_is_gone_is_told_where_it_is_needed() {
    let policy = Policy::default();
    let (seen, ..) = settle(&running(), &policy, at(0));
    let gone = with(seen, |it| {
        it.detail = None;
        it.scans.clear();
    });
    let (gone, steps, told) = settle(&gone, &policy, at(10));
    assert_eq!(steps, []);
    assert_eq!(told[0].severity, Severity::P2);
    assert!(told[0].headline.contains("is gone from its repository and runs in prod/web"), "{}", told[0].headline);
    let unneeded = with(gone, |it| it.runs.clear());
    let (_, _, told) = settle(&unneeded, &policy, at(20));
    assert!(told[0].headline.ends_with("no service needs it"), "{}", told[0].headline);
}

#[test]
fn production_with_a_known_exploit_and_a_fix_is_worth_p2() {
    let severity = |change: &dyn Fn(&mut Observed)| {
        let exploited = Finding { exploit: Some(true), ..finding("CVE-1", FindingSeverity::Critical, Fix::Available) };
        let observed = with(running(), |it| {
            findings(it, vec![exploited]);
            change(it);
        });
        settle(&observed, &Policy::default(), at(0)).2[0].severity
    };
    assert_eq!(severity(&|_| {}), Severity::P2);
    assert_eq!(severity(&|it| it.runs[0].environment = None), Severity::P2);
    assert_eq!(severity(&|it| it.runs[0].environment = Some("staging".into())), Severity::P3);
    let unfixed = Finding { exploit: Some(true), ..finding("CVE-1", FindingSeverity::Critical, Fix::None) };
    assert_eq!(severity(&|it| findings(it, vec![unfixed.clone()])), Severity::P3);
}

#[test]
fn what_is_archived_with_its_quarantine_is_fetched_back_with_its_release() {
    let mut policy = Policy::default();
    policy.images.archive = true;
    let (held, steps, _) = settle(&pushed(), &policy, at(0));
    assert_eq!(steps, [Step::Mark, Step::Archive]);
    let clean = with(held, |it| findings(it, Vec::new()));
    let (free, steps, _) = settle(&clean, &policy, at(10));
    assert_eq!(steps, [Step::Restore, Step::Unmark]);
    assert_eq!(free.detail, pushed().detail);
}
