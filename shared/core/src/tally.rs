//! What Nightshift counts about itself.
//!
//! A [`Tally`] fills while an invocation runs and is emptied when it ends:
//! `nightshift-lambda` makes one line of metrics of it. Counting leaves the
//! process only there, so it may stand right where something took effect, and
//! what happened before an invocation failed is counted too. `docs/metrics.md`
//! has every name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::notice::{Notice, Pager};

/// What is counted: the first part of a counter's name, or all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Events that led to no decision, by what they were.
    Event,
    /// Decisions, by name.
    Decision,
    /// Decisions about images, by name.
    Image,
    /// Rules that forbade something, by name.
    Refusal,
    /// Remedies taken, by kind.
    RemedyTaken,
    /// Remedies that AWS refused, by kind.
    RemedyFailed,
    /// Remedies claimed, and withheld at the last look, by kind.
    RemedyWithheld,
    /// Notices published, by kind.
    Notice,
    /// Notices that wake somebody.
    Page,
    /// Messages straight to the plain page topic.
    PlainPage,
    /// What the notifier could not deliver, in all and by receiver.
    Undelivered,
    /// Self-drills that reached the notifier, by the door they came in by.
    SelfDrill,
    /// Attempts of AWS calls after the first.
    AwsRetries,
    /// Attempts of AWS calls that AWS throttled.
    AwsThrottles,
    /// AWS calls that IAM denied.
    AwsDenied,
}

/// A counter, named like `Refusal.CoolingDown` or `Page`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter {
    family: Family,
    variant: Option<String>,
}

impl Counter {
    /// The counter of a family that has but one, or of all of it.
    pub fn all(family: Family) -> Self {
        Self { family, variant: None }
    }

    /// The counter of one variant of an enum: its name, without what it holds.
    pub fn of(family: Family, variant: &impl fmt::Debug) -> Self {
        let text = format!("{variant:?}");
        let name = text.split([' ', '{', '(']).next().unwrap_or_default();
        Self { family, variant: Some(name.to_owned()) }
    }
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.family)?;
        // The dot ends a token of CloudWatch's search, so that a graph finds
        // all counters of a family without knowing them.
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, ".{variant}"))
    }
}

/// An event that leads to no decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Undecided {
    /// It cannot be read.
    Malformed,
    /// None of ours.
    Ignored,
    /// News of AWS Health, kept for later.
    Health,
}

/// What an invocation was about. A line can be searched by it, but it is no
/// dimension: each value of a dimension is a metric that is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Services.
    Service,
    /// Incidents.
    Incident,
}

/// A measure of how a service is delivered, by the definitions of DORA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Releases that ended.
    Releases,
    /// Those of them that failed or were taken back.
    Failed,
    /// Median seconds from the first sign of a failed one to a service that is well.
    RecoveryTime,
    /// Median seconds from a release's beginning to its end.
    ReleaseTime,
    /// Median seconds from the commit to the release's end.
    LeadTime,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Releases, Self::Failed, Self::RecoveryTime, Self::ReleaseTime, Self::LeadTime];

    /// It is a length of time, in seconds.
    pub fn is_time(self) -> bool {
        matches!(self, Self::RecoveryTime | Self::ReleaseTime | Self::LeadTime)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Delivery.{self:?}")
    }
}

/// How one service was delivered on a day. Its metrics have the service and its
/// environment as dimensions, for these people want to see by service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// `cluster/service`.
    pub service: String,
    /// Tag `environment` or `env`.
    pub environment: Option<String>,
    /// What is known of it.
    pub measures: BTreeMap<Measure, u64>,
}

/// What was counted since the tally was last emptied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How often each counter was hit; what was not is not here.
    pub times: BTreeMap<Counter, u64>,
    /// How long each AWS call took, retries included.
    pub calls: Vec<Duration>,
    /// What it was about.
    pub topics: BTreeMap<Topic, BTreeSet<String>>,
    /// How services were delivered.
    pub delivered: Vec<Delivered>,
}

/// A running count. Clones are the same tally.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<Count>>);

impl Tally {
    /// Counts one.
    pub fn add(&self, counter: Counter) {
        *self.count().times.entry(counter).or_default() += 1;
    }

    /// Counts an event that leads to no decision.
    pub fn undecided(&self, event: Undecided) {
        self.add(Counter::of(Family::Event, &event));
    }

    /// Counts a notice that was published, and the page in it.
    pub fn told(&self, notice: &Notice) {
        self.add(Counter::of(Family::Notice, &notice.kind));
        if matches!(notice.pager, Some(Pager::Trigger { .. })) {
            self.add(Counter::all(Family::Page));
        }
    }

    /// Attempts of AWS calls after the first, so far.
    pub fn retries(&self) -> u64 {
        self.count().times.get(&Counter::all(Family::AwsRetries)).copied().unwrap_or_default()
    }

    /// Notes how long an AWS call took, retries included.
    pub fn called(&self, took: Duration) {
        self.count().calls.push(took);
    }

    /// Notes what the invocation is about.
    pub fn about(&self, topic: Topic, which: &impl fmt::Display) {
        self.count().topics.entry(topic).or_default().insert(which.to_string());
    }

    /// Notes how a service was delivered.
    pub fn delivered(&self, delivered: Delivered) {
        self.count().delivered.push(delivered);
    }

    /// How services were delivered; none of it is taken twice.
    pub fn take_delivered(&self) -> Vec<Delivered> {
        std::mem::take(&mut self.count().delivered)
    }

    /// What was counted; the tally begins anew.
    pub fn take(&self) -> Count {
        std::mem::take(&mut self.count())
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        // A panic elsewhere has its own message; a count is whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A world that keeps count.
pub trait Tallied: Sync {
    /// Where it counts.
    fn tally(&self) -> &Tally;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::NoticeKind;
    use crate::refusal::Refusal;

    #[track_caller]
    fn check(counter: &Counter, expect: &str) {
        assert_eq!(counter.to_string(), expect);
    }

    #[test]
    fn a_counter_is_named_by_its_variant_alone() {
        check(&Counter::of(Family::Refusal, &Refusal::Halted), "Refusal.Halted");
        check(&Counter::of(Family::Refusal, &Refusal::ConfidenceTooLow { percent: 3 }), "Refusal.ConfidenceTooLow");
        check(&Counter::of(Family::Notice, &NoticeKind::Opened), "Notice.Opened");
        check(&Counter::of(Family::Event, &Some(1)), "Event.Some");
        check(&Counter::all(Family::Page), "Page");
    }

    #[test]
    fn a_taken_tally_begins_anew() {
        let tally = Tally::default();
        let same = tally.clone();
        same.add(Counter::all(Family::Page));
        same.add(Counter::all(Family::Page));
        assert_eq!(tally.take().times, BTreeMap::from([(Counter::all(Family::Page), 2)]));
        assert_eq!(same.take(), Count::default());
    }
}
