//! Whether a rollback's target can still start as it was: what is looked at for that.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::Timestamp;
use nightshift_core::fault::Sight;
use nightshift_core::ids::TaskDefinitionArn;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{ImageReads, ServiceReads};
use nightshift_core::release::{ImageNow, Revision, TaskDefinition};
use nightshift_diagnosis::ServiceView;
use nightshift_release::good::last_good;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scene::Standing;
use crate::target::{self, Target};

/// What a rollback's target looks like today.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Preflight {
    /// The release that would be returned to.
    pub target: Target,
    /// Its task definition.
    pub task_definition: Sight<Option<TaskDefinition>>,
    /// What its images mean now, by container.
    pub images: BTreeMap<String, Sight<ImageNow>>,
    /// Task definitions that the way back crosses, the suspect's first.
    pub crossed: Vec<Sight<Option<TaskDefinition>>>,
}

/// Task definitions and images that were looked at, each once.
#[derive(Debug, Default)]
pub(crate) struct Foreseen {
    definitions: BTreeMap<TaskDefinitionArn, Sight<Option<TaskDefinition>>>,
    images: BTreeMap<String, Sight<ImageNow>>,
}

/// What the ledger knows of releases tells, before ECS has told its history, where the
/// way back will most likely lead: that is looked at meanwhile.
pub(crate) async fn foresee<W: ServiceReads + ImageReads>(
    world: &W,
    standing: Option<&Standing>,
    policy: &Policy,
    now: Timestamp,
) -> Foreseen {
    let mut foreseen = Foreseen::default();
    let record = standing.map(|standing| &standing.record.value);
    let good = record.and_then(|record| last_good(&record.releases, &record.denied, policy.rollback.soak, now));
    if let (Some(record), Some(good)) = (record, good) {
        let newer = record.releases.iter().take_while(|release| release.id != good.release.id);
        let crossed = newer.map(|release| &release.target.task_definition);
        foreseen.look(world, &good.release.target, crossed).await;
    }
    foreseen
}

/// Looks at what the way back to `target` needs and was not foreseen.
pub(crate) async fn observe<W: ServiceReads + ImageReads>(
    world: &W,
    target: Target,
    view: &ServiceView,
    mut foreseen: Foreseen,
) -> Preflight {
    let crossed = target::crossed(view, &target);
    foreseen.look(world, &target.revision, crossed.iter()).await;
    let Foreseen { definitions, images } = foreseen;
    let definition = |named| definitions.get(named).cloned().unwrap_or(Sight::Seen(None));
    let image = |named: &String| images.get(named).cloned();
    let of_target = target.revision.images.iter();
    Preflight {
        task_definition: definition(&target.revision.task_definition),
        images: of_target.filter_map(|(container, ran)| Some((container.clone(), image(&ran.image)?))).collect(),
        crossed: crossed.iter().map(definition).collect(),
        target,
    }
}

impl Foreseen {
    async fn look<'a, W: ServiceReads + ImageReads>(
        &mut self,
        world: &W,
        target: &'a Revision,
        crossed: impl Iterator<Item = &'a TaskDefinitionArn>,
    ) {
        let named: BTreeSet<_> = crossed.chain([&target.task_definition]).collect();
        let definitions = named.into_iter().filter(|named| !self.definitions.contains_key(*named));
        let definitions = definitions.map(async |named| (named.clone(), world.task_definition(named).await.into()));
        let named: BTreeSet<_> = target.images.values().map(|image| &image.image).collect();
        let images = named.into_iter().filter(|named| !self.images.contains_key(*named));
        let images = images.map(async |named| (named.clone(), world.image(named).await.into()));
        let (definitions, images) = tokio::join!(join_all(definitions), join_all(images));
        self.definitions.extend(definitions);
        self.images.extend(images);
    }
}
