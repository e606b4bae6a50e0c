//! How a remedy is claimed: what the record holds of it until its outcome is
//! known.

use jiff::Timestamp;
use nightshift_core::ids::{IncidentId, fingerprint};
use nightshift_core::incident::{Denied, Intent, PastRemedy, Phase, ServiceRecord};
use nightshift_core::policy::Policy;
use nightshift_core::remedy::{Remedy, RemedyKind};
use nightshift_release::good::denies;

use crate::guardrails::BUDGET_WINDOW;
use crate::life::Moment;
use crate::scene::Scene;
use crate::target;

/// Claims the remedy for the open incident.
pub(crate) fn claim_intent(record: &mut ServiceRecord, moment: Moment<'_>, remedy: Remedy) {
    let Moment { scene, policy, event, now, .. } = moment;
    let since = BUDGET_WINDOW.before(now);
    record.remedies.retain(|past| past.at > since);
    let Some(incident) = record.incident.as_mut() else { return };
    // Undoing one spends nothing and is no step of the incident: it ends as
    // what it was, escalated or not.
    if remedy.kind() != RemedyKind::RestoreScaling {
        record.remedies.push(PastRemedy { kind: remedy.kind(), at: now, incident: incident.id.clone() });
        incident.phase = Phase::Acting;
        (incident.refusal, incident.would) = (None, None);
        // The remedy has as long as the incident had when it opened; so has the next one.
        let began = incident.intents.last().map_or(incident.opened_at, |last| last.claimed_at);
        let length = incident.deadline.duration_since(began);
        incident.deadline = now.checked_add(length).unwrap_or(incident.deadline);
    }
    let suspect = incident.suspect.as_ref().map_or("", |suspect| suspect.revision.as_str());
    let key = fingerprint(&[&record.service.key(), &remedy.to_string(), suspect, incident.id.as_str()]);
    let deny =
        (remedy.kind() == RemedyKind::RollBack).then(|| denied(scene, &remedy, &incident.id, policy, now)).flatten();
    let lease_until = policy.guardrails.lease.after(now);
    let waits_s = waits_s(scene, &remedy);
    incident.intents.push(Intent {
        key,
        remedy,
        event: event.clone(),
        claimed_at: now,
        lease_until,
        waits_s,
        deny,
        outcome: None,
    });
}

/// A remedy that is a deployment of its own bakes as long as the one before it.
fn waits_s(scene: &Scene, remedy: &Remedy) -> u32 {
    match remedy {
        Remedy::RollBack { .. } | Remedy::Restart { .. } => {
            target::newest(&scene.view).map_or(0, |newest| newest.planned_wait_s)
        }
        _ => 0,
    }
}

/// Claims the undoing of a raised minimum.
pub fn claim_restore(record: &mut ServiceRecord, moment: Moment<'_>) {
    let raised = record.incident.as_ref().and_then(|incident| incident.raised);
    let Some(raised) = raised else { return };
    claim_intent(record, moment, Remedy::RestoreScaling { from: raised.to, to: raised.from });
}

/// What must not come again: the newest release with the images of its own, or
/// what CodeDeploy, which shows no images, deploys.
fn denied(scene: &Scene, remedy: &Remedy, incident: &IncidentId, policy: &Policy, now: Timestamp) -> Option<Denied> {
    let (task_definition, digests) = match remedy {
        Remedy::StopCodeDeploy { from, .. } => (from.clone(), Vec::new()),
        _ => {
            let bad = &target::newest(&scene.view)?.target;
            let good = scene.preflight.as_ref().map(|preflight| &preflight.target.revision);
            let own = good.map_or_else(Vec::new, |good| target::digests_of_its_own(bad, good));
            (bad.task_definition.clone(), own)
        }
    };
    // Stopped because of an image, it is denied by that image: once is enough.
    let brings = |kept: &Denied| {
        let newest = target::newest(&scene.view);
        kept.quarantined.is_some() && newest.is_some_and(|newest| denies(kept, &newest.target))
    };
    let again = |kept: &Denied| kept.until > now && (kept.task_definition == task_definition || brings(kept));
    if scene.standing.seen().is_some_and(|standing| standing.record.value.denied.iter().any(again)) {
        return None;
    }
    Some(Denied {
        task_definition,
        digests,
        incident: incident.clone(),
        at: now,
        until: policy.rollback.deny_for.after(now),
        enforced: None,
        quarantined: None,
    })
}
