//! The last look before a remedy: kill switch and brake once more.

use jiff::Timestamp;
use nightshift_core::ids::ServiceRef;
use nightshift_core::policy::Policy;
use nightshift_core::ports::{LedgerReads, SwitchReads};
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::Remedy;

use crate::guardrails;

/// What forbids a remedy now.
pub(crate) async fn last_look<W: LedgerReads + SwitchReads>(
    world: &W,
    service: &ServiceRef,
    policy: &Policy,
    now: Timestamp,
) -> Option<Refusal> {
    let since = policy.guardrails.fleet_window.before(now);
    let most = Some(guardrails::enough(policy));
    match tokio::join!(world.halted(), world.openings(since, most), world.fleet()) {
        (Ok(halted), Ok(openings), Ok(fleet)) => {
            guardrails::last_look(halted, &openings, service, fleet.value.services, policy, now)
        }
        (Err(_), _, _) => Some(Refusal::Halted),
        (_, Err(fault), _) | (_, _, Err(fault)) => Some(Refusal::NotObserved { operation: fault.operation }),
    }
}

/// Undoing our own scaling needs no leave: it only takes back.
pub(crate) fn is_needed(remedy: &Remedy) -> bool {
    !matches!(remedy, Remedy::RestoreScaling { .. })
}
