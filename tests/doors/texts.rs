//! The files that people write or keep: a policy, a scenario, a case.

use std::fs;

use nightshift::decide::decide;
use nightshift::explain::explain;
use nightshift::replay::replay;
use nightshift_core::policy::Policy;
use nightshift_sim::Scenario;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use super::{config_of, mutate, samples, sound};
use crate::tidy::root;

/// Cases of decisions on a few samples of both functions that keep them.
fn cases() -> Vec<Value> {
    let kept = |(function, event): &(String, Value)| {
        let decides = function == "alarm-responder" || function == "deployment-guard";
        decides.then(|| replay(event, None, &Policy::default()).ok()).flatten().map(|replayed| replayed.why.cases)
    };
    let all: Vec<Value> =
        samples().iter().filter_map(kept).flatten().map(|case| serde_json::to_value(case).unwrap()).collect();
    all.into_iter().step_by(5).collect()
}

fn files(folder: &str, ending: &str) -> Vec<String> {
    let walk = walkdir::WalkDir::new(root().join(folder)).sort_by_file_name();
    let found = walk.into_iter().filter_map(Result::ok).filter(|file| file.path().to_string_lossy().ends_with(ending));
    found.map(|file| fs::read_to_string(file.path()).unwrap()).collect()
}

/// What happens to a text: a piece of it goes, or comes again, or another is put in.
fn edited(text: &str, edits: &[(Index, Index, &'static str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, length, put)| {
        let letters: Vec<char> = text.chars().collect();
        let from = from.index(letters.len() + 1);
        let to = (from + length.index(24)).min(letters.len());
        letters[..from].iter().chain(put.chars().collect::<Vec<_>>().iter()).chain(&letters[to..]).collect()
    })
}

const PUT: [&str; 26] = [
    "",
    "\"",
    "'''",
    "\"\"\"",
    "[",
    "]]",
    "{",
    "=",
    ".",
    "\n",
    "\r",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "e\u{301}",
    "9e999",
    "-0",
    "0x",
    "1979-05-27T07:32:00Z",
    "99999999999999999999",
    "[[freeze]]\n",
    "[teams]\n",
    "x = 1\n",
    "#",
    ",",
    "🧪",
];

fn edits() -> impl Strategy<Value = Vec<(Index, Index, &'static str)>> {
    prop::collection::vec((any::<Index>(), any::<Index>(), select(&PUT[..])), 1..8)
}

/// Texts that are long or deep in every way that TOML knows.
fn endless() -> Vec<String> {
    let many = 20_000;
    vec![
        "[".repeat(many),
        format!("a = {}", "[".repeat(many)),
        format!("a = {}", "{a=".repeat(many)),
        format!("a{} = 1", ".a".repeat(many)),
        format!("[a{}]", ".a".repeat(many)),
        format!("a = \"{}", "x".repeat(many)),
        format!("{} = 1", "k".repeat(many)),
        format!("a = {}", "9".repeat(many)),
        "x = 1\n".repeat(many),
        (0..many).map(|key| format!("key{key} = 1\n")).collect(),
        "[[freeze]]\n".repeat(many / 10),
        "[[service]]\n".repeat(many / 10),
        "\u{feff}".repeat(many),
    ]
}

fn policy(text: &str) {
    if let Err(wrong) = Policy::read(text.as_bytes()) {
        assert!(!wrong.mistakes.is_empty());
        let all = wrong.to_string();
        assert!(all.len() <= 20_000, "{} bytes for {} mistakes", all.len(), wrong.mistakes.len());
        for mistake in &wrong.mistakes {
            assert!(mistake.line > 0 && mistake.column > 0, "{mistake}");
        }
    }
}

fn scenario(text: &str) {
    if let Err(wrong) = Scenario::parse(text) {
        let says = wrong.to_string();
        assert!(says.len() <= 8000, "{} bytes: {}", says.len(), says.chars().take(300).collect::<String>());
        assert!(wrong.line.is_some() || !wrong.field.is_empty(), "it names no place: {says}");
    }
}

#[test]
fn no_text_is_too_long_or_too_deep_for_a_policy_or_a_scenario() {
    for text in endless() {
        policy(&text);
        scenario(&text);
    }
    assert!(Policy::read(b"\xff\xfe").is_err());
}

#[test]
fn what_is_no_case_is_named_by_its_field() {
    for (text, says) in [
        ("", "it is no JSON: EOF while parsing a value at line 1 column 0"),
        ("{", "it is no JSON: EOF while parsing an object at line 1 column 1"),
        ("[]", "it is no case: event: "),
        ("{}", "it is no case: event: missing field `schema`"),
        ("{\"schema\":99}", "schema: 99 is of a later build"),
        ("{\"schema\":\"1\"}", "it is no case: schema: invalid type: string \"1\", expected u32"),
    ] {
        let error = explain(text).unwrap_err().to_string();
        assert!(error.starts_with(says), "{error}");
        assert_eq!(decide(text).unwrap_err().to_string(), error);
    }
    let mut case = cases().remove(0);
    case["observed"]["signal"]["name"] = serde_json::json!(7);
    let says = explain(&case.to_string()).unwrap_err().to_string();
    assert_eq!(says, "observed.signal.name: invalid type: integer `7`, expected a string");
    case["function"] = serde_json::json!("cost-reporter");
    assert!(explain(&case.to_string()).unwrap_err().to_string().starts_with("function: \"cost-reporter\" decides"));
}

proptest! {
    #![proptest_config(config_of(100))]

    #[test]
    fn no_text_makes_the_readers_of_policy_and_scenario_panic(which in any::<Index>(), edits in edits()) {
        let policies = files("config", ".toml");
        policy(&edited(which.get::<String>(&policies), &edits));
        let scenarios = files("events", ".scenario.toml");
        scenario(&edited(which.get::<String>(&scenarios), &edits));
    }
}

/// What was decided is decided again, or what is wrong with the case is named.
#[test]
fn no_case_makes_decide_or_explain_panic() {
    let cases = cases();
    let changes = (any::<Index>(), prop::collection::vec(mutate::change(), 0..3), any::<Option<Index>>());
    let mut runner = proptest::test_runner::TestRunner::new(config_of(60));
    let ran = runner.run(&changes, |(which, changes, cut)| {
        let mut text = mutate::changed(which.get(&cases), &changes).to_string();
        if let Some(cut) = cut {
            text = text.chars().take(cut.index(text.chars().count())).collect();
        }
        for error in [decide(&text).err(), explain(&text).err()].into_iter().flatten() {
            sound(&error.to_string(), true);
        }
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
}
