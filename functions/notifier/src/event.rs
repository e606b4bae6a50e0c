//! The door: an SNS event whose messages are typed notices.
//!
//! The envelope is read leniently, record by record, so that one broken record
//! does not take the others with it; the notice itself is read strictly.

use nightshift_core::notice::Notice;
use nightshift_door::DoorError;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "Sns")]
    sns: Message,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "Message")]
    message: String,
}

/// The notices of an event, each readable or not by itself.
///
/// # Errors
/// If the event is no SNS event or has no record.
pub fn read(event: &Value) -> Result<Vec<Result<Notice, DoorError>>, DoorError> {
    let envelope: Envelope = nightshift_door::read(event, "")?;
    if envelope.records.is_empty() {
        return Err(DoorError::at("Records", "expected at least one record"));
    }
    Ok(envelope.records.iter().enumerate().map(|(at, record)| notice(at, record)).collect())
}

fn notice(at: usize, record: &Value) -> Result<Notice, DoorError> {
    let record: Record = nightshift_door::read(record, &format!("Records[{at}]"))?;
    let place = format!("Records[{at}].Sns.Message");
    let content: Value =
        serde_json::from_str(&record.sns.message).map_err(|no| DoorError::at(&place, no.to_string()))?;
    nightshift_door::read(&content, &place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::samples;

    #[track_caller]
    fn refused(event: &Value, expect: &str) {
        let error = match read(event) {
            Err(error) => error,
            Ok(records) => records.into_iter().find_map(Result::err).unwrap(),
        };
        assert_eq!(error.to_string(), expect);
    }

    #[test]
    fn what_is_malformed_is_named_with_its_path() {
        refused(&json!({"detail-type": "x"}), "event: missing field `Records`");
        refused(&json!({"Records": []}), "Records: expected at least one record");
        refused(&json!({"Records": [{"Sns": {}}]}), "Records[0].Sns: missing field `Message`");
        let no_json = "Records[0].Sns.Message: expected value at line 1 column 1";
        refused(&json!({"Records": [{"Sns": {"Message": "hello"}}]}), no_json);
        let mut notice = serde_json::to_value(samples::notice("opened")).unwrap();
        notice["service"]["region"] = json!(7);
        let wrong = json!({"Records": [{"Sns": {"Message": notice.to_string()}}]});
        let says = "Records[0].Sns.Message.service.region: invalid type: integer `7`, expected a string";
        assert!(matches!(&read(&wrong).unwrap()[0], Err(error) if error.to_string().starts_with(says)));
    }

    #[test]
    fn a_broken_record_does_not_take_its_neighbour_with_it() {
        let good = json!({"Sns": {"Message": serde_json::to_string(&samples::notice("opened")).unwrap()}});
        let records = read(&json!({"Records": [{"Sns": {"Message": "{}"}}, good]})).unwrap();
        assert!(records[0].is_err());
        assert_eq!(records[1], Ok(samples::notice("opened")));
    }

    #[test]
    fn every_sample_is_read() {
        for name in samples::NAMES {
            assert!(read(&samples::event(name)).unwrap().iter().all(Result::is_ok), "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_message_makes_the_door_panic(message in ".*", key in "[A-Za-z]{0,8}") {
            let _ = read(&json!({"Records": [{"Sns": {"Message": message.clone()}}, {key: message}]}));
        }
    }
}
