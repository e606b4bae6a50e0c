//! `remedy-verifier` wakes when a timer of Nightshift fires: an incident is to
//! be checked, of one service or of many at once, an alarm that was too new is to be read again, or the daily
//! self-drill is to be sent on.
//!
//! It resolves or escalates incidents, undoes temporary scaling
//! (`application-autoscaling:RegisterScalableTarget`), and brings to its end a
//! remedy whose owner died. It does not converge by itself: what it does is
//! claimed in the ledger first.

pub mod event;
pub mod observe;
pub mod plan;

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use nightshift_core::policy::Policy;
use nightshift_core::remedy::Outcome;
use nightshift_core::tally::Undecided;
use nightshift_core::timer::{Purpose, Timer};
use nightshift_door::DoorError;
use nightshift_incident::carry_out::Hands;
use nightshift_incident::fleet::{self, Occasion};
use nightshift_incident::plan::{Decision, Plan};
use nightshift_incident::respond::{Answering, Unfinished, respond};
use nightshift_incident::scene::{SceneWorld, observe_ledger};
use nightshift_incident::self_drill;
use nightshift_incident::stack::Stack;
use serde::Serialize;
use serde_json::Value;

use crate::observe::{Observed, observe};

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

/// Answers timers.
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

    /// Answers one timer that began to be handled at `now`.
    ///
    /// # Errors
    /// If the event cannot be read, or if a retry can cure what failed.
    pub async fn handle(&self, event: &Value, now: Timestamp) -> Result<Report, Unfinished> {
        let malformed = |_: &DoorError| self.world.tally().undecided(Undecided::Malformed);
        let timer = event::parse(event).inspect_err(malformed)?;
        let answering = Answering { function: "remedy-verifier", event, policy: &self.policy, now };
        if let Purpose::SelfDrill { door, rang_at } = timer.purpose {
            let id = observe::event_of(&timer);
            let observe = async || observe_ledger(&self.world, &timer.service, &id, &self.policy, now).await;
            let plan = |standing: &_, _: &Policy, now| self_drill::checked(standing, (&id, door, rang_at), now);
            let (plan, outcome) = respond(&self.world, answering, observe, plan).await?;
            return Ok(Report { plan, outcome });
        }
        if matches!(timer.purpose, Purpose::Fleet { .. }) {
            return self.check_fleet(answering, &timer).await;
        }
        // Whoever should have checked the incident of many may have died with each retry.
        let overdue = Mutex::new(None);
        let plan = |observed: &Observed, policy: &Policy, now| {
            let standing = observed.scene.standing.seen();
            let found = standing.and_then(|standing| fleet::overdue(standing, &self.stack.home, now));
            *overdue.lock().unwrap_or_else(PoisonError::into_inner) = found;
            plan::plan(observed, policy, now)
        };
        let observe = async || observe(&self.world, &timer, &self.stack, &self.policy, now).await;
        let (plan, outcome) = respond(&self.world, answering, observe, plan).await?;
        if let Some(timer) = overdue.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let event = serde_json::to_value(&timer).unwrap_or_default();
            self.check_fleet(Answering { event: &event, ..answering }, &timer).await?;
        }
        Ok(Report { plan, outcome })
    }

    /// The check of the incident of many services.
    async fn check_fleet(&self, answering: Answering<'_>, timer: &Timer) -> Result<Report, Unfinished> {
        let Purpose::Fleet { incident, number } = &timer.purpose else {
            return Ok(Report { plan: Plan::of(Decision::Settled), outcome: None });
        };
        let event = observe::event_of(timer);
        let check = Occasion::Check { event, incident: incident.clone(), number: *number };
        let answering = Answering { function: fleet::FUNCTION, ..answering };
        let home = &self.stack.home;
        let observe = async || fleet::observe(&self.world, &check, home, &self.policy, answering.now).await;
        let plan = |observed: &_, policy: &Policy, now| plan::of_the_fleet(timer, observed, policy, now);
        let (plan, outcome) = respond(&self.world, answering, observe, plan).await?;
        Ok(Report { plan, outcome })
    }
}
