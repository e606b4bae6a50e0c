//! The door: EventBridge Scheduler sends exactly what our template says, with
//! the time that the report was due at in its place.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};
use nightshift_door::read;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::history::Window;

use nightshift_door::DoorError;

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The digest of a day.
    Daily,
    /// The scorecard of a week.
    Weekly,
}

/// As our schedules write it; nobody else does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    report: Kind,
    zone: String,
    at: Timestamp,
}

/// A report that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Due {
    /// Which one.
    pub report: Kind,
    /// The time zone of whoever reads it, `Europe/Berlin`.
    pub zone: String,
    /// The day on which it was due there.
    pub day: Date,
    /// What it is about: the day, or the seven days, that ended when it was due.
    pub window: Window,
    /// As long a time before that, to compare with.
    pub before: Window,
}

impl Due {
    /// The report that was due at `at`. A day is one of the calendar there, so
    /// that one report begins where the last one ended, be it 23 hours ago.
    ///
    /// # Errors
    /// If no time zone has that name, or the calendar does not reach so far.
    pub fn new(report: Kind, zone: &str, at: Timestamp) -> Result<Self, DoorError> {
        let found = TimeZone::get(zone);
        let unknown =
            |_| DoorError::at("zone", format!("expected an IANA time zone like Europe/Berlin, found {zone:?}"));
        let local = at.to_zoned(found.map_err(unknown)?);
        let days = match report {
            Kind::Daily => 1,
            Kind::Weekly => 7,
        };
        let back = |days: i64| -> Result<Timestamp, DoorError> {
            let out_of_reach = |error: jiff::Error| DoorError::at("at", error.to_string());
            local.checked_sub(days.days()).map(|there: Zoned| there.timestamp()).map_err(out_of_reach)
        };
        let (from, start) = (back(days)?, back(2 * days)?);
        Ok(Self {
            report,
            zone: zone.to_owned(),
            day: local.date(),
            window: Window { from, to: at },
            before: Window { from: start, to: from },
        })
    }

    /// A moment as its reader's clock shows it, `Fri 20 Nov 02:14`.
    pub fn shown(&self, at: Timestamp) -> String {
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        at.to_zoned(zone).strftime("%a %-d %b %H:%M").to_string()
    }

    /// Days of 24 hours that it is about.
    pub fn days(&self) -> u32 {
        self.window.days()
    }
}

/// Reads what is due.
///
/// # Errors
/// The path of the field that is missing or wrong.
pub fn parse(event: &Value) -> Result<Due, DoorError> {
    let Wire { report, zone, at } = read(event, "")?;
    Due::new(report, &zone, at)
}

/// Days of 24 hours in a length of time, rounded.
pub(crate) fn whole_days(length: SignedDuration) -> u32 {
    u32::try_from((length.as_hours() + 12) / 24).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn due(report: &str, zone: &str, at: &str) -> Due {
        parse(&json!({"report": report, "zone": zone, "at": at})).unwrap()
    }

    #[track_caller]
    fn check(event: &Value, expect: &str) {
        let says = parse(event).unwrap_err().to_string();
        assert!(says.starts_with(expect), "{says}");
    }

    #[test]
    fn the_samples_are_reports_that_are_due() {
        for (sample, report, days) in [("daily", Kind::Daily, 1), ("weekly", Kind::Weekly, 7)] {
            let path = format!("{}/../../events/ops-reviewer/{sample}.json", env!("CARGO_MANIFEST_DIR"));
            let due = parse(&serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()).unwrap();
            assert_eq!((due.report, due.days()), (report, days));
        }
    }

    #[test]
    fn one_report_begins_where_the_last_one_ended_even_when_the_clocks_change() {
        let summer = due("daily", "Europe/Berlin", "2026-10-24T05:30:00Z");
        let winter = due("daily", "Europe/Berlin", "2026-10-25T06:30:00Z");
        assert_eq!(winter.window.from, summer.window.to);
        assert_eq!(winter.window.to.duration_since(winter.window.from).as_hours(), 25);
        assert_eq!((winter.days(), winter.before), (1, summer.window));
    }

    #[test]
    fn the_day_is_the_readers() {
        let late = due("weekly", "Asia/Tokyo", "2026-11-22T23:00:00Z");
        assert_eq!(late.day.to_string(), "2026-11-23");
        assert_eq!(late.shown(late.window.to), "Mon 23 Nov 08:00");
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let event = |report: &str, zone: &str, at: &str| json!({"report": report, "zone": zone, "at": at});
        let at = "2026-11-20T06:30:00Z";
        check(&event("hourly", "UTC", at), "report: unknown variant `hourly`, expected `daily` or `weekly`");
        check(&event("daily", "Mars/Base", at), "zone: expected an IANA time zone");
        check(&event("daily", "UTC", "<aws.scheduler.scheduled-time>"), "at: ");
        check(&event("weekly", "UTC", "-009999-01-03T00:00:00Z"), "at: ");
        check(&json!({"report": "daily", "zone": "UTC"}), "event: missing field `at`");
        check(&json!({"report": "daily", "zone": "UTC", "at": at, "days": 3}), "days: unknown field `days`");
        check(&json!([]), "event: ");
    }
}
