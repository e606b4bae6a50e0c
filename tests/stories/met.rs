//! Every refusal is met: by a story, or by a sample that expects it.

use std::collections::{BTreeMap, BTreeSet};

use nightshift_core::refusal::Refusal;

use crate::tidy::{root, rust_files};

/// The names of all refusals, from the schema that the variants make.
fn all() -> BTreeSet<String> {
    let schema = serde_json::to_value(schemars::schema_for!(Refusal)).unwrap();
    let variants = schema["oneOf"].as_array().unwrap();
    let name = |variant: &serde_json::Value| variant["properties"]["refusal"]["const"].as_str().unwrap().to_owned();
    variants.iter().map(name).collect()
}

/// Names that stories hold against what they saw: whole strings in quotes.
fn in_stories() -> BTreeMap<String, String> {
    let stories = rust_files("tests/stories").into_iter().filter(|(path, _)| !path.ends_with("met.rs"));
    let mut named = BTreeMap::new();
    for (path, text) in stories {
        for line in text.lines() {
            let code = line.split("//").next().unwrap_or_default();
            named.extend(code.split('"').skip(1).step_by(2).map(|word| (word.to_owned(), path.clone())));
        }
    }
    named
}

/// Names that samples expect; replaying holds them against what comes out.
fn in_samples() -> BTreeSet<String> {
    let files = walkdir::WalkDir::new(root().join("events/alarm-responder")).into_iter().map(|entry| entry.unwrap());
    let scenarios = files.filter(|file| file.path().to_string_lossy().ends_with(".scenario.toml"));
    let expected = scenarios.filter_map(|file| {
        let table: toml::Table = std::fs::read_to_string(file.path()).unwrap().parse().unwrap();
        Some(table["expect"].get("refusal")?.as_str()?.to_owned())
    });
    expected.collect()
}

#[test]
fn every_refusal_is_met_by_a_story_or_a_sample() {
    let (all, stories, samples) = (all(), in_stories(), in_samples());
    assert!(all.len() >= 40 && all.contains("Halted"), "{all:?}");
    let unmet: Vec<&String> =
        all.iter().filter(|name| !stories.contains_key(*name) && !samples.contains(*name)).collect();
    assert_eq!(unmet, Vec::<&String>::new(), "add a story to tests/stories, or a sample that expects it");
    let unknown: Vec<&String> = samples.iter().filter(|name| !all.contains(*name)).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "samples expect what is no refusal");
}
