//! The table of all services: which signals, which mode, what is missing.

use futures_util::future::join_all;
use nightshift_core::described::Signal;
use nightshift_core::fault::Fault;
use nightshift_core::ports::{AlarmListing, FleetReads, ScalingReads};
use nightshift_core::service::{MODE_TAG, Service, environment};
use serde::Serialize;

use super::coverage::{Coverage, coverage};

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
}

/// Looks at every service; `each` hears of each that was looked at, and of how
/// many there are.
///
/// # Errors
/// If the services cannot be listed.
pub async fn fleet<W: World>(world: &W, mut each: impl FnMut(usize, usize)) -> Result<Fleet, Fault> {
    let services = world.all_services().await?;
    let mut unseen = Vec::new();
    let alarms = world.alarms().await.unwrap_or_else(|fault| {
        unseen.push(format!("{fault}: which signals are watched is not known, and shown as none"));
        Vec::new()
    });
    let all = coverage(&services.iter().collect::<Vec<_>>(), &alarms);
    let mut rows = Vec::new();
    for some in services.chunks(AT_ONCE) {
        let scaled = join_all(some.iter().map(|service| world.scalable_target(&service.service))).await;
        for (service, scaled) in some.iter().zip(scaled) {
            let bounds = scaled.unwrap_or_else(|fault| {
                unseen.push(format!("{fault}: shown as not scaled"));
                None
            });
            let nothing = Coverage::new();
            let covered = all.get(&service.service.to_string()).unwrap_or(&nothing);
            rows.push(row(service, covered, bounds.map(|bounds| format!("{}-{}", bounds.min, bounds.max))));
            each(rows.len(), services.len());
        }
    }
    rows.sort_by(|a, b| b.missing.len().cmp(&a.missing.len()).then_with(|| a.service.cmp(&b.service)));
    Ok(Fleet { services: rows, unseen })
}

fn row(service: &Service, covered: &Coverage, scaling: Option<String>) -> Row {
    let tag = |keys: &[&str]| keys.iter().find_map(|key| service.tag(key)).map(ToOwned::to_owned);
    let signals: Vec<Signal> = Signal::GOLDEN.into_iter().filter(|signal| covered.contains_key(signal)).collect();
    let (mode, team) = (tag(&[MODE_TAG]), tag(&["team", "owner"]));
    let breaker = service.breaker.is_some_and(|breaker| breaker.enabled && breaker.rolls_back);
    let missing = [
        (signals.len() < Signal::GOLDEN.len(), "signals"),
        (mode.is_none(), "mode"),
        (environment(service).is_none(), "environment"),
        (team.is_none(), "team"),
        (scaling.is_none(), "scaling"),
        (!breaker, "circuit breaker"),
        (service.desired < 2, "second task"),
    ];
    Row {
        service: service.service.to_string(),
        environment: environment(service).map(ToOwned::to_owned),
        missing: missing.into_iter().filter_map(|(lacks, name)| lacks.then_some(name)).collect(),
        mode,
        team,
        signals,
        scaling,
        breaker,
    }
}
