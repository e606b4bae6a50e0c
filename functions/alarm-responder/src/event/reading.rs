//! How single fields are read, the strict ones and the lenient.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::DoorError;

/// Characters of foreign text that an error or a log line repeats. Enough to
/// recognise a value, too few to flood a log.
const QUOTED: usize = 80;
/// Characters of one problem; serde repeats what it found in full.
const PROBLEM: usize = 240;

/// An alarm's name; never empty.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct AlarmName(pub String);

impl TryFrom<String> for AlarmName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("expected an alarm's name, found an empty text".into());
        }
        Ok(Self(text))
    }
}

/// A time as CloudWatch writes it, `2019-10-02T17:20:48.554+0000`: an offset
/// without a colon, and in AWS's own samples of Lambda actions with spaces
/// after the colons.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct AlarmTime(pub Timestamp);

impl TryFrom<String> for AlarmTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
            .or_else(|_| without_spaces(&text).parse())
            .map(Self)
            .map_err(|_| not_a_time("2019-10-02T17:20:48.554+0000", &text))
    }
}

/// A time as AWS Health writes it, `Fri, 10 Jun 2022 05:01:10 GMT`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct HealthTime(pub Timestamp);

impl TryFrom<String> for HealthTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // The day of the week adds nothing; a wrong one is no reason to miss
        // an outage of AWS.
        let reader = rfc2822::DateTimeParser::new().relaxed_weekday(true);
        reader
            .parse_timestamp(text.trim())
            .or_else(|_| text.trim().parse())
            .map(Self)
            .map_err(|_| not_a_time("Fri, 10 Jun 2022 05:01:10 GMT", &text))
    }
}

fn not_a_time(example: &str, found: &str) -> String {
    format!("expected a time like {example}, found {}", quoted(found))
}

/// The text without any white space.
pub(super) fn without_spaces(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Foreign text in quotes: escaped, and cut.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", cut(text, QUOTED))
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

/// Reads a value that stands at `path` in the event.
pub(super) fn read<T: DeserializeOwned>(value: &Value, path: &str) -> Result<T, DoorError> {
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

impl DoorError {
    pub(super) fn at(path: &str, problem: impl AsRef<str>) -> Self {
        Self { path: path.into(), problem: cut(problem.as_ref(), PROBLEM) }
    }
}

/// Reads a field that the plan can do without: missing, `null` and anything
/// unreadable are all `None`.
pub(super) fn if_readable<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(T::deserialize(Value::deserialize(from)?).ok())
}

/// Reads those entries of a list that can be read.
pub(super) fn each_readable<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
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
pub(super) fn texts<'de, D>(from: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    let Value::Object(fields) = Value::deserialize(from)? else {
        return Ok(BTreeMap::new());
    };
    Ok(fields.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect())
}
