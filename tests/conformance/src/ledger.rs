//! The ledger: versions, claims, races, the index of open incidents.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{EventId, IncidentId, ServiceRef};
use nightshift_core::incident::{About, Incident, Phase, ServiceRecord};
use nightshift_core::ledger::{Claim, ClaimError, Fleet, Remembered, Silent, Versioned};
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::ports::{LedgerReads, LedgerWrites};
use nightshift_core::refusal::Refusal;
use nightshift_core::span::Span;

use crate::{Verdict, same};

/// Claims that race for one version.
const RACERS: usize = 8;

/// Runs the whole suite. `prefix` keeps runs on one table apart; `now` is the
/// moment that times count from.
///
/// # Errors
/// The first thing that is not as every ledger must be.
pub async fn ledger<W: LedgerReads + LedgerWrites>(world: &W, prefix: &str, now: Timestamp) -> Verdict {
    let suite = Suite { world, prefix, now };
    suite.an_unknown_service_has_an_empty_record().await?;
    suite.what_is_claimed_is_read_back().await?;
    suite.a_stale_version_is_a_conflict_and_writes_nothing().await?;
    suite.an_event_is_claimed_once().await?;
    suite.a_stale_fleet_stops_the_whole_claim().await?;
    suite.what_is_read_at_once_is_what_is_read_apart().await?;
    suite.an_open_incident_is_in_the_index_until_it_is_closed().await?;
    suite.of_racing_claims_one_wins().await?;
    suite.what_is_counted_is_known_by_day_refusal_and_event().await?;
    suite.only_open_issues_are_evidence().await
}

struct Suite<'a, W> {
    world: &'a W,
    prefix: &'a str,
    now: Timestamp,
}

