//! `ops-reviewer` wakes on two schedules, every day and every week, and tells
//! what nobody was told at the time.
//!
//! It changes nothing but what people know: the *digest* of a day says what was
//! recorded without a message, the *scorecard* of a week how delivery and the
//! automation itself did.
//!
//! It converges as far as the ledger is dated: a report made late, or again,
//! has the same key, leaves out what came after it was due, and knows which
//! incidents were open then. What the ledger has only as it is now, it tells as
//! it is now: the verdict on a release, a denial that was lifted, and an
//! incident that was left alone until something new was heard of it. The
//! metrics of a digest are counted each time that it is made.

pub mod event;
pub mod figures;
pub mod history;
pub mod observe;
pub mod plan;
pub mod table;
pub mod wording;

use jiff::civil::Date;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{HistoryReads, LedgerReads, NoticeWrites};
use nightshift_core::tally::{Tallied, Undecided};
use nightshift_door::DoorError;
use nightshift_incident::respond::Unfinished;
use nightshift_incident::stack::Stack;
use serde::Serialize;
use serde_json::Value;

use crate::event::Kind;
use crate::observe::observe;
use crate::plan::Plan;

/// The ports this function meets the world through.
pub trait World: HistoryReads + LedgerReads + NoticeWrites + Tallied {}

impl<W: HistoryReads + LedgerReads + NoticeWrites + Tallied> World for W {}

/// What became of one report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Which one.
    pub report: Kind,
    /// The day on which it was due.
    pub day: Date,
    /// What it says; nothing was published if it says nothing.
    pub plan: Plan,
    /// The notice's key, where one was published.
    pub published: Option<String>,
}

/// Makes reports.
#[derive(Debug)]
pub struct Handler<W> {
    world: W,
    stack: Stack,
    policy: Policy,
}

impl<W: World> Handler<W> {
    /// A handler over `world`.
    pub fn new(world: W, stack: Stack, policy: Policy) -> Self {
        Self { world, stack, policy }
    }

    /// Makes one report. What cannot be read for good is named in it: a report
    /// with a gap is worth more than none.
    ///
    /// # Errors
    /// If the event cannot be read, or if a retry can cure what failed.
    pub async fn handle(&self, event: &Value) -> Result<Report, Unfinished> {
        let malformed = |_: &DoorError| self.world.tally().undecided(Undecided::Malformed);
        let due = event::parse(event).inspect_err(malformed)?;
        let (report, day) = (due.report, due.day);
        let observed = observe(&self.world, due, &self.stack, &self.policy).await;
        if let Some(fault) = observed.unseen().find(|fault| fault.transient()) {
            return Err(fault.clone().into());
        }
        let plan = plan::plan(&observed, &self.policy);
        let notice = wording::notice(&observed, &plan);
        if let Some(notice) = &notice {
            self.world.publish(notice).await?;
        }
        // Last of all, for a retry would count them again.
        if report == Kind::Daily {
            figures::delivered(&observed).into_iter().for_each(|delivered| self.world.tally().delivered(delivered));
        }
        Ok(Report { report, day, plan, published: notice.map(|notice| notice.key()) })
    }
}

#[cfg(test)]
mod tests;
