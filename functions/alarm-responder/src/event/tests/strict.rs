//! What an event may lack, and what it may not.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::parse;
use super::malformed::{with, with_message};
use super::samples;

/// Pointers to every value inside `value`.
pub(super) fn pointers(value: &Value, at: &str, into: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(entries) => entries.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in children {
        let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        pointers(value, &path, into);
        into.push(path);
    }
}

/// Those places inside `value` at which `null` is more than `reads` can bear.
fn strict_places(value: &Value, reads: impl Fn(&str) -> bool) -> Vec<String> {
    let mut places = Vec::new();
    pointers(value, "", &mut places);
    places.retain(|place| !reads(place));
    places
}

/// The JSON text of the first SNS message.
fn message_of(event: &Value) -> Option<Value> {
    let text = event.pointer("/Records/0/Sns/Message")?.as_str()?;
    serde_json::from_str(text).ok()
}

/// Strict is only what the plan needs, and what the envelope's own type
/// demands. A field that joins this list is a new way to lose an alarm.
#[test]
fn only_these_fields_can_make_an_event_unreadable() {
    let mut strict = BTreeSet::new();
    let mut samples = samples();
    // Its records repeat each other's paths.
    samples.remove("sns-several-records").unwrap();
    for event in samples.into_values() {
        strict.extend(strict_places(&event, |place| parse(&with(event.clone(), place, Some(Value::Null))).is_ok()));
        let Some(message) = message_of(&event) else {
            continue;
        };
        let inside =
            strict_places(&message, |place| parse(&with_message(event.clone(), place, Some(Value::Null))).is_ok());
        strict.extend(inside.iter().map(|place| format!("/Records/0/Sns/Message → {place}")));
    }
    insta::assert_snapshot!(Vec::from_iter(strict).join("\n"), @r#"
    /Records
    /Records/0
    /Records/0/EventSource
    /Records/0/EventSubscriptionArn
    /Records/0/EventVersion
    /Records/0/Sns
    /Records/0/Sns/Message
    /Records/0/Sns/Message → /AWSAccountId
    /Records/0/Sns/Message → /AlarmName
    /Records/0/Sns/Message → /NewStateValue
    /Records/0/Sns/Message → /StateChangeTime
    /Records/0/Sns/MessageId
    /Records/0/Sns/Signature
    /Records/0/Sns/SignatureVersion
    /Records/0/Sns/SigningCertURL
    /Records/0/Sns/SigningCertUrl
    /Records/0/Sns/Timestamp
    /Records/0/Sns/TopicArn
    /Records/0/Sns/Type
    /Records/0/Sns/UnsubscribeURL
    /Records/0/Sns/UnsubscribeUrl
    /account
    /alarmData
    /alarmData/alarmName
    /alarmData/state
    /alarmData/state/timestamp
    /alarmData/state/value
    /detail
    /detail-type
    /detail/alarmName
    /detail/eventArn
    /detail/eventTypeCategory
    /detail/eventTypeCode
    /detail/service
    /detail/startTime
    /detail/state
    /detail/state/timestamp
    /detail/state/value
    /detail/statusCode
    /region
    /resources/0
    /source
    "#);
}