impl<W: LedgerReads + LedgerWrites> Suite<'_, W> {
    fn service(&self, name: &str) -> ServiceRef {
        ServiceRef {
            account: "123456789012".into(),
            region: "eu-west-1".into(),
            cluster: self.prefix.into(),
            service: name.into(),
        }
    }

    fn claim(&self, event: Option<&str>, expected: u64, record: ServiceRecord) -> Claim {
        let event = event.map(|event| EventId::of(&[self.prefix, event]));
        Claim { event, expected, record, fleet: None, releases: Vec::new(), closed: None, at: self.now }
    }

    async fn record(&self, service: &ServiceRef) -> Result<Versioned<ServiceRecord>, String> {
        self.world.record(service).await.map_err(|fault| fault.to_string())
    }

    async fn remembered(&self, service: &ServiceRef, event: &str) -> Result<Remembered, String> {
        let event = EventId::of(&[self.prefix, event]);
        self.world.remembered(service, &event).await.map_err(|fault| fault.to_string())
    }

    async fn an_unknown_service_has_an_empty_record(&self) -> Verdict {
        let service = self.service("unknown");
        let expected = Versioned { version: 0, value: ServiceRecord::new(service.clone()) };
        same("an unknown service", &self.record(&service).await?, &expected)?;
        let remembered = self.remembered(&service, "unknown").await?;
        same("an unknown service beside the rest", &remembered.record, &expected)?;
        same("an unknown event", &remembered.seen, &false)
    }

    async fn what_is_read_at_once_is_what_is_read_apart(&self) -> Verdict {
        let service = self.service("fleet");
        let fleet = self.world.fleet().await.map_err(|fault| fault.to_string())?;
        let apart = Remembered { record: self.record(&service).await?, fleet, seen: true };
        same("record, fleet and event at once", &self.remembered(&service, "fleet 1").await?, &apart)
    }

    async fn what_is_claimed_is_read_back(&self) -> Verdict {
        let service = self.service("claimed");
        let record = ServiceRecord { flips: vec![self.now], ..ServiceRecord::new(service.clone()) };
        same("a first claim", &self.world.claim(&self.claim(Some("first"), 0, record.clone())).await, &Ok(()))?;
        let expected = Versioned { version: 1, value: record };
        same("the record claimed", &self.record(&service).await?, &expected)
    }

    async fn a_stale_version_is_a_conflict_and_writes_nothing(&self) -> Verdict {
        let service = self.service("claimed");
        let stale = self.claim(Some("stale"), 0, ServiceRecord::new(service.clone()));
        same("a stale claim", &self.world.claim(&stale).await, &Err(ClaimError::Conflict))?;
        same("the version after it", &self.record(&service).await?.version, &1)?;
        same("the event of a stale claim", &self.remembered(&service, "stale").await?.seen, &false)
    }

    async fn an_event_is_claimed_once(&self) -> Verdict {
        let service = self.service("claimed");
        same("a claimed event", &self.remembered(&service, "first").await?.seen, &true)?;
        let again = self.claim(Some("first"), 1, ServiceRecord::new(service.clone()));
        same("the same event again", &self.world.claim(&again).await, &Err(ClaimError::EventSeen))?;
        let follow_up = self.claim(None, 1, ServiceRecord::new(service.clone()));
        same("a follow-up without event", &self.world.claim(&follow_up).await, &Ok(()))?;
        same("the version after it", &self.record(&service).await?.version, &2)
    }

    async fn a_stale_fleet_stops_the_whole_claim(&self) -> Verdict {
        let service = self.service("fleet");
        let fleet = self.world.fleet().await.map_err(|fault| fault.to_string())?;
        let spent = Fleet { remedies: vec![self.now], ..fleet.value };
        let with = |expected, version, event| {
            let fleet = Some(Versioned { version, value: spent.clone() });
            Claim { fleet, ..self.claim(Some(event), expected, ServiceRecord::new(service.clone())) }
        };
        same("a claim on the fleet", &self.world.claim(&with(0, fleet.version, "fleet 1")).await, &Ok(()))?;
        let stale = self.world.claim(&with(1, fleet.version, "fleet 2")).await;
        same("a claim on a stale fleet", &stale, &Err(ClaimError::Conflict))?;
        same("the service's version after it", &self.record(&service).await?.version, &1)?;
        let found = self.world.fleet().await.map_err(|fault| fault.to_string())?;
        same("the fleet", &found, &Versioned { version: fleet.version + 1, value: spent.clone() })
    }

    async fn an_open_incident_is_in_the_index_until_it_is_closed(&self) -> Verdict {
        let service = self.service("open");
        let mut record = ServiceRecord::new(service.clone());
        record.incident = Some(incident(&service, self.now));
        same("opening", &self.world.claim(&self.claim(Some("open"), 0, record.clone())).await, &Ok(()))?;
        same("open since then", &self.opened_since(&service, self.now).await?, &true)?;
        let first = self.world.openings(Timestamp::UNIX_EPOCH, Some(1)).await.map(|first| first.len());
        same("the first alone", &first, &Ok(1))?;
        same("open since later", &self.opened_since(&service, Span::seconds(1).after(self.now)).await?, &false)?;
        let closed = record.incident.take();
        let close = Claim { closed, ..self.claim(None, 1, record) };
        same("closing", &self.world.claim(&close).await, &Ok(()))?;
        same("open after closing", &self.opened_since(&service, self.now).await?, &false)
    }

    async fn opened_since(&self, service: &ServiceRef, since: Timestamp) -> Result<bool, String> {
        let openings = self.world.openings(since, None).await.map_err(|fault| fault.to_string())?;
        Ok(openings.iter().any(|opening| opening.service == *service))
    }

    async fn of_racing_claims_one_wins(&self) -> Verdict {
        let service = self.service("raced");
        let names: Vec<String> = (0..RACERS).map(|racer| format!("racer {racer}")).collect();
        let claims: Vec<Claim> =
            names.iter().map(|name| self.claim(Some(name), 0, ServiceRecord::new(service.clone()))).collect();
        let [a, b, c, d, e, f, g, h] = claims.as_slice() else { return Err("the racers do not match".into()) };
        let w = self.world;
        let (a, b, c, d, e, f, g, h) = tokio::join!(
            w.claim(a),
            w.claim(b),
            w.claim(c),
            w.claim(d),
            w.claim(e),
            w.claim(f),
            w.claim(g),
            w.claim(h)
        );
        let results = [a, b, c, d, e, f, g, h];
        let won = results.iter().filter(|result| result.is_ok()).count();
        same("winners of a race", &won, &1)?;
        let lost = results.iter().filter(|result| **result == Err(ClaimError::Conflict)).count();
        same("losers of a race", &lost, &(RACERS - 1))?;
        same("the version after a race", &self.record(&service).await?.version, &1)
    }

    async fn what_is_counted_is_known_by_day_refusal_and_event(&self) -> Verdict {
        let event = EventId::of(&[self.prefix, "silent"]);
        let refusal = Refusal::Unmapped;
        let silent = Silent { event, at: self.now, alarm: None, service: None, refusal, told: false };
        let others = [
            Silent { event: EventId::of(&[self.prefix, "other"]), ..silent.clone() },
            Silent { refusal: Refusal::NotOptedIn { mode: Mode::Observe }, ..silent.clone() },
            Silent { at: Span::hours(24).after(self.now), ..silent.clone() },
        ];
        same("before it is counted", &self.world.counted(&silent).await, &Ok(false))?;
        for time in ["counting it", "counting it again"] {
            same(time, &self.world.count_silent(&silent).await, &Ok(()))?;
            same("after it is counted", &self.world.counted(&silent).await, &Ok(true))?;
        }
        for other in &others {
            same("one that was not counted", &self.world.counted(other).await, &Ok(false))?;
        }
        Ok(())
    }

    async fn only_open_issues_are_evidence(&self) -> Verdict {
        let issue = |open| HealthIssue {
            arn: format!("arn:aws:health:eu-west-1::event/ECS/{}", self.prefix),
            service: "ECS".into(),
            region: "eu-west-1".into(),
            code: "AWS_ECS_OPERATIONAL_ISSUE".into(),
            since: self.now,
            open,
        };
        for (open, known) in [(true, true), (false, false)] {
            same("keeping an issue", &self.world.keep_health_issue(&issue(open)).await, &Ok(()))?;
            let issues = self.world.health_issues().await.map_err(|fault| fault.to_string())?;
            let found = issues.iter().any(|found| found.open && found.arn == issue(open).arn);
            same("an issue among the open ones", &found, &known)?;
        }
        Ok(())
    }
}

pub(crate) fn incident(service: &ServiceRef, now: Timestamp) -> Incident {
    Incident {
        id: IncidentId::of(service, "20261120-0214", &EventId::of(&["conformance"])),
        opened_at: now,
        about: About::default(),
        severity: Severity::P2,
        severity_because: "untagged".into(),
        mode: Mode::Observe,
        phase: Phase::Firing,
        alarms: BTreeMap::new(),
        diagnosis: None,
        suspect: None,
        intents: Vec::new(),
        refusal: None,
        raised: None,
        sequence: 0,
        pages: 0,
        checks: 0,
        deadline: now,
        timer: None,
        healthy_since: None,
        chronic: false,
        heard_at: now,
        trouble: None,
        closed_at: None,
        told_plainly: false,
        would: None,
        escalated_at: None,
        told_by: None,
        untold: 0,
        felt: false,
        rated: false,
    }
}
