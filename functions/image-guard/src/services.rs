//! Keeps track of which images a service needs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::fault::Fault;
use nightshift_core::ids::ServiceRef;
use nightshift_core::image::{ImageId, ServiceImages};
use nightshift_core::service::Service;

use crate::needs::{Seen, needed, remembered};
use crate::{Handler, World};

impl<W: World> Handler<W> {
    /// Looks what the service needs now and remembers it; returns the images
    /// that are, or were until now, its.
    pub(crate) async fn refresh(&self, service: &Service, now: Timestamp) -> Result<BTreeSet<ImageId>, Fault> {
        let (world, name) = (&self.world, &service.service);
        let (history, tasks, record, before) = tokio::join!(
            world.history(name),
            world.running_images(name),
            world.record(name),
            world.service_images(name)
        );
        let (history, tasks, record, before) = (history?, tasks?, record?, before?);
        let seen = Seen { service, history: &history, tasks: &tasks, record: &record.value, before: &before };
        let needed = needed(seen, self.policy.rollback.soak, now);
        let mut platforms = BTreeMap::new();
        for image in needed.iter().map(|it| &it.image).collect::<BTreeSet<_>>() {
            // What ran before has the platforms that it had: a digest never changes.
            let known = before.runs.iter().find(|run| run.image == *image);
            let found = match known {
                Some(run) => run.platforms.clone(),
                None => world.platforms(image).await?,
            };
            platforms.insert(image.clone(), found);
        }
        let after = remembered(seen, needed, &platforms, now);
        if after != before {
            world.keep_service_images(name, &before, &after).await?;
        }
        Ok(images(&after).collect())
    }

    /// A service that is no longer there needs nothing.
    pub(crate) async fn forget(&self, service: &ServiceRef) -> Result<BTreeSet<ImageId>, Fault> {
        let before = self.world.service_images(service).await?;
        if !before.runs.is_empty() {
            let left = images(&before).collect();
            let none = ServiceImages { left, ..ServiceImages::default() };
            self.world.keep_service_images(service, &before, &none).await?;
        }
        Ok(images(&before).collect())
    }

    /// What it needed until lately was looked at.
    pub(crate) async fn looked_at(&self, service: &ServiceRef) -> Result<(), Fault> {
        let before = self.world.service_images(service).await?;
        if before.left.is_empty() {
            return Ok(());
        }
        let after = ServiceImages { left: BTreeSet::new(), ..before.clone() };
        self.world.keep_service_images(service, &before, &after).await
    }
}

/// What it needs, and what it needed until lately.
pub(crate) fn images(of: &ServiceImages) -> impl Iterator<Item = ImageId> + '_ {
    of.runs.iter().map(|run| run.image.clone()).chain(of.left.iter().cloned())
}
