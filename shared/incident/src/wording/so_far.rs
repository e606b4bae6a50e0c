//! What was done in an incident, in the words that each of its notices has for it: the
//! newest is all that stands in a channel, so none may leave out what another said.

use nightshift_core::incident::{Incident, Intent, Phase, ServiceRecord};
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::{Outcome, Remedy, RemedyKind};
use nightshift_core::span::Span;

use super::capital;
use crate::refusals::{sentence, why_not};

/// What was done or not, and what will undo it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SoFar {
    pub(super) done: Vec<String>,
    pub(super) drift: Option<String>,
}

/// Of the open incident, as it stands.
pub(super) fn so_far(record: &ServiceRecord) -> SoFar {
    let Some(incident) = &record.incident else { return SoFar::default() };
    let remedy = |intent: &&Intent| intent.remedy.kind() != RemedyKind::RestoreScaling;
    let Some(intent) = incident.intents.iter().rfind(remedy) else {
        let done = incident.refusal.as_ref().map(|refusal| did_nothing(incident.would.as_ref(), Some(refusal)));
        return SoFar { done: done.unwrap_or_default(), drift: None };
    };
    let line = match &intent.outcome {
        None => decided(incident, &intent.remedy),
        Some(Outcome::Taken { .. } | Outcome::FoundTaken { .. }) if incident.phase == Phase::Escalated => {
            in_vain(intent)
        }
        Some(Outcome::Taken { .. } | Outcome::FoundTaken { .. }) => taken(incident, &intent.remedy),
        Some(outcome) => not_done(record, &intent.remedy, outcome),
    };
    let drift = incident.taken().and_then(|intent| drift(record, &intent.remedy));
    SoFar { done: vec![line], drift }
}

/// It is about to be taken.
pub(super) fn decided(incident: &Incident, remedy: &Remedy) -> String {
    let by = incident.deadline.strftime("%H:%M UTC");
    format!("Decided to {remedy} ({}); escalates at {by} if that does not help.", remedy.operation())
}

/// It was taken and is being checked.
pub(super) fn taken(incident: &Incident, remedy: &Remedy) -> String {
    let by = incident.deadline.strftime("%H:%M UTC");
    let did = format!("Did: {} ({}). Checked until {by}, then escalated", perfect(remedy), remedy.operation());
    match incident.intents.last().map_or(0, |intent| intent.waits_s) {
        0 => format!("{did}."),
        waits_s => {
            let waits = Span::seconds(i64::from(waits_s));
            format!("{did}; {waits} later if all is well by then but its rollout, which waits so long by itself.")
        }
    }
}

/// It was taken, and the trouble went on.
pub(super) fn in_vain(intent: &Intent) -> String {
    let at = intent.claimed_at.strftime("%H:%M UTC");
    format!("{} at {at}; it did not help.", capital(&perfect(&intent.remedy)))
}

/// It was claimed, and could not be taken.
pub(super) fn not_done(record: &ServiceRecord, remedy: &Remedy, outcome: &Outcome) -> String {
    let service = &record.service;
    format!("Tried to {remedy} on {service}; it was not done. {}", why_not(outcome, service))
}

/// What would have been done, and which rule is in its way.
pub(super) fn did_nothing(would: Option<&Remedy>, refusal: Option<&Refusal>) -> Vec<String> {
    let would = would.map(|remedy| format!("Would {remedy} ({}).", remedy.operation()));
    let why = refusal.map_or_else(String::new, |refusal| format!("{}: {}", refusal.name(), sentence(refusal)));
    would.into_iter().chain([format!("Did nothing. {why}")]).collect()
}

/// What will undo a rollback, and what to do about it.
pub(super) fn drift(record: &ServiceRecord, remedy: &Remedy) -> Option<String> {
    let (from, to) = match remedy {
        Remedy::RollBack { from, to }
        | Remedy::StopDeployment { from, to: Some(to), .. }
        | Remedy::RollBackAtHook { from, to: Some(to), .. } => (from, to),
        _ => return None,
    };
    let stack = record.incident.as_ref().and_then(|incident| incident.about.stack.as_ref());
    let source = stack.map_or_else(
        || "Your Terraform, CDK or CloudFormation source".to_owned(),
        |stack| format!("The template of stack {stack}"),
    );
    Some(format!(
        "{source} still says {from}: its next apply deploys that again. Set the task definition back to {to}, or fix forward.",
        from = from.short(),
        to = to.short(),
    ))
}

pub(super) fn progressive(remedy: &Remedy) -> String {
    match remedy {
        Remedy::StopDeployment { from, .. } | Remedy::StopCodeDeploy { from, .. } => {
            format!("stopping the deployment of {}", from.short())
        }
        Remedy::RollBackAtHook { from, .. } => {
            format!("ending the deployment of {} at its pause hook", from.short())
        }
        Remedy::RollBack { from, to } => format!("rolling back {} → {}", from.short(), to.short()),
        Remedy::Restart { .. } => "restarting all tasks".into(),
        Remedy::ScaleOut { from, to } => format!("raising the minimum {from} → {to} tasks"),
        Remedy::RestoreScaling { from, to } => format!("lowering the minimum {from} → {to} tasks"),
    }
}

pub(super) fn perfect(remedy: &Remedy) -> String {
    match remedy {
        Remedy::StopDeployment { from, .. } | Remedy::StopCodeDeploy { from, .. } => {
            format!("stopped the deployment of {}", from.short())
        }
        Remedy::RollBackAtHook { from, .. } => format!("ended the deployment of {} at its pause hook", from.short()),
        Remedy::RollBack { from, to } => format!("rolled back {} → {}", from.short(), to.short()),
        Remedy::Restart { .. } => "restarted all tasks".into(),
        Remedy::ScaleOut { from, to } => format!("raised the minimum {from} → {to} tasks"),
        Remedy::RestoreScaling { from, to } => format!("lowered the minimum {from} → {to} tasks"),
    }
}
