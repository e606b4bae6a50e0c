//! How an incident goes on after a remedy, and how it ends.

use jiff::Timestamp;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::{Incident, Phase, RaisedMinimum, ServiceRecord};
use nightshift_core::notice::{NoticeKind, Pager};
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::{Outcome, Remedy, RemedyKind};

use crate::fleet;
use crate::life::next_check;
use crate::paging::{blind, page, tell_plainly};
use crate::refusals::{in_policy, why_not};
use crate::wording::{self, Words};

/// Writes down what came of the open intent, and what follows from it. Gives
/// the incident if it is over by that.
pub fn with_outcome(record: &mut ServiceRecord, outcome: Outcome, policy: &Policy, now: Timestamp) -> Option<Incident> {
    let intent = record.incident.as_mut()?.intents.last_mut().filter(|intent| intent.outcome.is_none())?;
    intent.outcome = Some(outcome.clone());
    let (remedy, deny) = (intent.remedy.clone(), intent.deny.clone());
    let taken = is_taken(&outcome);
    if let Remedy::RestoreScaling { .. } = remedy {
        return restored(record, &outcome, now);
    }
    if taken {
        record.denied.retain(|denied| denied.until > now);
        record.denied.extend(deny);
        let incident = record.incident.as_mut()?;
        incident.phase = Phase::Verifying;
        let suspect = incident.suspect.clone().filter(|_| remedy.kind() == RemedyKind::RollBack);
        let taken_back =
            suspect.and_then(|suspect| record.releases.iter_mut().find(|release| release.id == suspect.deployment));
        if let Some(release) = taken_back {
            release.taken_back = Some(incident.id.clone());
        }
        if let Remedy::ScaleOut { from, to } = remedy {
            // Raised twice, it is lowered to what it was before both; unless somebody has
            // set another minimum in between, which is theirs.
            let earlier = incident.raised.filter(|raised| raised.to == from);
            let from = earlier.map_or(from, |raised| raised.from);
            incident.raised = Some(RaisedMinimum { from, to });
        }
        let words = wording::verifying(record, &remedy);
        wording::tell(record, NoticeKind::Verifying, words, None, now);
    } else {
        let incident = record.incident.as_mut()?;
        incident.phase = Phase::Escalated;
        incident.escalated_at = Some(now);
        incident.refusal = refusal_of(&outcome).map(|refusal| as_policy_names_it(refusal, &record.service));
        // What was not done spends none of the service's budget.
        let claimed_at = incident.intents.last().map(|intent| intent.claimed_at);
        record.remedies.retain(|past| past.kind != remedy.kind() || Some(past.at) != claimed_at);
        let words = wording::not_taken(record, &remedy, &outcome);
        let pager = page(record, false, policy);
        wording::tell(record, NoticeKind::Escalated, words, pager, now);
        if unseen_at_last(&remedy, &outcome) {
            tell_plainly(record, policy);
        }
    }
    None
}

/// The remedy was not even tried: the last look could not be had.
fn unseen_at_last(remedy: &Remedy, outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Withheld { refusal } => blind(Some(refusal)),
        Outcome::Failed { fault } => fault.operation != remedy.operation() && fault.operation.starts_with("ecs:"),
        Outcome::Taken { .. } | Outcome::FoundTaken { .. } => false,
    }
}

pub(crate) fn refusal_of(outcome: &Outcome) -> Option<Refusal> {
    use nightshift_core::fault::FaultKind;
    match outcome {
        Outcome::Withheld { refusal } => Some(refusal.clone()),
        Outcome::Failed { fault } if fault.kind == FaultKind::Denied => {
            Some(Refusal::NotPermitted { action: fault.operation.clone(), resource: fault.resource.clone() })
        }
        _ => None,
    }
}

fn as_policy_names_it(refusal: Refusal, service: &ServiceRef) -> Refusal {
    match refusal {
        Refusal::NotPermitted { action, resource } => {
            Refusal::NotPermitted { action, resource: in_policy(resource, service) }
        }
        refusal => refusal,
    }
}

