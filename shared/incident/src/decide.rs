//! Which remedy, if any, and by which rule not.

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::cause::{Cause, Diagnosis};
use nightshift_core::fault::{Fault, FaultKind, Sight};
use nightshift_core::health::{HealthIssue, SERVICES_THAT_CARRY_TASKS};
use nightshift_core::ids::ServiceRef;
use nightshift_core::mode::Mode;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::{Remedy, RemedyKind};
use nightshift_core::service::{Controller, MODE_TAG, PARKED_TAG, STACK_TAG, Service};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fitting::fitting;
use crate::guardrails;
use crate::scene::{Scene, Standing, not_looked_at};

/// What a decision comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The remedy that fits, whether or not it may be taken.
    pub remedy: Option<Remedy>,
    /// The rule that forbids it, or says that none fits.
    pub refusal: Option<Refusal>,
    /// The service's mode.
    pub mode: Mode,
}

impl Verdict {
    /// The remedy, if nothing forbids it.
    pub fn act(&self) -> Option<&Remedy> {
        self.remedy.as_ref().filter(|_| self.refusal.is_none())
    }
}

/// The signal a decision is about, as far as rules care.
#[derive(Clone, Copy, Debug)]
pub struct Trigger<'a> {
    /// The alarm as it is now, if it could be read and is there.
    pub alarm: &'a Sight<Option<LiveAlarm>>,
    /// When it changed state.
    pub at: Timestamp,
    /// From the stack's own drill.
    pub drill: bool,
}

/// A service's mode: its tag, else the stack's default, which never acts: only
/// a tag opts in. A tag that cannot be read as a mode is the safest one; of a
/// service that cannot be seen people hear, as if they had to approve.
pub fn mode(service: &Sight<Option<Service>>, default: Mode) -> Mode {
    let found = match service {
        Sight::Unseen(_) => return Mode::Approve,
        Sight::Seen(found) => found.as_ref(),
    };
    match found.and_then(|service| service.tag(MODE_TAG)) {
        Some(tag) => tag.parse().unwrap_or(Mode::Observe),
        None => default.min(Mode::Approve),
    }
}

/// The service may still be touched, and is still to be acted on: what an old
/// intent needs before it is taken up again. `codedeploy`: it is CodeDeploy that
/// is asked.
pub fn still_ours(scene: &Scene, codedeploy: bool) -> bool {
    touchable_by(scene, false, codedeploy).is_ok() && mode(&scene.view.service, scene.default_mode) == Mode::Act
}

/// Decides. Rules run from "may this service be touched at all" over "what
/// would help" to "is now the moment", and the mode comes last, so that what
/// is only observed is told what would have been done.
pub fn decide(scene: &Scene, diagnosis: &Diagnosis, trigger: Trigger<'_>, policy: &Policy, now: Timestamp) -> Verdict {
    let mode = mode(&scene.view.service, scene.default_mode);
    let refused = |refusal| Verdict { remedy: None, refusal: Some(refusal), mode };
    if not_looked_at(&scene.view) {
        let standing = scene.standing.seen();
        return refused(standing.and_then(|it| brake(scene, it, policy, now)).unwrap_or(Refusal::NoRemedyForCause));
    }
    let service = match touchable(scene, trigger.drill) {
        Ok(service) => service,
        Err(refusal) => return refused(refusal),
    };
    let Sight::Seen(standing) = &scene.standing else {
        let operation = scene.standing.fault().map_or_else(String::new, |fault| fault.operation.clone());
        return refused(Refusal::NotObserved { operation });
    };
    let remedy = match fitting(scene, standing, service, diagnosis, (policy, now)) {
        Ok(remedy) => remedy,
        Err(refusal) => {
            // The same however much was looked at: with the brake on it may be little.
            let instead =
                brake(scene, standing, policy, now).or_else(|| unseen_behind(&refusal, scene, diagnosis, trigger));
            return refused(instead.unwrap_or(refusal));
        }
    };
    let refusal = untrusted(trigger, policy, now)
        .or_else(|| explained_elsewhere(scene, standing, policy, now))
        .or_else(|| guarded(standing, &remedy, policy, now))
        .or_else(|| unsure(diagnosis, &remedy, policy))
        .or_else(|| (mode != Mode::Act).then_some(Refusal::NotOptedIn { mode }));
    Verdict { remedy: Some(remedy), refusal, mode }
}

/// The service, if it is one that we may ever touch.
fn touchable(scene: &Scene, drill: bool) -> Result<&Service, Refusal> {
    touchable_by(scene, drill, false)
}

/// The same, where CodeDeploy is asked to do it if it carries out the service's
/// deployments.
pub(crate) fn touchable_by(scene: &Scene, drill: bool, codedeploy: bool) -> Result<&Service, Refusal> {
    if let Some(refusal) = scene.home.not_here(&scene.service) {
        return Err(refusal);
    }
    let service = match &scene.view.service {
        Sight::Unseen(fault) => return Err(unseen(fault)),
        Sight::Seen(None) => return Err(Refusal::ServiceNotActive { status: None }),
        Sight::Seen(Some(service)) => service,
    };
    if service.status != "ACTIVE" {
        return Err(Refusal::ServiceNotActive { status: Some(service.status.clone()) });
    }
    let asked = codedeploy && service.controller == Controller::CodeDeploy;
    if let Some(controller) = not_ours(service).filter(|_| !asked) {
        return Err(Refusal::ControllerNotOurs { controller: controller.into() });
    }
    if let Some(stack) = service.tag(STACK_TAG).filter(|stack| *stack != scene.own_stack) {
        return Err(Refusal::AnotherStacks { stack: stack.to_owned() });
    }
    if drill && scene.drill_service.as_deref() != Some(scene.service.to_string().as_str()) {
        return Err(Refusal::OnlyADrill);
    }
    if service.tag(PARKED_TAG).is_some() {
        return Err(Refusal::Parked);
    }
    Ok(service)
}

