//! What is wrong with a deployment before it has failed.

use jiff::Timestamp;
use nightshift_core::incident::ServiceRecord;
use nightshift_core::policy::{Frozen, Policy};
use nightshift_core::service::{Controller, Service, Strategy};
use nightshift_core::verdict::{DeploymentKind, Release, Warning};
use nightshift_release::breaker::protected;

use crate::observe::Observed;

/// What is wrong with the newest deployment at its start. A rollback is never
/// warned of: whoever goes back has better things to read.
pub fn warnings(
    observed: &Observed,
    release: &Release,
    record: &ServiceRecord,
    policy: &Policy,
    now: Timestamp,
) -> Vec<Warning> {
    let service = observed.service.seen().and_then(Option::as_ref);
    let Some(service) = service.filter(|_| policy.deployments.warnings && release.kind != DeploymentKind::Rollback)
    else {
        return Vec::new();
    };
    let images = release.target.images.values();
    let older = observed.pushed.values().any(|pushed| pushed.new.zip(pushed.old).is_some_and(|(new, old)| new < old));
    let found = [
        (lacks_breaker(service), Warning::NoCircuitBreaker),
        (service.desired == 1 && !service.daemon, Warning::SingleTask),
        (images.clone().any(|image| floats(&image.image)), Warning::LatestTag),
        (older, Warning::OlderImage),
        (policy.frozen(Frozen::Deploys, now).is_some(), Warning::DeploysFrozen),
        (record.incident.is_some(), Warning::OpenIncident),
    ];
    found.into_iter().filter_map(|(wrong, warning)| wrong.then_some(warning)).collect()
}

/// A circuit breaker would act here, and is off. Where traffic is shifted none
/// can be relied on, so none is missed.
fn lacks_breaker(service: &Service) -> bool {
    service.controller == Controller::Ecs && service.strategy == Strategy::Rolling && !protected(service)
}

/// `:latest`, or no tag at all.
fn floats(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_floats_without_a_tag_of_its_own() {
        for (image, expect) in [
            ("web", true),
            ("web:latest", true),
            ("registry:5000/web", true),
            ("registry:5000/web:42", false),
            ("web@sha256:0", false),
            ("web:latest@sha256:0", false),
        ] {
            assert_eq!(floats(image), expect, "{image}");
        }
    }
}
