//! What a decision about an image is made from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::fault::Fault;
use nightshift_core::ids::{Digest, ServiceRef};
use nightshift_core::image::{ImageDetail, ImageId, ImageRecord, Repository, Role, Run, Scan};
use nightshift_core::ledger::Versioned;
use nightshift_core::policy::{Policy, Worth};
use nightshift_incident::stack::Home;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judge::{findings, judge};
use crate::plan::Tried;
use crate::{World, environments};

/// Findings whose spread over services is looked up: one alone decides.
pub const MOST_SPREAD: usize = 10;

/// Everything a decision about an image is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Observed {
    /// The image: the whole of it, where one platform was asked about.
    pub image: ImageId,
    /// Where this stack is.
    pub home: Home,
    /// What is remembered of it.
    pub record: Versioned<ImageRecord>,
    /// Its repository. `None`: there is none of that name.
    pub repository: Option<Repository>,
    /// What the registry says of it. `None`: it is not there.
    pub detail: Option<ImageDetail>,
    /// What scans found: in it, or in each of its platforms.
    pub scans: BTreeMap<Digest, Scan>,
    /// Digests of its platforms.
    pub platforms: Vec<Digest>,
    /// Who needs an image of its repository.
    pub runs: Vec<Run>,
    /// Findings of the other images of the repository that run or ran before,
    /// with when they were first seen there.
    pub others: BTreeMap<Digest, BTreeMap<String, Timestamp>>,
    /// When the last look that saw what every service runs began, read where it
    /// may be kept from being deployed.
    #[serde(default)]
    pub runs_known: Option<Timestamp>,
    /// Services that run an image with one of its gravest findings.
    pub spread: BTreeMap<String, Vec<ServiceRef>>,
    /// Remedies are halted; unreadable counts as halted.
    pub halted: bool,
    /// Why the switch cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<Fault>,
    /// What a lifecycle policy will do to it, where that was computed just now.
    pub doomed: Option<Option<String>>,
    /// Steps that were taken or tried in this invocation.
    pub tried: Vec<Tried>,
}

impl Observed {
    fn is_of(&self, run: &Run) -> bool {
        run.is_of(&self.image.digest) || self.platforms.contains(&run.image.digest)
    }

    /// A deployment brings it in spite of its quarantine: it may yet be stopped.
    fn may_be_stopped(&self, run: &Run) -> bool {
        run.arrives && self.record.value.quarantine.is_some() && self.is_of(run)
    }

    /// A deployment that is not over brings it.
    pub fn arrives(&self) -> bool {
        self.runs.iter().any(|run| run.arrives && self.is_of(run))
    }

    /// Who needs this image.
    pub fn needed_by(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| self.is_of(run) && !self.may_be_stopped(run))
    }

    /// Who runs an image of the repository.
    pub fn running(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.role == Role::Runs && !self.may_be_stopped(run))
    }

    /// Who runs it.
    pub fn run_by(&self) -> impl Iterator<Item = &Run> {
        self.needed_by().filter(|run| run.role == Role::Runs)
    }
}

/// Looks at everything about the image that `asked` is, or is a platform of.
///
/// # Errors
/// If something that the decision needs cannot be read: nothing is decided
/// then, and nothing is told.
pub async fn observe<W: World>(
    world: &W,
    asked: &ImageId,
    home: &Home,
    policy: &Policy,
    (doomed, tried): (Option<&Option<String>>, &[Tried]),
    now: Timestamp,
) -> Result<Observed, Fault> {
    let (runs, known, repository, halted) = tokio::join!(
        world.runs_of(&asked.repository),
        world.image_record(asked),
        world.repository(&asked.repository),
        world.halted(),
    );
    let (runs, known) = (runs?, known?);
    let (halted, switch) = on(halted)?;
    let image = whole(asked, &runs, &known.value);
    let record = if image == *asked { known } else { world.image_record(&image).await? };
    let (detail, platforms) = tokio::join!(world.image_detail(&image), world.platforms(&image));
    let mut observed = Observed {
        image,
        home: home.clone(),
        record,
        repository: repository?,
        detail: detail?,
        scans: BTreeMap::new(),
        platforms: platforms?,
        runs,
        others: BTreeMap::new(),
        runs_known: None,
        spread: BTreeMap::new(),
        halted,
        switch,
        doomed: doomed.cloned(),
        tried: tried.to_vec(),
    };
    if observed.detail.is_some() {
        observed.scans = observe_scans(world, &observed).await?;
        observe_others(world, &mut observed, policy, now).await?;
    }
    Ok(observed)
}

/// A switch that cannot be read is a switch that is on, and why is kept; one that cannot
/// be read just now is read again.
fn on(switch: Result<bool, Fault>) -> Result<(bool, Option<Fault>), Fault> {
    match switch {
        Ok(on) => Ok((on, None)),
        Err(fault) if fault.transient() => Err(fault),
        Err(fault) => Ok((true, Some(fault))),
    }
}

/// The whole of an image of which one platform may have been asked about.
fn whole(asked: &ImageId, runs: &[Run], known: &ImageRecord) -> ImageId {
    let run = runs.iter().find(|run| run.image.digest != asked.digest && run.platforms.contains(&asked.digest));
    let index = known.index.as_ref().map(|index| ImageId::new(asked.repository.clone(), index.clone()));
    run.map(|run| run.image.clone()).or(index).unwrap_or_else(|| asked.clone())
}

/// An index is not scanned itself: its platforms are.
async fn observe_scans<W: World>(world: &W, observed: &Observed) -> Result<BTreeMap<Digest, Scan>, Fault> {
    let one = [observed.image.digest.clone()];
    let scanned = if observed.platforms.is_empty() { &one[..] } else { &observed.platforms[..] };
    let mut scans = BTreeMap::new();
    for digest in scanned {
        let platform = ImageId::new(observed.image.repository.clone(), digest.clone());
        scans.insert(digest.clone(), world.scan(&platform).await?);
    }
    Ok(scans)
}

/// What runs of the repository beside it, and how far its gravest findings
/// reach: only where it may be kept from being deployed.
async fn observe_others<W: World>(
    world: &W,
    observed: &mut Observed,
    policy: &Policy,
    now: Timestamp,
) -> Result<(), Fault> {
    let others: BTreeSet<Digest> = observed
        .running()
        .filter(|run| run.image != observed.image)
        .map(|run| run.image.digest.clone())
        .chain(observed.run_by().filter_map(|run| run.previous.clone()))
        .collect();
    for digest in others {
        let other = ImageId::new(observed.image.repository.clone(), digest.clone());
        let record = world.image_record(&other).await?;
        let seen = record.value.findings.into_iter().map(|(id, known)| (id, known.first_seen));
        observed.others.insert(digest, seen.collect());
    }
    if observed.run_by().next().is_some() {
        return Ok(());
    }
    observed.runs_known = world.runs_known().await?;
    let known = findings(&observed.record.value.findings, &observed.others, observed.scans.values(), now);
    let places = environments(observed.run_by());
    let judged = judge(&known, &observed.image.repository, &places, &policy.images, now);
    for grave in judged.iter().filter(|judged| judged.worth == Worth::Quarantine).take(MOST_SPREAD) {
        observed.spread.insert(grave.id().to_owned(), world.spread(grave.id()).await?);
    }
    Ok(())
}