fn not_ours(service: &Service) -> Option<&'static str> {
    match service.controller {
        Controller::CodeDeploy => Some("CODE_DEPLOY"),
        Controller::External => Some("EXTERNAL"),
        Controller::Ecs if service.express_managed => Some("EXPRESS"),
        Controller::Ecs => None,
    }
}

/// What could not be seen, and by which action IAM kept it from being seen.
pub fn unseen(fault: &Fault) -> Refusal {
    match fault.kind {
        FaultKind::Denied => {
            Refusal::NotPermitted { action: fault.operation.clone(), resource: fault.resource.clone() }
        }
        _ => Refusal::NotObserved { operation: fault.operation.clone() },
    }
}

/// Where no cause could be found because a part of the evidence was out of
/// sight, that is the reason, and not that nothing was to blame.
fn unseen_behind(refusal: &Refusal, scene: &Scene, diagnosis: &Diagnosis, trigger: Trigger<'_>) -> Option<Refusal> {
    let no_cause = matches!(diagnosis.cause, Cause::Release | Cause::Unknown);
    if !no_cause || !matches!(refusal, Refusal::ReleaseNotToBlame | Refusal::NoRemedyForCause) {
        return None;
    }
    let view = &scene.view;
    let faults = [
        trigger.alarm.fault(),
        view.history.fault(),
        view.metrics.fault(),
        view.stopped.fault(),
        view.firing.fault(),
        view.health_issues.fault(),
        view.others.fault(),
    ];
    faults.into_iter().flatten().next().map(unseen)
}

/// Signals that must not lead to a remedy: too old, or from an alarm too new.
fn untrusted(trigger: Trigger<'_>, policy: &Policy, now: Timestamp) -> Option<Refusal> {
    let alarm = match trigger.alarm {
        Sight::Unseen(fault) => return Some(unseen(fault)),
        Sight::Seen(None) => return Some(Refusal::AlarmAlreadyClear),
        Sight::Seen(Some(alarm)) => alarm,
    };
    if policy.alarms.stale.after(trigger.at) < now {
        return Some(Refusal::AlarmStale { at: trigger.at });
    }
    newborn(alarm, policy, now).map(|until| Refusal::AlarmNewborn { until })
}

/// When a newborn alarm will be old enough; `None`: it is.
pub fn newborn(alarm: &LiveAlarm, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    alarm.configured_at.map(|at| policy.alarms.newborn.after(at)).filter(|until| *until > now)
}

pub(crate) fn explained_elsewhere(
    scene: &Scene,
    standing: &Standing,
    policy: &Policy,
    now: Timestamp,
) -> Option<Refusal> {
    brake(scene, standing, policy, now).or_else(|| provider(scene))
}

fn brake(scene: &Scene, standing: &Standing, policy: &Policy, now: Timestamp) -> Option<Refusal> {
    guardrails::brake(&standing.openings, &scene.service, standing.fleet.value.services, policy, now)
}

pub(crate) fn provider(scene: &Scene) -> Option<Refusal> {
    let issues = scene.view.health_issues.seen()?;
    let ours = |issue: &&HealthIssue| {
        issue.open
            && issue.region == scene.service.region
            && SERVICES_THAT_CARRY_TASKS.contains(&issue.service.as_str())
    };
    issues.iter().find(ours).map(|issue| Refusal::ProviderEvent { code: issue.code.clone() })
}

fn guarded(standing: &Standing, remedy: &Remedy, policy: &Policy, now: Timestamp) -> Option<Refusal> {
    guardrails::of_the_hour(standing.switched_off(), policy, now)
        .or_else(|| guardrails::of_the_service(&standing.record.value, remedy.kind(), policy, now))
        .or_else(|| guardrails::of_the_fleet(&standing.fleet.value, policy, now))
}

/// Below `act_at` nothing is done by itself; whether people are asked or paged
/// depends on `ask_at`.
fn unsure(diagnosis: &Diagnosis, remedy: &Remedy, policy: &Policy) -> Option<Refusal> {
    let percent = diagnosis.percent;
    let enough = match remedy.kind() {
        RemedyKind::ScaleOut => policy.confidence.scale_out_at,
        _ => policy.confidence.act_at,
    };
    (percent < enough).then_some(Refusal::ConfidenceTooLow { percent })
}

/// Who the service is, for messages when nothing could be seen of it.
pub fn known_service(scene: &Scene) -> (&ServiceRef, Option<&Service>) {
    (&scene.service, scene.view.service.seen().and_then(Option::as_ref))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tag_opts_in() {
        for default in [Mode::Observe, Mode::Approve, Mode::Act] {
            assert!(mode(&Sight::Seen(None), default) < Mode::Act);
            let unseen = Fault::new("ecs:DescribeServices", "prod/web", FaultKind::Transient, "throttled");
            assert_eq!(mode(&Sight::Unseen(unseen), default), Mode::Approve);
        }
    }
}
