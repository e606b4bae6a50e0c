//! The last look before a remedy: kill switch and brake once more, and whether the service
//! is still as it was.

use jiff::Timestamp;
use nightshift_core::ids::ServiceRef;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{Answer, LedgerReads, ServiceReads, SwitchReads};
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::{Outcome, Remedy};
use nightshift_core::service::Service;

use crate::decide::unseen;
use crate::guardrails;

/// What was seen right before a remedy.
#[derive(Debug, Default)]
pub(crate) struct LastLook {
    withheld: Option<Refusal>,
    service: Option<Answer<Option<Service>>>,
}

/// Looks at all that may forbid the remedy by now.
pub(crate) async fn last_look<W: LedgerReads + SwitchReads + ServiceReads>(
    world: &W,
    service: &ServiceRef,
    remedy: &Remedy,
    policy: &Policy,
    now: Timestamp,
) -> LastLook {
    let withheld = async {
        // Undoing our own scaling needs no leave: it only takes back.
        match remedy {
            Remedy::RestoreScaling { .. } => None,
            _ => withheld(world, service, policy, now).await,
        }
    };
    // UpdateService has no condition: somebody may have deployed a fix while this was decided.
    let again = async {
        match remedy {
            Remedy::RollBack { .. } => Some(world.service(service).await),
            _ => None,
        }
    };
    let (withheld, service) = tokio::join!(withheld, again);
    LastLook { withheld, service }
}

async fn withheld<W: LedgerReads + SwitchReads>(
    world: &W,
    service: &ServiceRef,
    policy: &Policy,
    now: Timestamp,
) -> Option<Refusal> {
    let since = policy.guardrails.fleet_window.before(now);
    let most = Some(guardrails::enough(policy));
    let (halted, openings, fleet) = tokio::join!(world.halted(), world.openings(since, most), world.fleet());
    match (openings, fleet) {
        (Ok(openings), Ok(fleet)) => {
            let switched_off = guardrails::switched_off(halted.as_ref().copied());
            guardrails::last_look(switched_off, &openings, service, fleet.value.services, policy, now)
        }
        (Err(fault), _) | (_, Err(fault)) => Some(unseen(&fault)),
    }
}

impl LastLook {
    /// What came of the remedy already, or why it is not taken.
    ///
    /// # Errors
    /// The service could not be looked at, and a retry can cure it.
    pub(crate) fn forestalls(self, remedy: &Remedy, now: Timestamp) -> Answer<Option<Outcome>> {
        if let Some(refusal) = self.withheld {
            return Ok(Some(Outcome::Withheld { refusal }));
        }
        let Remedy::RollBack { from, to } = remedy else { return Ok(None) };
        match self.service.unwrap_or(Ok(None)) {
            Ok(Some(found)) if found.task_definition == *to => Ok(Some(Outcome::FoundTaken { at: now })),
            Ok(Some(found)) if found.task_definition == *from => Ok(None),
            Ok(_) => Ok(Some(Outcome::Withheld { refusal: Refusal::Overtaken })),
            // No retry cures it: people hear at once which action is missing.
            Err(fault) if !fault.transient() => Ok(Some(Outcome::Failed { fault })),
            Err(fault) => Err(fault),
        }
    }
}
