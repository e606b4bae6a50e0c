//! Repositories and what is set for them.

use nightshift_core::image::{Mutability, ScanFrequency};
use serde_json::{Value, json};

use crate::state::State;
use crate::state::image_news::arn;
use crate::state::registry::Repo;
use crate::state::registry::writes::no_repository;
use crate::state::releases::AwsError;

use super::super::ecs_shapes::put;
use super::super::request::{Request, paged};
use super::of_arn;

/// DescribeRepositories has pages of a hundred.
const A_PAGE: usize = 100;
/// BatchGetRepositoryScanningConfiguration takes so many names.
const AT_ONCE: usize = 25;

pub(super) fn describe(state: &State, request: &Request) -> Result<Value, AwsError> {
    let names = request.texts("repositoryNames");
    if names.is_empty() {
        let all = state.registry.repositories.values().map(|repo| shape(state, repo));
        return Ok(paged("repositories", request.page(all.collect(), A_PAGE)?));
    }
    let found = names.iter().map(|name| Ok(shape(state, state.registry.repo(name)?)));
    Ok(json!({ "repositories": found.collect::<Result<Vec<Value>, AwsError>>()? }))
}

fn shape(state: &State, repo: &Repo) -> Value {
    let account = &state.scenario.account;
    let name = &repo.setup.name;
    let mut shown = json!({
        "repositoryArn": arn(&state.scenario, name),
        "registryId": account,
        "repositoryName": name,
        "repositoryUri": state.registry.full(name),
        "createdAt": state.start as f64,
        "imageTagMutability": match repo.setup.mutability {
            Mutability::Mutable => "MUTABLE",
            Mutability::Immutable => "IMMUTABLE",
            Mutability::Mixed => "IMMUTABLE_WITH_EXCLUSION",
        },
        "imageScanningConfiguration": { "scanOnPush": repo.setup.scans == ScanFrequency::OnPush },
        "encryptionConfiguration": { "encryptionType": "AES256" },
    });
    let open = json!([{ "filterType": "WILDCARD", "filter": "latest" }]);
    let mixed = (repo.setup.mutability == Mutability::Mixed).then_some(open);
    put(&mut shown, "imageTagMutabilityExclusionFilters", mixed);
    shown
}

pub(super) fn tags(state: &State, request: &Request) -> Result<Value, AwsError> {
    let name = of_arn(state, request)?;
    let tags = &state.registry.repo(&name)?.setup.tags;
    let shown: Vec<Value> = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(json!({ "tags": shown }))
}

pub(super) fn lifecycle(state: &State, request: &Request) -> Result<Value, AwsError> {
    let name = request.needed("repositoryName")?;
    let missing = || {
        let says = format!("Lifecycle policy does not exist for the repository with name '{name}'");
        AwsError::new("LifecyclePolicyNotFoundException", says)
    };
    let text = state.registry.repo(name)?.setup.lifecycle.as_ref().ok_or_else(missing)?;
    Ok(json!({ "registryId": state.scenario.account, "repositoryName": name, "lifecyclePolicyText": text }))
}

pub(super) fn scanning(state: &State, request: &Request) -> Result<Value, AwsError> {
    let names = request.texts("repositoryNames");
    if names.is_empty() || names.len() > AT_ONCE {
        return Err(AwsError::new("ValidationException", "repositoryNames must hold one to twenty-five names."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        let Some(repo) = state.registry.repositories.get(name) else {
            let reason = no_repository(name).message;
            failures.push(
                json!({ "repositoryName": name, "failureCode": "REPOSITORY_NOT_FOUND", "failureReason": reason }),
            );
            continue;
        };
        let frequency = match repo.setup.scans {
            ScanFrequency::OnPush => Some("SCAN_ON_PUSH"),
            ScanFrequency::Continuous => Some("CONTINUOUS_SCAN"),
            ScanFrequency::Manual => Some("MANUAL"),
            ScanFrequency::Unknown => None,
        };
        let mut shown = json!({
            "repositoryArn": arn(&state.scenario, name),
            "repositoryName": name,
            "scanOnPush": repo.setup.scans == ScanFrequency::OnPush,
            "appliedScanFilters": [],
        });
        put(&mut shown, "scanFrequency", frequency.map(|frequency| json!(frequency)));
        found.push(shown);
    }
    Ok(json!({ "scanningConfigurations": found, "failures": failures }))
}
