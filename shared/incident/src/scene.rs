//! The scene: everything a decision about one service is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmState, LiveAlarm};
use nightshift_core::fault::{Fault, FaultKind, Sight};
use nightshift_core::ids::{EventId, ServiceRef};
use nightshift_core::incident::ServiceRecord;
use nightshift_core::ledger::{Fleet, Opening, Versioned};
use nightshift_core::mode::Mode;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{ImageReads, LedgerReads, StackReads, SwitchReads};
use nightshift_core::release::{ImageNow, TaskDefinition};
use nightshift_core::service::Service;
use nightshift_diagnosis::{ServiceView, ServiceWorld, observe_among, observe_service};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::guardrails;
use crate::stack::{Home, Stack};
use crate::target::{self, Target};

/// What the ledger and the kill switch say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// The service's record, with its version.
    pub record: Versioned<ServiceRecord>,
    /// What all services share, with its version.
    pub fleet: Versioned<Fleet>,
    /// Incidents opened lately and still open.
    pub openings: Vec<Opening>,
    /// This very event was claimed before.
    pub seen: bool,
    /// Remedies are halted; unreadable counts as halted.
    pub halted: bool,
}

/// What a rollback's target looks like today.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Preflight {
    /// The release that would be returned to.
    pub target: Target,
    /// Its task definition.
    pub task_definition: Sight<Option<TaskDefinition>>,
    /// What its images mean now, by container.
    pub images: BTreeMap<String, Sight<ImageNow>>,
    /// Task definitions that the way back crosses, the suspect's first.
    pub crossed: Vec<Sight<Option<TaskDefinition>>>,
}

/// Everything a decision about one service is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scene {
    /// The service.
    pub service: ServiceRef,
    /// The service, its releases, tasks, metrics and surroundings.
    pub view: ServiceView,
    /// What is remembered.
    pub standing: Sight<Standing>,
    /// A way back, if there is one.
    pub preflight: Option<Preflight>,
    /// Status of the CloudFormation stack that made the service.
    pub stack_status: Sight<Option<String>>,
    /// The mode of services that carry no tag.
    pub default_mode: Mode,
    /// This Nightshift stack's name.
    pub own_stack: String,
    /// Where it is.
    pub home: Home,
    /// The one service a drill may act on, as `cluster/service`.
    pub drill_service: Option<String>,
}

/// The ports a scene is observed through.
pub trait SceneWorld: ServiceWorld + ImageReads + StackReads + SwitchReads + LedgerReads {}

impl<W: ServiceWorld + ImageReads + StackReads + SwitchReads + LedgerReads> SceneWorld for W {}

/// Looks at everything a decision about `service` needs; what is independent
/// is looked at at once.
pub async fn observe_scene<W: SceneWorld>(
    world: &W,
    service: &ServiceRef,
    alarm: Option<&LiveAlarm>,
    event: &EventId,
    (stack, policy): (&Stack, &Policy),
    now: Timestamp,
) -> Scene {
    let looked =
        tokio::join!(observe_service(world, service, alarm, now), observe_standing(world, service, event, policy, now));
    complete(world, service, looked, (stack, policy), now).await
}

/// The same for a check, which has read the incident's alarms and weighs nothing: what
/// else fires matters only below a composite. `alone`: it is one of many, and while an alarm
/// of it fires nothing but the service is looked at.
pub async fn observe_check<W: SceneWorld>(
    world: &W,
    service: &ServiceRef,
    (alarms, alone): (&[LiveAlarm], bool),
    event: &EventId,
    (stack, policy): (&Stack, &Policy),
    now: Timestamp,
) -> Scene {
    if alone && alarms.iter().any(|alarm| alarm.state == AlarmState::Alarm) {
        let looked = tokio::join!(world.service(service), observe_standing(world, service, event, policy, now));
        let looked = (look_alone(looked.0.into(), service), looked.1);
        return complete(world, service, looked, (stack, policy), now).await;
    }
    let known = async {
        match alarms.iter().any(|alarm| !alarm.children.is_empty()) {
            true => world.alarms_firing().await,
            false => Ok(alarms.iter().filter(|alarm| alarm.state == AlarmState::Alarm).cloned().collect()),
        }
    };
    let looked = tokio::join!(
        observe_among(world, service, alarms.first(), known, now),
        observe_standing(world, service, event, policy, now)
    );
    complete(world, service, looked, (stack, policy), now).await
}

