//! What is remembered of images, and of who needs them.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::ids::{DeploymentId, Digest};
use nightshift_core::image::{ImageId, ImageRecord, Marked, Quarantine, Role, Run, ServiceImages};
use nightshift_core::ledger::Versioned;
use nightshift_core::ports::{ImageLedger, LedgerReads, RunsLedger, RunsReads};

use crate::{Place, Verdict, got, holds, same};

/// Runs the suite on records of images; `prefix` keeps runs on one table apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn images<W: ImageLedger + LedgerReads>(world: &W, prefix: &str, now: Timestamp) -> Verdict {
    let image = image(&format!("{prefix}/web"), "a");
    let unknown = Versioned { version: 0, value: ImageRecord::new(image.clone()) };
    same("an unknown image", &world.image_record(&image).await, &Ok(unknown.clone()))?;
    let mut seen = unknown;
    seen.value.scanned_at = Some(now);
    seen.value.released.insert("CVE-2026-1001".to_owned());
    same("a first writing", &world.keep_image(&seen).await, &Ok(true))?;
    same("a stale one", &world.keep_image(&seen).await, &Ok(false))?;
    let mut read = got("what was written", world.image_record(&image).await)?;
    same("all of it", &read, &Versioned { version: 1, value: seen.value })?;
    let listed = async || got("open images", world.open_images().await).map(|all| all.contains(&image));
    holds("not open", &image, !listed().await?)?;
    let because = ["CVE-2026-1001".to_owned()].into();
    read.value.quarantine = Some(Quarantine { at: now, because, mark: Marked::Tagged, archived: false });
    same("a quarantine", &world.keep_image(&read).await, &Ok(true))?;
    holds("open", &image, listed().await?)?;
    // An image is no incident, though one index has both.
    got("openings", world.openings(Timestamp::UNIX_EPOCH, None).await)?;
    let mut read = got("the quarantine", world.image_record(&image).await)?;
    read.value.quarantine = None;
    same("an end of it", &world.keep_image(&read).await, &Ok(true))?;
    holds("not open any more", &image, !listed().await?)
}

fn image(repository: &str, digit: &str) -> ImageId {
    ImageId::new(repository, Digest::new(format!("sha256:{}", digit.repeat(64))))
}

/// Runs the suite on who needs them; `prefix` keeps runs on one table apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn runs<W: RunsLedger + RunsReads>(world: &W, place: &Place, prefix: &str) -> Verdict {
    let suite = Suite { world, place, prefix };
    suite.a_service_needs_what_it_was_last_seen_to_need().await?;
    suite.a_look_at_every_service_is_remembered().await?;
    suite.a_finding_spreads_and_is_over().await
}

struct Suite<'a, W> {
    world: &'a W,
    place: &'a Place,
    prefix: &'a str,
}

impl<W: RunsLedger + RunsReads> Suite<'_, W> {
    fn run(&self, service: &str, role: Role, digit: &str) -> Run {
        let repository = format!("{}/api", self.prefix);
        let image = image(&repository, digit);
        Run {
            service: self.place.prod(&format!("{}-{service}", self.prefix)),
            container: "app".to_owned(),
            role,
            platforms: vec![Digest::new("sha256:amd64")],
            reference: self.place.image(&format!("{repository}:{digit}")),
            image,
            previous: None,
            since: Timestamp::UNIX_EPOCH,
            arrives: false,
            environment: Some("prod".to_owned()),
            team: None,
        }
    }

    async fn needed(&self) -> Result<Vec<Run>, String> {
        got("runs", self.world.runs_of(&format!("{}/api", self.prefix)).await)
    }

    async fn keep(&self, before: &ServiceImages, now: &ServiceImages) -> Verdict {
        let service = &self.run("web", Role::Runs, "a").service;
        same("kept", &self.world.keep_service_images(service, before, now).await, &Ok(()))?;
        same("as it was kept", &self.world.service_images(service).await, &Ok(now.clone()))
    }

    async fn a_service_needs_what_it_was_last_seen_to_need(&self) -> Verdict {
        let nothing = ServiceImages::default();
        let of = |deployment: &str, runs: Vec<Run>| ServiceImages {
            deployment: Some(DeploymentId::new(deployment)),
            runs,
            left: std::collections::BTreeSet::new(),
        };
        let (new, old) = (self.run("web", Role::Runs, "b"), self.run("web", Role::LastGood, "a"));
        let service = &new.service;
        same("a service nobody has looked at", &self.world.service_images(service).await, &Ok(nothing.clone()))?;
        same("who needs it", &self.needed().await?, &Vec::new())?;
        let first = of("ecs-svc/1", vec![self.run("web", Role::Runs, "a")]);
        self.keep(&nothing, &first).await?;
        same("what it runs", &self.needed().await?, &first.runs)?;
        let mut second = of("ecs-svc/2", vec![new, old]);
        self.keep(&first, &second).await?;
        // Whoever was interrupted does it all again.
        self.keep(&first, &second).await?;
        second.runs.sort();
        same("what it runs then", &self.needed().await?, &second.runs)?;
        self.keep(&second, &nothing).await?;
        same("who needs it in the end", &self.needed().await?, &Vec::new())
    }

    async fn a_look_at_every_service_is_remembered(&self) -> Verdict {
        for at in [0, 1].map(|day| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)) {
            same("kept", &self.world.keep_runs_known(at).await, &Ok(()))?;
            same("as it was kept", &self.world.runs_known().await, &Ok(Some(at)))?;
        }
        Ok(())
    }

    async fn a_finding_spreads_and_is_over(&self) -> Verdict {
        let finding = format!("{}-CVE-2026-1001", self.prefix);
        let [web, api] = ["web", "api"].map(|name| self.run(name, Role::Runs, "a").service);
        let [first, second] = ["a", "b"].map(|digit| image("web", digit));
        let spread = async || got("spread", self.world.spread(&finding).await);
        same("nowhere", &spread().await?, &Vec::new())?;
        for (image, services) in [(&first, vec![web.clone(), api.clone()]), (&second, vec![web.clone()])] {
            same("kept", &self.world.keep_spread(&finding, image, &services).await, &Ok(()))?;
        }
        same("each service once", &spread().await?, &vec![api, web.clone()])?;
        same("gone from one", &self.world.keep_spread(&finding, &first, &[]).await, &Ok(()))?;
        same("what is left", &spread().await?, &vec![web])?;
        for what in ["gone from all", "and again"] {
            same(what, &self.world.keep_spread(&finding, &second, &[]).await, &Ok(()))?;
        }
        same("nowhere again", &spread().await?, &Vec::new())
    }
}
