//! `deployment-guard` wakes when ECS or CodeDeploy says something about a
//! deployment, when a task of a service fails, when its own watchdog fires,
//! and once a day for a look at every service.
//!
//! It keeps a record of every deployment as a release with a verdict, and it
//! may stop one that fails, hangs or is denied (`ecs:StopServiceDeployment`,
//! `ecs:ContinueServiceDeployment`, `ecs:UpdateService`,
//! `codedeploy:StopDeployment`), where the service has opted in. Records
//! converge by themselves; what it does is claimed in the ledger first.

pub mod event;

pub mod observe;
pub mod plan;
pub mod quarantined;
pub mod sweep;
pub mod warnings;

use jiff::Timestamp;
use nightshift_core::codedeploy::{CodeDeployment, CodeDeploymentId};
use nightshift_core::ids::EventId;
use nightshift_core::ledger::Silent;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{
    CodeDeployReads, FleetReads, FleetWrites, ImageAges, ImageLabels, ImageLedger, LogReads, RunsReads,
};
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::Outcome;
use nightshift_core::tally::Undecided;
use nightshift_core::timer::Timer;
use nightshift_incident::carry_out::Hands;
use nightshift_incident::plan::Plan;
use nightshift_incident::respond::{Answering, Unfinished, respond};
use nightshift_incident::scene::SceneWorld;
use nightshift_incident::stack::Stack;
use serde::Serialize;
use serde_json::Value;

use crate::event::{Incoming, News};
use crate::observe::observe;

/// The ports this function meets the world through.
pub trait World:
    SceneWorld
    + Hands
    + LogReads
    + ImageAges
    + ImageLabels
    + ImageLedger
    + RunsReads
    + CodeDeployReads
    + FleetReads
    + FleetWrites
{
}

impl<W> World for W where
    W: SceneWorld
        + Hands
        + LogReads
        + ImageAges
        + ImageLabels
        + ImageLedger
        + RunsReads
        + CodeDeployReads
        + FleetReads
        + FleetWrites
{
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Report {
    /// News of one service.
    Deployment {
        /// What was decided and why.
        plan: Box<Plan>,
        /// What came of the remedy, if one was due.
        outcome: Option<Outcome>,
    },
    /// Every service was looked at.
    Sweep {
        /// How many there are.
        services: usize,
        /// Those that events had missed something of, by name.
        looked_at: Vec<String>,
        /// Those left for the next sweep.
        left: usize,
    },
    /// The event names no service whole; the sweep finds what it told.
    Nameless {
        /// What it named.
        arn: String,
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
    world: W,
    stack: Stack,
    policy: Policy,
}

impl<W: World> Handler<W> {
    /// A handler over `world`.
    pub fn new(world: W, stack: Stack, policy: Policy) -> Self {
        Self { world, stack, policy }
    }

    /// Answers one event that began to be handled at `now`.
    ///
    /// # Errors
    /// If the event cannot be read, or if a retry can cure what failed.
    pub async fn handle(&self, event: &Value, now: Timestamp) -> Result<Report, Unfinished> {
        let tally = self.world.tally();
        match event::parse(event).inspect_err(|_| tally.undecided(Undecided::Malformed))? {
            Incoming::News(news) => self.news(event, &news, None, now).await,
            Incoming::CodeDeploy { deployment, event: id } => self.codedeploy(event, &deployment, id, now).await,
            Incoming::Watchdog(timer) => self.news(event, &woken(timer), None, now).await,
            Incoming::Sweep { event: id } => self.sweep(event, &id, now).await,
            Incoming::Nameless { event, arn } => {
                let refusal = Refusal::Unmapped;
                let silent = Silent { event, at: now, alarm: None, service: None, refusal, told: false };
                self.world.count_silent(&silent).await?;
                Ok(Report::Nameless { arn })
            }
            Incoming::Ignored { why } => {
                tally.undecided(Undecided::Ignored);
                Ok(Report::Ignored { why })
            }
        }
    }

    async fn codedeploy(
        &self,
        event: &Value,
        deployment: &CodeDeploymentId,
        id: EventId,
        now: Timestamp,
    ) -> Result<Report, Unfinished> {
        let Some(code) = self.world.code_deployment(deployment).await? else {
            let why = format!("CodeDeploy deployment {deployment} is gone, or of no ECS service");
            self.world.tally().undecided(Undecided::Ignored);
            return Ok(Report::Ignored { why });
        };
        let service = code.service.clone();
        let news = News { event: id, service, what: "CodeDeploy".into(), at: now, told: None, drill: false };
        self.news(event, &news, Some(&code), now).await
    }

    async fn news(
        &self,
        event: &Value,
        news: &News,
        code: Option<&CodeDeployment>,
        now: Timestamp,
    ) -> Result<Report, Unfinished> {
        let answering = Answering { function: "deployment-guard", event, policy: &self.policy, now };
        let observe = async || observe(&self.world, news, code, (&self.stack, &self.policy), now).await;
        let (plan, outcome) = respond(&self.world, answering, observe, plan::plan).await?;
        Ok(Report::Deployment { plan: Box::new(plan), outcome })
    }
}

/// A watchdog is news of the service that it watches.
fn woken(timer: Timer) -> News {
    let event = EventId::new(timer.name.clone());
    News { event, service: timer.service, what: "watchdog".into(), at: timer.at, told: None, drill: false }
}