/// The same for whoever decides about a service that may be one of many: where the
/// brake is on no remedy is taken, and only who the service is and who is to be woken
/// matters. In a storm thousands ask at once, and what AWS lets is then for these.
pub async fn observe_unless_braked<W: SceneWorld>(
    world: &W,
    service: &ServiceRef,
    alarm: Option<&LiveAlarm>,
    event: &EventId,
    (stack, policy): (&Stack, &Policy),
    now: Timestamp,
) -> Scene {
    let standing = observe_standing(world, service, event, policy, now).await;
    let view = match standing.seen().is_some_and(|standing| cut_short(standing, service, policy, now)) {
        true => look_alone(world.service(service).await.into(), service),
        false => observe_service(world, service, alarm, now).await,
    };
    complete(world, service, (view, standing), (stack, policy), now).await
}

/// What an open intent needs to be brought to its end is always looked at.
fn cut_short(standing: &Standing, service: &ServiceRef, policy: &Policy, now: Timestamp) -> bool {
    let incident = standing.record.value.incident.as_ref();
    let busy = incident.is_some_and(|incident| incident.open_intent().is_some());
    let services = standing.fleet.value.services;
    !busy && guardrails::brake(&standing.openings, service, services, policy, now).is_some()
}

/// In the place of an operation: nobody asked.
const NOT_ASKED: &str = "none";

/// Only the service was looked at, because many are hit at once.
pub fn looked_at_alone(view: &ServiceView) -> bool {
    view.history.fault().is_some_and(|fault| fault.operation == NOT_ASKED)
}

fn look_alone(found: Sight<Option<Service>>, service: &ServiceRef) -> ServiceView {
    let cause = "it was not asked: many services are hit at once";
    let fault = Fault::new(NOT_ASKED, service.to_string(), FaultKind::Transient, cause);
    ServiceView {
        service: found,
        history: Sight::Unseen(fault.clone()),
        stopped: Sight::Unseen(fault.clone()),
        metrics: Sight::Unseen(fault.clone()),
        firing: Sight::Unseen(fault.clone()),
        scaling: Sight::Unseen(fault.clone()),
        targets: Sight::Unseen(fault.clone()),
        health_issues: Sight::Unseen(fault),
        traffic_shifts: Vec::new(),
    }
}

async fn complete<W: SceneWorld>(
    world: &W,
    service: &ServiceRef,
    (view, standing): (ServiceView, Sight<Standing>),
    (stack, policy): (&Stack, &Policy),
    now: Timestamp,
) -> Scene {
    let good = standing.seen().and_then(|standing| target::last_good(&view, &standing.record.value, policy, now));
    let (preflight, stack_status) = tokio::join!(observe_preflight(world, good, &view), observe_stack(world, &view));
    Scene {
        service: service.clone(),
        view,
        standing,
        preflight,
        stack_status,
        default_mode: stack.default_mode,
        own_stack: stack.name.clone(),
        home: stack.home.clone(),
        drill_service: stack.drill_service.clone(),
    }
}

/// Reads what is remembered; without all of it there is no remedy.
pub async fn observe_standing<W: LedgerReads + SwitchReads>(
    world: &W,
    service: &ServiceRef,
    event: &EventId,
    policy: &Policy,
    now: Timestamp,
) -> Sight<Standing> {
    let since = policy.guardrails.fleet_window.before(now);
    let most = Some(guardrails::enough(policy));
    let (record, fleet, openings, seen, halted) = tokio::join!(
        world.record(service),
        world.fleet(),
        world.openings(since, most),
        world.seen(event),
        world.halted()
    );
    let standing = || {
        // A switch that cannot be read is a switch that is on.
        let halted = halted.unwrap_or(true);
        Ok(Standing { record: record?, fleet: fleet?, openings: openings?, seen: seen?, halted })
    };
    standing().into()
}

async fn observe_preflight<W: SceneWorld>(world: &W, good: Option<Target>, view: &ServiceView) -> Option<Preflight> {
    let target = good?;
    let task_definition = world.task_definition(&target.revision.task_definition).await.into();
    let mut images = BTreeMap::new();
    for (container, image) in &target.revision.images {
        images.insert(container.clone(), world.image(&image.image).await.into());
    }
    let mut crossed = Vec::new();
    for crossing in target::crossed(view, &target) {
        crossed.push(world.task_definition(&crossing).await.into());
    }
    Some(Preflight { target, task_definition, images, crossed })
}

async fn observe_stack<W: SceneWorld>(world: &W, view: &ServiceView) -> Sight<Option<String>> {
    let service = view.service.seen().and_then(Option::as_ref);
    match service.and_then(|service| service.tag("aws:cloudformation:stack-name")) {
        Some(stack) => world.stack_status(stack).await.into(),
        None => Sight::Seen(None),
    }
}
