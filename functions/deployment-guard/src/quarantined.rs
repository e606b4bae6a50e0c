//! Images of a deployment that `image-guard` keeps from being deployed, as
//! denials of the service: so one set of rules holds for both.

use jiff::Timestamp;
use nightshift_core::ids::ServiceRef;
use nightshift_core::ids::{IncidentId, TaskDefinitionArn};
use nightshift_core::image::{ImageId, Reference};
use nightshift_core::incident::{Denied, Quarantined};
use nightshift_core::release::{Revision, ServiceDeployment};
use nightshift_core::span::Span;

/// The images of this account's registry that a revision runs.
pub fn images(service: &ServiceRef, revision: &Revision) -> Vec<ImageId> {
    let image = |(reference, digest): (&str, _)| {
        let parsed = Reference::parse(reference)?;
        let here = parsed.account == service.account && parsed.region == service.region;
        here.then(|| ImageId::new(parsed.repository, digest))
    };
    let digests = revision.images.values().filter_map(|image| Some((image.image.as_str(), image.digest.clone()?)));
    digests.filter_map(image).collect()
}

/// The service's denials with those of the images that the newest deployment
/// brings. One whose quarantine is over is gone; one that was enforced is known
/// to be.
pub fn merged(
    known: &[Denied],
    newest: Option<&ServiceDeployment>,
    quarantined: &[Quarantined],
    deny_for: Span,
    now: Timestamp,
) -> Vec<Denied> {
    let Some(newest) = newest.filter(|newest| !newest.status.terminal()) else { return known.to_vec() };
    let brings =
        |image: &ImageId| newest.target.images.values().any(|brought| brought.digest.as_ref() == Some(&image.digest));
    let holds = |denied: &Denied| match &denied.quarantined {
        Some(held) => quarantined.contains(held) || !brings(&held.image),
        None => true,
    };
    let mut all: Vec<Denied> = known.iter().filter(|denied| holds(denied)).cloned().collect();
    for held in quarantined {
        if !all.iter().any(|denied| denied.quarantined.as_ref() == Some(held)) {
            all.push(Denied {
                // No task definition is called so: the image alone is denied.
                task_definition: TaskDefinitionArn::new(format!("image/{}@{}", short(held), held.image.short())),
                digests: vec![held.image.digest.clone()],
                incident: IncidentId::new(format!("image-{}", held.image.short())),
                at: held.at,
                until: deny_for.after(now),
                enforced: None,
                quarantined: Some(held.clone()),
            });
        }
    }
    all
}

fn short(held: &Quarantined) -> &str {
    held.image.repository.rsplit('/').next().unwrap_or(&held.image.repository)
}
