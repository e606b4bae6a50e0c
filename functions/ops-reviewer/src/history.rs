//! What the ledger recorded of a stretch of time.
//!
//! The ledger files what it records by days of UTC; a report is about days of
//! its reader. So the days that a window touches are read whole, and what lies
//! outside is left out.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nightshift_core::fault::Fault;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::Incident;
use nightshift_core::ledger::Silent;
use nightshift_core::ports::{Answer, HistoryReads};
use nightshift_core::verdict::PastRelease;
use nightshift_release::dora::{DoraReport, Ended, dora};
use nightshift_release::trend::{Trend, trend};
use serde::{Deserialize, Serialize};

use crate::event::whole_days;

/// A release is filed under the day on which it began and belongs to the
/// window in which it ended. One that takes longer than this is lost to the
/// reports.
///
/// A pause hook waits for a day by default and for fourteen at most; without a
/// circuit breaker or alarms a deployment hangs until somebody ends it. Each of
/// these days is one query more: a digest asks for the releases of 17 days, a
/// scorecard for those of 30.
const LONGEST_RELEASE: SignedDuration = SignedDuration::from_hours(24 * 15);

/// A stretch of time; its end is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

impl Window {
    /// The `days` times 24 hours before `to`.
    pub fn of_days(days: u32, to: Timestamp) -> Self {
        let length = SignedDuration::from_hours(24 * i64::from(days));
        Self { from: to.checked_sub(length).unwrap_or(Timestamp::MIN), to }
    }

    /// The `days` times 24 hours after `from`.
    pub fn of_days_after(days: u32, from: Timestamp) -> Self {
        let length = SignedDuration::from_hours(24 * i64::from(days));
        Self { from, to: from.checked_add(length).unwrap_or(Timestamp::MAX) }
    }

    /// The moment lies in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Its length in days of 24 hours, rounded.
    pub fn days(&self) -> u32 {
        whole_days(self.to.duration_since(self.from))
    }

    /// The days of UTC that it touches.
    fn utc_days(&self) -> impl Iterator<Item = Date> + use<> {
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        // Its end is not in it.
        let last = self.to.checked_sub(SignedDuration::from_nanos(1)).map_or(day(self.from), day);
        day(self.from).series(jiff::Span::new().days(1)).take_while(move |day| *day <= last)
    }

    fn reaching_back(&self, length: SignedDuration) -> Self {
        Self { from: self.from.checked_sub(length).unwrap_or(Timestamp::MIN), to: self.to }
    }
}

/// What was recorded, and what of it could not be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Releases, each as last seen.
    #[serde(default)]
    pub releases: Vec<PastRelease>,
    /// Incidents that ended, with their services.
    #[serde(default)]
    pub incidents: Vec<(ServiceRef, Incident)>,
    /// What was counted in silence.
    #[serde(default)]
    pub silent: Vec<Silent>,
    /// What could not be read; what is missing because of it nobody knows.
    #[serde(default)]
    pub unseen: Vec<Fault>,
}

impl History {
    /// What of it lies in `window`: releases by their end, incidents by theirs.
    #[must_use]
    pub fn within(&self, window: &Window) -> Self {
        let ended = |found: &&PastRelease| window.holds(found.release.ended_at.unwrap_or(found.release.began_at));
        let over = |(_, incident): &&(ServiceRef, Incident)| window.holds(ended_at(incident));
        Self {
            releases: self.releases.iter().filter(ended).cloned().collect(),
            incidents: self.incidents.iter().filter(over).cloned().collect(),
            silent: self.silent.iter().filter(|silent| window.holds(silent.at)).cloned().collect(),
            unseen: self.unseen.clone(),
        }
    }

    /// As it was at `at`, as far as it is dated: the day that `at` lies in is
    /// read whole, and more of it each time.
    #[must_use]
    pub fn until(mut self, at: Timestamp) -> Self {
        self.releases.retain(|past| past.release.began_at < at);
        self.incidents.retain(|(_, incident)| ended_at(incident) < at);
        self.silent.retain(|silent| silent.at < at);
        self
    }

    /// What else could not be read, each operation once.
    pub fn miss(&mut self, unseen: Vec<Fault>) {
        for fault in unseen {
            if !self.unseen.iter().any(|known| known.operation == fault.operation) {
                self.unseen.push(fault);
            }
        }
    }

    /// DORA's measures of `window`. How long a recovery took may be known only
    /// from an incident that ended after it.
    pub fn dora(&self, window: &Window) -> DoraReport {
        let ended: Vec<Ended> =
            self.incidents.iter().filter_map(|(service, incident)| Ended::of(service, incident)).collect();
        dora(&self.within(window).releases, &ended, window.days())
    }

    /// The same day by day, over as many days as `window` has.
    pub fn trend(&self, window: &Window) -> Trend {
        trend(&self.releases, window.to, window.days())
    }

    fn keep<T>(&mut self, answer: Answer<Vec<T>>, place: impl FnOnce(&mut Self) -> &mut Vec<T>) {
        match answer {
            Ok(found) => place(self).extend(found),
            // It will be denied for each day.
            Err(fault) => self.miss(vec![fault]),
        }
    }
}

/// When the incident ended. One that was kept before its end was noted ended
/// when it was last heard of.
pub fn ended_at(incident: &Incident) -> Timestamp {
    incident.closed_at.unwrap_or(incident.heard_at)
}

/// Reads what was recorded in `window`.
pub async fn recorded<W: HistoryReads>(world: &W, window: &Window) -> History {
    let mut history = History::default();
    for day in window.reaching_back(LONGEST_RELEASE).utc_days() {
        history.keep(world.releases_of(day).await, |history| &mut history.releases);
    }
    history.releases = as_last_seen(history.releases);
    for day in window.utc_days() {
        history.keep(world.incidents_of(day).await, |history| &mut history.incidents);
        history.keep(world.silent_of(day).await, |history| &mut history.silent);
    }
    history
}

/// One entry for each release, out of days in their order: a release may stand
/// under two of them, and the later is the newer.
fn as_last_seen(found: Vec<PastRelease>) -> Vec<PastRelease> {
    let by_id = found.into_iter().map(|past| ((past.service.clone(), past.release.id.clone()), past));
    by_id.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// Reads the incidents that ended in `window` alone.
pub async fn incidents<W: HistoryReads>(world: &W, window: &Window) -> History {
    let mut history = History::default();
    for day in window.utc_days() {
        history.keep(world.incidents_of(day).await, |history| &mut history.incidents);
    }
    history
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, to: &str) -> Window {
        Window { from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    #[track_caller]
    fn check(from: &str, to: &str, expect: &[&str]) {
        let days: Vec<String> = window(from, to).utc_days().map(|day| day.to_string()).collect();
        assert_eq!(days, expect);
    }

    #[test]
    fn a_window_touches_days_of_utc_and_not_the_one_it_ends_at() {
        check("2026-11-19T06:30:00Z", "2026-11-20T06:30:00Z", &["2026-11-19", "2026-11-20"]);
        check("2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z", &["2026-11-19"]);
        check("2026-12-31T23:00:00Z", "2027-01-01T00:00:00.5Z", &["2026-12-31", "2027-01-01"]);
    }

    #[test]
    fn a_window_has_whole_days() {
        assert_eq!(window("2026-10-24T05:30:00Z", "2026-10-25T06:30:00Z").days(), 1);
        assert_eq!(Window::of_days(14, "2026-11-20T00:00:00Z".parse().unwrap()).days(), 14);
    }
}