fn is_taken(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Taken { .. } | Outcome::FoundTaken { .. })
}

fn restored(record: &mut ServiceRecord, outcome: &Outcome, now: Timestamp) -> Option<Incident> {
    let incident = record.incident.as_mut()?;
    if is_taken(outcome) {
        incident.raised = None;
    }
    let left = incident.raised;
    let mut because = vec!["the added tasks are needed no longer".to_owned()];
    because.push(match left {
        None => "the raised minimum was lowered again".to_owned(),
        // Somebody has set another one since, and that is theirs.
        Some(_) if matches!(outcome, Outcome::Withheld { refusal: Refusal::Overtaken }) => {
            "the minimum is left as somebody set it since".into()
        }
        Some(raised) if matches!(outcome, Outcome::Withheld { .. }) => {
            format!("nobody got to lower the minimum in time: it stays at {}, it was {}", raised.to, raised.from)
        }
        Some(raised) => {
            let why = why_not(outcome, &record.service);
            let why = why.trim_end_matches('.');
            format!("the minimum could not be lowered: it stays at {}, it was {}. {why}", raised.to, raised.from)
        }
    });
    resolve(record, &because, now)
}

/// Ends the incident: takes back every page, tells how it went.
pub fn resolve(record: &mut ServiceRecord, because: &[String], now: Timestamp) -> Option<Incident> {
    let escalated = record.incident.as_ref()?.phase == Phase::Escalated;
    let words = wording::resolved(record, because, escalated, now);
    over(record, words, now)
}

/// The same in other words.
pub(crate) fn over(record: &mut ServiceRecord, words: Words, now: Timestamp) -> Option<Incident> {
    let incident = record.incident.as_mut()?;
    incident.phase = Phase::Resolved;
    incident.closed_at = Some(now);
    incident.timer = None;
    let pager = take_back(incident);
    wording::tell(record, NoticeKind::Resolved, words, pager, now);
    record.incident.take()
}

/// Every page of the incident, to be taken back.
fn take_back(incident: &Incident) -> Option<Pager> {
    let keys: Vec<String> = (1..=incident.pages).map(|number| incident.page_key(number)).collect();
    (!keys.is_empty()).then_some(Pager::Resolve { keys })
}

/// Closes an incident that was silent for too long to make room for a new one.
/// It is not over, so it keeps its phase; but the new one pages under keys of
/// its own, and nobody would take these back any more.
pub fn retire(record: &mut ServiceRecord, policy: &Policy, now: Timestamp) -> Option<Incident> {
    let incident = record.incident.as_mut()?;
    incident.chronic = true;
    incident.closed_at = Some(now);
    incident.timer = None;
    let pager = take_back(incident);
    let words = wording::chronic(policy.alarms.chronic_after);
    wording::tell(record, NoticeKind::Updated, words, pager, now);
    record.incident.take()
}

/// The fleet's incident told of this one and is over: from here on it tells of itself.
pub fn tell_alone(record: &mut ServiceRecord, waiting_for: &[String], policy: &Policy, now: Timestamp) {
    let Some(incident) = record.incident.as_mut() else { return };
    incident.told_by = None;
    let escalated = incident.phase == Phase::Escalated;
    let kind = if escalated { NoticeKind::Escalated } else { NoticeKind::Opened };
    let words = fleet::left_alone(waiting_for, escalated);
    let pager = if escalated { page(record, false, policy) } else { None };
    wording::tell(record, kind, words, pager, now);
}

/// Hands the incident to a person, with what was tried.
pub fn escalate(record: &mut ServiceRecord, waiting_for: &[String], policy: &Policy, now: Timestamp) {
    let Some(incident) = record.incident.as_mut() else { return };
    incident.phase = Phase::Escalated;
    incident.escalated_at = Some(now);
    incident.healthy_since = None;
    incident.told_by = None;
    let words = wording::escalated(record, waiting_for);
    let pager = page(record, false, policy);
    wording::tell(record, NoticeKind::Escalated, words, pager, now);
    next_check(record, policy.verify.escalated_every.after(now));
}
