//! The door: EventBridge Scheduler sends exactly the timer that we gave it.

use nightshift_core::timer::Timer;
use nightshift_door::DoorError;
use serde_json::Value;

/// Reads the timer.
///
/// # Errors
/// The path of the field that is missing or wrong.
pub fn parse(event: &Value) -> Result<Timer, DoorError> {
    nightshift_door::read(event, "")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_samples_are_timers() {
        for sample in ["first-check", "newborn-alarm-of-age", "self-drill", "many-at-once"] {
            let path = format!("{}/../../events/remedy-verifier/{sample}.json", env!("CARGO_MANIFEST_DIR"));
            let event = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            let timer = parse(&event).unwrap();
            assert_eq!(serde_json::to_value(&timer).unwrap(), event, "{sample}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let service = json!({"account": "1", "region": "r", "cluster": "prod", "service": "web"});
        let timer =
            |purpose: Value| json!({"name": "t", "at": "2026-11-20T02:14:00Z", "service": service, "purpose": purpose});
        let says = |event: Value| parse(&event).unwrap_err().to_string();
        assert!(parse(&timer(json!({"purpose": "verify", "incident": "i", "number": 1}))).is_ok());
        assert_eq!(says(json!({"name": 3})), "name: invalid type: integer `3`, expected a string");
        assert_eq!(
            says(timer(json!({"purpose": "dance"}))),
            "purpose.purpose: unknown variant `dance`, expected one of `verify`, `fleet`, `reread`, `watch`, `look`, `self-drill`"
        );
        assert!(says(json!([])).starts_with("event: "), "{}", says(json!([])));
    }
}
