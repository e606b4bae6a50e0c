//! `remedy-verifier` wakes when a timer of Nightshift fires: an incident is to
//! be checked, or an alarm that was too new is to be read again.
//!
//! It resolves or escalates incidents, undoes temporary scaling
//! (`application-autoscaling:RegisterScalableTarget`), and brings to its end a
//! remedy whose owner died. It does not converge by itself: what it does is
//! claimed in the ledger first.

pub mod config;
pub mod event;
pub mod observe;
pub mod plan;

use jiff::Timestamp;
use nightshift_core::policy::Policy;
use nightshift_core::remedy::Outcome;
use nightshift_core::tally::Undecided;
use nightshift_incident::carry_out::Hands;
use nightshift_incident::plan::Plan;
use nightshift_incident::respond::{Unfinished, case_of, respond};
use nightshift_incident::scene::SceneWorld;
use serde::Serialize;
use serde_json::Value;

use crate::config::Config;
use crate::event::DoorError;
use crate::observe::observe;

/// The ports this function meets the world through.
pub trait World: SceneWorld + Hands {}

impl<W: SceneWorld + Hands> World for W {}

/// What became of one timer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What was decided and why.
    pub plan: Plan,
    /// What came of a remedy, if one was due.
    pub outcome: Option<Outcome>,
}

/// Why a timer is to be delivered again.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The event cannot be read; it ends in the dead-letter queue, whole.
    #[error("the event cannot be read")]
    Door(#[from] DoorError),
    /// The answer did not come to its end.
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
}

/// Answers timers.
#[derive(Debug)]
pub struct Handler<W> {
    world: W,
    config: Config,
    policy: Policy,
}

impl<W: World> Handler<W> {
    /// A handler over `world`.
    pub fn new(world: W, config: Config, policy: Policy) -> Self {
        Self { world, config, policy }
    }

    /// Answers one timer that began to be handled at `now`.
    ///
    /// # Errors
    /// If the event cannot be read, or if a retry can cure what failed.
    pub async fn handle(&self, event: &Value, now: Timestamp) -> Result<Report, HandleError> {
        let malformed = |_: &DoorError| self.world.tally().undecided(Undecided::Malformed);
        let timer = event::parse(event).inspect_err(malformed)?;
        let decide = async || {
            let observed = observe(&self.world, &timer, &self.config.stack, &self.policy, now).await;
            let plan = plan::plan(&observed, &self.policy, now);
            let case = case_of("remedy-verifier", event, (&observed, &plan), &self.policy, now);
            Ok((plan, case))
        };
        let (plan, outcome) = respond(&self.world, &self.policy, now, decide).await?;
        Ok(Report { plan, outcome })
    }
}
