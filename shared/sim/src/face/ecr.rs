//! ECR: what images are there.

use nightshift_core::ids::Digest;
use serde_json::{Value, json};

use crate::state::State;
use crate::state::releases::AwsError;

use super::layers;
use super::request::{Request, paged};
use super::unknown;

/// DescribeImages has pages of a hundred.
const A_PAGE: usize = 100;

/// An image with its tags.
type Image = (Digest, Vec<String>);

pub(super) fn answer(state: &mut State, operation: &str, request: &Request) -> Result<Value, AwsError> {
    let resource = request.text("repositoryName").unwrap_or("*").to_owned();
    state.note_call(&format!("ecr:{operation}"), resource, false);
    match operation {
        "BatchGetImage" => batch_get(state, request),
        "DescribeImages" => describe(state, request),
        "GetDownloadUrlForLayer" => download_url(state, request),
        _ => Err(unknown(operation)),
    }
}

fn images(state: &State, request: &Request) -> Result<Vec<Image>, AwsError> {
    // Another account's registry lets nobody in whom its policy does not name.
    if request.text("registryId").is_some_and(|registry| registry != state.scenario.account) {
        return Err(AwsError::new("AccessDeniedException", "no resource-based policy allows it"));
    }
    let name = request.needed("repositoryName")?;
    let missing =
        || AwsError::new("RepositoryNotFoundException", format!("The repository with name '{name}' does not exist"));
    state.registry.images(name).ok_or_else(missing)
}

/// The image that `{imageDigest}` or `{imageTag}` means.
fn named<'a>(images: &'a [Image], id: &Value) -> Option<&'a Image> {
    let (digest, tag) = (id["imageDigest"].as_str(), id["imageTag"].as_str());
    images.iter().find(|(its, tags)| {
        let is = digest.is_none_or(|digest| its.as_str() == digest);
        is && tag.is_none_or(|tag| tags.iter().any(|its| its == tag)) && (digest.is_some() || tag.is_some())
    })
}

fn ids(request: &Request) -> Vec<Value> {
    request.value("imageIds").as_array().cloned().unwrap_or_default()
}

fn batch_get(state: &State, request: &Request) -> Result<Value, AwsError> {
    let known = images(state, request)?;
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in ids(request) {
        match named(&known, &id) {
            Some((digest, _)) => {
                let mut answered = json!({ "imageDigest": digest });
                if let Some(tag) = id["imageTag"].as_str() {
                    answered["imageTag"] = json!(tag);
                }
                let (manifest, kind) = layers::manifest(state, digest);
                images.push(shown(state, request, answered, &manifest, kind)?);
            }
            None => match of_index(&known, &id) {
                Some(digest) => {
                    let answered = json!({ "imageDigest": id["imageDigest"] });
                    images.push(shown(state, request, answered, &layers::of_platform(digest), layers::MANIFEST)?);
                }
                None => failures.push(json!({
                    "imageId": id,
                    "failureCode": "ImageNotFound",
                    "failureReason": "Requested image not found",
                })),
            },
        }
    }
    Ok(json!({ "images": images, "failures": failures }))
}

fn shown(state: &State, request: &Request, id: Value, manifest: &Value, kind: &str) -> Result<Value, AwsError> {
    Ok(json!({
        "registryId": state.scenario.account,
        "repositoryName": request.needed("repositoryName")?,
        "imageId": id,
        "imageManifest": manifest.to_string(),
        "imageManifestMediaType": kind,
    }))
}

/// The image in whose index that id's digest stands.
fn of_index<'a>(images: &'a [Image], id: &Value) -> Option<&'a Digest> {
    let wanted = id["imageDigest"].as_str()?;
    images.iter().map(|(digest, _)| digest).find(|digest| layers::platform(digest) == wanted)
}

fn download_url(state: &State, request: &Request) -> Result<Value, AwsError> {
    let wanted = request.needed("layerDigest")?;
    let known = images(state, request)?;
    if !known.iter().any(|(digest, _)| layers::configuration(digest) == wanted) {
        return Err(AwsError::new("LayersNotFoundException", format!("The layer {wanted} does not exist")));
    }
    Ok(json!({ "layerDigest": wanted, "downloadUrl": layers::address(wanted) }))
}

fn describe(state: &State, request: &Request) -> Result<Value, AwsError> {
    let known = images(state, request)?;
    let wanted = ids(request);
    let found: Vec<Image> = if wanted.is_empty() {
        known
    } else {
        let one = |id: &Value| {
            let missing =
                || AwsError::new("ImageNotFoundException", format!("The image with imageId {id} does not exist"));
            named(&known, id).cloned().ok_or_else(missing)
        };
        wanted.iter().map(one).collect::<Result<_, _>>()?
    };
    let name = request.needed("repositoryName")?;
    let shown = found.iter().map(|(digest, tags)| {
        json!({
            "registryId": state.scenario.account,
            "repositoryName": name,
            "imageDigest": digest,
            "imageTags": tags,
            "imageSizeInBytes": 48_000_000,
            "imagePushedAt": state.pushed(digest) as f64,
            "imageManifestMediaType": layers::manifest(state, digest).1,
            "imageStatus": "ACTIVE",
        })
    });
    Ok(paged("imageDetails", request.page(shown.collect(), A_PAGE)?))
}
