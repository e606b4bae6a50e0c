//! Every sample event, replayed: each is explained, and those with a scenario
//! beside them end as it expects.

use std::path::{Path, PathBuf};

use nightshift::command::replay_file;
use nightshift::decide::decide;
use nightshift::replay::{Replayed, replay};
use nightshift_core::policy::Policy;
use nightshift_sim::Scenario;

/// The responder's samples.
fn samples() -> Vec<PathBuf> {
    samples_of("alarm-responder")
}

/// A function's samples, in order of their names.
fn samples_of(function: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(function);
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut events: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|end| end == "json")).collect();
    events.sort();
    events
}

/// What the scenario beside the event expects, if there is one.
fn expected(event: &Path) -> Option<toml::Value> {
    let text = std::fs::read_to_string(event.with_extension("scenario.toml")).ok()?;
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", event.display()));
    Some(scenario.expect.unwrap_or_else(|| panic!("{} expects nothing", event.display())))
}

#[track_caller]
fn replayed(event: &Path) -> Replayed {
    replay_file(event, None, &Policy::default()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_sample_with_a_scenario_ends_as_expected() {
    let mut checked = 0;
    for event in samples() {
        let Some(expect) = expected(&event) else { continue };
        let found = replayed(&event);
        let remedy = found.why.remedy.as_ref().map(|remedy| serde_json::to_value(remedy).unwrap()["kind"].clone());
        let wanted = |key: &str| expect.get(key).and_then(toml::Value::as_str);
        let name = event.file_name().unwrap();
        assert_eq!(Some(found.outcome.as_str()), wanted("outcome"), "{name:?}");
        assert_eq!(found.refusal.as_deref(), wanted("refusal"), "{name:?}");
        assert_eq!(remedy.as_ref().and_then(|kind| kind.as_str()), wanted("remedy"), "{name:?}");
        checked += 1;
    }
    assert!(checked >= 12, "only {checked} samples have a scenario");
}

#[test]
fn every_sample_of_a_deployment_is_explained_and_ends_as_expected() {
    let mut checked = 0;
    for event in samples_of("deployment-guard") {
        let found = replayed(&event);
        let name = event.file_name().unwrap();
        let why = &found.why;
        assert!(
            why.sentence.is_some() || why.remedy.is_some(),
            "{name:?} ends in {} and nothing says why",
            found.outcome
        );
        let Some(expect) = expected(&event) else { continue };
        let wanted = |key: &str| expect.get(key).and_then(toml::Value::as_str);
        let remedy = why.remedy.as_ref().map(|remedy| serde_json::to_value(remedy).unwrap()["kind"].clone());
        assert_eq!(Some(found.outcome.as_str()), wanted("outcome"), "{name:?}");
        assert_eq!(found.refusal.as_deref(), wanted("refusal"), "{name:?}");
        assert_eq!(remedy.as_ref().and_then(|kind| kind.as_str()), wanted("remedy"), "{name:?}");
        checked += 1;
    }
    assert!(checked >= 6, "only {checked} samples have a scenario");
}

#[test]
fn every_sample_is_explained_and_most_lead_somewhere() {
    let all = samples();
    let mut nowhere = 0;
    for event in &all {
        let found = replayed(event);
        let why = &found.why;
        assert!(!why.says.is_empty(), "{}", event.display());
        let explained = why.sentence.is_some() || why.remedy.is_some() || why.diagnosis.is_some();
        assert!(explained, "{} ends in {} and nothing says why", event.display(), found.outcome);
        // Without a scenario the account is assumed, and the answer says so.
        assert_eq!(found.assumed.is_some(), expected(event).is_none(), "{}", event.display());
        nowhere += usize::from(matches!(found.outcome.as_str(), "unmapped" | "ignored"));
    }
    assert!(nowhere * 2 <= all.len(), "{nowhere} of {} samples lead nowhere", all.len());
}

#[test]
fn an_assumed_account_makes_the_event_true() {
    for event in samples().iter().filter(|event| expected(event).is_none()) {
        let found = replayed(event);
        assert_ne!(found.refusal.as_deref(), Some("AlarmAlreadyClear"), "{}", event.display());
    }
}

#[test]
fn the_case_of_every_sample_gives_the_same_plan_again() {
    let mut decided = [0, 0];
    let guards = samples_of("deployment-guard");
    let all = samples().into_iter().map(|event| (0, event)).chain(guards.into_iter().map(|event| (1, event)));
    for (function, event) in all {
        for case in replayed(&event).why.cases {
            let again = decide(&serde_json::to_string(&case).unwrap()).unwrap();
            assert_eq!(again.difference, "", "{}", event.display());
            decided[function] += 1;
        }
    }
    assert!(decided[0] >= 12 && decided[1] >= 3, "only {decided:?} cases");
}

#[test]
fn a_replay_is_one_object_with_the_fields_scripts_rely_on() {
    let event = samples().into_iter().find(|event| event.ends_with("single-metric-alarm.json")).unwrap();
    let json = serde_json::to_value(replayed(&event)).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["assumed", "event", "function", "notices", "outcome", "plan", "refusal"]);
    assert_eq!(json["plan"]["decision"]["remedy"]["kind"], "roll-back");
}

#[test]
fn an_event_is_recognised_by_what_it_says() {
    for function in ["alarm-responder", "deployment-guard", "remedy-verifier", "notifier", "cost-reporter"] {
        let all = samples_of(function);
        assert!(!all.is_empty(), "{function} has no samples");
        for event in all {
            assert_eq!(replayed(&event).function.name(), function, "{}", event.display());
        }
    }
    for event in samples_of("ops-reviewer") {
        let event = serde_json::from_str(&std::fs::read_to_string(&event).unwrap()).unwrap();
        assert!(replay(&event, None, &Policy::default()).unwrap_err().to_string().starts_with("report: "));
    }
}

#[test]
fn a_malformed_event_is_an_error_that_names_the_field() {
    let event = serde_json::json!({
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "detail": {"alarmName": "x", "state": {"value": "ALARM", "timestamp": "yesterday"}},
    });
    let error = replay(&event, None, &Policy::default()).unwrap_err().to_string();
    assert!(error.starts_with("detail.state.timestamp: expected a time"), "{error}");
}
