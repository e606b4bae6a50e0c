use nightshift_core::verdict::PastRelease;

use super::*;
use crate::tests::made::{at, ended, observed_only, release, returned, service, silent};

#[track_caller]
fn check(history: &History, expect: Option<&str>) {
    assert_eq!(advice(history, history).map(|advice| advice.says).as_deref(), expect);
}

/// An incident of `prod/web` that a rule kept from being healed.
fn refused(history: &mut History, minute: i64, refusal: Refusal, pages: u32) {
    let mut incident = ended("prod/web", minute, minute + 60);
    (incident.refusal, incident.pages) = (Some(refusal), pages);
    history.incidents.push((service("prod/web"), incident));
}

/// A release of `prod/web` that a person rolled back, while Nightshift
/// observed.
fn by_hand(history: &mut History, minute: i64, verdict: Verdict) {
    let mut suspect = release("prod/web", minute);
    let mut incident = ended("prod/web", minute + 5, minute + 60);
    observed_only(&mut incident, &suspect);
    suspect.release.verdict = verdict;
    history.incidents.push((service("prod/web"), incident));
    history.releases.extend([suspect, returned("prod/web", minute + 20)]);
}

#[test]
fn nothing_to_change_is_no_advice() {
    let mut history = History::default();
    check(&history, None);
    refused(&mut history, 0, Refusal::ReleaseNotToBlame, 3);
    check(&history, None);
    history.silent.push(silent(Refusal::Unmapped, "once", 0));
    check(&history, None);
}

#[test]
fn what_people_did_by_hand_may_be_done_for_them() {
    let mut history = History::default();
    by_hand(&mut history, 100, Verdict::RolledBack { by: By::Person });
    by_hand(&mut history, 900, Verdict::RolledBack { by: By::Person });
    let says =
        "Tag prod/web nightshift=act: 2 incidents would have been healed as a person did it, and it was never wrong.";
    check(&history, Some(says));
    // Once wrong is enough to wait.
    let suspect = release("prod/web", 2000);
    let mut wrong = ended("prod/web", 2005, 2060);
    observed_only(&mut wrong, &suspect);
    history.incidents.push((service("prod/web"), wrong));
    history.releases.push(suspect);
    check(&history, None);
}

#[test]
fn a_rule_that_stood_in_the_way_is_eased_by_its_own_lever() {
    let mut history = History::default();
    refused(&mut history, 0, Refusal::CoolingDown { until: at(9) }, 1);
    refused(&mut history, 500, Refusal::CoolingDown { until: at(509) }, 1);
    refused(&mut history, 900, Refusal::AtCeiling, 1);
    let says = "Shorten guardrails.cooldown, or cure what comes back so soon: CoolingDown was the first thing in the way \
                of a remedy in 2 incidents and 2 pages.";
    check(&history, Some(says));
}

#[test]
fn a_rule_is_not_eased_for_a_service_that_may_not_act() {
    let mut history = History::default();
    let frozen = || Refusal::Frozen { window: "fair".into() };
    for (minute, mode) in [(0, Mode::Observe), (500, Mode::Approve)] {
        refused(&mut history, minute, frozen(), 3);
        history.incidents.last_mut().unwrap().1.mode = mode;
    }
    check(&history, None);
    refused(&mut history, 900, frozen(), 1);
    let says =
        "Shorten the freeze \"fair\": Frozen was the first thing in the way of a remedy in 1 incident and 1 page.";
    check(&history, Some(says));
}

#[test]
fn an_alarm_that_goes_away_by_itself_looks_at_too_few_datapoints() {
    let mut history = History::default();
    let mut blips = |minute: i64, length: i64, times: u32| {
        let mut incident = ended("prod/web", minute, minute + length);
        incident.alarms.values_mut().for_each(|alarm| alarm.times = times);
        history.incidents.push((service("prod/web"), incident));
    };
    blips(0, 40, 3);
    blips(500, 15, 1);
    // A person may have cured this one.
    blips(900, 31, 2);
    let says = "Let prod-web-5xx wait for more datapoints: it went away by itself, within minutes, after 4 alarms.";
    check(&history, Some(says));
}

#[test]
fn a_breaker_that_is_off_would_have_ended_what_failed() {
    let failing = |minute: i64, failed: u32| -> PastRelease {
        let mut past = release("prod/web", minute);
        past.release.verdict = Verdict::RolledBack { by: By::Person };
        (past.release.failed, past.release.warnings) = (failed, vec![Warning::NoCircuitBreaker]);
        past
    };
    let mut history = History { releases: vec![failing(0, 3), failing(500, 0)], ..History::default() };
    let says =
        "Switch the circuit breaker of prod/web on, with rollback: it would have ended 1 release whose tasks failed.";
    check(&history, Some(says));
    history.releases[0].release.verdict = Verdict::RolledBack { by: By::CircuitBreaker };
    check(&history, None);
}

#[test]
fn pages_count_before_anything_else() {
    let mut history = History {
        silent: (0..50).map(|minute| silent(Refusal::Unmapped, "batch-late", minute)).collect(),
        ..History::default()
    };
    let says = "Tell which service batch-late watches (tags cluster and service): 50 alarms led nowhere.";
    check(&history, Some(says));
    history.silent.iter_mut().for_each(|silent| silent.told = true);
    check(&history, None);
    refused(&mut history, 0, Refusal::Halted, 1);
    let says = "Let remedies go on (nightshift resume): Halted was the first thing in the way of a remedy in 1 incident \
                and 1 page.";
    check(&history, Some(says));
}
