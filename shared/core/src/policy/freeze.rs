//! Weekly windows without deployments or without remedies.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Policy;

/// What a freeze stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Frozen {
    /// New releases. It does not stop a remedy.
    Deploys,
    /// Remedies. It does not stop a release.
    Remedies,
}

/// A weekly window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// Its name, shown where it refuses.
    pub name: String,
    /// What it stops.
    pub stops: Frozen,
    /// Days on which it begins; empty: every day.
    #[serde(default)]
    pub days: Vec<Day>,
    /// Local time at which it begins, `22:00`.
    #[schemars(with = "String")]
    pub from: Time,
    /// Local time at which it ends; not after `from`: on the next day.
    #[schemars(with = "String")]
    pub to: Time,
    /// IANA time zone, `Europe/Berlin`.
    #[serde(default = "utc")]
    pub zone: String,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "seven days need no sentence each")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

fn utc() -> String {
    "UTC".into()
}

impl Policy {
    /// The freeze of that kind which holds at `now`, by name.
    pub fn frozen(&self, what: Frozen, now: Timestamp) -> Option<&str> {
        self.freeze
            .iter()
            .filter(|freeze| freeze.stops == what)
            .find(|freeze| freeze.holds(now))
            .map(|f| f.name.as_str())
    }
}

impl Freeze {
    fn holds(&self, now: Timestamp) -> bool {
        // An unknown zone is refused by `parse`; a freeze that cannot be read holds.
        let Ok(zone) = jiff::tz::TimeZone::get(&self.zone) else { return true };
        let local = now.to_zoned(zone);
        let (time, today) = (local.time(), local.weekday());
        let begins = |day: Weekday| self.days.is_empty() || self.days.iter().any(|listed| listed.weekday() == day);
        if self.from < self.to {
            begins(today) && self.from <= time && time < self.to
        } else {
            (begins(today) && time >= self.from) || (begins(today.previous()) && time < self.to)
        }
    }
}

impl Day {
    fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_freeze_over_midnight_holds_on_both_sides() {
        let policy = Policy::parse(
            "[[freeze]]\nname = \"weekend\"\nstops = \"remedies\"\ndays = [\"fri\"]\nfrom = \"22:00:00\"\nto = \"06:00:00\"\nzone = \"Europe/Berlin\"\n",
        )
        .unwrap();
        let holds = |text| policy.frozen(Frozen::Remedies, at(text));
        assert_eq!(holds("2026-11-20T21:30:00Z"), Some("weekend")); // Friday 22:30 in Berlin
        assert_eq!(holds("2026-11-21T04:30:00Z"), Some("weekend")); // Saturday 05:30
        assert_eq!(holds("2026-11-21T05:30:00Z"), None);
        assert_eq!(holds("2026-11-21T21:30:00Z"), None);
        assert_eq!(policy.frozen(Frozen::Deploys, at("2026-11-20T21:30:00Z")), None);
    }
}
