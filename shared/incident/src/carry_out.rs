//! From a plan to the world: the one place that knows the order.
//!
//! claim → timer → opening notice → remedy → outcome → notice. Killed between
//! any two of them and delivered again, or found by its timer, it ends in the
//! same state: the claimed record holds all that is left to do, and what came
//! of an intent is read from the account.

use jiff::Timestamp;
use nightshift_core::case::NewCase;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::{EventId, ServiceRef};
use nightshift_core::incident::{Incident, Intent, ServiceRecord};
use nightshift_core::ledger::{Claim, ClaimError, Versioned};
use nightshift_core::policy::Policy;
use nightshift_core::ports::{
    CodeDeployWrites, HookWrites, LedgerReads, LedgerWrites, NoticeWrites, ScalingWrites, ServiceReads, ServiceWrites,
    SwitchReads, TimerWrites,
};
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::{Outcome, Remedy, Resume};
use nightshift_core::tally::Tallied;
use nightshift_core::timer::Timer;
use serde::Serialize;

use crate::last_look::{LastLook, last_look};
use crate::outbox::{busy, keys, publish, settle};
use crate::plan::Plan;
use crate::{counted, end};

/// How often a follow-up write is tried against others' writes.
pub(crate) const FOLLOW_UP_TRIES: u32 = 5;

/// The ports a plan is carried out through.
pub trait Hands:
    LedgerReads
    + LedgerWrites
    + TimerWrites
    + NoticeWrites
    + SwitchReads
    + ServiceReads
    + ServiceWrites
    + ScalingWrites
    + HookWrites
    + CodeDeployWrites
    + Tallied
{
}

impl<W> Hands for W where
    W: LedgerReads
        + LedgerWrites
        + TimerWrites
        + NoticeWrites
        + SwitchReads
        + ServiceReads
        + ServiceWrites
        + ScalingWrites
        + HookWrites
        + CodeDeployWrites
        + Tallied
{
}

/// How far a plan got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// To its end.
    Done {
        /// What came of the remedy, if there was one.
        outcome: Option<Outcome>,
    },
    /// Somebody else wrote in between: observe and plan again.
    Superseded,
}

/// Carries the plan out.
///
/// # Errors
/// A fault that a retry can cure; whoever retries finds the record and goes on
/// from it. Faults that no retry cures are told to people instead.
pub async fn carry_out<W: Hands>(
    world: &W,
    plan: &Plan,
    case: &NewCase<'_, impl Serialize + Sync, impl Serialize + Sync>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Carried, Fault> {
    if let Some(page) = &plan.plain {
        world.page_plainly(&page.subject, &page.text).await?;
    }
    if let Some(silent) = &plan.silent {
        world.count_silent(silent).await?;
    }
    for timer in &plan.timers {
        world.set_timer(timer).await?;
    }
    let (standing, fresh) = match (&plan.claim, &plan.standing) {
        (Some(claim), _) => match write(world, claim).await? {
            Some(written) => (written, true),
            None => return Ok(Carried::Superseded),
        },
        (None, Some(standing)) => (standing.clone(), false),
        (None, None) => {
            counted::decided(world.tally(), plan);
            return Ok(Carried::Done { outcome: None });
        }
    };
    counted::decided(world.tally(), plan);
    // A claim's own intent is new; an older one may be another run's.
    let own = |claim: &Claim| {
        let open = standing.value.incident.as_ref().and_then(Incident::open_intent);
        open.is_some_and(|intent| Some(&intent.event) == claim.event.as_ref())
    };
    let resume = match &plan.claim {
        Some(claim) if own(claim) => plan.resume.or(Some(Resume::DoAgain)),
        _ => plan.resume,
    };
    let keep = async {
        if fresh {
            keep_case(world, plan, case).await;
        }
    };
    finish(world, standing, (resume, keep), policy, now).await
}

