//! What a service revision is beyond its task definition, as one fingerprint.
//!
//! `UpdateService` with a task definition alone brings none of this back, so
//! two revisions that differ here cannot be told apart by a rollback.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{LaunchType, LoadBalancer, LogConfiguration, ServiceConnectConfiguration, ServiceRevision};
use nightshift_core::ids::fingerprint;

/// The same for two revisions in the same surroundings, in whatever order ECS
/// lists them. Compared within one observation only: some parts go in as the
/// SDK prints them, which may change from one build to the next.
pub(super) fn surroundings(revision: &ServiceRevision) -> String {
    let mut lines = vec![
        format!("launch type {:?}", revision.launch_type().map(LaunchType::as_str)),
        format!("platform {:?} {:?}", revision.platform_version(), revision.platform_family()),
        format!("storage key {:?}", revision.fargate_ephemeral_storage().and_then(|storage| storage.kms_key_id())),
    ];
    lines.extend(network(revision));
    lines.extend(revision.load_balancers().iter().map(load_balancer));
    lines.extend(
        revision
            .capacity_provider_strategy()
            .iter()
            .map(|item| format!("capacity {} weight {} base {}", item.capacity_provider(), item.weight(), item.base())),
    );
    lines.extend(revision.service_registries().iter().map(|registry| {
        let (port, container) = (registry.port(), registry.container_name());
        format!("registry {:?} {port:?} {container:?} {:?}", registry.registry_arn(), registry.container_port())
    }));
    lines.extend(revision.volume_configurations().iter().map(|volume| format!("{volume:?}")));
    lines.extend(revision.vpc_lattice_configurations().iter().map(|lattice| format!("{lattice:?}")));
    if let Some(connect) = revision.service_connect_configuration().filter(|connect| connect.enabled()) {
        lines.extend(service_connect(connect));
    }
    lines.sort();
    fingerprint(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

fn network(revision: &ServiceRevision) -> Vec<String> {
    let Some(vpc) = revision.network_configuration().and_then(|network| network.awsvpc_configuration()) else {
        return Vec::new();
    };
    let subnets = vpc.subnets().iter().map(|subnet| format!("subnet {subnet}"));
    let groups = vpc.security_groups().iter().map(|group| format!("security group {group}"));
    // Missing means disabled.
    let public = vpc.assign_public_ip().map_or("DISABLED", |assign| assign.as_str());
    subnets.chain(groups).chain([format!("public address {public}")]).collect()
}

fn load_balancer(balancer: &LoadBalancer) -> String {
    let (group, name) = (balancer.target_group_arn(), balancer.load_balancer_name());
    let (container, port) = (balancer.container_name(), balancer.container_port());
    format!("load balancer {group:?} {name:?} {container:?} {port:?} {:?}", balancer.advanced_configuration())
}

fn service_connect(connect: &ServiceConnectConfiguration) -> Vec<String> {
    let services = connect.services().iter().map(|service| format!("{service:?}"));
    let others = [
        format!("namespace {:?}", connect.namespace()),
        format!("access log {:?}", connect.access_log_configuration()),
        connect.log_configuration().map(log).unwrap_or_default(),
    ];
    services.chain(others).collect()
}

/// Its options come in a hash map, whose order changes from run to run.
fn log(log: &LogConfiguration) -> String {
    let options: BTreeMap<_, _> = log.options().into_iter().flatten().collect();
    format!("log {} {options:?} {:?}", log.log_driver(), log.secret_options())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::types::builders::ServiceRevisionBuilder;
    use aws_sdk_ecs::types::{AwsVpcConfiguration, LogDriver, NetworkConfiguration, ServiceConnectConfiguration};

    fn revision(subnets: [&str; 2]) -> ServiceRevisionBuilder {
        let [a, b] = subnets;
        let vpc = AwsVpcConfiguration::builder().subnets(a).subnets(b).security_groups("sg-1").build().unwrap();
        let network = NetworkConfiguration::builder().awsvpc_configuration(vpc).build();
        ServiceRevision::builder().launch_type(LaunchType::Fargate).network_configuration(network)
    }

    #[test]
    fn order_task_definition_and_time_do_not_matter() {
        let one = revision(["subnet-1", "subnet-2"]).task_definition("web:1").service_revision_arn("a");
        let other = revision(["subnet-2", "subnet-1"]).task_definition("web:2").service_revision_arn("b");
        assert_eq!(surroundings(&one.build()), surroundings(&other.build()));
    }

    #[test]
    fn everything_a_rollback_would_not_bring_back_matters() {
        let base = || revision(["subnet-1", "subnet-2"]);
        let connect = ServiceConnectConfiguration::builder().enabled(true).namespace("prod").build();
        let balancer = LoadBalancer::builder().target_group_arn("tg").container_name("app").container_port(80).build();
        let all = [
            base().build(),
            revision(["subnet-1", "subnet-3"]).build(),
            base().platform_version("1.4.0").build(),
            base().launch_type(LaunchType::Ec2).build(),
            base().load_balancers(balancer).build(),
            base().service_connect_configuration(connect).build(),
        ];
        let mut prints: Vec<_> = all.iter().map(surroundings).collect();
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), all.len());
    }

    #[test]
    fn log_options_are_read_in_a_fixed_order() {
        let with = |keys: [&str; 4]| {
            let log = LogConfiguration::builder().log_driver(LogDriver::Awslogs);
            let log = keys.iter().fold(log, |log, key| log.options(*key, "x")).build().unwrap();
            let connect = ServiceConnectConfiguration::builder().enabled(true).log_configuration(log).build();
            surroundings(&ServiceRevision::builder().service_connect_configuration(connect).build())
        };
        assert_eq!(with(["a", "b", "c", "d"]), with(["d", "c", "b", "a"]));
    }
}
