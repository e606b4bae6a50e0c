//! `image-guard` wakes when a scan of an image ends or finds something, when an
//! image is pushed or deleted, when a service has another deployment, and once
//! a day for a look at everything, because AWS does not promise to deliver any
//! of these events.
//!
//! It tells the teams that run an image what is newly wrong with it, and keeps
//! an image that nobody runs yet from being deployed: by a record in the
//! ledger, which `deployment-guard` enforces, and by a marker tag. It may put
//! tags on images and take its own off again (`ecr:PutImage`,
//! `ecr:BatchDeleteImage` by tag), move them to the archive and back
//! (`ecr:UpdateImageStorageClass`), and switch on scanning and immutable tags
//! (`ecr:PutImageScanningConfiguration`, `ecr:PutImageTagMutability`), in
//! repositories that opted in alone. It never deletes an image. It converges:
//! whatever it did, it sees when it looks again.

// Reads within a look within a sweep within a delivery: the types of the
// futures nest deeper than the compiler's default.
#![recursion_limit = "256"]

pub mod event;

pub mod observe;

pub mod guardrails;
pub mod judge;
pub mod needs;
pub mod plan;
pub mod quarantine;
pub mod report;
pub mod tell;
pub mod weekly;
pub mod wording;

mod look;
mod services;
mod sweep;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::Timestamp;
use nightshift_core::image::{ImageId, Run};
use nightshift_core::policy::Policy;
use nightshift_core::ports::{
    FleetReads, ImageLedger, LedgerReads, LedgerWrites, NoticeWrites, RegistryReads, RegistryWrites, RunningReads,
    RunsLedger, RunsReads, ScanReads, ServiceReads, SwitchReads, TimerWrites,
};
use nightshift_core::refusal::Refusal;
use nightshift_core::span::Span;
use nightshift_core::tally::{Counter, Family, Tallied, Undecided};
use nightshift_core::timer::Timer;
use nightshift_incident::respond::Unfinished;
use nightshift_incident::stack::Stack;
use serde::Serialize;
use serde_json::Value;

use crate::event::{Incoming, News};
use crate::guardrails::Guardrail;

pub use crate::look::Looked;

/// The ports this function meets the world through.
pub trait World:
    ScanReads
    + RegistryReads
    + RegistryWrites
    + RunningReads
    + ImageLedger
    + RunsLedger
    + RunsReads
    + ServiceReads
    + FleetReads
    + LedgerReads
    + LedgerWrites
    + SwitchReads
    + NoticeWrites
    + TimerWrites
    + Tallied
{
}

