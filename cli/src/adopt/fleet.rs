//! The table of all services: which signals, which mode, what is missing.

use futures_util::future::join_all;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::described::Signal;
use nightshift_core::fault::{Fault, FaultKind, Sight};
use nightshift_core::ports::{AlarmListing, FleetReads, ScalingReads};
use nightshift_core::service::{Controller, MODE_TAG, ScalableTarget, Service, environment};
use serde::Serialize;

use super::coverage::{Coverage, coverage};
use super::parameters::scalable;

/// So many are asked for at once: Application Auto Scaling throttles early.
const AT_ONCE: usize = 4;

/// What the table reads.
pub trait World: FleetReads + AlarmListing + ScalingReads {}

impl<W: FleetReads + AlarmListing + ScalingReads> World for W {}

/// All services of an account and Region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fleet {
    /// A row each, those that lack most first.
    pub services: Vec<Row>,
    /// What could not be seen, and what follows.
    pub unseen: Vec<String>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `cluster/service`.
    pub service: String,
    /// The tag, if there is one.
    pub mode: Option<String>,
    /// Its environment.
    pub environment: Option<String>,
    /// Who answers for it.
    pub team: Option<String>,
    /// Golden signals that an alarm watches.
    pub signals: Vec<Signal>,
    /// Bounds of its scaling, `2-10`.
    pub scaling: Option<String>,
    /// The circuit breaker goes back.
    pub breaker: bool,
    /// Names of what is missing.
    pub missing: Vec<&'static str>,
    /// Names of what could not be seen.
    pub unknown: Vec<&'static str>,
}

/// Looks at every service; `each` hears of each that was looked at, and of how
/// many there are.
///
/// # Errors
/// If the services cannot be listed.
pub async fn fleet<W: World>(world: &W, mut each: impl FnMut(usize, usize)) -> Result<Fleet, Fault> {
    let services = world.all_services().await?;
    let mut unseen = Vec::new();
    let alarms: Sight<Vec<LiveAlarm>> = world.alarms().await.into();
    unseen.extend(alarms.fault().map(|fault| format!("{fault}: which signals are watched is not known")));
    let known = alarms.seen().map(Vec::as_slice).unwrap_or_default();
    let all = coverage(&services.iter().collect::<Vec<_>>(), known);
    let mut rows = Vec::new();
    let mut denied: Option<Fault> = None;
    for some in services.chunks(AT_ONCE) {
        // What was denied once is denied each time.
        let scaled = match &denied {
            Some(fault) => vec![Err(fault.clone()); some.len()],
            None => join_all(some.iter().map(|service| world.scalable_target(&service.service))).await,
        };
        for (service, scaled) in some.iter().zip(scaled) {
            if let Err(fault) = &scaled
                && denied.is_none()
            {
                unseen.push(format!("{fault}: how it scales is not known"));
                denied = Some(fault.clone()).filter(|fault| fault.kind == FaultKind::Denied);
            }
            let nothing = Coverage::new();
            let covered = all.get(&service.service.to_string()).unwrap_or(&nothing);
            let covered = if alarms.seen().is_some() { Some(covered) } else { None };
            rows.push(row(service, covered, &scaled.into()));
            each(rows.len(), services.len());
        }
    }
    rows.sort_by(|a, b| b.missing.len().cmp(&a.missing.len()).then_with(|| a.service.cmp(&b.service)));
    Ok(Fleet { services: rows, unseen })
}

fn row(service: &Service, covered: Option<&Coverage>, scaling: &Sight<Option<ScalableTarget>>) -> Row {
    let tag = |keys: &[&str]| keys.iter().find_map(|key| service.tag(key)).map(ToOwned::to_owned);
    let watched = |signal: &Signal| covered.is_some_and(|covered| covered.contains_key(signal));
    let signals: Vec<Signal> = Signal::GOLDEN.into_iter().filter(watched).collect();
    let bounds = scaling.seen().and_then(Option::as_ref);
    let (mode, team) = (tag(&[MODE_TAG]), tag(&["team", "owner"]));
    let of_ecs = service.controller == Controller::Ecs;
    let breaker = service.breaker.is_some_and(|breaker| breaker.enabled && breaker.rolls_back);
    let scalable = scalable(service);
    let missing = [
        (covered.is_some() && signals.len() < Signal::GOLDEN.len(), "signals"),
        (mode.is_none(), "mode"),
        (environment(service).is_none(), "environment"),
        (team.is_none(), "team"),
        (scalable && scaling.seen().is_some() && bounds.is_none(), "scaling"),
        (of_ecs && !breaker, "circuit breaker"),
        (scalable && service.desired < 2, "second task"),
    ];
    let unknown = [(covered.is_none(), "signals"), (scaling.fault().is_some(), "scaling")];
    let named = |(is, name): (bool, &'static str)| is.then_some(name);
    Row {
        service: service.service.to_string(),
        environment: environment(service).map(ToOwned::to_owned),
        missing: missing.into_iter().filter_map(named).collect(),
        unknown: unknown.into_iter().filter_map(named).collect(),
        scaling: bounds.map(|bounds| format!("{}-{}", bounds.min, bounds.max)),
        mode,
        team,
        signals,
        breaker,
    }
}