/// Writes a claim; `None` if somebody else wrote in between.
pub(crate) async fn write<W: LedgerWrites>(
    world: &W,
    claim: &Claim,
) -> Result<Option<Versioned<ServiceRecord>>, Fault> {
    match world.claim(claim).await {
        Ok(()) => Ok(Some(Versioned { version: claim.expected + 1, value: claim.record.clone() })),
        Err(ClaimError::EventSeen | ClaimError::Conflict) => Ok(None),
        Err(ClaimError::Fault(fault)) => Err(fault),
    }
}

/// The case explains the decision; the decision does not wait for it. It is
/// kept under the notice that the decision led to: a check that tells nobody
/// anything must not take the place of one that did.
async fn keep_case<W: LedgerWrites>(
    world: &W,
    plan: &Plan,
    case: &NewCase<'_, impl Serialize + Sync, impl Serialize + Sync>,
) {
    let claim = plan.claim.as_ref();
    let Some(notice) = claim.and_then(|claim| claim.record.unpublished.last()) else { return };
    if claim.is_none_or(|claim| notice.at != claim.at) {
        return;
    }
    if let Err(fault) = world.keep_case(&notice.incident, notice.sequence, case).await {
        tracing::warn!(%fault, "the case of this decision was not kept");
    }
}

/// Does what the record holds: timer and notices, then the remedy, then what
/// follows from it.
async fn finish<W: Hands>(
    world: &W,
    standing: Versioned<ServiceRecord>,
    (resume, keep): (Option<Resume>, impl Future<Output = ()>),
    policy: &Policy,
    now: Timestamp,
) -> Result<Carried, Fault> {
    let record = &standing.value;
    let timer = record.incident.as_ref().and_then(|incident| incident.timer.as_ref());
    let set_timer = async {
        match timer {
            Some(timer) => world.set_timer(timer).await,
            None => Ok(()),
        }
    };
    let open = record.incident.as_ref().and_then(Incident::open_intent);
    let acts = open.map(|intent| &intent.remedy).filter(|_| resume == Some(Resume::DoAgain));
    let look = async || match acts {
        Some(remedy) => last_look(world, &record.service, remedy, policy, now).await,
        None => LastLook::default(),
    };
    // A remedy waits for all: nothing changes production without its check set and
    // people told. The last look may go at the same time, and the case be kept.
    let retries = world.tally().retries();
    let (set, published, mut seen, ()) = tokio::join!(set_timer, publish(world, record), look(), keep);
    // What was seen is old by then: AWS was asked more than once for something of this.
    if acts.is_some() && world.tally().retries() > retries {
        seen = look().await;
    }
    let no_timer = set.err();
    let timer = timer.filter(|_| no_timer.is_none()).cloned();
    if let Some(fault) = no_timer.as_ref().filter(|fault| fault.transient()) {
        return Err(fault.clone());
    }
    published?;
    let told = keys(record);
    let Some(intent) = open else {
        settle(world, standing, told, now).await?;
        // Nobody will check this incident: that must not go unheard.
        return no_timer.map_or(Ok(Carried::Done { outcome: None }), Err);
    };
    let outcome = match no_timer {
        // No remedy without its check, and no retry cures this: tell people.
        Some(fault) if resume == Some(Resume::DoAgain) => Some(Outcome::Failed { fault }),
        _ => take(world, (&record.service, intent), resume, seen, now).await?,
    };
    let Some(outcome) = outcome else {
        settle(world, standing, told, now).await?;
        return Ok(Carried::Done { outcome: None });
    };
    let (claimed_by, remedy) = (intent.event.clone(), intent.remedy.clone());
    let (told, left) = note_outcome(world, standing, &claimed_by, (&outcome, told), policy, now).await?;
    // Once: whoever writes the outcome down counts it.
    if let Some(after) = left {
        counted::came_of(world.tally(), &remedy, &outcome);
        let (published, set) = tokio::join!(publish(world, &after.value), set_follow_up(world, &after.value, timer));
        published.and(set)?;
        settle(world, after, told, now).await?;
    }
    Ok(Carried::Done { outcome: Some(outcome) })
}