impl<W> World for W where
    W: ScanReads
        + RegistryReads
        + RegistryWrites
        + RunningReads
        + ImageLedger
        + RunsLedger
        + RunsReads
        + ServiceReads
        + FleetReads
        + LedgerReads
        + LedgerWrites
        + SwitchReads
        + NoticeWrites
        + TimerWrites
        + Tallied
{
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Report {
    /// An image was looked at.
    Image(Looked),
    /// Findings of an image come in: it is looked at later, once.
    Settling {
        /// Which image.
        image: ImageId,
        /// When.
        at: Timestamp,
    },
    /// A service has other images now.
    Deployed {
        /// Which service, by its name.
        service: String,
        /// What the looks at its images came to.
        looked: Vec<Looked>,
    },
    /// Everything was looked at.
    Sweep {
        /// How many services there are.
        services: usize,
        /// Services that had other images than was known, by name.
        refreshed: Vec<String>,
        /// What looks at images came to, where they came to something.
        looked: Vec<Looked>,
        /// What is wrong with repositories.
        guardrails: Vec<Guardrail>,
        /// The key of the report, where one was published.
        published: Option<String>,
    },
    /// It is of another account or region.
    Refused {
        /// By this rule.
        refusal: Refusal,
    },
    /// None of ours.
    Ignored {
        /// Why.
        why: String,
    },
}

/// Answers events.
#[derive(Debug)]
pub struct Handler<W> {
    pub(crate) world: W,
    pub(crate) stack: Stack,
    pub(crate) policy: Policy,
}

impl<W: World> Handler<W> {
    /// A handler over `world`.
    pub fn new(world: W, stack: Stack, policy: Policy) -> Self {
        Self { world, stack, policy }
    }

    /// Answers one event that began to be handled at `now`.
    ///
    /// # Errors
    /// If the event cannot be read, or if something could not be looked at: what a
    /// retry does not cure ends in the dead-letter queue by name.
    pub async fn handle(&self, event: &Value, now: Timestamp) -> Result<Report, Unfinished> {
        let tally = self.world.tally();
        match event::parse(event).inspect_err(|_| tally.undecided(Undecided::Malformed))? {
            Incoming::Image(news) => match self.elsewhere(&news) {
                Some(report) => Ok(report),
                None => Ok(Report::Image(self.look(&news.image, (event, None), now).await?.whole()?)),
            },
            Incoming::Finding(news) => match self.elsewhere(&news) {
                Some(report) => Ok(report),
                None => self.settle(news.image, now).await,
            },
            Incoming::Look { image } => Ok(Report::Image(self.look(&image, (event, None), now).await?.whole()?)),
            Incoming::Deployed { service } => {
                if let Some(refusal) = self.stack.home.not_here(&service) {
                    return Ok(self.refused(refusal));
                }
                let images = match self.world.service(&service).await? {
                    Some(found) => self.refresh(&found, now).await?,
                    None => self.forget(&service).await?,
                };
                let mut looked = Vec::new();
                for image in images {
                    looked.push(self.look(&image, (event, None), now).await?);
                }
                // What was left undone is tried again by the retry, which finds the same images.
                let looked = looked.into_iter().map(Looked::whole).collect::<Result<_, _>>()?;
                self.looked_at(&service).await?;
                Ok(Report::Deployed { service: service.to_string(), looked })
            }
            Incoming::Sweep(sweep) => self.sweep(event, &sweep, now).await,
            Incoming::Ignored { why } => {
                tally.undecided(Undecided::Ignored);
                Ok(Report::Ignored { why })
            }
        }
    }

    fn elsewhere(&self, news: &News) -> Option<Report> {
        let refusal = self.stack.home.elsewhere(&news.account, &news.region)?;
        Some(self.refused(refusal))
    }

    fn refused(&self, refusal: Refusal) -> Report {
        self.world.tally().add(Counter::of(Family::Refusal, &refusal));
        Report::Refused { refusal }
    }

    /// Puts the look off until findings have come in: a thousand of them in a
    /// minute are one look, and one message.
    async fn settle(&self, image: ImageId, now: Timestamp) -> Result<Report, Unfinished> {
        let mut record = self.world.image_record(&image).await?;
        let waits = record.value.settles_at.filter(|at| *at > now);
        let at = waits.unwrap_or_else(|| settled(self.policy.images.settle, now));
        let home = (self.stack.home.account.as_str(), self.stack.home.region.as_str());
        if waits.is_none() {
            // The timer first: without it nobody would look.
            self.world.set_timer(&Timer::look(&image, home, at)).await?;
            record.value.settles_at = Some(at);
            // Whoever was faster has set a timer of its own.
            self.world.keep_image(&record).await?;
        }
        Ok(Report::Settling { image, at })
    }
}

/// When findings that begin to come in at `now` are in: at the end of the next
/// whole span, so that deliveries of one moment set one timer.
fn settled(span: Span, now: Timestamp) -> Timestamp {
    let length = span.as_seconds().max(1);
    let begun = now.as_second().div_euclid(length) * length;
    Timestamp::from_second(begun.saturating_add(2 * length)).unwrap_or(now)
}

/// The environments that an image runs in.
pub(crate) fn environments<'a>(runs: impl Iterator<Item = &'a Run>) -> BTreeSet<String> {
    runs.filter_map(|run| run.environment.clone()).collect()
}
