//! The daily look at everything, because AWS promises to deliver none of the
//! events; once a week with a report.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::Timestamp;
use nightshift_core::fault::Fault;
use nightshift_core::ids::ServiceRef;
use nightshift_core::image::{ImageId, Repository, Run};
use nightshift_core::service::Service;
use nightshift_incident::respond::Unfinished;
use serde_json::Value;

use crate::event::{Kind, Sweep};
use crate::guardrails::{Cure, Fates, Guardrail, cure, fates, settings};
use crate::look::Looked;
use crate::needs::unchanged;
use crate::report::{Row, rows};
use crate::services::images;
use crate::weekly::{Week, weekly};
use crate::{Handler, Report, World};

/// So many at once: far below what AWS allows, and a thousand services take a
/// minute.
const AT_ONCE: usize = 8;

/// What a sweep came to, as it goes on.
#[derive(Default)]
struct Found {
    refreshed: Vec<ServiceRef>,
    due: BTreeSet<ImageId>,
    doomed: BTreeMap<ImageId, Option<String>>,
    looked: Vec<Looked>,
    guardrails: Vec<Guardrail>,
    runs: Vec<Run>,
    failed: Vec<Unfinished>,
}

impl Found {
    /// One that fails does not keep the others from being looked at.
    fn fail(&mut self, why: impl Into<Unfinished>) {
        let why = why.into();
        tracing::warn!(%why, "something was not looked at");
        self.failed.push(why);
    }

    /// What could not be looked at, each once.
    fn unseen(&self) -> Vec<String> {
        self.failed.iter().map(ToString::to_string).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What a retry can cure, if anything failed so.
    fn curable(&self) -> Option<&Unfinished> {
        self.failed.iter().find(|why| !matches!(why, Unfinished::Fault(fault) if !fault.transient()))
    }
}

impl<W: World> Handler<W> {
    /// Looks at every service, every repository, and every image that is needed
    /// or of which somebody was told something that is not over.
    pub(crate) async fn sweep(&self, event: &Value, sweep: &Sweep, now: Timestamp) -> Result<Report, Unfinished> {
        let services = self.world.all_services().await?;
        let mut found = Found::default();
        self.sweep_services(&services, &mut found, now).await;
        if found.failed.is_empty() {
            self.world.keep_runs_known(now).await?;
        }
        self.sweep_repositories(&services, &mut found, now).await?;
        let open = self.world.open_images().await?;
        found.due.extend(open.iter().cloned());
        self.sweep_images(event, &mut found, now).await;
        // A report with a hole in it is none: it is made anew.
        if let Some(why) = found.curable() {
            return Err(why.clone());
        }
        for service in &found.refreshed {
            self.looked_at(service).await?;
        }
        let published = match sweep.sweep {
            Kind::Daily => None,
            Kind::Weekly => self.weekly(sweep, &found, &open).await?,
        };
        // No retry fills this hole. A report that was published names it, and would come again
        // with each retry; where there is none, the dead-letter queue has to.
        if let Some(why) = found.failed.first().filter(|_| published.is_none()) {
            return Err(why.clone());
        }
        let Found { refreshed, looked, guardrails, .. } = found;
        let refreshed = refreshed.iter().map(ToString::to_string).collect();
        Ok(Report::Sweep { services: services.len(), refreshed, looked, guardrails, published })
    }

    async fn sweep_services(&self, services: &[Service], found: &mut Found, now: Timestamp) {
        for some in services.chunks(AT_ONCE) {
            let looks = some.iter().map(async |service| -> Result<(bool, BTreeSet<ImageId>), Fault> {
                let before = self.world.service_images(&service.service).await?;
                match unchanged(service, &before) {
                    true => Ok((false, images(&before).collect())),
                    false => Ok((true, self.refresh(service, now).await?)),
                }
            });
            for (service, looked) in some.iter().zip(join_all(looks).await) {
                match looked {
                    Ok((refreshed, images)) => {
                        found.refreshed.extend(refreshed.then(|| service.service.clone()));
                        found.due.extend(images);
                    }
                    Err(fault) => found.fail(fault),
                }
            }
        }
    }

    async fn sweep_repositories(&self, services: &[Service], found: &mut Found, now: Timestamp) -> Result<(), Fault> {
        let there: BTreeSet<&ServiceRef> = services.iter().map(|service| &service.service).collect();
        for some in self.world.repositories().await?.chunks(AT_ONCE) {
            for seen in join_all(some.iter().map(|name| self.repository(name))).await {
                match seen {
                    Ok(None) => {}
                    Ok(Some((repository, runs))) => {
                        for gone in runs.iter().map(|run| &run.service).filter(|it| !there.contains(it)) {
                            match self.forget(gone).await {
                                Ok(images) => {
                                    found.due.extend(images);
                                    found.refreshed.push(gone.clone());
                                }
                                Err(fault) => found.fail(fault),
                            }
                        }
                        let runs: Vec<Run> = runs.into_iter().filter(|run| there.contains(&run.service)).collect();
                        found.due.extend(runs.iter().map(|run| run.image.clone()));
                        self.guard(&repository, &runs, found, now).await;
                        found.runs.extend(runs);
                    }
                    Err(fault) => found.fail(fault),
                }
            }
        }
        Ok(())
    }

