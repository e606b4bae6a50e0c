//! Template, functions, environment and samples agree. Permissions, which need the
//! template as SAM expands it, are held by `tests/stack/test_template_permissions.py`.

use std::collections::BTreeSet;
use std::fs;

use super::{functions, root, rust_files, text};

/// Words in `text` that begin with `prefix` and go on with `letters`.
fn words(text: &str, prefix: &str, letters: impl Fn(char) -> bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (place, _) in text.match_indices(prefix) {
        let rest = &text[place + prefix.len()..];
        let end = rest.find(|letter| !letters(letter)).unwrap_or(rest.len());
        found.insert(format!("{prefix}{}", &rest[..end]));
    }
    found
}

fn variables(text: &str) -> BTreeSet<String> {
    words(text, "NIGHTSHIFT_", |letter| letter.is_ascii_uppercase() || letter == '_')
}

#[test]
fn every_function_is_deployed_sampled_and_tested() {
    let template = text("template.yaml");
    for function in functions() {
        assert!(template.contains(&format!("CodeUri: functions/{function}/")), "{function} is not in template.yaml");
        let module = |name: &str| {
            let source = root().join(format!("functions/{function}/src"));
            source.join(format!("{name}.rs")).is_file() || source.join(name).join("mod.rs").is_file()
        };
        for name in ["main", "lib", "event", "plan"] {
            assert!(module(name), "{function} has no module {name}");
        }
        let samples = fs::read_dir(root().join(format!("events/{function}"))).unwrap();
        assert!(samples.count() >= 2, "events/{function} has too few samples");
        let named = function.replace('-', "_");
        let tested = rust_files("tests")
            .iter()
            .chain(&rust_files(&format!("functions/{function}")))
            .any(|(_, text)| text.contains("#[test]") && (text.contains(&named) || text.contains("use super::")));
        assert!(tested, "{function} has no test");
    }
}

#[test]
fn the_template_sets_what_the_functions_read() {
    let read: BTreeSet<String> = ["functions", "shared/aws", "shared/incident", "shared/lambda"]
        .iter()
        .flat_map(|folder| rust_files(folder))
        .flat_map(|(_, text)| variables(&text))
        .collect();
    let set = variables(&text("template.yaml"));
    // These three have defaults, and are for tests.
    let optional: BTreeSet<String> =
        ["NIGHTSHIFT_POLICY", "NIGHTSHIFT_SLACK_URL", "NIGHTSHIFT_PAGERDUTY_URL"].map(String::from).into();
    assert_eq!(set.difference(&read).collect::<Vec<_>>(), Vec::<&String>::new(), "set and never read");
    assert_eq!(read.difference(&set).cloned().collect::<BTreeSet<_>>(), optional, "read and never set");
}

#[test]
fn the_schema_of_a_case_is_the_one_in_docs() {
    let of = |name: &str, schema: schemars::Schema| (name.to_owned(), serde_json::to_value(schema).unwrap());
    let schemas: serde_json::Map<String, serde_json::Value> = [
        of("case", schemars::schema_for!(nightshift_core::case::Case)),
        of("plan", schemars::schema_for!(nightshift_incident::plan::Plan)),
        of("alarm-responder.observed", schemars::schema_for!(alarm_responder::observe::Observed)),
        of("deployment-guard.observed", schemars::schema_for!(deployment_guard::observe::Observed)),
        of("fleet.observed", schemars::schema_for!(nightshift_incident::fleet::Observed)),
        of("image-guard.observed", schemars::schema_for!(image_guard::observe::Observed)),
        of("image-guard.plan", schemars::schema_for!(image_guard::plan::Plan)),
        of("remedy-verifier.observed", schemars::schema_for!(remedy_verifier::observe::Observed)),
    ]
    .into_iter()
    .collect();
    let path = root().join("docs/case.schema.json");
    let wanted = format!("{}\n", serde_json::to_string_pretty(&schemas).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == wanted,
        "run `UPDATE_SCHEMA=1 cargo test -p nightshift-tests schema`"
    );
}
