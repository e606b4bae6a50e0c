//! The scene: everything a decision about one service is made from.

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmState, LiveAlarm};
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::ids::{EventId, ServiceRef};
use nightshift_core::incident::ServiceRecord;
use nightshift_core::ledger::{Fleet, Opening, Remembered, Versioned};
use nightshift_core::mode::Mode;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{Answer, ImageReads, LedgerReads, StackReads, SwitchReads};
use nightshift_core::refusal::Refusal;
use nightshift_core::service::Service;
use nightshift_diagnosis::{Beside, Looked, ServiceView, ServiceWorld, observe_beside, observe_health};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::chronic;
use crate::guardrails;
use crate::preflight::{self, Preflight};
use crate::stack::{Home, Stack};
use crate::target;

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
    /// Remedies are halted; unreadable, or not asked for, counts as halted.
    pub halted: bool,
    /// Why nobody could read whether they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<Fault>,
}

impl Standing {
    /// Why the kill switch forbids remedies: a person's halt, or a call that failed.
    pub fn switched_off(&self) -> Option<Refusal> {
        guardrails::switched_off(self.switch.as_ref().map_or(Ok(self.halted), Err))
    }
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
    let standing = observe_standing(world, service, event, policy, now);
    let known = async { Ok(alarm.cloned()) };
    look(world, service, (known, world.alarms_firing()), standing, (stack, policy), now).await.0
}

/// The same while the alarm is read that shows the symptom, and while what is remembered
/// is read or known.
pub async fn observe_with<W: SceneWorld>(
    world: &W,
    service: &ServiceRef,
    alarm: impl Future<Output = Answer<Option<LiveAlarm>>>,
    standing: impl Future<Output = Sight<Standing>>,
    with: (&Stack, &Policy),
    now: Timestamp,
) -> (Scene, Answer<Option<LiveAlarm>>) {
    look(world, service, (alarm, world.alarms_firing()), standing, with, now).await
}

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// All: there is something to bring to its end.
    Whole,
    /// Whether the service is well again.
    Health,
    /// The same of one of many, but for its crashes.
    OneOfMany,
    /// Who it is: it is one of many, and nobody has looked at it yet.
    Service,
    /// Nothing: it is one of many, and an alarm of it fired when it was heard of last.
    Nothing,
}

/// The same for a check, which has read what is remembered and the incident's alarms, and
/// weighs nothing: what else fires matters only below a composite.
pub async fn observe_check<W: SceneWorld>(
    world: &W,
    service: &ServiceRef,
    (check, alarms): (Check, &[LiveAlarm]),
    standing: Sight<Standing>,
    (stack, policy): (&Stack, &Policy),
    now: Timestamp,
) -> Scene {
    let known = async { Ok(alarms.first().cloned()) };
    let firing = async {
        match alarms.iter().any(|alarm| !alarm.children.is_empty()) {
            true => world.alarms_firing().await,
            false => Ok(alarms.iter().filter(|alarm| alarm.state == AlarmState::Alarm).cloned().collect()),
        }
    };
    let view = match check {
        Check::Whole => return look(world, service, (known, firing), async { standing }, (stack, policy), now).await.0,
        Check::Service => look_alone(world.service(service).await.into(), service),
        Check::Nothing => look_alone(Sight::Unseen(not_asked(service)), service),
        Check::Health | Check::OneOfMany => {
            observe_health(world, service, (alarms.first(), firing), check == Check::Health, now).await
        }
    };
    scene(service, view, standing, (None, Sight::Seen(None)), stack)
}

/// The little that is looked at while the brake is on: no remedy is taken, and only who
/// the service is and who is to be woken matters. In a storm thousands ask at once, and
/// what AWS lets is then for these. `felt`: the alarm measures what users feel.
///
/// # Errors
/// What is remembered, but for the kill switch, where the brake is not on: all is to be
/// looked at.
pub async fn observe_braked<W: SceneWorld>(
    world: &W,
    service: &ServiceRef,
    felt: bool,
    event: &EventId,
    (stack, policy): (&Stack, &Policy),
    now: Timestamp,
) -> Result<Scene, Sight<Standing>> {
    let sight = observe_ledger(world, service, event, policy, now).await;
    let Some(standing) = sight.seen().filter(|standing| cut_short(standing, service, policy, now)) else {
        return Err(sight);
    };
    let found = match is_spared(standing, felt, policy, now) {
        true => Sight::Unseen(not_asked(service)),
        false => world.service(service).await.into(),
    };
    Ok(scene(service, look_alone(found, service), sight, (None, Sight::Seen(None)), stack))
}

/// Nothing is asked of a service whose incident the fleet's tells of, if a further alarm
/// makes it no worse; nor, in a storm that somebody was woken by, of any that falls ill in
/// it: its first check looks, when AWS can answer again.
fn is_spared(standing: &Standing, felt: bool, policy: &Policy, now: Timestamp) -> bool {
    let Some(many) = &standing.fleet.value.incident else { return false };
    let storm = many.pages && standing.openings.len() >= guardrails::MOST_APART as usize;
    match standing.record.value.incident.as_ref().filter(|open| !chronic(open, policy, now)) {
        Some(open) => open.told_by.as_ref() == Some(&many.id) && (storm || open.at_worst() || !felt),
        None => storm,
    }
}

