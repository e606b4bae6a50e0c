//! From `DescribeServices` to [`Service`].

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{
    self as sdk, DeploymentControllerType, DeploymentRolloutState, DeploymentStrategy, LaunchType,
    ResourceManagementType, SchedulingStrategy, Tag, ThresholdConfiguration, ThresholdType,
};
use nightshift_core::ids::{DeploymentId, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use nightshift_core::service::{Breaker, Controller, Deployment, Launch, Rollout, Service, Strategy, TaskSet};

use super::count;
use crate::moment::moment;

/// The bounds of a circuit breaker that is set to a bounded percentage.
const BREAKER_LEAST: u32 = 3;
const BREAKER_MOST: u32 = 200;

pub(super) fn of(service: &ServiceRef, found: &sdk::Service) -> Service {
    let mut deployments: Vec<Deployment> = found.deployments().iter().filter_map(deployment).collect();
    // PRIMARY first; the sort is stable, so the others stay newest first.
    deployments.sort_by_key(|deployment| !deployment.primary);
    Service {
        service: service.clone(),
        status: found.status().unwrap_or("UNKNOWN").to_owned(),
        controller: controller(found),
        strategy: strategy(found),
        express_managed: found.resource_management_type() == Some(&ResourceManagementType::Ecs),
        daemon: found.scheduling_strategy() == Some(&SchedulingStrategy::Daemon),
        task_definition: TaskDefinitionArn::new(found.task_definition().unwrap_or_default()),
        desired: count(found.desired_count()),
        running: count(found.running_count()),
        pending: count(found.pending_count()),
        deployments,
        task_sets: found.task_sets().iter().filter_map(task_set).collect(),
        current_deployment: found.current_service_deployment().map(ServiceDeploymentArn::new),
        target_groups: target_groups(found).into_iter().collect(),
        grace_s: count(found.health_check_grace_period_seconds().unwrap_or(0)),
        breaker: breaker(found),
        launch: launch(found),
        tags: tags(found.tags()),
    }
}

pub(super) fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    tags.iter().filter_map(pair).collect()
}

/// Of the service and of its task sets; blue/green has two for each load
/// balancer, of which either may serve.
pub(super) fn target_groups(found: &sdk::Service) -> BTreeSet<String> {
    let of_sets = found.task_sets().iter().flat_map(|set| set.load_balancers());
    let balancers = found.load_balancers().iter().chain(of_sets);
    let groups = balancers.flat_map(|balancer| {
        let other = balancer.advanced_configuration().and_then(|more| more.alternate_target_group_arn());
        balancer.target_group_arn().into_iter().chain(other)
    });
    groups.map(ToOwned::to_owned).collect()
}

fn breaker(found: &sdk::Service) -> Option<Breaker> {
    let breaker = found.deployment_configuration()?.deployment_circuit_breaker()?;
    let threshold = breaker.threshold_configuration().and_then(|set| threshold(set, count(found.desired_count())));
    Some(Breaker { enabled: breaker.enable(), rolls_back: breaker.rollback(), threshold })
}

/// How a percentage is rounded is not documented: up is the later. `None`: by a
/// rule that we do not know.
fn threshold(set: &ThresholdConfiguration, desired: u32) -> Option<u32> {
    let value = count(set.value());
    let share = desired.saturating_mul(value).div_ceil(100);
    match set.r#type() {
        ThresholdType::Count => Some(value),
        ThresholdType::BoundedPercent => Some(share.clamp(BREAKER_LEAST, BREAKER_MOST)),
        ThresholdType::UnboundedPercent => Some(share),
        _ => None,
    }
}

/// Missing means ECS. A controller that we do not know is surely not ours.
fn controller(found: &sdk::Service) -> Controller {
    match found.deployment_controller().map(|controller| controller.r#type()) {
        None | Some(DeploymentControllerType::Ecs) => Controller::Ecs,
        Some(DeploymentControllerType::CodeDeploy) => Controller::CodeDeploy,
        Some(_) => Controller::External,
    }
}

/// Missing means rolling. A strategy that we do not know may shift traffic, and
/// is taken for the one that does it most carefully.
fn strategy(found: &sdk::Service) -> Strategy {
    match found.deployment_configuration().and_then(|configuration| configuration.strategy()) {
        None | Some(DeploymentStrategy::Rolling) => Strategy::Rolling,
        Some(DeploymentStrategy::BlueGreen) => Strategy::BlueGreen,
        Some(DeploymentStrategy::Linear) => Strategy::Linear,
        Some(_) => Strategy::Canary,
    }
}

/// A strategy of capacity providers counts before the launch type. Those of
/// others than Fargate stand for instances.
fn launch(found: &sdk::Service) -> Option<Launch> {
    let providers: Vec<&str> =
        found.capacity_provider_strategy().iter().map(|provider| provider.capacity_provider()).collect();
    if !providers.is_empty() {
        return Some(if providers.iter().any(|name| !name.starts_with("FARGATE")) {
            Launch::Instances
        } else if providers.contains(&"FARGATE_SPOT") {
            Launch::FargateSpot
        } else {
            Launch::Fargate
        });
    }
    Some(if found.launch_type()? == &LaunchType::Fargate { Launch::Fargate } else { Launch::Instances })
}

fn deployment(found: &sdk::Deployment) -> Option<Deployment> {
    Some(Deployment {
        id: DeploymentId::new(found.id()?),
        primary: found.status() == Some("PRIMARY"),
        task_definition: TaskDefinitionArn::new(found.task_definition()?),
        desired: count(found.desired_count()),
        running: count(found.running_count()),
        pending: count(found.pending_count()),
        failed_tasks: count(found.failed_tasks()),
        rollout: found.rollout_state().map(rollout),
        created_at: moment(found.created_at()),
    })
}

