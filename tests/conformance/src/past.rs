//! What was recorded, day by day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use nightshift_core::ids::{EventId, RevisionArn, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use nightshift_core::incident::{Incident, ServiceRecord};
use nightshift_core::ledger::{Claim, Silent};
use nightshift_core::origin::Origin;
use nightshift_core::ports::{HistoryReads, LedgerReads, LedgerWrites};
use nightshift_core::refusal::Refusal;
use nightshift_core::release::{DeploymentStatus, Revision};
use nightshift_core::span::Span;
use nightshift_core::verdict::{DeploymentKind, PastRelease, Release, Verdict as Outcome};

use crate::ledger::incident;
use crate::{Verdict, got, same};

/// Bytes of AWS's words about one release, so that those of a day are more than
/// DynamoDB answers at once.
const LENGTHY: usize = 300 * 1024;

/// Runs the suite. `prefix` keeps runs on one table apart; `now` is the moment
/// that days count from.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn past<W: HistoryReads + LedgerReads + LedgerWrites>(world: &W, prefix: &str, now: Timestamp) -> Verdict {
    let suite = Suite { world, prefix, now };
    suite.a_release_stands_under_the_day_on_which_it_began().await?;
    suite.news_of_a_release_takes_the_place_of_older_news().await?;
    suite.a_claim_that_is_refused_leaves_no_history().await?;
    suite.a_day_is_read_whole_however_much_it_holds().await?;
    suite.an_incident_stands_under_the_day_on_which_it_ended().await?;
    suite.an_open_incident_is_among_the_open_ones_until_it_ends().await?;
    suite.what_is_silent_stands_once_under_its_day().await
}

