//! Images of a deployment that `image-guard` keeps from being deployed, as
//! denials of the service: so one set of rules holds for both.

use jiff::Timestamp;
use nightshift_core::ids::{Digest, IncidentId, ServiceRef};
use nightshift_core::image::{ImageId, Reference};
use nightshift_core::incident::{Denied, Quarantined};
use nightshift_core::release::{RevisionImage, ServiceDeployment};
use nightshift_core::span::Span;

/// An image of this account's registry, as a revision runs it. Without a digest
/// ECS has not told it yet, or CodeDeploy deploys it: what the reference means
/// now is what it gets.
pub fn image(service: &ServiceRef, image: &RevisionImage) -> Option<(ImageId, bool)> {
    let parsed = Reference::parse(&image.image)?;
    let here = parsed.account == service.account && parsed.region == service.region;
    let known = image.digest.clone().or_else(|| parsed.pinned());
    let unknown = || Digest::new(String::new());
    here.then(|| (ImageId::new(parsed.repository, known.clone().unwrap_or_else(unknown)), known.is_some()))
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
    // What it is quarantined for may change while it is on its way, and makes no new denial.
    let same = |held: &Quarantined, other: &Quarantined| held.image == other.image && held.at == other.at;
    let holds = |denied: &Denied| match &denied.quarantined {
        Some(held) => quarantined.iter().any(|other| same(held, other)) || !brings(&held.image),
        None => true,
    };
    let mut all: Vec<Denied> = known.iter().filter(|denied| holds(denied)).cloned().collect();
    // What was found while it was on its way is told by image-guard, and stops nothing.
    for held in quarantined.iter().filter(|held| held.at <= newest.created_at) {
        if !all.iter().any(|denied| denied.quarantined.as_ref().is_some_and(|known| same(known, held))) {
            all.push(Denied {
                task_definition: newest.target.task_definition.clone(),
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
