//! The metrics of Nightshift itself: their names, and who makes them.

use std::collections::BTreeSet;

use nightshift_core::alarm::Door;
use nightshift_core::notice::NoticeKind;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::RemedyKind;
use nightshift_core::tally::{Counter, Family, Measure, Undecided};
use nightshift_incident::plan::Decision;
use schemars::{JsonSchema, schema_for};
use serde_json::Value;

use super::text;

/// The names of an enum's variants, from its schema: a new one is among them.
fn variants<T: JsonSchema>(tag: Option<&str>) -> BTreeSet<String> {
    let schema = serde_json::to_value(schema_for!(T)).unwrap();
    let each = schema["oneOf"].as_array().unwrap().iter().flat_map(|variant| match tag {
        Some(tag) => vec![variant["properties"][tag]["const"].clone()],
        None => {
            variant.get("const").map_or_else(|| variant["enum"].as_array().unwrap().clone(), |one| vec![one.clone()])
        }
    });
    each.map(|name| pascal(name.as_str().unwrap())).collect()
}

/// `check-again` is `CheckAgain` in Rust.
fn pascal(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capital).collect()
}

/// The counters of a family. Those by receiver are the notifier's own, whose
/// test holds them against the same list.
fn counters_of(family: Family) -> BTreeSet<String> {
    let by = |names: BTreeSet<String>| names.into_iter().map(|name| format!("{family:?}.{name}")).collect();
    // A new family does not compile here, and is to be added below as well.
    match family {
        Family::Event => {
            let all = [Undecided::Malformed, Undecided::Ignored, Undecided::Health];
            all.iter().map(|event| Counter::of(family, event).to_string()).collect()
        }
        Family::Decision => by(variants::<Decision>(Some("decision"))),
        Family::Image => by(variants::<image_guard::plan::Decision>(Some("decision"))),
        Family::Refusal => by(variants::<Refusal>(Some("refusal"))),
        Family::RemedyTaken | Family::RemedyFailed | Family::RemedyWithheld => by(variants::<RemedyKind>(None)),
        Family::Notice => by(variants::<NoticeKind>(None)),
        Family::SelfDrill => {
            // None comes by a timer.
            let doors = [Door::EventBridge, Door::Sns, Door::Direct];
            doors.iter().map(|door| Counter::of(family, door).to_string()).collect()
        }
        Family::Page | Family::PlainPage | Family::Undelivered => [Counter::all(family).to_string()].into(),
        Family::AwsRetries | Family::AwsThrottles | Family::AwsDenied => [Counter::all(family).to_string()].into(),
    }
}

fn counters() -> BTreeSet<String> {
    let families = [
        Family::Event,
        Family::Decision,
        Family::Image,
        Family::Refusal,
        Family::RemedyTaken,
        Family::RemedyFailed,
        Family::RemedyWithheld,
        Family::Notice,
        Family::Page,
        Family::PlainPage,
        Family::Undelivered,
        Family::SelfDrill,
        Family::AwsRetries,
        Family::AwsThrottles,
        Family::AwsDenied,
    ];
    let measures = Measure::ALL.map(|measure| measure.to_string());
    families.into_iter().flat_map(counters_of).chain(measures).collect()
}

/// The names in the first column of the tables in `docs/metrics.md`.
fn documented() -> BTreeSet<String> {
    let docs = text("docs/metrics.md");
    docs.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(ToOwned::to_owned)).collect()
}

#[test]
fn every_metric_is_in_docs_and_no_other() {
    let mut expect = counters();
    expect.extend(
        [nightshift_lambda::metrics::INVOCATION_TIME, nightshift_lambda::metrics::AWS_CALL_TIME].map(String::from),
    );
    let found: BTreeSet<String> = documented().into_iter().filter(|name| !name.starts_with("Undelivered.")).collect();
    let missing: Vec<&String> = expect.difference(&found).collect();
    let extra: Vec<&String> = found.difference(&expect).collect();
    assert!(missing.is_empty() && extra.is_empty(), "not in docs/metrics.md: {missing:?}; only there: {extra:?}");
    assert!(expect.len() > 80, "{} metrics", expect.len());
}

#[test]
fn a_name_in_docs_is_the_one_that_is_counted() {
    // The list above is made of schemas; what is counted is made of variants.
    let counted = [
        Counter::of(Family::Decision, &Decision::CheckAgain { waiting_for: Vec::new() }),
        Counter::of(Family::Refusal, &Refusal::ServiceNotActive { status: None }),
        Counter::of(Family::RemedyTaken, &RemedyKind::RollBack),
        Counter::of(Family::Notice, &NoticeKind::Escalated),
    ];
    let names = counters();
    assert!(counted.iter().all(|counter| names.contains(&counter.to_string())), "{counted:?}");
}

#[test]
fn the_template_shows_and_watches_metrics_that_exist() {
    let template = text("template.yaml").replace("\\\"", "");
    let names = documented();
    let after = |lead: &str| -> BTreeSet<String> {
        let ends = |letter: char| !letter.is_ascii_alphanumeric() && letter != '.';
        template.split(lead).skip(1).map(|rest| rest.split(ends).next().unwrap().to_owned()).collect()
    };
    let watched = after("Namespace: Nightshift\n      MetricName: ");
    let unknown: Vec<&String> = watched.difference(&names).collect();
    assert!(!watched.is_empty() && unknown.is_empty(), "{unknown:?} of {watched:?}");
    // A graph that searches by the first part of a name finds one at least.
    let searched = after("MetricName=");
    let lost: Vec<&String> = searched.iter().filter(|part| !names.iter().any(|name| name.starts_with(*part))).collect();
    assert!(!searched.is_empty() && lost.is_empty(), "{lost:?}");
}

/// A schema that is read wrong would find no variant, and miss none.
#[test]
fn variants_are_read_from_schemas() {
    assert!(variants::<Decision>(Some("decision")).contains("InProgress"));
    assert_eq!(variants::<RemedyKind>(None).len(), 4);
    assert!(
        matches!(serde_json::to_value(RemedyKind::ScaleOut), Ok(Value::String(name)) if pascal(&name) == "ScaleOut")
    );
}