    /// A repository that services need images of.
    async fn repository(&self, name: &str) -> Result<Option<(Repository, Vec<Run>)>, Fault> {
        let runs = self.world.runs_of(name).await?;
        if runs.is_empty() {
            return Ok(None);
        }
        Ok(self.world.repository(name).await?.map(|repository| (repository, runs)))
    }

    /// What is wrong with a repository, and what of it may be put right.
    async fn guard(&self, repository: &Repository, runs: &[Run], found: &mut Found, now: Timestamp) {
        for wrong in settings(repository) {
            let fixed = match cure(&wrong, repository, &self.policy.images) {
                None => false,
                Some(cure) => match self.put_right(repository, cure).await {
                    Ok(fixed) => fixed,
                    Err(fault) => {
                        found.fail(fault);
                        false
                    }
                },
            };
            found.guardrails.push(Guardrail { repository: repository.name.clone(), wrong, fixed });
        }
        match self.fates(repository, runs, now).await {
            Err(fault) => found.fail(fault),
            Ok(Fates { wrong, doomed }) => {
                let name = &repository.name;
                let of = |wrong| Guardrail { repository: name.clone(), wrong, fixed: false };
                found.guardrails.extend(wrong.into_iter().map(of));
                found.doomed.extend(doomed);
            }
        }
    }

    /// What the lifecycle policy will do, before it is done.
    async fn fates(&self, repository: &Repository, runs: &[Run], now: Timestamp) -> Result<Fates, Fault> {
        if repository.lifecycle.is_none() {
            return Ok(fates(repository, &[], &BTreeMap::new(), runs, now));
        }
        let images = self.world.images_in(&repository.name).await?;
        let mut children = BTreeMap::new();
        let indexes: Vec<_> = images.iter().filter(|image| image.index).map(|image| &image.digest).collect();
        for some in indexes.chunks(AT_ONCE) {
            let ids = some.iter().map(|digest| ImageId::new(repository.name.clone(), (*digest).clone()));
            let found = join_all(ids.map(async |id| self.world.platforms(&id).await)).await;
            for (digest, platforms) in some.iter().zip(found) {
                children.insert((*digest).clone(), platforms?);
            }
        }
        Ok(fates(repository, &images, &children, runs, now))
    }

    async fn put_right(&self, repository: &Repository, cure: Cure) -> Result<bool, Fault> {
        if self.world.halted().await? {
            return Ok(false);
        }
        match cure {
            Cure::ScanOnPush => self.world.scan_on_push(&repository.name).await?,
            Cure::Immutable => self.world.make_immutable(&repository.name).await?,
        }
        Ok(true)
    }

    async fn sweep_images(&self, event: &Value, found: &mut Found, now: Timestamp) {
        let due: Vec<ImageId> = found.due.iter().cloned().collect();
        for some in due.chunks(AT_ONCE) {
            let looks = some.iter().map(|image| self.look(image, (event, found.doomed.get(image)), now));
            let looked = join_all(looks).await;
            for looked in looked {
                match looked {
                    Ok(looked) if !looked.is_news() => {}
                    Ok(looked) => {
                        if let Some(fault) = looked.undone.as_ref().or(looked.unkept.as_ref()) {
                            found.fail(fault.clone());
                        }
                        found.looked.push(looked);
                    }
                    Err(why) => found.fail(why),
                }
            }
        }
    }

    /// Publishes the weekly report; its key is the day's, so that one made
    /// again is the same.
    async fn weekly(&self, sweep: &Sweep, found: &Found, open: &[ImageId]) -> Result<Option<String>, Fault> {
        let rows = self.rows(&found.runs, sweep.at).await?;
        let mut quarantined = Vec::new();
        for image in open {
            let record = self.world.image_record(image).await?.value;
            if let Some(held) = record.quarantine {
                quarantined.push((image.clone(), held.because.into_iter().collect()));
            }
        }
        let week = Week {
            rows: &rows,
            quarantined: &quarantined,
            guardrails: &found.guardrails,
            unseen: &found.unseen(),
            policy: &self.policy.images,
            stack: &self.stack,
            zone: &sweep.zone,
            at: sweep.at,
        };
        let Some(notice) = weekly(week) else { return Ok(None) };
        self.tell(&notice).await?;
        Ok(Some(notice.key()))
    }

    async fn rows(&self, runs: &[Run], at: Timestamp) -> Result<Vec<Row>, Fault> {
        let mut needs = Vec::new();
        for some in runs.chunks(AT_ONCE) {
            let records = join_all(some.iter().map(|run| self.world.image_record(&run.image))).await;
            for (run, record) in some.iter().zip(records) {
                needs.push((run.clone(), record?.value));
            }
        }
        Ok(rows(&needs, &self.policy.images, at))
    }
}
