//! `alarm-responder` wakes when a CloudWatch alarm changes state: by
//! EventBridge, by SNS, or as the alarm's own Lambda action. It also takes AWS
//! Health events, as evidence for later.
//!
//! It may roll back, restart or scale out the alarm's service
//! (`ecs:UpdateService`, `ecs:StopServiceDeployment`,
//! `application-autoscaling:RegisterScalableTarget`), where the service has
//! opted in. It does not converge by itself: what it does is claimed in the
//! ledger first.

pub mod event;

pub mod mapping;
pub mod observe;
pub mod plan;
pub mod unmapped;

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmSignal, AlarmState};
use nightshift_core::drill;
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::ServiceRef;
use nightshift_core::mode::Mode;
use nightshift_core::policy::Policy;
use nightshift_core::ports::AlarmMap;
use nightshift_core::remedy::Outcome;
use nightshift_core::tally::Undecided;
use nightshift_incident::carry_out::Hands;
use nightshift_incident::fleet::{self, Occasion};
use nightshift_incident::plan::{Decision, Plan};
use nightshift_incident::respond::{Answering, Unfinished, respond};
use nightshift_incident::scene::{SceneWorld, observe_ledger};
use nightshift_incident::self_drill;
use nightshift_incident::stack::Stack;
use serde::Serialize;
use serde_json::Value;

use crate::event::Incoming;
use crate::observe::{Many, Observed, observe};

/// The ports this function meets the world through.
pub trait World: SceneWorld + Hands + AlarmMap {}

impl<W: SceneWorld + Hands + AlarmMap> World for W {}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Report {
    /// An alarm was answered.
    Alarm {
        /// What was decided and why.
        plan: Box<Plan>,
        /// What came of the remedy, if one was due.
        outcome: Option<Outcome>,
    },
    /// Several alarms came in one delivery.
    Alarms {
        /// One report each.
        reports: Vec<Report>,
    },
    /// AWS reported an issue, or its end.
    Health {
        /// The issue.
        issue: HealthIssue,
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
    many: Many,
}

impl<W: World> Handler<W> {
    /// A handler over `world`.
    pub fn new(world: W, stack: Stack, policy: Policy) -> Self {
        Self { world, stack, policy, many: Many::default() }
    }

    /// Answers one event that began to be handled at `now`.
    ///
    /// # Errors
    /// If the event cannot be read, or if a retry can cure what failed.
    pub async fn handle(&self, event: &Value, now: Timestamp) -> Result<Report, Unfinished> {
        let tally = self.world.tally();
        match event::parse(event).inspect_err(|_| tally.undecided(Undecided::Malformed))? {
            Incoming::Alarm(signal) => self.alarm(event, signal, now).await,
            Incoming::Alarms(signals) => self.alarms(event, signals, now).await,
            Incoming::Health(issue) => {
                self.world.keep_health_issue(&issue).await?;
                tally.undecided(Undecided::Health);
                Ok(Report::Health { issue })
            }
            Incoming::Ignored { why } => {
                tally.undecided(Undecided::Ignored);
                Ok(Report::Ignored { why })
            }
        }
    }

    /// One failing alarm does not keep the others from being answered.
    async fn alarms(&self, event: &Value, signals: Vec<AlarmSignal>, now: Timestamp) -> Result<Report, Unfinished> {
        let mut reports = Vec::new();
        let mut failed = None;
        for signal in signals {
            match self.alarm(event, signal, now).await {
                Ok(report) => reports.push(report),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(Report::Alarms { reports }), Err)
    }

    async fn alarm(&self, event: &Value, signal: AlarmSignal, now: Timestamp) -> Result<Report, Unfinished> {
        // They page by themselves. One that fails must not be asked why it fails.
        if self.stack.own_alarm(&signal.name) {
            self.world.tally().undecided(Undecided::Ignored);
            return Ok(Report::Ignored { why: format!("{} is an alarm of this stack itself", signal.name) });
        }
        // Forwarded from us-east-1: cost-reporter tells it.
        if signal.metrics.iter().any(|metric| metric.namespace == "AWS/Billing") {
            self.world.tally().undecided(Undecided::Ignored);
            return Ok(Report::Ignored { why: format!("{} is on the bill, which cost-reporter tells", signal.name) });
        }
        let answering = Answering { function: "alarm-responder", event, policy: &self.policy, now };
        if self.stack.drill_alarm(&signal) {
            return self.self_drill(answering, &signal).await;
        }
        let observe = async || observe(&self.world, &signal, &self.stack, (&self.policy, &self.many), now).await;
        let (plan, outcome) = respond(&self.world, answering, observe, plan::plan).await?;
        let Decision::ManyAtOnce { service, mode } = &plan.decision else {
            return Ok(Report::Alarm { plan: Box::new(plan), outcome });
        };
        self.many_at_once(answering, &signal, service, *mode).await?;
        self.many.are_ill();
        let observe = async || Observed { many_told: true, ..observe().await };
        let (plan, outcome) = respond(&self.world, answering, observe, plan::plan).await?;
        Ok(Report::Alarm { plan: Box::new(plan), outcome })
    }

    /// Opens the incident that tells of all who are ill at once.
    async fn many_at_once(
        &self,
        answering: Answering<'_>,
        signal: &AlarmSignal,
        service: &ServiceRef,
        mode: Mode,
    ) -> Result<(), Unfinished> {
        let (event, service) = (signal.event.clone(), service.clone());
        let occasion = Occasion::Alarm { event, service, mode, at: signal.at };
        let answering = Answering { function: fleet::FUNCTION, ..answering };
        let (home, now) = (&self.stack.home, answering.now);
        let observe = async || fleet::observe(&self.world, &occasion, home, &self.policy, now).await;
        respond(&self.world, answering, observe, fleet::plan).await.map(drop)
    }

    /// The stack tries itself out: nothing of the account is looked at, but all
    /// that an incident would leave behind is left, and sent on.
    async fn self_drill(&self, answering: Answering<'_>, signal: &AlarmSignal) -> Result<Report, Unfinished> {
        if signal.state != AlarmState::Alarm {
            self.world.tally().undecided(Undecided::Ignored);
            return Ok(Report::Ignored { why: format!("{} is back: the self-drill is on its way", signal.name) });
        }
        let (id, now) = (drill::event_of(signal), answering.now);
        let service = drill::service((&signal.account, &signal.region));
        let observe = async || observe_ledger(&self.world, &service, &id, &self.policy, now).await;
        let plan = |standing: &_, policy: &Policy, now| self_drill::heard(standing, signal, policy, now);
        let (plan, outcome) = respond(&self.world, answering, observe, plan).await?;
        Ok(Report::Alarm { plan: Box::new(plan), outcome })
    }
}