/// Takes the remedy, or finds it taken. `None`: leave it to the timer.
async fn take<W: Hands>(
    world: &W,
    (service, intent): (&ServiceRef, &Intent),
    resume: Option<Resume>,
    seen: LastLook,
    now: Timestamp,
) -> Result<Option<Outcome>, Fault> {
    let remedy = &intent.remedy;
    let withheld = |refusal| Ok(Some(Outcome::Withheld { refusal }));
    match resume {
        None | Some(Resume::NotYet) => return Ok(None),
        Some(Resume::Done) => return Ok(Some(Outcome::FoundTaken { at: now })),
        Some(Resume::Moot) => return withheld(Refusal::Overtaken),
        Some(Resume::TooLate) => return withheld(Refusal::AlarmStale { at: intent.claimed_at }),
        Some(Resume::DoAgain) => {}
    }
    if let Some(outcome) = seen.forestalls(remedy, now)? {
        return Ok(Some(outcome));
    }
    let done = match remedy {
        Remedy::StopDeployment { deployment, .. } => world.stop_deployment(service, deployment).await,
        Remedy::RollBackAtHook { deployment, hook, .. } => world.roll_back_at_hook(service, deployment, hook).await,
        Remedy::StopCodeDeploy { deployment, .. } => world.stop_code_deployment(service, deployment).await,
        Remedy::RollBack { to, .. } => world.deploy(service, to).await,
        Remedy::Restart { instead_of } => world.restart(service, instead_of).await,
        Remedy::ScaleOut { to, .. } | Remedy::RestoreScaling { to, .. } => world.set_minimum(service, *to).await,
    };
    match done {
        Ok(()) => Ok(Some(Outcome::Taken { at: now })),
        // It may or may not have happened: the account will show.
        Err(fault) if fault.kind == FaultKind::Transient => Err(fault),
        // It may have ended, or be going back already: the timer reads which.
        Err(fault) if fault.kind == FaultKind::Permanent && stops(remedy) => Ok(None),
        Err(fault) => Ok(Some(Outcome::Failed { fault })),
    }
}

fn stops(remedy: &Remedy) -> bool {
    matches!(remedy, Remedy::StopDeployment { .. } | Remedy::RollBackAtHook { .. } | Remedy::StopCodeDeploy { .. })
}

/// Writes the outcome down, over others' writes if need be. Gives the keys of
/// the notices that are published by then, and the record if it was this run
/// that wrote the outcome.
async fn note_outcome<W: Hands>(
    world: &W,
    standing: Versioned<ServiceRecord>,
    claimed_by: &EventId,
    (outcome, told): (&Outcome, Vec<String>),
    policy: &Policy,
    now: Timestamp,
) -> Result<(Vec<String>, Option<Versioned<ServiceRecord>>), Fault> {
    let mut standing = standing;
    for _ in 0..FOLLOW_UP_TRIES {
        let mut record = standing.value.clone();
        let open = record.incident.as_ref().and_then(Incident::open_intent);
        if open.is_none_or(|intent| intent.event != *claimed_by) {
            return Ok((told, None));
        }
        record.unpublished.retain(|notice| !told.contains(&notice.key()));
        let closed = end::with_outcome(&mut record, outcome.clone(), policy, now);
        let claim = Claim {
            event: None,
            expected: standing.version,
            record,
            fleet: None,
            releases: Vec::new(),
            closed,
            at: now,
        };
        if let Some(written) = write(world, &claim).await? {
            let told = keys(&written.value);
            return Ok((told, Some(written)));
        }
        standing = world.record(&standing.value.service).await?;
    }
    Err(busy(&standing.value.service))
}

/// What follows an outcome may have a timer of its own, beside the one that is set.
async fn set_follow_up<W: TimerWrites>(world: &W, record: &ServiceRecord, set: Option<Timer>) -> Result<(), Fault> {
    match record.incident.as_ref().and_then(|incident| incident.timer.as_ref()) {
        Some(timer) if Some(timer) != set.as_ref() => world.set_timer(timer).await,
        _ => Ok(()),
    }
}
