//! What a night counts, and the lines that CloudWatch makes metrics of.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::Remedy;
use nightshift_core::tally::{Tallied, Tally};
use nightshift_incident::counted;
use nightshift_incident::plan::{Decision, Plan};
use nightshift_lambda::metrics::Metrics;
use nightshift_sim::{Account, Story};
use serde_json::Value;

use super::{bad_release, changes, run, scenario};

/// What was counted, by name.
fn count(account: &Account) -> BTreeMap<String, u64> {
    account.tally().take().times.into_iter().map(|(counter, times)| (counter.to_string(), times)).collect()
}

#[track_caller]
fn check(story: &Story, expect: &[(&str, u64)]) {
    run(story);
    let found = count(story);
    let differs: Vec<_> =
        expect.iter().map(|(name, times)| (*name, *times, found.get(*name).copied().unwrap_or(0))).collect();
    assert!(
        differs.iter().all(|(_, expect, found)| expect == found),
        "(name, expected, found): {differs:?}\n{found:?}"
    );
}

#[test]
fn a_night_is_counted_from_its_alarm_to_its_end() {
    let story = Story::new(scenario("bad-release"));
    run(&story);
    let mut found = count(&story);
    let again = found.remove("Decision.CheckAgain").unwrap_or(0);
    assert!(again >= 1, "an incident is looked at more than once: {found:?}");
    let expect = [
        ("Decision.Cleared", 1),
        ("Decision.Remedy", 1),
        ("Decision.Resolved", 1),
        // A timer of before that finds nothing left to check.
        ("Decision.Settled", 1),
        ("Notice.Acting", 1),
        ("Notice.Resolved", 1),
        ("Notice.Verifying", 1),
        ("RemedyTaken.RollBack", 1),
    ];
    assert_eq!(found, expect.map(|(name, times)| (name.to_owned(), times)).into());
}

#[test]
fn what_is_refused_is_counted_by_the_rules_name_and_its_page() {
    let observed = bad_release(|service| drop(service.tags.remove("nightshift")));
    check(&Story::new(observed), &[("Decision.Refused", 1), ("Refusal.NotOptedIn", 1), ("RemedyTaken.RollBack", 0)]);
    let approve = bad_release(|service| drop(service.tags.insert("nightshift".into(), "approve".into())));
    check(&Story::new(approve), &[("Refusal.NotOptedIn", 1), ("Page", 1)]);
}

#[test]
fn a_remedy_counts_once_whichever_call_fails_on_its_way() {
    let calm = Story::new(scenario("bad-release"));
    run(&calm);
    let mut taken = 0;
    for call in 1..=calm.calls().len() {
        let story = Story::new(scenario("bad-release"));
        story.fault_at(call, FaultKind::Transient);
        run(&story);
        let counted = count(&story).get("RemedyTaken.RollBack").copied().unwrap_or(0);
        assert_eq!(counted, changes(&story).len() as u64, "call {call}: {:?}", calm.calls()[call - 1]);
        taken += counted;
    }
    assert!(taken > 0, "no remedy was ever taken");
}

#[test]
fn a_remedy_that_iam_denies_counts_as_failed_and_not_permitted() {
    let story = Story::new(scenario("bad-release"));
    story.fault_on("ecs:UpdateService", FaultKind::Denied, 10);
    check(&story, &[("RemedyFailed.RollBack", 1), ("Refusal.NotPermitted", 1), ("RemedyTaken.RollBack", 0)]);
}

#[test]
fn an_invocation_that_sees_no_ledger_is_counted_although_it_fails() {
    let story = Story::new(scenario("bad-release"));
    story.fault_on("dynamodb:BatchGetItem", FaultKind::Transient, 10_000);
    run(&story);
    let found = count(&story);
    assert!(found.get("Decision.Blind").is_some_and(|times| *times >= 3), "first delivery and retries: {found:?}");
    assert!(found.contains_key("PlainPage"), "{found:?}");
}

/// What a process writes to standard output.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The line of an invocation that made this decision.
fn line(decision: Decision) -> Value {
    let (output, tally) = (Output::default(), Tally::default());
    let metrics = Metrics::new("night".into(), "alarm-responder", output.clone());
    let invocation = metrics.invocation("r-1".into(), Timestamp::UNIX_EPOCH, &tally);
    counted::decided(&tally, &Plan::of(decision));
    drop(invocation);
    let text = output.0.lock().unwrap().clone();
    serde_json::from_slice(&text).unwrap()
}

fn judged() -> Decision {
    let verdict = nightshift_core::verdict::Verdict::InProgress;
    Decision::Judged { release: "web:43".into(), verdict, refusal: None }
}

fn many() -> Decision {
    let service = nightshift_core::fleet::service(("123456789012", "eu-west-1"));
    Decision::ManyAtOnce { service, mode: nightshift_core::mode::Mode::Act }
}

fn every_decision() -> Vec<(Decision, &'static str)> {
    let fault = Fault::new("dynamodb:GetItem", "ledger", FaultKind::Transient, "timed out");
    let remedy = Remedy::ScaleOut { from: 2, to: 4 };
    let all = vec![
        (Decision::Silent { refusal: Refusal::NoNews }, "Silent"),
        (Decision::Told { refusal: Refusal::Unmapped }, "Told"),
        (Decision::Remedy { remedy }, "Remedy"),
        (Decision::Refused { refusal: Refusal::Halted, would: None }, "Refused"),
        (Decision::Joined, "Joined"),
        (Decision::Cleared, "Cleared"),
        (Decision::CheckAgain { waiting_for: vec!["an alarm".into()] }, "CheckAgain"),
        (Decision::Resolved, "Resolved"),
        (Decision::Escalated, "Escalated"),
        (Decision::Resumed { resume: None }, "Resumed"),
        (Decision::InProgress, "InProgress"),
        (Decision::Blind { fault }, "Blind"),
        (judged(), "Judged"),
        (many(), "ManyAtOnce"),
        (Decision::FleetIncident, "FleetIncident"),
        (Decision::SelfDrill, "SelfDrill"),
        (Decision::Settled, "Settled"),
    ];
    for (decision, _) in &all {
        // A new one does not compile here, and is to be added above.
        match decision {
            Decision::Silent { .. } | Decision::Told { .. } | Decision::Remedy { .. } | Decision::Refused { .. } => {}
            Decision::Joined | Decision::Cleared | Decision::CheckAgain { .. } | Decision::Resolved => {}
            Decision::Escalated | Decision::Resumed { .. } | Decision::InProgress => {}
            Decision::ManyAtOnce { .. } | Decision::FleetIncident => {}
            Decision::Judged { .. } | Decision::Blind { .. } | Decision::SelfDrill | Decision::Settled => {}
        }
    }
    all
}

#[test]
fn every_decision_ends_in_a_counter_of_its_name() {
    for (decision, name) in every_decision() {
        let line = line(decision);
        let counter = format!("Decision.{name}");
        assert_eq!(line[&counter], 1, "{line}");
        let declared = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        assert!(declared.iter().any(|metric| metric["Name"] == *counter && metric["Unit"] == "Count"), "{line}");
    }
    assert_eq!(line(Decision::Silent { refusal: Refusal::NoNews })["Refusal.NoNews"], 1);
}
