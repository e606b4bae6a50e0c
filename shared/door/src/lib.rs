//! How the doors read foreign events: strictly what a plan needs, leniently
//! the rest, for AWS adds fields without notice.

use std::collections::BTreeMap;

use nightshift_core::redact::redact;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Characters of foreign text that an error or a log line repeats. Enough to
/// recognise a value, too few to flood a log.
const QUOTED: usize = 80;
/// Characters of one problem; serde repeats what it found in full.
const PROBLEM: usize = 240;
/// Characters of a path; where names are free, a key may be as long as the event.
const PATH: usize = 200;

/// An event that is ours but cannot be read. A retry does not cure it; the
/// event belongs into the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct DoorError {
    /// The JSON path of the field, such as `detail.state.timestamp`. It goes
    /// on into JSON that travels as text: `Records[0].Sns.Message.AlarmName`.
    pub path: String,
    /// What was expected there, and what was found.
    pub problem: String,
}

impl DoorError {
    /// An error at that path; a long problem is cut, and what looks like a secret in
    /// it is hidden.
    pub fn at(path: &str, problem: impl AsRef<str>) -> Self {
        Self { path: harmless(path, PATH), problem: harmless(problem.as_ref(), PROBLEM) }
    }
}

/// Reads a value that stands at `path` in the event.
///
/// # Errors
/// The path of the field that is missing or wrong.
pub fn read<T: DeserializeOwned>(value: &Value, path: &str) -> Result<T, DoorError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let inner = error.path().to_string();
        let inner = if inner == "." { "" } else { &inner };
        DoorError::at(&joined(path, inner), error.inner().to_string())
    })
}

fn joined(path: &str, inner: &str) -> String {
    match (path, inner) {
        ("", "") => "event".into(),
        (path, "") => path.into(),
        ("", inner) => inner.into(),
        (path, inner) if inner.starts_with('[') => format!("{path}{inner}"),
        (path, inner) => format!("{path}.{inner}"),
    }
}

/// Foreign text in quotes: escaped, cut, and without what looks like a secret.
pub fn quoted(text: &str) -> String {
    format!("{:?}", cut(&redact(text), QUOTED))
}

/// Foreign text without a secret in it, on one line, and cut.
fn harmless(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    cut(&redact(&line), most)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

/// Reads a field that the plan can do without: missing, `null` and anything
/// unreadable are all `None`.
///
/// # Errors
/// Only what the input itself fails with.
pub fn if_readable<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(T::deserialize(Value::deserialize(from)?).ok())
}

/// Reads those entries of a list that can be read.
///
/// # Errors
/// Only what the input itself fails with.
pub fn each_readable<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let Value::Array(entries) = Value::deserialize(from)? else {
        return Ok(Vec::new());
    };
    Ok(entries.into_iter().filter_map(|entry| T::deserialize(entry).ok()).collect())
}

/// Reads those entries of an object whose values are text.
///
/// # Errors
/// Only what the input itself fails with.
pub fn texts<'de, D>(from: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    let Value::Object(fields) = Value::deserialize(from)? else {
        return Ok(BTreeMap::new());
    };
    Ok(fields.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect())
}
