//! Images and their manifests.

use nightshift_core::image::{ImageId, ImageStatus};
use serde_json::{Value, json};

use crate::state::State;
use crate::state::registry::SIZE;
use crate::state::releases::AwsError;

use super::super::ecs_shapes::put;
use super::super::request::{Request, paged};
use super::{ids, named};

/// DescribeImages has pages of a hundred.
const A_PAGE: usize = 100;

pub(super) fn status_text(status: ImageStatus) -> &'static str {
    match status {
        ImageStatus::Active => "ACTIVE",
        ImageStatus::Archived => "ARCHIVED",
        ImageStatus::Activating => "ACTIVATING",
    }
}

pub(super) fn batch_get(state: &State, request: &Request) -> Result<Value, AwsError> {
    let name = request.needed("repositoryName")?;
    state.registry.repo(name)?;
    let accepted = request.texts("acceptedMediaTypes");
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in ids(request) {
        match state.registry.pullable(name, &named(&id))? {
            Ok((digest, image)) => {
                // To whoever does not take an index, one platform's manifest is given.
                let taken = accepted.is_empty() || accepted.contains(&image.media_type.as_str());
                let platform = image.platforms.first().filter(|_| !taken);
                let platform = platform.and_then(|digest| state.registry.get(&ImageId::new(name, digest.clone())));
                let shown = platform.unwrap_or(image);
                let digest = image.platforms.first().filter(|_| platform.is_some()).unwrap_or(&digest);
                let mut answered = json!({ "imageDigest": digest });
                if let Some(tag) = id["imageTag"].as_str() {
                    answered["imageTag"] = json!(tag);
                }
                images.push(json!({
                    "registryId": state.scenario.account,
                    "repositoryName": name,
                    "imageId": answered,
                    "imageManifest": shown.manifest,
                    "imageManifestMediaType": shown.media_type,
                }));
            }
            Err(failure) => failures.push(json!({
                "imageId": id,
                "failureCode": failure.code,
                "failureReason": failure.reason,
            })),
        }
    }
    Ok(json!({ "images": images, "failures": failures }))
}

pub(super) fn describe(state: &State, request: &Request) -> Result<Value, AwsError> {
    let name = request.needed("repositoryName")?;
    let repo = state.registry.repo(name)?;
    let filter = request.value("filter");
    let (status, tagged) = (filter["imageStatus"].as_str().unwrap_or("ACTIVE"), filter["tagStatus"].as_str());
    let shown = |id: &ImageId| {
        let image = state.registry.get(id)?;
        let is = status_text(state.registry.status(image));
        let tags: Vec<&str> = repo.tags_of(&id.digest).collect();
        let fits = match tagged {
            Some("TAGGED") => !tags.is_empty(),
            Some("UNTAGGED") => tags.is_empty(),
            _ => true,
        };
        let mut shown = json!({
            "registryId": state.scenario.account,
            "repositoryName": name,
            "imageDigest": id.digest,
            "imageSizeInBytes": SIZE,
            "imagePushedAt": image.pushed_at as f64,
            "imageManifestMediaType": image.media_type,
            "imageStatus": is,
        });
        // An image without tags has no list of them.
        put(&mut shown, "imageTags", (!tags.is_empty()).then(|| json!(tags)));
        put(&mut shown, "lastRecordedPullTime", state.registry.last_pull(image).map(|at| json!(at as f64)));
        (fits && (status == "ANY" || status == is)).then_some(shown)
    };
    let wanted = ids(request);
    if wanted.is_empty() {
        let all = repo.images.keys().map(|digest| ImageId::new(name, digest.clone()));
        return Ok(paged("imageDetails", request.page(all.filter_map(|id| shown(&id)).collect(), A_PAGE)?));
    }
    let one = |id: &Value| {
        let found = repo.named(&named(id)).ok().and_then(|digest| shown(&ImageId::new(name, digest)));
        let missing = || AwsError::new("ImageNotFoundException", format!("The image with imageId {id} does not exist"));
        found.ok_or_else(missing)
    };
    Ok(json!({ "imageDetails": wanted.iter().map(one).collect::<Result<Vec<Value>, _>>()? }))
}
