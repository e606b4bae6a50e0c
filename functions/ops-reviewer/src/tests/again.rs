//! Stories: a report that is made again, after the account went on.

use nightshift_core::incident::Phase;

use super::*;

/// Half past six on the first Friday.
const FRIDAY: i64 = 4 * DAY + 390;

/// An incident that was opened and last heard of then, and is still open.
fn open(account: &Account, name: &str, from: i64, heard: i64) -> Incident {
    let mut incident = ended(name, from, heard);
    (incident.phase, incident.closed_at) = (Phase::Escalated, None);
    write(account, name, None, Vec::new(), |record| record.incident = Some(incident.clone()));
    incident
}

fn close(account: &Account, name: &str, mut incident: Incident, minute: i64) {
    (incident.phase, incident.closed_at) = (Phase::Resolved, Some(at(minute)));
    write(account, name, Some(incident), Vec::new(), |record| record.incident = None);
}

/// Denied at one minute, until another.
fn deny(account: &Account, from: i64, until: i64) {
    let mut incident = ended("prod/web", from, from + 5);
    taken(&mut incident, from);
    let deny = incident.intents[0].deny.as_mut().unwrap();
    deny.until = at(until);
    let denied: Denied = deny.clone();
    write(account, "prod/web", Some(incident), Vec::new(), |record| record.denied.push(denied));
}

/// A week in which things are open, denied, observed and silent.
fn before(account: &Account, due: i64) -> [Incident; 2] {
    let old = open(account, "prod/old", due - 3 * DAY, due - 2 * DAY);
    let older = open(account, "prod/older", due - 5 * DAY, due - 4 * DAY);
    // How long its recovery takes nobody knows yet.
    let mut bad = release("prod/old", due - 3 * DAY - 5);
    (bad.release.verdict, bad.release.troubled) = (Verdict::RolledBack { by: By::Person }, Some(old.id.clone()));
    write(account, "prod/old", None, vec![bad], |_| {});
    deny(account, due - 2 * DAY, due + 120);
    let suspect = release("prod/search", due - 70);
    let mut observed = ended("prod/search", due - 60, due - 30);
    observed_only(&mut observed, &suspect);
    write(account, "prod/search", Some(observed), vec![suspect], |_| {});
    poll_once(account.count_silent(&silent(Refusal::Unmapped, "batch-late", due - 5))).unwrap().unwrap();
    [old, older]
}

/// What came after the report was due.
fn after(account: &Account, due: i64, [old, older]: [Incident; 2]) {
    close(account, "prod/old", old, due + 30);
    // As late as the queue of what failed still has the report.
    close(account, "prod/older", older, due + 14 * DAY);
    open(account, "prod/new", due, due + 1);
    deny(account, due + 20, due + 600);
    let mut denying = open(account, "prod/api", due + 3, due + 4);
    taken(&mut denying, due + 3);
    close(account, "prod/api", denying, due + 9);
    write(account, "prod/search", None, vec![returned("prod/search", due + 2)], |_| {});
    write(account, "prod/web", None, vec![release("prod/web", due), release("prod/web", due + 2)], |_| {});
    poll_once(account.count_silent(&silent(Refusal::Unmapped, "batch-late", due))).unwrap().unwrap();
}

#[track_caller]
fn twice(report: &str, due_at: i64) -> Report {
    let account = account();
    let was = before(&account, due_at);
    let first = handle(&account, &due(report, due_at)).unwrap();
    after(&account, due_at, was);
    assert_eq!(handle(&account, &due(report, due_at)).unwrap(), first);
    let notices: [Notice; 2] = account.notices().try_into().unwrap();
    assert_eq!(notices[0], notices[1]);
    first
}

#[test]
fn a_digest_made_again_leaves_out_what_came_after_it_was_due() {
    let Plan::Digest(digest) = twice("daily", FRIDAY).plan else { panic!("no digest") };
    let chronic: Vec<String> = digest.chronic.iter().map(|chronic| chronic.service.to_string()).collect();
    assert_eq!((digest.events(), digest.denials.len()), (1, 1));
    assert_eq!(chronic, ["prod/older", "prod/old"], "what was left alone is told, be it over since");
}

#[test]
fn a_scorecard_made_again_leaves_out_what_came_after_it_was_due() {
    let Plan::Scorecard(card) = twice("weekly", 7 * DAY + 420).plan else { panic!("no scorecard") };
    assert_eq!((card.open, card.silent, card.dora.all.deployments, card.dora.all.recovery_s), (2, 1, 2, None));
    assert_eq!(card.would["prod/search"], Would { right: 0, wrong: 1, unknown: 0 });
}
