//! What is looked up of a deployment's images.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::fault::Fault;
use nightshift_core::ids::ServiceRef;
use nightshift_core::image::{ImageId, Role, Run};
use nightshift_core::incident::Quarantined;
use nightshift_core::policy::Images;
use nightshift_core::release::{ImageNow, RevisionImage, ServiceDeployment, TaskDefinition};
use nightshift_release::origin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Observed;
use crate::World;
use crate::quarantined::image;

/// Images of one deployment that are asked what they were built from.
const IMAGES_ASKED: usize = 3;

/// When an image was pushed, and the one it replaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pushed {
    /// The new one.
    pub new: Option<Timestamp>,
    /// The one before.
    pub old: Option<Timestamp>,
}

/// When the images were pushed: the old ones are those of the release that
/// the deployment came from.
pub(super) async fn observe_images<W: World>(
    world: &W,
    observed: &Observed,
    deployment: &ServiceDeployment,
) -> BTreeMap<String, Pushed> {
    let history = observed.history.seen().map_or(&[][..], Vec::as_slice);
    let source = history.iter().skip(1).find(|old| deployment.sources.contains(&old.target.arn));
    let mut pushed = BTreeMap::new();
    for (container, image) in &deployment.target.images {
        let old = source.and_then(|source| source.target.images.get(container));
        if old.is_some_and(|old| old.digest == image.digest) {
            continue;
        }
        let when = Pushed { new: pushed_at(world, Some(image)).await, old: pushed_at(world, old).await };
        pushed.insert(container.clone(), when);
    }
    pushed
}

/// The commit that an image of a new deployment names. People read it, nothing
/// rests on it: what cannot be read is not known.
pub(super) async fn observe_label<W: World>(
    world: &W,
    observed: &Observed,
    deployment: &ServiceDeployment,
) -> Option<String> {
    let known = &observed.standing.seen()?.record.value.releases;
    let definition = observed.definition.seen()?.as_ref()?;
    if known.iter().any(|release| release.id == deployment.arn) || origin::of(definition).commit.is_some() {
        return None;
    }
    for image in images_that_came(observed, deployment, definition).iter().take(IMAGES_ASKED) {
        let label = world.built_from(image).await.ok().flatten();
        if let Some(commit) = label.as_deref().and_then(origin::commit_of_label) {
            return Some(commit);
        }
    }
    None
}

/// A deployment's images by what they mean, those that it replaces first: a
/// container beside the application's stays the same for months.
fn images_that_came(observed: &Observed, deployment: &ServiceDeployment, definition: &TaskDefinition) -> Vec<String> {
    let history = observed.history.seen().map_or(&[][..], Vec::as_slice);
    let source = history.iter().skip(1).find(|old| deployment.sources.contains(&old.target.arn));
    let stayed = |container: &String| {
        let of = |deployment: &ServiceDeployment| deployment.target.images.get(container)?.digest.clone();
        source.is_some_and(|source| of(source).is_some() && of(source) == of(deployment))
    };
    let mut images: Vec<(bool, String)> = definition
        .images
        .iter()
        .map(|(container, image)| {
            let digest = deployment.target.images.get(container).and_then(|image| image.digest.as_ref());
            let name = image.split('@').next().unwrap_or(image);
            (stayed(container), digest.map_or_else(|| image.clone(), |digest| format!("{name}@{digest}")))
        })
        .collect();
    images.sort();
    images.into_iter().map(|(_, image)| image).collect()
}

/// Which of the images that it brings are quarantined: they themselves, or the
/// whole image that they are one platform of. What was decided about an image
/// may be a day old: one that runs by now stops nothing, nor do findings that
/// are on many services by now.
pub(super) async fn observe_quarantined<W: World>(
    world: &W,
    service: &ServiceRef,
    deployment: &ServiceDeployment,
    policy: &Images,
) -> Result<Vec<Quarantined>, Fault> {
    let mut all = Vec::new();
    for brought in deployment.target.images.values() {
        let Some((mut image, known)) = image(service, brought) else { continue };
        if !known {
            let ImageNow::At(digest) = world.image(&brought.image).await? else { continue };
            image.digest = digest;
        }
        let mut record = world.image_record(&image).await?.value;
        if let Some(index) = record.index.clone() {
            record = world.image_record(&ImageId::new(image.repository.clone(), index)).await?.value;
        }
        let Some(held) = record.quarantine else { continue };
        if !runs_before(world, &image, deployment).await? && holds(world, &held.because, policy).await? {
            let because = held.because.into_iter().collect();
            all.push(Quarantined { image, at: held.at, because });
        }
    }
    Ok(all)
}

/// A service ran it before the deployment began.
async fn runs_before<W: World>(world: &W, image: &ImageId, deployment: &ServiceDeployment) -> Result<bool, Fault> {
    let runs = world.runs_of(&image.repository).await?;
    let ran = |run: &&Run| run.role == Role::Runs && !run.arrives && run.since < deployment.created_at;
    let runs = runs.iter().filter(ran);
    Ok(runs.into_iter().any(|run| run.is_of(&image.digest)))
}

/// One of the findings is on so few services that what cures it is not stopped.
async fn holds<W: World>(world: &W, because: &BTreeSet<String>, policy: &Images) -> Result<bool, Fault> {
    for finding in because {
        let services = world.spread(finding).await?.len();
        if u32::try_from(services).is_ok_and(|services| services <= policy.most_services) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A warning rests on it, nothing else: what cannot be read is not known.
async fn pushed_at<W: World>(world: &W, image: Option<&RevisionImage>) -> Option<Timestamp> {
    let image = image?;
    world.pushed_at(&image.image, image.digest.as_ref()?).await.ok().flatten()
}
