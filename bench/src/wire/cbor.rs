//! `rpcv2Cbor`: a map of members; a moment is an epoch under tag 1.

use ciborium::Value as Cbor;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::moment;

/// CBOR's tag of a moment as seconds since the epoch.
const EPOCH: u64 = 1;

/// A request's members; what cannot be read is null, and what it needs is missed
/// by whoever answers.
pub(super) fn read(body: &[u8]) -> Value {
    ciborium::from_reader::<Cbor, _>(body).map(json_of).unwrap_or_default()
}

fn json_of(value: Cbor) -> Value {
    match value {
        Cbor::Integer(number) => i64::try_from(number).map_or(Value::Null, |number| json!(number)),
        Cbor::Float(number) => json!(number),
        Cbor::Text(text) => json!(text),
        Cbor::Bool(flag) => json!(flag),
        Cbor::Tag(_, value) => json_of(*value),
        Cbor::Array(all) => all.into_iter().map(json_of).collect(),
        Cbor::Map(all) => {
            let pair = |(key, value): (Cbor, Cbor)| Some((key.into_text().ok()?, json_of(value)));
            Value::Object(all.into_iter().filter_map(pair).collect::<Map<_, _>>())
        }
        _ => Value::Null,
    }
}

pub(super) fn write(answer: &Value, now: Timestamp) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory cannot fail.
    let _ = ciborium::into_writer(&cbor_of(answer, now), &mut bytes);
    bytes
}

fn cbor_of(value: &Value, now: Timestamp) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cbor::Integer(whole.into()),
            None => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => match moment(text, now) {
            Some(at) => Cbor::Tag(EPOCH, Box::new(Cbor::Float(at.as_second() as f64))),
            None => Cbor::Text(text.clone()),
        },
        Value::Array(all) => Cbor::Array(all.iter().map(|one| cbor_of(one, now)).collect()),
        Value::Object(all) => {
            Cbor::Map(all.iter().map(|(key, one)| (Cbor::Text(key.clone()), cbor_of(one, now))).collect())
        }
    }
}
