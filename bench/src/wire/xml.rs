//! `awsQuery`: a form asks, XML answers; a moment is ISO 8601.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::moment;

/// A form's fields as the members they stand for: `Names.member.2=web` is the second of
/// a list.
pub(super) fn form(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let mut input = Value::Object(Map::new());
    for (name, value) in text.split('&').filter_map(|field| field.split_once('=')) {
        let name = decoded(name);
        let place: Vec<&str> = name.split('.').filter(|part| !matches!(*part, "member" | "entry")).collect();
        put(&mut input, &place, decoded(value));
    }
    input
}

/// Lists count from one.
fn put(input: &mut Value, place: &[&str], value: String) {
    let Some((first, rest)) = place.split_first() else {
        *input = Value::String(value);
        return;
    };
    let Ok(number) = first.parse::<usize>() else {
        if !input.is_object() {
            *input = Value::Object(Map::new());
        }
        return put(&mut input[*first], rest, value);
    };
    if !input.is_array() {
        *input = Value::Array(Vec::new());
    }
    let Some(list) = input.as_array_mut() else { return };
    // A request has some dozens of entries: no number makes this large.
    while list.len() < number.min(MOST) {
        list.push(Value::Null);
    }
    if let Some(entry) = number.checked_sub(1).and_then(|index| list.get_mut(index)) {
        put(entry, rest, value);
    }
}

/// More entries than any list of a request has.
const MOST: usize = 500;

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        let digits = |rest: &mut std::str::Bytes<'_>| Some((digit(rest.next()?)?, digit(rest.next()?)?));
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digits(&mut rest).map_or(b'%', |(high, low)| high * 16 + low),
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

pub(super) fn write(operation: &str, answer: &Value, now: Timestamp) -> String {
    let mut text = format!("<{operation}Response><{operation}Result>");
    members(&mut text, answer, now);
    let _ = write!(
        text,
        "</{operation}Result><ResponseMetadata><RequestId>canned</RequestId></ResponseMetadata></{operation}Response>"
    );
    text
}

pub(super) fn error(code: &str, says: &str) -> String {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>",
        escaped(code),
        escaped(says)
    )
}

fn members(text: &mut String, value: &Value, now: Timestamp) {
    match value {
        Value::Null => {}
        Value::Object(all) => {
            for (name, one) in all {
                element(text, name, one, now);
            }
        }
        Value::Array(all) => {
            for one in all {
                element(text, "member", one, now);
            }
        }
        Value::String(says) => match moment(says, now) {
            Some(at) => text.push_str(&at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            None => text.push_str(&escaped(says)),
        },
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
    }
}

fn element(text: &mut String, name: &str, value: &Value, now: Timestamp) {
    let _ = write!(text, "<{name}>");
    members(text, value, now);
    let _ = write!(text, "</{name}>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
