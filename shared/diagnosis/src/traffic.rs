//! Requests against what is usual.

use jiff::Timestamp;
use nightshift_core::metric::{Point, Signal};
use nightshift_core::span::Span;

use crate::trend;
use crate::view::ServiceView;

/// Below so many requests a minute a ratio is noise.
pub(crate) const TOO_FEW: f64 = 5.0;
/// At twice the usual rate a service sized for its usual rate is in trouble.
const FAR_ABOVE: f64 = 2.0;
/// Headroom is commonly a third to a half.
const ABOVE: f64 = 1.4;
/// Within a quarter of the usual, load explains nothing.
const FLAT: f64 = 1.25;
/// Half of what came before is still the same traffic; less is another trouble.
const LULL: f64 = 2.0;
/// A rise by less than a tenth is none.
const RISE: f64 = 0.1;
/// Requests come by chance: three standard deviations of the mean of five minutes
/// are beyond it, squared.
const BEYOND_CHANCE: f64 = 9.0;
const MINUTES: f64 = 5.0;
/// Nine tenths of it are as much.
const CARRIED: f64 = 0.9;
/// The minute before the onset belongs to it: load comes before its symptom.
const LEAD: Span = Span::minutes(1);
/// Five minutes from the onset on, before clients' retries pile up.
const WINDOW: Span = Span::minutes(5);
/// The half hour before, less the last minutes in which load may have risen.
pub(crate) const EARLIER: (Span, Span) = (Span::minutes(35), Span::minutes(5));

/// The request rate around the onset, against what is usual.
pub(crate) struct Traffic {
    /// Requests a minute around the onset.
    pub(crate) rate: f64,
    /// The same without those that failed.
    wanted: f64,
    /// What is usual at this hour, or else what it was before.
    pub(crate) usual: f64,
    /// Where `usual` comes from, in words.
    pub(crate) usual_is: &'static str,
    /// The rate of the half hour before, where it is known.
    before: Option<f64>,
    /// The rates at this hour yesterday and a week ago, where they are known.
    pub(crate) days: [Option<f64>; 2],
}

/// How much of a symptom the load can explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rate {
    FarAbove,
    Above,
    Flat,
    /// Neither flat nor high enough to explain anything, or fewer requests.
    Other,
}

impl Traffic {
    /// `failed` are the requests that were answered with errors, where that is
    /// the symptom. Clients send again what failed, and a load that consists of
    /// a little of that is the trouble's effect: what was answered well was wanted.
    pub(crate) fn of(
        view: &ServiceView,
        failed: Option<&[Point]>,
        onset: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Self> {
        let begin = LEAD.before(onset.unwrap_or_else(|| WINDOW.before(now)));
        let over = |points: &[Point], from: Timestamp| trend::level(points, from, WINDOW.after(LEAD.after(from)));
        let requests = view.points(Signal::Requests);
        let rate = over(&requests, begin)?;
        let wanted = rate - failed.and_then(|failed| over(failed, begin)).unwrap_or(0.0);
        let earlier = |signal, ago: Span| over(&view.points(signal), ago.before(begin));
        let yesterday = earlier(Signal::RequestsYesterday, Span::hours(24));
        let last_week = earlier(Signal::RequestsLastWeek, Span::hours(168));
        let before = trend::level(&requests, EARLIER.0.before(begin), EARLIER.1.before(begin));
        // The higher of the two: one of them may have been a Sunday.
        let (usual, usual_is) = match (yesterday, last_week, before) {
            (Some(day), Some(week), _) if week > day => (week, "at this hour a week ago"),
            (Some(day), _, _) => (day, "at this hour yesterday"),
            (None, Some(week), _) => (week, "at this hour a week ago"),
            (None, None, before) => (before?, "in the half hour before"),
        };
        (usual >= TOO_FEW).then_some(Self { rate, wanted, usual, usual_is, before, days: [yesterday, last_week] })
    }

    /// How much it can explain.
    pub(crate) fn rate(&self) -> Rate {
        // Against the half hour before, other days' habits do not matter: what has
        // not moved since then has brought nothing about, on a Saturday neither.
        let before = self.before.unwrap_or(self.usual);
        let still = self.wanted <= FLAT * before && self.rate * LULL >= before;
        match self.rate / self.usual {
            // Too much work fails as well: so far up, nothing takes the load away.
            ratio if ratio >= FAR_ABOVE => Rate::FarAbove,
            ratio if ratio >= ABOVE => Rate::Above,
            _ if still => Rate::Flat,
            _ => Rate::Other,
        }
    }

    /// The requests rose with the onset, by more than a tenth and than chance.
    pub(crate) fn rose(&self) -> bool {
        let Some(before) = self.before else { return false };
        let rise = self.wanted - before;
        rise >= RISE * before && rise * rise * MINUTES >= BEYOND_CHANCE * before
    }

    /// At least as many were served on that day.
    pub(crate) fn carried(&self, day: Option<f64>) -> bool {
        day.is_some_and(|day| day >= CARRIED * self.wanted)
    }

    /// Load alone would explain the symptom.
    pub(crate) fn explains(&self) -> bool {
        matches!(self.rate(), Rate::FarAbove | Rate::Above)
    }
}
