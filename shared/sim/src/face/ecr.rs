//! ECR: which operation does what.

mod findings;
mod images;
mod repositories;

use nightshift_core::ids::Digest;
use nightshift_core::image::{ImageId, Mutability};
use serde_json::{Value, json};

use crate::state::State;
use crate::state::registry::writes::{Named, Put, no_repository};
use crate::state::releases::AwsError;

use super::request::Request;
use super::unknown;

pub(super) fn answer(state: &mut State, operation: &str, request: &Request) -> Result<Value, AwsError> {
    let write = operation.starts_with("Put") || matches!(operation, "BatchDeleteImage" | "UpdateImageStorageClass");
    let resource = request.text("repositoryName").or_else(|| request.text("resourceArn")).unwrap_or("*").to_owned();
    state.note_call(&format!("ecr:{operation}"), resource, write);
    // Another account's registry lets nobody in whom its policy does not name.
    if request.text("registryId").is_some_and(|registry| registry != state.scenario.account) {
        return Err(AwsError::new("AccessDeniedException", "no resource-based policy allows it"));
    }
    match operation {
        "DescribeRepositories" => repositories::describe(state, request),
        "ListTagsForResource" => repositories::tags(state, request),
        "GetLifecyclePolicy" => repositories::lifecycle(state, request),
        "BatchGetRepositoryScanningConfiguration" => repositories::scanning(state, request),
        "DescribeImages" => images::describe(state, request),
        "BatchGetImage" => images::batch_get(state, request),
        "GetDownloadUrlForLayer" => super::layers::url(state, request),
        "DescribeImageScanFindings" => findings::describe(state, request),
        "PutImage" => put(state, request),
        "BatchDeleteImage" => delete(state, request),
        "UpdateImageStorageClass" => store(state, request),
        "PutImageScanningConfiguration" => scan_on_push(state, request),
        "PutImageTagMutability" => mutability(state, request),
        _ => Err(unknown(operation)),
    }
}

/// `imageId` or one of `imageIds`.
fn named(id: &Value) -> Named {
    Named { digest: id["imageDigest"].as_str().map(Digest::new), tag: id["imageTag"].as_str().map(str::to_owned) }
}

fn ids(request: &Request) -> Vec<Value> {
    request.value("imageIds").as_array().cloned().unwrap_or_default()
}

/// The one image that `imageId` means.
fn the_image(state: &State, request: &Request) -> Result<ImageId, AwsError> {
    let name = request.needed("repositoryName")?;
    let id = request.value("imageId");
    let digest = state.registry.repo(name)?.named(&named(id)).map_err(|failure| {
        let says = format!("The image with imageId {id} does not exist within the repository: {}", failure.reason);
        AwsError::new("ImageNotFoundException", says)
    })?;
    Ok(ImageId::new(name, digest))
}

fn put(state: &mut State, request: &Request) -> Result<Value, AwsError> {
    let name = request.needed("repositoryName")?;
    let manifest = request.needed("imageManifest")?;
    let (media_type, tag) = (request.text("imageManifestMediaType"), request.text("imageTag"));
    let put = Put { manifest, media_type, tag, digest: request.text("imageDigest") };
    let digest = state.put_image(name, put)?;
    let mut id = json!({ "imageDigest": digest });
    if let Some(tag) = tag {
        id["imageTag"] = json!(tag);
    }
    let mut image = json!({ "registryId": state.scenario.account, "repositoryName": name, "imageId": id, "imageManifest": manifest });
    if let Some(media_type) = media_type {
        image["imageManifestMediaType"] = json!(media_type);
    }
    Ok(json!({ "image": image }))
}

fn delete(state: &mut State, request: &Request) -> Result<Value, AwsError> {
    let name = request.needed("repositoryName")?;
    let asked = ids(request);
    let names: Vec<Named> = asked.iter().map(named).collect();
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for (id, done) in asked.iter().zip(state.delete_images(name, &names)?) {
        match done {
            Ok(Named { digest, tag }) => {
                let mut id = json!({ "imageDigest": digest });
                if let Some(tag) = tag {
                    id["imageTag"] = json!(tag);
                }
                deleted.push(id);
            }
            Err(failure) => {
                failures.push(json!({ "imageId": id, "failureCode": failure.code, "failureReason": failure.reason }))
            }
        }
    }
    Ok(json!({ "imageIds": deleted, "failures": failures }))
}

fn store(state: &mut State, request: &Request) -> Result<Value, AwsError> {
    let image = the_image(state, request)?;
    let archived = match request.needed("targetStorageClass")? {
        "ARCHIVE" => true,
        "STANDARD" => false,
        other => return Err(AwsError::new("ValidationException", format!("targetStorageClass: {other}"))),
    };
    let status = state.store_image(&image, archived)?;
    Ok(json!({
        "registryId": state.scenario.account,
        "repositoryName": image.repository,
        "imageId": { "imageDigest": image.digest },
        "imageStatus": images::status_text(status),
    }))
}

fn scan_on_push(state: &mut State, request: &Request) -> Result<Value, AwsError> {
    let name = request.needed("repositoryName")?;
    let on = request.value("imageScanningConfiguration")["scanOnPush"].as_bool().unwrap_or(false);
    state.set_scan_on_push(name, on)?;
    let account = &state.scenario.account;
    Ok(json!({ "registryId": account, "repositoryName": name, "imageScanningConfiguration": { "scanOnPush": on } }))
}

fn mutability(state: &mut State, request: &Request) -> Result<Value, AwsError> {
    let name = request.needed("repositoryName")?;
    let wanted = request.needed("imageTagMutability")?;
    let mutability = match wanted {
        "MUTABLE" => Mutability::Mutable,
        "IMMUTABLE" => Mutability::Immutable,
        _ => Mutability::Mixed,
    };
    state.set_mutability(name, mutability)?;
    Ok(json!({ "registryId": state.scenario.account, "repositoryName": name, "imageTagMutability": wanted }))
}

/// The repository's name in its ARN.
fn of_arn(state: &State, request: &Request) -> Result<String, AwsError> {
    let arn = request.needed("resourceArn")?;
    let name = arn.split_once(":repository/").map_or(arn, |(_, name)| name);
    state.registry.repositories.contains_key(name).then(|| name.to_owned()).ok_or_else(|| no_repository(name))
}
