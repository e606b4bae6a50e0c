//! Whatever arrives, a door answers.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::super::{Incoming, parse};
use super::samples;
use super::strict::pointers;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,24}".prop_map(Value::from),
        "[0-9T:+Z. -]{0,30}".prop_map(Value::from),
        "arn:[a-z:0-9/ ]{0,40}(:alarm:)?.{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let key = prop_oneof![
            ".{0,12}",
            "Records|Sns|Message|AlarmName|Trigger|alarmData|detail|detail-type|source|state|metrics",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6).prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
}

/// What every answer keeps, whatever the event.
fn keeps_its_promises(event: &Value) -> Result<(), TestCaseError> {
    let answer = parse(event);
    prop_assert_eq!(&parse(event), &answer);
    let signals = match answer {
        Ok(Incoming::Alarm(signal)) => vec![signal],
        Ok(Incoming::Alarms(signals)) => {
            prop_assert!(signals.len() > 1);
            signals
        }
        Ok(Incoming::Ignored { why }) => {
            prop_assert!(!why.is_empty());
            vec![]
        }
        Ok(Incoming::Health(_)) => vec![],
        Err(error) => {
            prop_assert!(!error.path.is_empty() && !error.problem.is_empty());
            vec![]
        }
    };
    for signal in signals {
        prop_assert!(!signal.name.trim().is_empty());
        let place = format!(":cloudwatch:{}:{}:alarm:", signal.region, signal.account);
        prop_assert!(signal.arn.as_str().contains(&place), "{} lacks {place}", signal.arn);
    }
    Ok(())
}

/// Puts `value` in the place of one of the values inside `event`.
fn replace_one(event: &mut Value, place: prop::sample::Index, value: Value) {
    let mut places = Vec::new();
    pointers(event, "", &mut places);
    if let Some(target) = event.pointer_mut(&places[place.index(places.len())]) {
        *target = value;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_answered(event in any_json()) {
        keeps_its_promises(&event)?;
    }

    #[test]
    fn any_sns_message_is_answered(message in any_json(), text in ".{0,200}") {
        let mut event = samples().remove("sns-metric-alarm").unwrap();
        for content in [message.to_string(), text] {
            event["Records"][0]["Sns"]["Message"] = content.into();
            keeps_its_promises(&event)?;
        }
    }

    #[test]
    fn a_sample_with_any_values_replaced_is_answered(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..4),
    ) {
        let mut events: Vec<Value> = samples().into_values().collect();
        let mut event = events.swap_remove(which.index(events.len()));
        for (place, value) in changes {
            replace_one(&mut event, place, value);
        }
        keeps_its_promises(&event)?;
    }

    #[test]
    fn an_sns_message_with_any_value_replaced_is_answered(
        place in any::<prop::sample::Index>(),
        value in any_json(),
    ) {
        for name in ["sns-metric-alarm", "sns-composite", "sns-anomaly-band"] {
            let mut event = samples().remove(name).unwrap();
            let text = event["Records"][0]["Sns"]["Message"].as_str().unwrap();
            let mut message: Value = serde_json::from_str(text).unwrap();
            replace_one(&mut message, place, value.clone());
            event["Records"][0]["Sns"]["Message"] = message.to_string().into();
            keeps_its_promises(&event)?;
        }
    }
}
