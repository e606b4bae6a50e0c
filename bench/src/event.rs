//! The event: an alarm of `prod/checkout` as EventBridge sends it, each time another one.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use serde_json::Value;

use crate::wire::moment;

/// A fresh event of that moment. Nothing is done for one that was seen before.
///
/// # Errors
/// If the sample is no JSON.
pub fn fresh(now: Timestamp) -> Result<Value, serde_json::Error> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut event: Value = serde_json::from_str(include_str!("../answers/event.json"))?;
    resolve(&mut event, now);
    event["id"] =
        Value::String(format!("{:08x}-{:04x}-4000-8000-{number:012x}", now.as_second(), std::process::id() & 0xffff));
    // The envelope has whole seconds, what CloudWatch says milliseconds.
    event["time"] = Value::String(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    Ok(event)
}

fn resolve(value: &mut Value, now: Timestamp) {
    match value {
        Value::String(text) => {
            if let Some(at) = moment(text, now) {
                *text = at.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string();
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| resolve(one, now)),
        Value::Object(all) => all.values_mut().for_each(|one| resolve(one, now)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_event_is_sent_twice() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let (one, other) = (fresh(now).unwrap(), fresh(now).unwrap());
        assert_ne!(one["id"], other["id"]);
        assert_eq!(one["time"], "2026-09-21T14:13:20Z");
        assert_eq!(one["detail"]["state"]["timestamp"], "2026-09-21T14:13:15.000+0000");
    }
}