/// What an open intent needs to be brought to its end is always looked at.
fn cut_short(standing: &Standing, service: &ServiceRef, policy: &Policy, now: Timestamp) -> bool {
    let incident = standing.record.value.incident.as_ref();
    let busy = incident.is_some_and(|incident| incident.open_intent().is_some());
    let services = standing.fleet.value.services;
    !busy && guardrails::brake(&standing.openings, service, services, policy, now).is_some()
}

/// Only the service was looked at, if that, because many are hit at once.
pub fn looked_at_alone(view: &ServiceView) -> bool {
    view.stopped.fault().is_some_and(Fault::is_not_asked)
}

/// Nor were its alarms and metrics read: it is as ill as it was heard to be.
pub fn not_checked(view: &ServiceView) -> bool {
    view.metrics.fault().is_some_and(Fault::is_not_asked)
}

/// Not even the service was looked at: its incident is told by another, and no worse.
pub fn not_looked_at(view: &ServiceView) -> bool {
    view.service.fault().is_some_and(Fault::is_not_asked)
}

fn not_asked(service: &ServiceRef) -> Fault {
    Fault::not_asked(service.to_string(), "many services are hit at once")
}

fn look_alone(found: Sight<Option<Service>>, service: &ServiceRef) -> ServiceView {
    ServiceView { service: found, ..ServiceView::unseen(not_asked(service)) }
}

/// Three rounds of calls at most: what waits for nothing, what waits for that, and what
/// the ledger did not foresee.
async fn look<W: SceneWorld>(
    world: &W,
    service: &ServiceRef,
    (alarm, firing): (impl Future<Output = Answer<Option<LiveAlarm>>>, impl Future<Output = Answer<Vec<LiveAlarm>>>),
    standing: impl Future<Output = Sight<Standing>>,
    (stack, policy): (&Stack, &Policy),
    now: Timestamp,
) -> (Scene, Answer<Option<LiveAlarm>>) {
    let hanging = async |found: Option<&Service>| observe_stack(world, found).await;
    let remembered = async {
        let standing = standing.await;
        let foreseen = preflight::foresee(world, standing.seen(), policy, now).await;
        (standing, foreseen)
    };
    let beside = Beside { alarm, firing, hanging };
    // On the heap: so many calls at once are more than a stack should hold.
    let looked = Box::pin(observe_beside(world, service, beside, now));
    let (looked, (standing, foreseen)) = tokio::join!(looked, Box::pin(remembered));
    let Looked { view, alarm, hanging } = looked;
    let good = standing.seen().and_then(|standing| target::last_good(&view, &standing.record.value, policy, now));
    let preflight = match good {
        Some(good) => Some(preflight::observe(world, good, &view, foreseen).await),
        None => None,
    };
    (scene(service, view, standing, (preflight, hanging), stack), alarm)
}

fn scene(
    service: &ServiceRef,
    view: ServiceView,
    standing: Sight<Standing>,
    (preflight, stack_status): (Option<Preflight>, Sight<Option<String>>),
    stack: &Stack,
) -> Scene {
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
    let (ledger, halted) = tokio::join!(observe_ledger(world, service, event, policy, now), world.halted());
    switched(ledger, halted)
}

/// The same where all but the kill switch is known.
pub async fn observe_switch<W: SwitchReads>(world: &W, ledger: Sight<Standing>) -> Sight<Standing> {
    match ledger {
        Sight::Seen(_) => switched(ledger, world.halted().await),
        Sight::Unseen(_) => ledger,
    }
}

fn switched(ledger: Sight<Standing>, halted: Answer<bool>) -> Sight<Standing> {
    match ledger {
        Sight::Seen(standing) => Sight::Seen(match halted {
            Ok(halted) => Standing { halted, ..standing },
            Err(fault) => Standing { switch: Some(fault), ..standing },
        }),
        Sight::Unseen(_) => ledger,
    }
}

/// What is remembered without the kill switch, for whoever decides on no remedy: one that
/// is not asked for is on.
pub async fn observe_ledger<W: LedgerReads>(
    world: &W,
    service: &ServiceRef,
    event: &EventId,
    policy: &Policy,
    now: Timestamp,
) -> Sight<Standing> {
    let since = policy.guardrails.fleet_window.before(now);
    let most = Some(guardrails::enough(policy));
    let (remembered, openings) = tokio::join!(world.remembered(service, event), world.openings(since, most));
    let standing = || {
        let Remembered { record, fleet, seen } = remembered?;
        Ok(Standing { record, fleet, openings: openings?, seen, halted: true, switch: None })
    };
    standing().into()
}

async fn observe_stack<W: StackReads>(world: &W, service: Option<&Service>) -> Sight<Option<String>> {
    match service.and_then(|service| service.tag("aws:cloudformation:stack-name")) {
        Some(stack) => world.stack_status(stack).await.into(),
        None => Sight::Seen(None),
    }
}
