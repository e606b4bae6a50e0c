//! What an open intent needs, read from the account alone.
//!
//! Whoever claimed a remedy may have died before, during or after the call.
//! The account knows which; the intent does not.

use jiff::Timestamp;
use nightshift_core::codedeploy::CodeDeploymentId;
use nightshift_core::ids::{DeploymentId, ServiceDeploymentArn, TaskDefinitionArn};
use nightshift_core::incident::Intent;
use nightshift_core::policy::Policy;
use nightshift_core::release::DeploymentStatus;
use nightshift_core::remedy::{Remedy, RemedyKind, Resume};
use nightshift_diagnosis::ServiceView;
use nightshift_release::codedeploy;

use crate::decide::still_ours;
use crate::scene::Scene;

/// What an intent needs now. It is not taken up again once it is too old, nor
/// if people have taken the service back since.
pub fn resume_intent(intent: &Intent, scene: &Scene, policy: &Policy, now: Timestamp) -> Resume {
    let found = match &intent.remedy {
        Remedy::StopCodeDeploy { deployment, .. } => stop_codedeploy(scene, deployment),
        remedy => resume(remedy, &scene.view),
    };
    let codedeploy = matches!(intent.remedy, Remedy::StopCodeDeploy { .. });
    let undoes = intent.remedy.kind() == RemedyKind::RestoreScaling;
    let old = policy.alarms.stale.after(intent.claimed_at) < now;
    match found {
        Resume::DoAgain | Resume::NotYet if old => Resume::TooLate,
        Resume::DoAgain if !undoes && !still_ours(scene, codedeploy) => Resume::Moot,
        found => found,
    }
}

/// Whether the remedy is done, is to be done, or has been overtaken.
pub fn resume(remedy: &Remedy, view: &ServiceView) -> Resume {
    match remedy {
        Remedy::RollBack { from, to } => roll_back(view, from, to),
        Remedy::StopDeployment { deployment, .. } | Remedy::RollBackAtHook { deployment, .. } => {
            stop_deployment(view, deployment)
        }
        // ECS does not show where CodeDeploy's deployments stand; stopping one
        // twice does no harm.
        Remedy::StopCodeDeploy { .. } => Resume::DoAgain,
        Remedy::Restart { instead_of } => restart(view, instead_of),
        Remedy::ScaleOut { from, to } | Remedy::RestoreScaling { from, to } => minimum(view, *from, *to),
    }
}

/// CodeDeploy's deployment as the guard last saw it.
fn stop_codedeploy(scene: &Scene, deployment: &CodeDeploymentId) -> Resume {
    let id = codedeploy::release_id(deployment);
    let releases = scene.standing.seen().map_or(&[][..], |standing| standing.record.value.releases.as_slice());
    match releases.iter().find(|release| release.id == id).map(|release| release.status) {
        Some(DeploymentStatus::Successful) => Resume::Moot,
        Some(status) if status.terminal() || status.going_back() => Resume::Done,
        _ => Resume::DoAgain,
    }
}

fn roll_back(view: &ServiceView, from: &TaskDefinitionArn, to: &TaskDefinitionArn) -> Resume {
    match view.service.seen() {
        None => Resume::NotYet,
        Some(Some(service)) if service.task_definition == *to => Resume::Done,
        Some(Some(service)) if service.task_definition == *from => Resume::DoAgain,
        Some(_) => Resume::Moot,
    }
}

/// What we stop goes back: nothing else is asked for. What is stopped and does not was
/// overtaken by somebody's next deployment, or given up.
fn stop_deployment(view: &ServiceView, deployment: &ServiceDeploymentArn) -> Resume {
    let Some(history) = view.history.seen() else { return Resume::NotYet };
    match history.iter().find(|found| found.arn == *deployment).map(|found| found.status) {
        Some(status) if status.in_flight() => Resume::DoAgain,
        Some(DeploymentStatus::Successful | DeploymentStatus::Stopped | DeploymentStatus::Unknown) | None => {
            Resume::Moot
        }
        Some(_) => Resume::Done,
    }
}

