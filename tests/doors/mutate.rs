//! What goes wrong with an event on its way, one change of its structure at a time.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

/// Looks like a secret in every way that `redact` knows; no error may repeat it.
pub const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY01";
/// Bytes of what is huge: more than a Lambda event may have.
const HUGE: usize = 1 << 20;

/// One change, at a place of the event.
#[derive(Clone, Debug)]
pub struct Change {
    at: Index,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// The key or entry goes.
    Drop,
    /// Another value stands there.
    Put(Value),
    /// The text stops after so many letters.
    Cut(Index),
    /// The text is written as somebody else writes it.
    Recoded(fn(&str) -> String),
    /// The key is called something else.
    Called(String),
    /// The value stands there so many times.
    Repeated(usize),
}

/// Any change; huge ones are rare, for each costs as much as a thousand others.
pub fn change() -> impl Strategy<Value = Change> {
    let recoded: Vec<fn(&str) -> String> = vec![
        |text| json!(text).to_string(),
        |text| format!("\u{feff}{text}"),
        |text| text.chars().flat_map(|letter| ['\0', letter]).collect(),
        |text| text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        |text| text.replace('"', "\\\""),
        |text| text.replace('{', "[").replace('}', "]"),
    ];
    let what = prop_oneof![
        20 => Just(What::Drop),
        60 => select(others()).prop_map(What::Put),
        10 => any::<Index>().prop_map(What::Cut),
        10 => select(recoded).prop_map(What::Recoded),
        10 => select(names()).prop_map(What::Called),
        5 => (2..300_usize).prop_map(What::Repeated),
        1 => select(huge()).prop_map(What::Put),
    ];
    (any::<Index>(), what).prop_map(|(at, what)| Change { at, what })
}

/// A value of every type, the ends of their ranges, and texts that mean something
/// to somebody.
pub fn others() -> Vec<Value> {
    let texts = [
        "",
        " ",
        "null",
        "\0",
        "ALARM",
        "NaN",
        "-1",
        "2026-02-30T25:61:61Z",
        "-009999-01-01T00:00:00Z",
        "9999-12-30T22:00:00Z",
        "Fri, 99 Nov 2026 02:14:00 GMT",
        "arn:aws:ecs:::service/",
        "arn:::::::",
        "::::::",
        "sha256:",
        "a/b/c/d",
        "../../..",
        "{\"a\":",
        "[[[[",
        "\u{202e}drawkcab",
        "e\u{301}\u{200d}\u{feff}",
        "\u{1f9ea}",
        "'; DROP TABLE",
        "{{x}}",
        "%s%n",
        "<!channel>",
    ];
    let mut all: Vec<Value> = texts.into_iter().map(Value::from).collect();
    all.extend([json!(SECRET), json!(format!("password={SECRET}")), json!({ "password": SECRET }), json!([SECRET])]);
    all.extend([
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!(0.5),
    ]);
    all.extend([json!([]), json!({}), json!([[]]), json!([null, 1, "x", {}]), nested(100)]);
    all
}

fn huge() -> Vec<Value> {
    vec![
        json!("x".repeat(HUGE)),
        json!("\u{1f9ea}".repeat(HUGE / 4)),
        json!("[".repeat(HUGE)),
        json!("{\"a\":".repeat(HUGE / 5)),
        json!(vec![0; HUGE / 8]),
        Value::Object((0..HUGE / 64).map(|key| (format!("key-{key}"), json!("x"))).collect()),
        Value::Object(Map::from_iter([("k".repeat(HUGE), json!(1))])),
    ]
}

fn names() -> Vec<String> {
    ["", "detail", "\u{202e}etats", "state ", "STATE", "a.b[0].c", "line\nbreak", "__proto__", SECRET]
        .map(str::to_owned)
        .into_iter()
        .chain(["k".repeat(4096)])
        .collect()
}

/// As deep as serde_json reads.
fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({ "a": inner }) })
}

/// The event after all the changes, one after the other.
pub fn changed(event: &Value, changes: &[Change]) -> Value {
    let mut event = event.clone();
    for change in changes {
        let at = change.at.index(places(&event));
        alter(&mut event, at, &change.what);
    }
    event
}

/// So many places the event has: every value in it, also those of JSON that travels
/// as text.
pub fn places(event: &Value) -> usize {
    let below: usize = match event {
        Value::Array(entries) => entries.iter().map(places).sum(),
        Value::Object(fields) => fields.values().map(places).sum(),
        Value::String(text) => inner(text).map_or(0, |inner| places(&inner)),
        _ => 0,
    };
    below + 1
}

/// The same, with that place dropped, or another value put there.
pub fn with(event: &Value, at: usize, value: Option<&Value>) -> Value {
    let mut event = event.clone();
    alter(&mut event, at, &value.map_or(What::Drop, |value| What::Put(value.clone())));
    event
}

/// A document inside a text.
fn inner(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(|inner: &Value| inner.is_object() || inner.is_array())
}

/// Changes the place of that number, counted from the top. The whole event is
/// place 0, and stays if it were to be dropped.
fn alter(value: &mut Value, at: usize, what: &What) {
    if at == 0 {
        return apply(value, what);
    }
    let mut left = at - 1;
    match value {
        Value::Array(entries) => {
            for index in 0..entries.len() {
                let size = places(&entries[index]);
                match (left, what) {
                    (0, What::Drop) => drop(entries.remove(index)),
                    (0, What::Repeated(times)) => {
                        let entry = entries[index].clone();
                        entries.extend(std::iter::repeat_n(entry, *times));
                    }
                    (at, _) if at < size => alter(&mut entries[index], at, what),
                    _ => {
                        left -= size;
                        continue;
                    }
                }
                return;
            }
        }
        Value::Object(fields) => {
            for key in fields.keys().cloned().collect::<Vec<_>>() {
                let size = places(&fields[&key]);
                match (left, what) {
                    (0, What::Drop) => drop(fields.remove(&key)),
                    (0, What::Called(name)) => {
                        let field = fields.remove(&key).unwrap_or_default();
                        fields.insert(name.clone(), field);
                    }
                    (at, _) if at < size => alter(&mut fields[&key], at, what),
                    _ => {
                        left -= size;
                        continue;
                    }
                }
                return;
            }
        }
        Value::String(text) => {
            if let Some(mut document) = inner(text) {
                alter(&mut document, left, what);
                *text = document.to_string();
            }
        }
        _ => {}
    }
}

fn apply(value: &mut Value, what: &What) {
    match what {
        What::Put(other) => value.clone_from(other),
        What::Cut(at) => {
            if let Value::String(text) = value {
                *text = text.chars().take(at.index(text.chars().count() + 1)).collect();
            }
        }
        What::Recoded(as_others) => {
            if let Value::String(text) = value {
                *text = as_others(text);
            }
        }
        What::Repeated(times) => *value = Value::Array(vec![value.clone(); *times]),
        What::Drop | What::Called(_) => {}
    }
}
