//! All services, and their number.

use jiff::Timestamp;
use nightshift_core::ids::{EventId, ServiceRef};
use nightshift_core::incident::ServiceRecord;
use nightshift_core::ledger::{Claim, ClaimError, Fleet, Versioned};
use nightshift_core::ports::{FleetReads, FleetWrites, LedgerReads, LedgerWrites, ServiceReads};

use crate::services::service;
use crate::{Place, Verdict, got, holds, same};

/// Services of the account, in two clusters: more than one description holds.
const SERVICES: usize = 16;

/// Runs the suite on the services.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn all_services<W: FleetReads + ServiceReads>(world: &W, place: &Place) -> Verdict {
    let all = got("all services", world.all_services().await)?;
    same("how many there are", &all.len(), &SERVICES)?;
    holds("by their names", &all.len(), all.is_sorted_by(|a, b| a.service < b.service))?;
    let cluster = |name: &str| all.iter().filter(|one| one.service.cluster == name).count();
    same("in each cluster", &(cluster("prod"), cluster("stage")), &(SERVICES - 1, 1))?;
    for name in [place.prod("checkout"), place.prod("search"), place.service("stage", "canary")] {
        let found = all.iter().find(|one| one.service == name);
        // Tags and all: the sweep looks at modes.
        same(&name.to_string(), &found, &Some(&service(world, &name).await?))?;
    }
    Ok(())
}

/// Runs the suite on their number. `prefix` keeps runs on one table apart.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn number_of_services<W: FleetWrites + LedgerReads + LedgerWrites>(
    world: &W,
    prefix: &str,
    now: Timestamp,
) -> Verdict {
    let suite = Number { world, prefix, now };
    suite.the_number_changes_and_nothing_else().await?;
    suite.a_claim_on_the_fleet_of_before_is_a_conflict().await?;
    suite.a_claim_at_the_same_time_loses_nothing().await
}

struct Number<'a, W> {
    world: &'a W,
    prefix: &'a str,
    now: Timestamp,
}

impl<W: FleetWrites + LedgerReads + LedgerWrites> Number<'_, W> {
    async fn fleet(&self) -> Result<Versioned<Fleet>, String> {
        got("the fleet", self.world.fleet().await)
    }

    /// A claim of a remedy on the fleet as it was read.
    fn claim(&self, name: &str, read: &Versioned<Fleet>) -> Claim {
        let service = ServiceRef {
            account: "123456789012".into(),
            region: "eu-west-1".into(),
            cluster: self.prefix.into(),
            service: name.into(),
        };
        let value = Fleet { remedies: vec![self.now], ..read.value.clone() };
        Claim {
            event: Some(EventId::of(&[self.prefix, "fleet", name])),
            expected: 0,
            record: ServiceRecord::new(service),
            fleet: Some(Versioned { version: read.version, value }),
            releases: Vec::new(),
            closed: None,
            at: self.now,
        }
    }

    async fn the_number_changes_and_nothing_else(&self) -> Verdict {
        let read = self.fleet().await?;
        same("a claim", &self.world.claim(&self.claim("counted", &read)).await, &Ok(()))?;
        for number in [40, 41, 41] {
            same("keeping the number", &self.world.keep_number_of_services(number).await, &Ok(()))?;
            let expected = Fleet { remedies: vec![self.now], services: Some(number), incident: None };
            same("the fleet", &self.fleet().await?.value, &expected)?;
        }
        Ok(())
    }

    async fn a_claim_on_the_fleet_of_before_is_a_conflict(&self) -> Verdict {
        let read = self.fleet().await?;
        same("keeping another number", &self.world.keep_number_of_services(42).await, &Ok(()))?;
        // It would write the old number back.
        let stale = self.world.claim(&self.claim("stale", &read)).await;
        same("a claim on the fleet of before", &stale, &Err(ClaimError::Conflict))?;
        let again = self.world.claim(&self.claim("stale", &self.fleet().await?)).await;
        same("the claim on the fleet of now", &again, &Ok(()))
    }

    async fn a_claim_at_the_same_time_loses_nothing(&self) -> Verdict {
        let read = self.fleet().await?;
        let claim = self.claim("raced", &read);
        let (kept, claimed) = tokio::join!(self.world.keep_number_of_services(43), self.world.claim(&claim));
        same("keeping the number beside a claim", &kept, &Ok(()))?;
        let found = self.fleet().await?;
        same("the number after it", &found.value.services, &Some(43))?;
        match claimed {
            Ok(()) => same("the remedies after it", &found.value.remedies, &vec![self.now]),
            lost => same("a claim that lost", &lost, &Err(ClaimError::Conflict)),
        }
    }
}