fn restart(view: &ServiceView, instead_of: &DeploymentId) -> Resume {
    match view.service.seen() {
        None => Resume::NotYet,
        Some(None) => Resume::Moot,
        Some(Some(service)) => match service.primary() {
            Some(primary) if primary.id == *instead_of => Resume::DoAgain,
            Some(_) => Resume::Done,
            None => Resume::NotYet,
        },
    }
}

fn minimum(view: &ServiceView, from: u32, to: u32) -> Resume {
    match view.scaling.seen() {
        None => Resume::NotYet,
        Some(Some(target)) if target.min == to => Resume::Done,
        Some(Some(target)) if target.min == from => Resume::DoAgain,
        Some(_) => Resume::Moot,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nightshift_core::fault::{Fault, FaultKind, Sight};
    use nightshift_core::service::ScalableTarget;

    use super::*;

    fn unseen<T>() -> Sight<T> {
        Sight::Unseen(Fault::new("ecs:DescribeServices", "prod/web", FaultKind::Transient, "throttled"))
    }

    /// Nothing to be seen but the scalable target.
    fn view(scaling: Sight<Option<ScalableTarget>>) -> ServiceView {
        ServiceView {
            service: unseen(),
            history: unseen(),
            stopped: unseen(),
            metrics: Sight::Seen(BTreeMap::new()),
            firing: unseen(),
            scaling,
            targets: unseen(),
            health_issues: unseen(),
            others: unseen(),
            traffic_shifts: Vec::new(),
        }
    }

    fn at(min: u32) -> ServiceView {
        view(Sight::Seen(Some(ScalableTarget { min, max: 12 })))
    }

    #[test]
    fn a_minimum_is_done_to_be_done_or_somebody_elses() {
        for remedy in [Remedy::ScaleOut { from: 4, to: 6 }, Remedy::RestoreScaling { from: 4, to: 6 }] {
            assert_eq!(resume(&remedy, &at(6)), Resume::Done);
            assert_eq!(resume(&remedy, &at(4)), Resume::DoAgain);
            assert_eq!(resume(&remedy, &at(10)), Resume::Moot);
            assert_eq!(resume(&remedy, &view(Sight::Seen(None))), Resume::Moot);
            assert_eq!(resume(&remedy, &view(unseen())), Resume::NotYet);
        }
    }

    /// Ours goes back. One that is stopped and does not was ended by somebody's next deployment.
    #[test]
    fn a_deployment_that_stopped_without_going_back_was_not_stopped_by_us() {
        let web = |revision| TaskDefinitionArn::new(format!("arn:aws:ecs:r:1:task-definition/web:{revision}"));
        let found = |status: DeploymentStatus| {
            let mut shown = crate::rollbacks::tests::history("web:2");
            shown[0].status = status;
            let remedy = Remedy::StopDeployment { deployment: shown[0].arn.clone(), from: web(2), to: None };
            resume(&remedy, &ServiceView { history: Sight::Seen(shown), ..at(4) })
        };
        assert_eq!(found(DeploymentStatus::InProgress), Resume::DoAgain);
        assert_eq!(found(DeploymentStatus::RollbackInProgress), Resume::Done);
        assert_eq!(found(DeploymentStatus::Stopped), Resume::Moot);
    }

    #[test]
    fn what_cannot_be_seen_is_not_judged() {
        let web = |revision| TaskDefinitionArn::new(format!("arn:aws:ecs:r:1:task-definition/web:{revision}"));
        let deployment = ServiceDeploymentArn::new("arn");
        let remedies = [
            Remedy::RollBack { from: web(2), to: web(1) },
            Remedy::StopDeployment { deployment, from: web(2), to: None },
            Remedy::Restart { instead_of: DeploymentId::new("ecs-svc/1") },
        ];
        for remedy in remedies {
            assert_eq!(resume(&remedy, &at(4)), Resume::NotYet, "{remedy}");
        }
    }
}
