//! Which remedy fits a cause, and what in the account speaks against it.

use jiff::Timestamp;
use nightshift_core::cause::{Cause, Diagnosis};
use nightshift_core::fault::Sight;
use nightshift_core::incident::Incident;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::release::{DeploymentStatus, ServiceDeployment};
use nightshift_core::remedy::Remedy;
use nightshift_core::service::Service;

use crate::decide::{provider, unseen};
use crate::rollbacks;
use crate::scene::{Scene, Standing};
use crate::target;

/// The remedy that fits the cause.
///
/// # Errors
/// The rule that says why none fits, or why this one must not be taken here.
pub fn fitting(
    scene: &Scene,
    standing: &Standing,
    service: &Service,
    diagnosis: &Diagnosis,
    (policy, now): (&Policy, Timestamp),
) -> Result<Remedy, Refusal> {
    let tried = standing.record.value.incident.as_ref().and_then(Incident::taken);
    if tried.is_some() {
        return Err(Refusal::AlreadyTried);
    }
    match diagnosis.cause {
        Cause::Release => roll_back(scene, service, diagnosis),
        Cause::Load => scale_out(scene, service, diagnosis, policy),
        Cause::MemoryLeak => restart(service),
        Cause::Provider => Err(provider(scene).unwrap_or(Refusal::NoRemedyForCause)),
        // Nothing else explains it, and what was deployed last would be blamed
        // if it were a release.
        Cause::Unknown if returned_lately(scene, diagnosis.onset.unwrap_or(now), policy) => {
            Err(Refusal::NeverRollBackARollback)
        }
        _ if diagnosis.suspect.is_some() => Err(Refusal::ReleaseNotToBlame),
        _ => Err(Refusal::NoRemedyForCause),
    }
}

fn roll_back(scene: &Scene, service: &Service, diagnosis: &Diagnosis) -> Result<Remedy, Refusal> {
    let history = match &scene.view.history {
        Sight::Unseen(fault) => return Err(unseen(fault)),
        Sight::Seen(history) => history,
    };
    let suspect = history.first().ok_or(Refusal::ReleaseNotToBlame)?;
    // Before anything is said of blame: somebody has taken a release back, or
    // is about to, and whichever is suspected, there is nothing left to do.
    if suspect.status.going_back() {
        return Err(Refusal::RollbackUnderWay);
    }
    if is_a_rollback(history) {
        return Err(Refusal::NeverRollBackARollback);
    }
    if !diagnosis.release_gate || diagnosis.suspect.as_ref().is_none_or(|found| found.deployment != suspect.arn) {
        return Err(Refusal::ReleaseNotToBlame);
    }
    if suspect.paused_at_hook.is_some() {
        return Err(Refusal::PausedAtHook);
    }
    // A deployment in flight is the stack's own: stopping it is what makes the
    // stack go back. A finished one must not be pulled from under it.
    if let Some(refusal) = updating_stack(scene, service).filter(|_| !suspect.status.in_flight()) {
        return Err(refusal);
    }
    way_back(scene, service, suspect)
}

/// By the state of the suspect: stop it in flight, or deploy the last good one.
pub(crate) fn way_back(scene: &Scene, service: &Service, suspect: &ServiceDeployment) -> Result<Remedy, Refusal> {
    let from = suspect.target.task_definition.clone();
    match suspect.status {
        status if status.in_flight() => {
            if let Some(refusal) = scene.preflight.as_ref().and_then(target::marked_unsafe) {
                return Err(refusal);
            }
            if suspect.sources.is_empty() {
                return Err(Refusal::NothingGoodToReturnTo);
            }
            // ECS goes back to where the deployment came from, soaked or not.
            let source = suspect.sources.first();
            let came_from = scene
                .view
                .history
                .seen()
                .and_then(|history| history.iter().find(|earlier| Some(&earlier.target.arn) == source));
            let to = came_from.map(|earlier| earlier.target.task_definition.clone());
            Ok(Remedy::StopDeployment { deployment: suspect.arn.clone(), from, to })
        }
        DeploymentStatus::Successful => {
            let preflight = scene.preflight.as_ref().ok_or(Refusal::NothingGoodToReturnTo)?;
            if service.task_definition != from {
                return Err(Refusal::Overtaken);
            }
            match target::objection(preflight, suspect) {
                Some(refusal) => Err(refusal),
                None => Ok(Remedy::RollBack { from, to: preflight.target.revision.task_definition.clone() }),
            }
        }
        _ => Err(Refusal::ReleaseNotToBlame),
    }
}

/// What runs came by a rollback, ECS's own or a deployment that went back.
fn is_a_rollback(history: &[ServiceDeployment]) -> bool {
    use DeploymentStatus::{RollbackFailed, RollbackSuccessful};
    let by_ecs = history.first().is_some_and(|one| matches!(one.status, RollbackSuccessful | RollbackFailed));
    by_ecs || rollbacks::goes_back(history, 0)
}

/// The same, where that began within the blame window before the onset.
fn returned_lately(scene: &Scene, onset: Timestamp, policy: &Policy) -> bool {
    let history = scene.view.history.seen().map_or(&[][..], Vec::as_slice);
    let earliest = policy.rollback.blame_window.before(onset);
    history.first().is_some_and(|one| one.began_at() >= earliest) && is_a_rollback(history)
}

pub(crate) fn updating_stack(scene: &Scene, service: &Service) -> Option<Refusal> {
    let stack = service.tag("aws:cloudformation:stack-name")?;
    match &scene.stack_status {
        Sight::Seen(Some(status)) if status.ends_with("_IN_PROGRESS") => {
            Some(Refusal::StackUpdating { stack: stack.to_owned() })
        }
        Sight::Seen(_) => None,
        Sight::Unseen(fault) => Some(unseen(fault)),
    }
}

/// Tasks with so much of their CPU in use have room for what their load does next.
pub(crate) const AIM_PERCENT: u32 = 60;

fn scale_out(scene: &Scene, service: &Service, diagnosis: &Diagnosis, policy: &Policy) -> Result<Remedy, Refusal> {
    let target = match &scene.view.scaling {
        Sight::Unseen(fault) => return Err(unseen(fault)),
        Sight::Seen(None) => return Err(Refusal::AtCeiling),
        Sight::Seen(Some(target)) => target,
    };
    let to = enough(service, diagnosis.demand_percent, policy).min(target.max);
    if to <= service.desired || to <= target.min {
        return Err(Refusal::AtCeiling);
    }
    Ok(Remedy::ScaleOut { from: target.min, to })
}

/// So many tasks have room for the load, if it is known; half as many again, or what the
/// policy says, are the least.
pub(crate) fn enough(service: &Service, demand_percent: Option<u32>, policy: &Policy) -> u32 {
    let share = |percent: u32| service.desired.saturating_mul(percent).div_ceil(100);
    let needed = demand_percent.map_or(0, |demand| share(demand.saturating_mul(100).div_ceil(AIM_PERCENT)));
    let step = share(policy.scaling.step_percent).max(service.desired + 1);
    step.max(needed.min(share(policy.scaling.most_percent)))
}

fn restart(service: &Service) -> Result<Remedy, Refusal> {
    match service.primary() {
        Some(primary) if service.settled() => Ok(Remedy::Restart { instead_of: primary.id.clone() }),
        _ => Err(Refusal::RollbackUnderWay),
    }
}
