//! What `nightshift explain` says of the cases of samples, in full.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::path::{Path, PathBuf};

use alarm_responder::observe::Observed;
use nightshift::command::replay_file;
use nightshift::explain::{Explained, explain, text};
use nightshift::paint::Paint;
use nightshift_core::case::Case;
use nightshift_core::policy::Policy;
use nightshift_diagnosis::{Gate, diagnose, reconsider};

fn samples(function: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(function);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "json"));
    files.sort();
    files
}

fn cases(file: &Path) -> Vec<Case> {
    replay_file(file, None, &Policy::default()).unwrap().why.cases
}

fn explained(case: &Case) -> Explained {
    explain(&serde_json::to_string(case).unwrap()).unwrap()
}

/// The explanation of the sample's first case.
fn of(sample: &str) -> Explained {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(format!("{sample}.json"));
    explained(&cases(&file)[0])
}

fn shown(sample: &str) -> String {
    text::text(&of(sample), Paint::PLAIN)
}

#[test]
fn a_refusal_is_explained_with_what_would_have_come_without_the_rule() {
    insta::assert_snapshot!("refused", shown("alarm-responder/alarm-with-tags"));
}

#[test]
fn a_remedy_is_explained_with_the_pieces_it_hangs_on() {
    insta::assert_snapshot!("remedy", shown("alarm-responder/single-metric-alarm"));
}

#[test]
fn a_deployment_is_explained_by_what_proves_its_failure() {
    insta::assert_snapshot!("deployment", shown("deployment-guard/task-out-of-memory"));
}

#[test]
fn an_alarm_that_was_too_young_is_explained_by_its_evidence() {
    let explained = of("remedy-verifier/newborn-alarm-of-age");
    assert!(explained.says.contains("old enough by now"), "{}", explained.says);
    assert!(explained.diagnosis.is_some() && explained.tried > 0 && !explained.changes.is_empty());
}

#[test]
fn what_hangs_is_held_against_the_limit_of_time() {
    let nearest = of("deployment-guard/watchdog").nearest.unwrap();
    assert_eq!(nearest, "it has been at it for 39 m 55 s, and hangs from 30 m on");
}

#[test]
fn a_check_says_plainly_that_it_has_no_diagnosis() {
    let mut case = cases(&samples("alarm-responder")[6]).remove(0);
    let timer: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&samples("remedy-verifier")[0]).unwrap()).unwrap();
    case.observed = serde_json::json!({ "timer": timer, "scene": case.observed["scene"], "alarms": {} });
    case.function = "remedy-verifier".into();
    let checked = explained(&case);
    assert!(checked.diagnosis.is_none() && checked.facts[0].starts_with("This decision has no diagnosis"));
    assert!(checked.says.starts_with("an incident was checked of prod/"), "{}", checked.says);
    case.function = "notifier".into();
    let error = explain(&serde_json::to_string(&case).unwrap()).unwrap_err().to_string();
    assert!(error.starts_with("function: \"notifier\" decides nothing here"), "{error}");
}

#[test]
fn the_sample_in_the_docs_is_what_is_printed() {
    let documented = include_str!("../../docs/explain.md");
    let sample = documented.split("<!-- sample -->\n").nth(1).unwrap().split("<!-- end of sample -->").next().unwrap();
    let printed = shown("alarm-responder/alarm-with-tags");
    assert_eq!(sample.trim(), format!("```\n{}```", printed).trim());
}

#[test]
fn scripts_rely_on_the_names_of_fields_that_docs_has() {
    let documented = include_str!("../../docs/explain.md");
    let json = serde_json::json!(of("alarm-responder/alarm-with-tags"));
    let mut objects = vec![&json, &json["decided"], &json["diagnosis"], &json["changes"][0], &json["rules"][0]];
    objects.extend([&json["diagnosis"]["evidence"][0], &json["diagnosis"]["causes"][0]]);
    for object in objects {
        for key in object.as_object().unwrap().keys() {
            assert!(documented.contains(&format!("`{key}`")), "docs/explain.md has no {key}");
        }
    }
}

/// By the functions that decided, and not by a second idea of them.
#[test]
fn every_case_is_explained_as_it_was_decided_and_the_same_every_time() {
    let mut weighed = 0;
    for function in ["alarm-responder", "deployment-guard", "remedy-verifier", "image-guard"] {
        for case in samples(function).iter().flat_map(|file| cases(file)) {
            let found = explained(&case);
            assert_eq!(case.plan["decision"]["decision"], found.decided.decision);
            assert_eq!(found, explained(&case));
            weighed += usize::from(found.diagnosis.is_some());
            assert!(found.diagnosis.is_some() || !found.facts.is_empty(), "{}", found.says);
        }
    }
    assert!(weighed >= 10, "only {weighed} cases have a diagnosis");
}

#[test]
fn one_piece_less_is_gone_and_no_piece_less_changes_nothing() {
    for case in samples("alarm-responder").iter().flat_map(|file| cases(file)) {
        let observed: Observed = serde_json::from_value(case.observed).unwrap();
        let Some(scene) = &observed.scene else { continue };
        let (view, alarm, policy, now) = (&scene.view, observed.symptom.as_ref(), &case.policy, case.now);
        let whole = diagnose(view, alarm, policy, now);
        assert_eq!(reconsider(view, alarm, policy, now, "no-such-piece"), whole);
        assert_eq!(Gate::of(view, alarm, policy, now).open(), whole.release_gate);
        for piece in &whole.evidence {
            let less = reconsider(view, alarm, policy, now, &piece.name);
            assert!(less.evidence.iter().all(|left| left.name != piece.name));
            assert!(!less.release_gate || whole.release_gate, "{} had kept it shut", piece.name);
        }
    }
}