struct Suite<'a, W> {
    world: &'a W,
    prefix: &'a str,
    now: Timestamp,
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl<W: HistoryReads + LedgerReads + LedgerWrites> Suite<'_, W> {
    fn service(&self, name: &str) -> ServiceRef {
        ServiceRef {
            account: "123456789012".into(),
            region: "eu-west-1".into(),
            cluster: self.prefix.into(),
            service: name.into(),
        }
    }

    fn claim(&self, event: Option<&str>, expected: u64, record: ServiceRecord) -> Claim {
        let event = event.map(|event| EventId::of(&[self.prefix, "past", event]));
        Claim { event, expected, record, fleet: None, releases: Vec::new(), closed: None, at: self.now }
    }

    /// Days ago, at the same time.
    fn ago(&self, days: i64) -> Timestamp {
        Span::hours(24 * days).before(self.now)
    }

    /// This run's releases of a day.
    async fn releases_of(&self, name: &str, day: Date) -> Result<Vec<PastRelease>, String> {
        let mut found = got("releases of a day", self.world.releases_of(day).await)?;
        found.retain(|past| past.service == self.service(name));
        Ok(found)
    }

    async fn claimed(&self, what: &str, claim: Claim) -> Verdict {
        same(what, &self.world.claim(&claim).await, &Ok(()))
    }

    async fn a_release_stands_under_the_day_on_which_it_began(&self) -> Verdict {
        let service = self.service("released");
        let (old, new) = (release(&service, "1", self.ago(2)), release(&service, "2", self.now));
        let releases = vec![new.clone(), old.clone()];
        let claim = Claim { releases, ..self.claim(Some("released"), 0, ServiceRecord::new(service)) };
        self.claimed("a claim with two releases", claim).await?;
        same("those of today", &self.releases_of("released", day_of(self.now)).await?, &vec![new])?;
        same("those of then", &self.releases_of("released", day_of(self.ago(2))).await?, &vec![old])?;
        same("those of between", &self.releases_of("released", day_of(self.ago(1))).await?, &Vec::new())
    }

    async fn news_of_a_release_takes_the_place_of_older_news(&self) -> Verdict {
        let service = self.service("judged");
        let begun = release(&service, "1", self.now);
        let mut ended = begun.clone();
        ended.release.verdict = Outcome::Healthy { since: self.now };
        ended.release.ended_at = Some(self.now);
        let first = Claim { releases: vec![begun], ..self.claim(None, 0, ServiceRecord::new(service.clone())) };
        self.claimed("news of its beginning", first).await?;
        // Twice in one claim, too: the last is the newest.
        let mut earlier = ended.clone();
        earlier.release.status = DeploymentStatus::Pending;
        let releases = vec![earlier, ended.clone()];
        let second = Claim { releases, ..self.claim(None, 1, ServiceRecord::new(service)) };
        self.claimed("news of its end", second).await?;
        same("what is kept of it", &self.releases_of("judged", day_of(self.now)).await?, &vec![ended])
    }

    async fn a_claim_that_is_refused_leaves_no_history(&self) -> Verdict {
        let service = self.service("refused");
        let releases = vec![release(&service, "1", self.now)];
        let closed = Some(incident(&service, self.now));
        let stale = Claim { releases, closed, ..self.claim(None, 7, ServiceRecord::new(service.clone())) };
        let refused = self.world.claim(&stale).await.is_err();
        same("a stale claim is refused", &refused, &true)?;
        same("its releases", &self.releases_of("refused", day_of(self.now)).await?, &Vec::new())?;
        same("its incidents", &self.incidents_of(&service, day_of(self.now)).await?, &Vec::new())
    }

    async fn a_day_is_read_whole_however_much_it_holds(&self) -> Verdict {
        let service = self.service("lengthy");
        let lengthy = |id: &str| {
            let mut past = release(&service, id, self.ago(3));
            past.release.reason = Some("x".repeat(LENGTHY));
            past
        };
        // In order of their keys, which is how a day is read.
        let releases: Vec<PastRelease> = ["1", "2", "3", "4", "5"].map(lengthy).into();
        let all = Claim { releases: releases.clone(), ..self.claim(None, 0, ServiceRecord::new(service)) };
        self.claimed("a claim of more than a megabyte", all).await?;
        let found = self.releases_of("lengthy", day_of(self.ago(3))).await?;
        let ids = |all: &[PastRelease]| all.iter().map(|past| past.release.id.short().to_owned()).collect::<Vec<_>>();
        same("the releases of that day", &ids(&found), &ids(&releases))?;
        same("whole", &(found == releases), &true)
    }

    /// This run's incidents of a day.
    async fn incidents_of(&self, service: &ServiceRef, day: Date) -> Result<Vec<Incident>, String> {
        let found = got("incidents of a day", self.world.incidents_of(day).await)?;
        Ok(found.into_iter().filter(|(of, _)| of == service).map(|(_, incident)| incident).collect())
    }

    async fn an_incident_stands_under_the_day_on_which_it_ended(&self) -> Verdict {
        let (dated, undated) = (self.service("ended"), self.service("ended undated"));
        // It ended yesterday, and that is known only now.
        let yesterday = Incident { closed_at: Some(self.ago(1)), ..incident(&dated, self.ago(2)) };
        let today = incident(&undated, self.ago(2));
        for (service, closed) in [(&dated, &yesterday), (&undated, &today)] {
            let closed = Some(closed.clone());
            let claim = Claim { closed, ..self.claim(None, 0, ServiceRecord::new(service.clone())) };
            self.claimed("closing", claim).await?;
        }
        same("the one of yesterday", &self.incidents_of(&dated, day_of(self.ago(1))).await?, &vec![yesterday])?;
        same("not today", &self.incidents_of(&dated, day_of(self.now)).await?, &Vec::new())?;
        same("the one without an end", &self.incidents_of(&undated, day_of(self.now)).await?, &vec![today])
    }

    async fn is_open(&self, service: &ServiceRef) -> Result<Option<Incident>, String> {
        let open = got("open incidents", self.world.open_incidents().await)?;
        Ok(open.into_iter().find(|(of, _)| of == service).map(|(_, incident)| incident))
    }

    async fn an_open_incident_is_among_the_open_ones_until_it_ends(&self) -> Verdict {
        let service = self.service("still open");
        let open = Some(incident(&service, self.ago(1)));
        let mut record = ServiceRecord { incident: open.clone(), ..ServiceRecord::new(service.clone()) };
        self.claimed("opening", self.claim(None, 0, record.clone())).await?;
        same("while it is open", &self.is_open(&service).await?, &open)?;
        let closed = record.incident.take();
        self.claimed("closing", Claim { closed, ..self.claim(None, 1, record) }).await?;
        same("once it has ended", &self.is_open(&service).await?, &None)
    }

    async fn what_is_silent_stands_once_under_its_day(&self) -> Verdict {
        let silent = Silent {
            event: EventId::of(&[self.prefix, "silent"]),
            at: self.ago(1),
            alarm: None,
            service: Some(self.service("silent")),
            refusal: Refusal::NoNews,
            told: true,
        };
        for time in ["the first time", "the second time"] {
            same(time, &self.world.count_silent(&silent).await, &Ok(()))?;
        }
        let of = async |day: Date| {
            let mut found = got("silent events of a day", self.world.silent_of(day).await)?;
            found.retain(|one| one.event == silent.event);
            Ok::<_, String>(found)
        };
        same("of the day after", &of(day_of(self.now)).await?, &Vec::new())?;
        same("of its day", &of(day_of(self.ago(1))).await?, &vec![silent.clone()])
    }
}

fn release(service: &ServiceRef, id: &str, began_at: Timestamp) -> PastRelease {
    let arn = |kind: &str| format!("arn:aws:ecs:eu-west-1:123456789012:{kind}/{service}/{id}");
    let release = Release {
        id: ServiceDeploymentArn::new(arn("service-deployment")),
        kind: DeploymentKind::Release,
        deployment: None,
        from: None,
        source: None,
        target: Revision {
            arn: RevisionArn::new(arn("service-revision")),
            task_definition: TaskDefinitionArn::new("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7"),
            created_at: Some(began_at),
            images: BTreeMap::new(),
            surroundings: String::new(),
        },
        origin: Origin::default(),
        call: None,
        began_at,
        ended_at: None,
        status: DeploymentStatus::InProgress,
        reason: None,
        rolled_back_to: None,
        given_up_at: None,
        failures: Vec::new(),
        failed: 0,
        troubled: None,
        taken_back: None,
        warnings: Vec::new(),
        verdict: Outcome::InProgress,
        watched_until: None,
        planned_wait_s: 0,
        paused_at: None,
        waits: false,
        sequence: 0,
    };
    PastRelease { service: service.clone(), environment: Some("prod".into()), team: None, release }
}
