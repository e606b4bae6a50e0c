//! Looks at an account for what is paid for and not used: reads alone.
//!
//! What the caller may not see is told in [`Seen::unseen`], and all else is seen
//! all the same. Only what a retry can cure is an error.

mod used;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use nightshift_core::cost::Money;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::TaskDefinitionArn;
use nightshift_core::image::ImageStatus;
use nightshift_core::ports::{
    Answer, BalancerReads, FleetReads, LogGroupReads, MetricReads, RegistryReads, TaskSizeReads,
};
use nightshift_core::service::{Service, environment};
use nightshift_core::waste::{Balancer, TaskSize};

use super::{BalancerUse, Seen, ServiceUse, StoredImages};

/// Reads under way at once: functions that heal need the account's rates too.
const AT_ONCE: usize = 8;
/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// The ports that [`observe_waste`] reads through.
pub trait WasteWorld: FleetReads + MetricReads + RegistryReads + LogGroupReads + TaskSizeReads + BalancerReads {}

impl<W> WasteWorld for W where
    W: FleetReads + MetricReads + RegistryReads + LogGroupReads + TaskSizeReads + BalancerReads
{
}

/// Whole days, by UTC, up to the last one that is over. CloudWatch keeps what
/// percentiles are taken of for fifteen days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub from: Timestamp,
    /// The moment after the last one.
    pub to: Timestamp,
    /// How many.
    pub days: u32,
}

impl Window {
    /// So many days that are over by `now`.
    pub fn before(now: Timestamp, days: u32) -> Self {
        let midnight = now.as_second().div_euclid(DAY_S) * DAY_S;
        let to = Timestamp::from_second(midnight).unwrap_or(now);
        let from = to.checked_sub(SignedDuration::from_secs(i64::from(days) * DAY_S)).unwrap_or(Timestamp::MIN);
        Self { from, to, days }
    }
}

/// What could not be read, each in one sentence.
#[derive(Debug, Default)]
struct Unseen(BTreeSet<String>);

impl Unseen {
    /// What was answered; nothing, and a sentence, where it cannot be had.
    ///
    /// # Errors
    /// What a retry can cure.
    fn seen<T>(&mut self, what: &str, answer: Answer<T>) -> Answer<Option<T>> {
        match answer {
            Ok(found) => Ok(Some(found)),
            Err(fault) if fault.transient() => Err(fault),
            Err(fault) => {
                self.0.insert(sentence(what, &fault));
                Ok(None)
            }
        }
    }
}

/// A denial is the same for all that it is about: it names none of it.
fn sentence(what: &str, fault: &Fault) -> String {
    match fault.kind {
        FaultKind::Denied => format!("{what}: {0} is denied; allow {0} to see them", fault.operation),
        _ => format!("{what}: {fault}"),
    }
}

/// Looks at everything that [`super::waste`] judges. `costs` are those of the last
/// whole month ([`super::last_month`], [`super::by_usage_type`]): asking for them
/// is paid for, and the caller may have done it.
///
/// # Errors
/// A fault that a retry can cure; every other one is in [`Seen::unseen`].
pub async fn observe_waste<W: WasteWorld>(
    world: &W,
    window: Window,
    costs: BTreeMap<String, Money>,
) -> Result<Seen, Fault> {
    let mut unseen = Unseen::default();
    let log_groups = unseen.seen("log groups", world.log_groups().await)?.unwrap_or_default();
    let repositories = repositories(world, &mut unseen).await?;
    let services = unseen.seen("services", world.all_services().await)?.unwrap_or_default();
    let services: Vec<Service> = services.into_iter().filter(|service| service.desired > 0).collect();
    let sizes = sizes(world, &services, &mut unseen).await?;
    let groups = unseen.seen("target groups", world.balancers_of_groups().await)?.unwrap_or_default();
    let balancers = unseen.seen("load balancers", world.balancers().await)?.unwrap_or_default();
    let metrics = used::read(world, window, &services, &groups, &balancers).await;
    let metrics = unseen.seen("metrics", metrics)?.unwrap_or_default();
    Ok(Seen {
        days: window.days,
        log_groups,
        repositories,
        services: services.iter().map(|service| one(service, &sizes, &metrics)).collect(),
        balancers: balancers.into_iter().map(|balancer| balancer_use(balancer, window, &metrics)).collect(),
        costs,
        unseen: unseen.0.into_iter().collect(),
    })
}

fn one(service: &Service, sizes: &BTreeMap<TaskDefinitionArn, TaskSize>, metrics: &used::Metrics) -> ServiceUse {
    let used = metrics.services.get(&service.service).cloned().unwrap_or_default();
    ServiceUse {
        service: service.service.clone(),
        environment: environment(service).map(ToOwned::to_owned),
        desired: service.desired,
        launch: service.launch,
        size: sizes.get(&service.task_definition).copied(),
        cpu: used.cpu,
        memory: used.memory,
        peak: used.peak,
        hours: used.hours,
        requests: used.requests,
    }
}

fn balancer_use(balancer: Balancer, window: Window, metrics: &used::Metrics) -> BalancerUse {
    BalancerUse {
        there_all_along: balancer.created_at.is_some_and(|at| at <= window.from),
        requests: metrics.balancers.get(&balancer.dimension).copied(),
        name: balancer.dimension,
    }
}

/// Images are counted where no lifecycle policy is: nothing is said of the others.
async fn repositories<W: WasteWorld>(world: &W, unseen: &mut Unseen) -> Answer<Vec<StoredImages>> {
    const WHAT: &str = "repositories";
    let names = unseen.seen(WHAT, world.repositories().await)?.unwrap_or_default();
    let mut all = Vec::new();
    for some in names.chunks(AT_ONCE) {
        for looked in join_all(some.iter().map(|name| stored_in(world, name))).await {
            all.extend(unseen.seen(WHAT, looked)?.flatten());
        }
    }
    Ok(all)
}

async fn stored_in<W: WasteWorld>(world: &W, name: &str) -> Answer<Option<StoredImages>> {
    let Some(repository) = world.repository(name).await? else { return Ok(None) };
    let has_lifecycle = repository.lifecycle.is_some();
    let images = if has_lifecycle { Vec::new() } else { world.images_in(name).await? };
    // The archive has a price of its own.
    let kept = images.iter().filter(|image| image.status != ImageStatus::Archived);
    let stored_bytes = kept.fold(0_u64, |sum, image| sum.saturating_add(image.size));
    Ok(Some(StoredImages { name: name.to_owned(), stored_bytes, has_lifecycle }))
}

/// ECS describes task definitions one by one; those that several services share,
/// once.
async fn sizes<W: WasteWorld>(
    world: &W,
    services: &[Service],
    unseen: &mut Unseen,
) -> Answer<BTreeMap<TaskDefinitionArn, TaskSize>> {
    // What CodeDeploy deploys has task definitions of its task sets alone.
    let named = services.iter().map(|service| &service.task_definition).filter(|arn| !arn.as_str().is_empty());
    let wanted: BTreeSet<&TaskDefinitionArn> = named.collect();
    let wanted: Vec<&TaskDefinitionArn> = wanted.into_iter().collect();
    let mut sizes = BTreeMap::new();
    for some in wanted.chunks(AT_ONCE) {
        for (arn, size) in some.iter().zip(join_all(some.iter().map(|arn| world.task_size(arn))).await) {
            let size = unseen.seen("sizes of tasks", size)?.flatten();
            sizes.extend(size.map(|size| ((*arn).clone(), size)));
        }
    }
    Ok(sizes)
}
