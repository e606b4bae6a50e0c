//! `cost-reporter` wakes on two schedules, when AWS finds a cost strange, when a
//! budget reaches a threshold and when an alarm on the bill rings.
//!
//! It changes nothing but what people know. A daily report is silent unless
//! something moved by more than the floors; a weekly one is always made. Only
//! days that are settled are compared, credits never hide usage, and no two
//! currencies are ever added.
//!
//! Each question to Cost Explorer costs a cent: answers are remembered for the
//! day, so that a retry does not pay twice, and a report may ask so many and no
//! more.
//!
//! It converges: a report has the name of the day that it is about, and an
//! anomaly's notice is written down before it is published.

// Reads within a report within a delivery: the types of the futures nest deeper
// than the compiler's default.
#![recursion_limit = "256"]

pub mod event;

pub mod ask;
pub mod moves;

pub mod hints;
pub mod month;
pub mod news;
pub mod observe;
pub mod picture;
pub mod plan;
pub mod report;
pub mod shares;
pub mod wording;

mod tell;

#[cfg(test)]
mod tests;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use nightshift_core::cost::CostTold;
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::ledger::Versioned;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{CostLedger, CostReads, HistoryReads, NoticeWrites};
use nightshift_core::settings::{SettingsError, Variables};
use nightshift_core::tally::{Tallied, Undecided};
use nightshift_cost::waste::observe::WasteWorld;
use nightshift_door::DoorError;
use nightshift_incident::respond::Unfinished;
use nightshift_incident::stack::Stack;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use crate::ask::Purse;
use crate::event::{Due, Incoming, Kind};
use crate::moves::moves;
use crate::plan::{Figures, figures};

/// The ports this function meets the world through.
pub trait World: CostReads + CostLedger + HistoryReads + WasteWorld + NoticeWrites + Tallied {}

impl<W: CostReads + CostLedger + HistoryReads + WasteWorld + NoticeWrites + Tallied> World for W {}

/// Set to `off`, nothing is asked of Cost Explorer.
const SWITCH: &str = "NIGHTSHIFT_COST_REPORTS";
/// The budget of a month, `1500` or `1500.50`; empty: none.
const BUDGET: &str = "NIGHTSHIFT_MONTHLY_BUDGET";
/// Under what is kept which days were reported on.
const REPORTS: &str = "reports-daily";
/// Under what is kept when people were told that nothing can be read.
const UNREAD: &str = "reports-unread";
/// Days until they are told again.
const UNREAD_AGAIN: i32 = 7;
/// Lambda tries again after one minute, and then after two.
const LAST_TRY: SignedDuration = SignedDuration::from_secs(150);

/// What infrastructure says about reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Cost Explorer may be asked.
    pub on: bool,
    /// The budget of a month, in the account's currency.
    pub budget: Option<Decimal>,
}

impl Default for Setup {
    /// On, and without a budget.
    fn default() -> Self {
        Self { on: true, budget: None }
    }
}

impl Setup {
    /// Reads the function's variables.
    ///
    /// # Errors
    /// The variable that holds what it must not.
    pub fn read(variables: &Variables) -> Result<Self, SettingsError> {
        let on = match variables.get(SWITCH).unwrap_or("on") {
            "on" => true,
            "off" => false,
            other => return Err(wrong(SWITCH, other, "on or off")),
        };
        let budget = match variables.get(BUDGET).unwrap_or_default().trim() {
            "" => None,
            text => match text.parse::<Decimal>() {
                Ok(budget) if budget > Decimal::ZERO => Some(budget),
                _ => return Err(wrong(BUDGET, text, "an amount such as 1500.50, or nothing")),
            },
        };
        Ok(Self { on, budget })
    }
}

