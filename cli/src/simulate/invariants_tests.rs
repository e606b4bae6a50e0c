//! Each invariant finds what it is there for: one real night, and one thing changed
//! in what is judged.

use jiff::SignedDuration;
use nightshift_core::notice::NoticeKind;
use nightshift_sim::scenario::{Scenario, builtin};

use super::*;
use crate::night::Night;

/// A night in which a bad release was taken back, of a service of tier 1.
fn healed() -> Ended {
    let mut scenario = builtin("bad-release").unwrap().unwrap();
    scenario.services[0].tags.insert("tier".into(), "1".into());
    night(scenario)
}

fn night(scenario: Scenario) -> Ended {
    let account = Account::new(scenario);
    let mut night = Night::new(account.clone(), &Policy::default());
    night.run_until(account.now() + SignedDuration::from_mins(120));
    Ended::of(&account, &Policy::default(), Vec::new())
}

/// Changes what is judged, and looks which invariant says so.
#[track_caller]
fn finds(invariant: &str, change: impl FnOnce(&mut Ended)) {
    let mut ended = healed();
    change(&mut ended);
    let found = broken(&ended, &Reader::absent());
    assert!(found.iter().any(|says| says.starts_with(&format!("{invariant}: "))), "{invariant}: {found:?}");
}

#[test]
fn a_night_that_went_well_breaks_nothing() {
    let ended = healed();
    assert_eq!(broken(&ended, &Reader::absent()), Vec::<String>::new());
    assert_eq!((incidents(&ended).0, remedies(&ended), ended.writes.len()), (1, 1, 1));
}

#[test]
fn each_invariant_finds_what_it_is_there_for() {
    finds("no remedy without a claim", |ended| ended.incidents[0].1.intents.clear());
    finds("no remedy without a claim", |ended| ended.writes.push(ended.writes[0].clone()));
    finds("no remedy without a claim", |ended| ended.found.push("it was not claimed".into()));
    finds("at most one remedy per suspect release", |ended| {
        let again = ended.incidents[0].1.intents[0].clone();
        ended.incidents[0].1.intents.push(again);
    });
    finds("never a write to a service that has not opted in", |ended| {
        ended.modes.values_mut().for_each(|mode| *mode = None);
    });
    finds("no remedy beyond the budgets", |ended| {
        let again = ended.writes[0].clone();
        ended.writes.extend([again.clone(), again]);
    });
    finds("no incident without an end", |ended| ended.open.push("prod/checkout".into()));
    finds("no incident without an end", |ended| ended.incidents[0].1.phase = Phase::Verifying);
    finds("no incident without an end", |ended| ended.incidents[0].1.intents[0].outcome = None);
    finds("no notice state skipped at the reader", |ended| ended.notices.retain(|notice| notice.sequence != 2));
    finds("no notice state skipped at the reader", |ended| ended.held_back.push("checkout#2".into()));
    finds("a page for every P1 that no remedy healed", |ended| {
        ended.notices.iter_mut().for_each(|notice| notice.pager = None);
    });
    finds("no event in a dead-letter queue", |ended| ended.dead.push("an alarm".into()));
}

#[test]
fn a_p2_is_paged_once_people_were_told_that_they_are_needed() {
    finds("a page for every P1 that no remedy healed", |ended| {
        let incident = &mut ended.incidents[0].1;
        (incident.severity, incident.escalated_at) = (Severity::P2, Some(incident.opened_at));
        ended.notices.iter_mut().for_each(|notice| (notice.pager, notice.kind) = (None, NoticeKind::Escalated));
    });
}

#[test]
fn a_message_for_each_of_many_is_found() {
    let outage = builtin("dependency-outage").unwrap().unwrap();
    let mut ended = night(outage);
    assert_eq!(broken(&ended, &Reader::absent()), Vec::<String>::new());
    assert_eq!(incidents(&ended), (3, 1));
    let found = |ended: &Ended| many_services_at_once_are_told_by_one_incident(ended, &Reader::absent());
    let fleet = ended.incidents.iter().position(|(service, _)| is_no_service(service)).unwrap();
    let before = ended.incidents[fleet].1.opened_at;
    ended.incidents[fleet].1.opened_at = before - SignedDuration::from_secs(1);
    assert_eq!(found(&ended).len(), 2, "the two that came before it");
    ended.incidents[fleet].1.opened_at = before;
    ended.incidents[fleet].1.sequence = 20;
    assert_eq!(found(&ended).len(), 1);
}
