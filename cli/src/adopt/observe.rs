//! Everything that is looked at of a service. What cannot be seen is part of
//! it, with its fault: people learn what follows from it.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::fault::{Fault, Sight};
use nightshift_core::ids::ServiceRef;
use nightshift_core::image::{Reference, Repository};
use nightshift_core::ports::{
    AlarmListing, Answer, BalancerReads, FleetReads, LogGroupReads, PermissionReads, RegistryReads, ScalingPolicyReads,
    ScalingReads, ServiceReads, SetupReads, StackReads,
};
use nightshift_core::release::ServiceDeployment;
use nightshift_core::service::{ScalableTarget, Service};
use nightshift_core::setup::{ScalingPolicy, ServiceSetup, TaskSetup};
use nightshift_core::waste::LogGroup;

use super::permissions::{NEEDED, Rehearsed};

/// What adopting reads.
pub trait World:
    ServiceReads
    + FleetReads
    + SetupReads
    + AlarmListing
    + BalancerReads
    + ScalingReads
    + ScalingPolicyReads
    + LogGroupReads
    + RegistryReads
    + StackReads
    + PermissionReads
{
}

impl<W> World for W where
    W: ServiceReads
        + FleetReads
        + SetupReads
        + AlarmListing
        + BalancerReads
        + ScalingReads
        + ScalingPolicyReads
        + LogGroupReads
        + RegistryReads
        + StackReads
        + PermissionReads
{
}

/// A service with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The service.
    pub service: Service,
    /// What it says beside what decisions need.
    pub setup: Sight<ServiceSetup>,
    /// What its task definition says; `None`: there is none.
    pub task: Sight<Option<TaskSetup>>,
    /// Every alarm of the account and Region.
    pub alarms: Sight<Vec<LiveAlarm>>,
    /// The load balancer of each target group of the account, by the group's ARN.
    pub balancers: Sight<BTreeMap<String, String>>,
    /// Its scalable target.
    pub scaling: Sight<Option<ScalableTarget>>,
    /// By what it scales.
    pub policies: Sight<Vec<ScalingPolicy>>,
    /// The log groups of its containers that are there.
    pub log_groups: Sight<Vec<LogGroup>>,
    /// Its repositories in this registry; `None`: it is gone.
    pub repositories: Vec<(String, Sight<Option<Repository>>)>,
    /// Its deployments, newest first.
    pub history: Sight<Vec<ServiceDeployment>>,
    /// Outputs of the main stack; `None`: it is not deployed.
    pub main: Sight<Option<BTreeMap<String, String>>>,
    /// The stack that has the companion's name.
    pub companion: Sight<Companion>,
    /// What Nightshift's roles may do to it.
    pub permissions: Vec<Rehearsed>,
}

/// Whose the stack is that has the companion's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Companion {
    /// There is none.
    Absent,
    /// It is the companion.
    Ours,
    /// It is another one: to deploy over it would delete what it holds.
    Foreign,
}

/// The output that only the companion has.
const OURS: &str = "UnwellAlarmArn";

/// Why a service cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// ECS knows none of that name.
    #[error("ECS knows no service {service} in Region {}; nightshift adopt --all lists those that there are", service.region)]
    Missing {
        /// Which one.
        service: ServiceRef,
    },
    /// Without it there is nothing to say.
    #[error("the service cannot be read, and everything else rests on it")]
    Unseen(#[source] Fault),
}

/// Looks at a service and at what belongs to it.
///
/// # Errors
/// If the service itself is not there or cannot be read.
pub async fn observe<W: World>(
    world: &W,
    service: &ServiceRef,
    stack: &str,
    companion: &str,
) -> Result<Observed, ObserveError> {
    let found = world.service(service).await.map_err(ObserveError::Unseen)?;
    let mut found = found.ok_or_else(|| ObserveError::Missing { service: service.clone() })?;
    // Whoever asks by name need not know the account's number.
    if let Some(account) = found.task_definition.as_str().split(':').nth(4) {
        account.clone_into(&mut found.service.account);
    }
    let task: Sight<Option<TaskSetup>> = world.task_setup(&found.task_definition).await.into();
    let main: Sight<Option<BTreeMap<String, String>>> = world.outputs(stack).await.into();
    let containers = task.seen().and_then(Option::as_ref);
    Ok(Observed {
        setup: world.service_setup(service).await.map(Option::unwrap_or_default).into(),
        alarms: world.alarms().await.into(),
        balancers: match found.target_groups.is_empty() {
            true => Sight::Seen(BTreeMap::new()),
            false => world.balancers_of_groups().await.into(),
        },
        scaling: world.scalable_target(service).await.into(),
        policies: world.scaling_policies(service).await.into(),
        log_groups: log_groups(world, containers).await.into(),
        repositories: repositories(world, &found.service, containers).await,
        history: world.history(service).await.into(),
        companion: world.outputs(companion).await.map(whose).into(),
        permissions: permissions(world, &found, main.seen().and_then(Option::as_ref)).await,
        service: found,
        task,
        main,
    })
}

fn whose(outputs: Option<BTreeMap<String, String>>) -> Companion {
    match outputs {
        None => Companion::Absent,
        Some(outputs) if outputs.contains_key(OURS) => Companion::Ours,
        Some(_) => Companion::Foreign,
    }
}

async fn log_groups<W: LogGroupReads>(world: &W, task: Option<&TaskSetup>) -> Answer<Vec<LogGroup>> {
    let containers = task.iter().flat_map(|task| &task.containers);
    let named: Vec<&String> = containers.filter_map(|container| container.log_group.as_ref()).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    Ok(world.log_groups().await?.into_iter().filter(|group| named.contains(&&group.name)).collect())
}

/// Those of its images that are in this account's registry of this Region, each once.
async fn repositories<W: RegistryReads>(
    world: &W,
    service: &ServiceRef,
    task: Option<&TaskSetup>,
) -> Vec<(String, Sight<Option<Repository>>)> {
    let containers = task.iter().flat_map(|task| &task.containers);
    let images = containers.filter_map(|container| Reference::parse(&container.image));
    let ours = images.filter(|image| image.account == service.account && image.region == service.region);
    let mut names: Vec<String> = ours.map(|image| image.repository.to_owned()).collect();
    names.sort();
    names.dedup();
    let found = join_all(names.iter().map(|name| world.repository(name))).await;
    names.into_iter().zip(found.into_iter().map(Sight::from)).collect()
}

/// Asks of each role what it would be refused, were the service opted in.
async fn permissions<W: PermissionReads>(
    world: &W,
    service: &Service,
    outputs: Option<&BTreeMap<String, String>>,
) -> Vec<Rehearsed> {
    let mut rehearsed = Vec::new();
    for needed in &NEEDED {
        let Some(role) = outputs.and_then(|outputs| outputs.get(needed.output)) else { continue };
        for (actions, on) in needed.actions {
            let (resource, context) = (on.arn(&service.service), on.context(service));
            let context: Vec<(&str, &str)> =
                context.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            let refused = world.refused_actions(role, actions, &resource, &context).await;
            rehearsed.push(Rehearsed {
                function: needed.function,
                role: role.clone(),
                resource,
                asked: actions.iter().map(|action| (*action).to_owned()).collect(),
                refused: refused.into(),
            });
        }
    }
    rehearsed
}