fn wrong(variable: &'static str, value: &str, expected: &str) -> SettingsError {
    SettingsError { variable, value: Some(value.to_owned()), expected: expected.to_owned() }
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Report {
    /// A report was made.
    Costs {
        /// Which one.
        report: Kind,
        /// The last settled day; `None`: there is none.
        day: Option<Date>,
        /// What it says; `None`: nothing moved, or there is nothing to say.
        figures: Option<Box<Figures>>,
        /// The notice's key, where one was published.
        published: Option<String>,
        /// Questions that were paid for.
        requests: u32,
    },
    /// Nothing can be read of costs.
    Unread {
        /// Why.
        fault: Fault,
        /// The notice's key, where people were not told lately.
        published: Option<String>,
    },
    /// People were told of each.
    News {
        /// The notices' keys; of what was told before there is none.
        published: Vec<String>,
    },
    /// Reports are switched off: nothing was asked.
    Off,
    /// None of ours.
    Ignored {
        /// Why.
        why: String,
    },
}

/// Answers events.
#[derive(Debug)]
pub struct Handler<W> {
    world: W,
    stack: Stack,
    policy: Policy,
    setup: Setup,
}

impl<W: World> Handler<W> {
    /// A handler over `world`.
    pub fn new(world: W, stack: Stack, policy: Policy, setup: Setup) -> Self {
        Self { world, stack, policy, setup }
    }

    /// Answers one event that began to be handled at `now`.
    ///
    /// # Errors
    /// If the event cannot be read, or if a retry can cure what failed.
    pub async fn handle(&self, event: &Value, now: Timestamp) -> Result<Report, Unfinished> {
        let malformed = |_: &DoorError| self.world.tally().undecided(Undecided::Malformed);
        match event::parse(event).inspect_err(malformed)? {
            Incoming::Due(_) if !self.setup.on => Ok(Report::Off),
            Incoming::Due(due) => Ok(self.report(&due, now).await?),
            Incoming::News(all) => {
                let mut published = Vec::new();
                for news in &all {
                    published.extend(self.news(news, now).await?);
                }
                Ok(Report::News { published })
            }
            Incoming::Ignored { why } => {
                self.world.tally().undecided(Undecided::Ignored);
                Ok(Report::Ignored { why })
            }
        }
    }

    async fn report(&self, due: &Due, now: Timestamp) -> Result<Report, Fault> {
        let (today, policy) = (due.today(), &self.policy.costs);
        let mut purse = Purse::new(&self.world, today, policy.most_requests);
        // Lambda tries three times: the last report may have a hole, which it names.
        purse.patient = now.duration_since(due.at) < LAST_TRY;
        let days = match purse.days().await? {
            Sight::Seen(days) => days,
            Sight::Unseen(fault) => return self.unread(fault, due).await,
        };
        let told = self.world.cost_told(REPORTS).await?;
        let moves = moves(&days, due.costs, today, told.value.day, policy);
        let daily = due.costs == Kind::Daily;
        let done =
            |day, figures, published, requests| Report::Costs { report: due.costs, day, figures, published, requests };
        let Some(moves) = moves else {
            let notice = (!daily).then(|| wording::nothing(due, &self.stack));
            let published = self.publish(notice).await?;
            return Ok(done(None, None, published, purse.spent));
        };
        let day = moves.day;
        if daily && moves.quiet() {
            self.reported(told, day).await?;
            return Ok(done(Some(day), None, None, purse.spent));
        }
        let seen = observe::observe(&self.world, &mut purse, &moves, (due, policy)).await?;
        let figures = figures(moves, seen, (policy, self.setup.budget), today, purse.spent);
        let published = self.publish(Some(wording::report(&figures, due, &self.stack))).await?;
        if daily {
            self.reported(told, day).await?;
        }
        Ok(done(Some(day), Some(Box::new(figures)), published, purse.spent))
    }

    /// The day is done with. Whoever was faster wrote the same, or a later one.
    async fn reported(&self, mut told: Versioned<CostTold>, day: Date) -> Result<(), Fault> {
        told.value.day = Some(day);
        self.world.keep_cost_told(REPORTS, &told).await.map(drop)
    }

    /// Tells once a week that nothing can be told, and why; and each time that
    /// the weekly report would have been due.
    async fn unread(&self, fault: Fault, due: &Due) -> Result<Report, Fault> {
        let matter = format!("{UNREAD}-{:?}", fault.kind);
        let mut told = self.world.cost_told(&matter).await?;
        let since = |day: Date| day.until(due.today()).map_or(UNREAD_AGAIN, |span| span.get_days());
        if due.costs == Kind::Daily && told.value.day.is_some_and(|day| since(day) < UNREAD_AGAIN) {
            return Ok(Report::Unread { fault, published: None });
        }
        let published = self.publish(Some(wording::unread(&fault, due, &self.stack))).await?;
        told.value.day = Some(due.today());
        self.world.keep_cost_told(&matter, &told).await?;
        Ok(Report::Unread { fault, published })
    }
}
