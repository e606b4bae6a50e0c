//! What a decision about the fleet is made from.

use jiff::Timestamp;
use nightshift_core::fault::Sight;
use nightshift_core::fleet;
use nightshift_core::policy::Policy;
use nightshift_core::ports::LedgerReads;

use super::{Observed, Occasion};
use crate::scene::observe_ledger;
use crate::stack::Home;

/// Reads what the decision needs.
pub async fn observe<W: LedgerReads>(
    world: &W,
    occasion: &Occasion,
    home: &Home,
    policy: &Policy,
    now: Timestamp,
) -> Observed {
    let record = fleet::service((&home.account, &home.region));
    let standing = observe_ledger(world, &record, &occasion.event(), policy, now).await;
    let open = standing.seen().and_then(|standing| standing.fleet.value.incident.as_ref());
    let ill = match (open, &standing) {
        (Some(open), _) => world.openings(policy.guardrails.fleet_window.before(open.since), None).await.into(),
        (None, Sight::Seen(standing)) => Sight::Seen(standing.openings.clone()),
        (None, Sight::Unseen(fault)) => Sight::Unseen(fault.clone()),
    };
    Observed { occasion: occasion.clone(), standing, ill }
}
