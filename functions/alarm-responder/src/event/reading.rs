//! How the fields that only alarms and AWS Health have are read.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use nightshift_door::quoted;
use serde::Deserialize;

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
