//! What a request asks for, in whatever protocol its SDK speaks, and an answer
//! in the same protocol.
//!
//! SDKs differ: of one service one speaks CBOR where another still speaks the
//! query protocol. The answers are written once, as the API models name their
//! members, and put on the wire as the request came.

mod cbor;
mod xml;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// How a request and its answer are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `awsJson1_0` and `awsJson1_1`: named by the header `X-Amz-Target`.
    Json,
    /// `awsQuery`: a form with `Action=`, answered in XML.
    Query,
    /// `restJson1`: named by method and path.
    Rest,
    /// `rpcv2Cbor`: named by the path.
    Cbor,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// As IAM spells it, `ecs:UpdateService`; what cannot be told is `?`.
    pub operation: String,
    /// How it was asked, and wants to be answered.
    pub protocol: Protocol,
    /// The request's members.
    pub input: Value,
}

/// Finds out what is asked for. Nothing is refused here: what nobody knows has a
/// name with which it is reported.
pub fn asked(path: &str, headers: &HeaderMap, body: &[u8]) -> Asked {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let service = scope(text(AUTHORIZATION.as_str()).unwrap_or_default());
    let of = |operation: &str, protocol, input| Asked { operation: format!("{service}:{operation}"), protocol, input };
    if let Some(target) = text("x-amz-target") {
        let operation = target.rsplit('.').next().unwrap_or(target);
        return of(operation, Protocol::Json, serde_json::from_slice(body).unwrap_or_default());
    }
    if let Some((_, operation)) = path.split_once("/operation/") {
        return of(operation, Protocol::Cbor, cbor::read(body));
    }
    if text(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        let input = xml::form(body);
        let operation = input["Action"].as_str().unwrap_or("?").to_owned();
        return of(&operation, Protocol::Query, input);
    }
    let operation = if path.starts_with("/schedules/") { "CreateSchedule" } else { "?" };
    of(operation, Protocol::Rest, serde_json::from_slice(body).unwrap_or_default())
}

/// The service in a signature's credential scope, `KEY/DATE/REGION/SERVICE/aws4_request`,
/// as IAM calls it.
fn scope(authorization: &str) -> &str {
    let credential = authorization.split("Credential=").nth(1).unwrap_or_default();
    match credential.split('/').nth(3).unwrap_or("?") {
        "monitoring" => "cloudwatch",
        service => service,
    }
}

/// An answer as it goes on the wire: its content type and its body.
pub fn answered(asked: &Asked, answer: &Value, now: Timestamp) -> (&'static str, Vec<u8>) {
    match asked.protocol {
        Protocol::Json => ("application/x-amz-json-1.1", json_text(answer, now)),
        Protocol::Rest => ("application/json", json_text(answer, now)),
        Protocol::Cbor => ("application/cbor", cbor::write(answer, now)),
        Protocol::Query => {
            let operation = asked.operation.rsplit(':').next().unwrap_or_default();
            ("text/xml", xml::write(operation, answer, now).into_bytes())
        }
    }
}

/// An error of the request itself, status 400, in the request's protocol.
pub fn refused(asked: &Asked, code: &str, text: &str) -> (&'static str, Vec<u8>) {
    let now = Timestamp::UNIX_EPOCH;
    match asked.protocol {
        Protocol::Query => ("text/xml", xml::error(code, text).into_bytes()),
        Protocol::Cbor => ("application/cbor", cbor::write(&json!({ "__type": code, "message": text }), now)),
        Protocol::Json | Protocol::Rest => {
            ("application/x-amz-json-1.1", json_text(&json!({ "__type": code, "message": text }), now))
        }
    }
}

/// The moment that a text of an answer stands for: `@-7m`, `@-3d` and `@0s` are
/// relative to `now`, `@=1790000000` is second 1790000000 since the epoch.
pub fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.strip_prefix('@')?;
    if let Some(second) = text.strip_prefix('=') {
        return Timestamp::from_second(second.parse().ok()?).ok();
    }
    let unit = text.chars().next_back()?;
    let number: i64 = text.get(..text.len() - unit.len_utf8())?.parse().ok()?;
    let seconds = number * i64::from(seconds_of(unit)?);
    now.checked_add(SignedDuration::from_secs(seconds)).ok()
}

fn seconds_of(unit: char) -> Option<i32> {
    match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(86_400),
        _ => None,
    }
}

/// Both JSON protocols write a moment as seconds since the epoch.
fn json_text(answer: &Value, now: Timestamp) -> Vec<u8> {
    fn resolved(value: &Value, now: Timestamp) -> Value {
        match value {
            Value::String(text) => match moment(text, now) {
                Some(at) => json!(at.as_second() as f64),
                None => value.clone(),
            },
            Value::Array(all) => all.iter().map(|one| resolved(one, now)).collect(),
            Value::Object(all) => all.iter().map(|(key, one)| (key.clone(), resolved(one, now))).collect(),
            other => other.clone(),
        }
    }
    resolved(answer, now).to_string().into_bytes()
}

#[cfg(test)]
mod tests;
