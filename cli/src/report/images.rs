//! What runs where, and how each image stands.

mod sample;

pub mod text;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use image_guard::guardrails::{Guardrail, Wrong, fates, settings};
use image_guard::judge::ending;
use image_guard::report::{Row, rows};
use jiff::Timestamp;
use nightshift_core::fault::Fault;
use nightshift_core::image::{ImageId, ImageRecord, Marked, Run};
use nightshift_core::policy::{ImageException, Policy};
use nightshift_core::ports::{FleetReads, ImageLedger, RegistryReads, RunsLedger, RunsReads};
use nightshift_core::service::Service;
use serde::Serialize;

pub use sample::sample;

/// So many are read at once: far below what AWS allows.
const AT_ONCE: usize = 8;

/// What this report reads.
pub trait World: FleetReads + RunsLedger + RunsReads + ImageLedger + RegistryReads {}

impl<W: FleetReads + RunsLedger + RunsReads + ImageLedger + RegistryReads> World for W {}

/// The images of all services, and how they stand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Images {
    /// When this was read.
    pub at: Timestamp,
    /// It is of a simulated account, for want of a real one.
    pub sample: bool,
    /// How many services there are.
    pub services: usize,
    /// Services that nobody has looked at yet, `cluster/service`.
    pub unknown: Vec<String>,
    /// One for each image of each service: what runs first, and the worst first.
    pub images: Vec<Shown>,
    /// Images that are kept from being deployed.
    pub quarantined: Vec<Held>,
    /// What is wrong with repositories that services need images of.
    pub repositories: Vec<Guardrail>,
    /// Exceptions that have ended, or end within a week.
    pub ending: Vec<ImageException>,
    /// What could not be read, and why.
    pub unread: Vec<String>,
}

/// An image of a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// Twelve digits of its digest, as in tags and messages.
    pub digest12: String,
    /// How it stands.
    #[serde(flatten)]
    pub row: Row,
}

/// An image that is kept from being deployed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Held {
    /// Twelve digits of its digest.
    pub digest12: String,
    /// Which one.
    pub image: ImageId,
    /// Its tags, without Nightshift's.
    pub tags: BTreeSet<String>,
    /// Since when.
    pub since: Timestamp,
    /// Because of these findings.
    pub because: BTreeSet<String>,
    /// How it is marked in its repository.
    #[serde(flatten)]
    pub mark: Marked,
    /// It is in the archive.
    pub archived: bool,
}

/// Reads what the ledger knows of the images of all services.
///
/// # Errors
/// If services or the ledger cannot be read. Repositories that cannot be read
/// are named in the report.
pub async fn images<W: World>(world: &W, policy: &Policy, now: Timestamp) -> Result<Images, Fault> {
    let services = world.all_services().await?;
    let (runs, unknown) = needed(world, &services).await?;
    let mut needs: Vec<(Run, ImageRecord)> = Vec::new();
    for some in runs.chunks(AT_ONCE) {
        let records = join_all(some.iter().map(|run| world.image_record(&run.image))).await;
        for (run, record) in some.iter().zip(records) {
            needs.push((run.clone(), record?.value));
        }
    }
    let (mut repositories, unread) = wrong(world, &runs, now).await;
    repositories.extend(taken(&needs));
    repositories.sort();
    let shown = |row: Row| Shown { digest12: row.image.short().to_owned(), row };
    Ok(Images {
        at: now,
        sample: false,
        services: services.len(),
        unknown,
        images: rows(&needs, &policy.images, now).into_iter().map(shown).collect(),
        quarantined: quarantined(world).await?,
        repositories,
        ending: ending(&policy.images, now).into_iter().cloned().collect(),
        unread,
    })
}

/// What services need, and the services that nobody has looked at.
async fn needed<W: World>(world: &W, services: &[Service]) -> Result<(Vec<Run>, Vec<String>), Fault> {
    let (mut runs, mut unknown) = (Vec::new(), Vec::new());
    for some in services.chunks(AT_ONCE) {
        let all = join_all(some.iter().map(|service| world.service_images(&service.service))).await;
        for (service, found) in some.iter().zip(all) {
            let found = found?;
            if found.deployment.is_none() && found.runs.is_empty() {
                unknown.push(service.service.to_string());
            }
            runs.extend(found.runs);
        }
    }
    Ok((runs, unknown))
}

async fn quarantined<W: World>(world: &W) -> Result<Vec<Held>, Fault> {
    let open = world.open_images().await?;
    let mut all = Vec::new();
    for some in open.chunks(AT_ONCE) {
        for record in join_all(some.iter().map(|image| world.image_record(image))).await {
            let ImageRecord { image, tags, quarantine, .. } = record?.value;
            all.extend(quarantine.map(|held| Held {
                digest12: image.short().to_owned(),
                image,
                tags,
                since: held.at,
                because: held.because,
                mark: held.mark,
                archived: held.archived,
            }));
        }
    }
    all.sort_by(|a, b| (a.since, &a.image).cmp(&(b.since, &b.image)));
    Ok(all)
}

/// What is wrong with the repositories that images are needed of; and which
/// could not be read, for that hides nothing of the images.
async fn wrong<W: World>(world: &W, runs: &[Run], now: Timestamp) -> (Vec<Guardrail>, Vec<String>) {
    let names: BTreeSet<&str> = runs.iter().map(|run| run.image.repository.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let (mut all, mut unread) = (Vec::new(), Vec::new());
    for some in names.chunks(AT_ONCE) {
        for found in join_all(some.iter().map(|name| world.repository(name))).await {
            match found {
                Ok(found) => all.extend(found.iter().flat_map(|repository| {
                    // Without its images: what is taken of them, the daily look has written down.
                    let lifecycle = fates(repository, &[], &BTreeMap::new(), &[], now).wrong;
                    let guardrail = |wrong| Guardrail { repository: repository.name.clone(), wrong, fixed: false };
                    settings(repository).into_iter().chain(lifecycle).map(guardrail)
                })),
                Err(fault) => unread.push(fault.to_string()),
            }
        }
    }
    (all, unread)
}

/// Images that are needed and that a lifecycle policy will take, as the last
/// look at everything found out.
fn taken(needs: &[(Run, ImageRecord)]) -> Vec<Guardrail> {
    let mut taken: BTreeMap<(&ImageId, &str), BTreeSet<String>> = BTreeMap::new();
    for (run, record) in needs {
        if let Some(fate) = &record.doomed {
            taken.entry((&run.image, fate)).or_default().insert(run.service.to_string());
        }
    }
    let guardrail = |((image, fate), services): ((&ImageId, &str), BTreeSet<String>)| Guardrail {
        repository: image.repository.clone(),
        wrong: Wrong::Takes {
            image: image.short().to_owned(),
            services: services.into_iter().collect(),
            fate: fate.to_owned(),
        },
        fixed: false,
    };
    taken.into_iter().map(guardrail).collect()
}