fn task_set(found: &sdk::TaskSet) -> Option<TaskSet> {
    Some(TaskSet {
        id: DeploymentId::new(found.id()?),
        external_id: found.external_id().map(ToOwned::to_owned),
        task_definition: TaskDefinitionArn::new(found.task_definition()?),
        created_at: moment(found.created_at()),
    })
}

/// A state that we do not know is one that still moves.
fn rollout(state: &DeploymentRolloutState) -> Rollout {
    match state {
        DeploymentRolloutState::Completed => Rollout::Completed,
        DeploymentRolloutState::Failed => Rollout::Failed,
        _ => Rollout::InProgress,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::types::{AdvancedConfiguration, DeploymentConfiguration, DeploymentController, LoadBalancer};

    fn web() -> ServiceRef {
        ServiceRef::from_arn("arn:aws:ecs:eu-west-1:111122223333:service/prod/web").unwrap()
    }

    #[test]
    fn the_primary_deployment_comes_first() {
        let entry = |id: &str, status: &str| {
            sdk::Deployment::builder().id(id).status(status).task_definition("web:1").failed_tasks(-1).build()
        };
        let found = sdk::Service::builder()
            .deployments(entry("ecs-svc/1", "ACTIVE"))
            .deployments(entry("ecs-svc/2", "PRIMARY"));
        let service = of(&web(), &found.build());
        assert_eq!(service.primary(), service.deployments.first());
        assert_eq!(service.deployments[0].failed_tasks, 0);
        assert_eq!(service.controller, Controller::Ecs);
        assert_eq!(service.strategy, Strategy::Rolling);
    }

    #[test]
    fn a_strategy_of_capacity_providers_counts_before_the_launch_type() {
        let of = |providers: &[&str], launch: Option<&str>| {
            let item = |name: &&str| sdk::CapacityProviderStrategyItem::builder().capacity_provider(*name).build();
            let items = providers.iter().map(item).collect::<Result<Vec<_>, _>>().unwrap();
            let found = sdk::Service::builder().set_capacity_provider_strategy(Some(items));
            super::launch(&found.set_launch_type(launch.map(Into::into)).build())
        };
        assert_eq!(of(&["FARGATE"], Some("EC2")), Some(Launch::Fargate));
        assert_eq!(of(&["FARGATE", "FARGATE_SPOT"], None), Some(Launch::FargateSpot));
        assert_eq!(of(&["FARGATE", "our-instances"], None), Some(Launch::Instances));
        assert_eq!(of(&[], Some("FARGATE")), Some(Launch::Fargate));
        assert_eq!(of(&[], Some("MANAGED_INSTANCES")), Some(Launch::Instances));
        assert_eq!(of(&[], None), None);
    }

    #[test]
    fn what_aws_adds_later_is_taken_for_the_cautious_case() {
        let controller = DeploymentController::builder().r#type("SOMEBODY".into()).build().unwrap();
        let strategy = DeploymentConfiguration::builder().strategy("DIAGONAL".into()).build();
        let found =
            sdk::Service::builder().deployment_controller(controller).deployment_configuration(strategy).build();
        assert_eq!(super::controller(&found), Controller::External);
        assert_eq!(super::strategy(&found), Strategy::Canary);
        assert_eq!(rollout(&"PAUSED".into()), Rollout::InProgress);
    }

    #[test]
    fn a_circuit_breaker_trips_where_it_is_set_to() {
        let check = |kind: &str, value: i32, desired: u32, expect: Option<u32>| {
            let set = ThresholdConfiguration::builder().r#type(kind.into()).value(value).build().unwrap();
            assert_eq!(threshold(&set, desired), expect, "{value} {kind} of {desired}");
        };
        check("COUNT", 50, 4, Some(50));
        check("BOUNDED_PERCENT", 50, 4, Some(3));
        check("BOUNDED_PERCENT", 50, 9, Some(5));
        check("BOUNDED_PERCENT", 100, 900, Some(200));
        check("UNBOUNDED_PERCENT", 100, 900, Some(900));
        check("UNBOUNDED_PERCENT", 10, 4, Some(1));
        check("PHASE_OF_THE_MOON", 1, 4, None);
    }

    #[test]
    fn a_task_set_names_who_made_it_and_what_it_runs() {
        let set = |id: &str| sdk::TaskSet::builder().id(id).task_definition("task-definition/web:7");
        let began = aws_sdk_ecs::primitives::DateTime::from_secs(1_790_000_000);
        let made = set("ecs-svc/2").external_id("d-ABCDEFGH1").started_by("CODE_DEPLOY").created_at(began).build();
        let found = sdk::Service::builder().task_sets(made).task_sets(set("ecs-svc/1").build());
        let sets = of(&web(), &found.task_sets(sdk::TaskSet::builder().build()).build()).task_sets;
        let shown: Vec<_> = sets.iter().map(|set| (set.id.as_str(), set.external_id.as_deref())).collect();
        assert_eq!(shown, [("ecs-svc/2", Some("d-ABCDEFGH1")), ("ecs-svc/1", None)]);
        assert_eq!(sets[0].task_definition.short(), "web:7");
        assert_eq!(sets[0].created_at.map(jiff::Timestamp::as_second), Some(1_790_000_000));
    }

    #[test]
    fn both_target_groups_of_a_blue_green_service_are_its_own() {
        let green = AdvancedConfiguration::builder().alternate_target_group_arn("green").build();
        let balancer = LoadBalancer::builder().target_group_arn("blue").advanced_configuration(green).build();
        let found = sdk::Service::builder().load_balancers(balancer).build();
        assert_eq!(of(&web(), &found).target_groups, ["blue", "green"]);
    }
}
