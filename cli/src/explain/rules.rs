//! The rules in the way of a remedy: each is lifted, and it is decided again.

use jiff::Timestamp;
use nightshift_core::fault::Sight;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::service::{MODE_TAG, PARKED_TAG, STACK_TAG};
use nightshift_core::span::Span;
use nightshift_incident::refusals::sentence;
use nightshift_incident::scene::{Scene, Standing};
use serde::Serialize;

use super::Outcome;

/// More rules than this are never in the way of one remedy.
const MOST: usize = 12;
/// Longer ago than any alarm changed.
const EVER: Span = Span::hours(24 * 365 * 100);

/// A rule that forbade a remedy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lifted {
    /// Its name.
    pub rule: String,
    /// What it says.
    pub says: String,
    /// What would have been decided without it, and without those before it.
    pub then: Outcome,
}

/// Lifts one rule after the other until something is done, or one forbids it that
/// is no limit but a fact.
pub(super) fn in_the_way<O: Clone>(
    (observed, policy, now): (&O, &Policy, Timestamp),
    decided: &Outcome,
    decide: impl Fn(&O, &Policy, Timestamp) -> Outcome,
    lift: impl Fn(&Refusal, &mut O, &mut Policy) -> bool,
) -> Vec<Lifted> {
    let (mut observed, mut policy, mut last) = (observed.clone(), policy.clone(), decided.clone());
    let mut lifted: Vec<Lifted> = Vec::new();
    while let Some(rule) = last.rule.clone() {
        let again = lifted.iter().any(|one| one.rule == rule.name());
        if again || lifted.len() == MOST || !lift(&rule, &mut observed, &mut policy) {
            break;
        }
        last = decide(&observed, &policy, now);
        lifted.push(Lifted { rule: rule.name(), says: sentence(&rule), then: last.clone() });
    }
    lifted
}

/// Makes a scene and a policy in which that rule does not hold; `false`: it is no
/// limit, and nothing can be said without it.
pub(super) fn lift(refusal: &Refusal, scene: &mut Scene, policy: &mut Policy) -> bool {
    match refusal {
        Refusal::ConfidenceTooLow { .. } => (policy.confidence.act_at, policy.confidence.scale_out_at) = (0, 0),
        Refusal::Frozen { .. } => policy.freeze.clear(),
        Refusal::AlarmNewborn { .. } => policy.alarms.newborn = Span::seconds(0),
        Refusal::AlarmStale { .. } => policy.alarms.stale = EVER,
        Refusal::ProviderEvent { .. } => scene.view.health_issues = Sight::Seen(Vec::new()),
        Refusal::StackUpdating { .. } => scene.stack_status = Sight::Seen(None),
        Refusal::NotOptedIn { .. } => return tag(scene, MODE_TAG, Some("act")),
        Refusal::Parked => return tag(scene, PARKED_TAG, None),
        Refusal::AnotherStacks { .. } => return tag(scene, STACK_TAG, None),
        refusal => return standing(refusal, &mut scene.standing),
    }
    true
}

/// What the ledger and the kill switch forbid.
fn standing(refusal: &Refusal, standing: &mut Sight<Standing>) -> bool {
    let Sight::Seen(standing) = standing else { return false };
    match refusal {
        Refusal::Halted => standing.halted = false,
        Refusal::NotObserved { operation } | Refusal::NotPermitted { action: operation, .. }
            if standing.switch.as_ref().is_some_and(|fault| fault.operation == *operation) =>
        {
            (standing.halted, standing.switch) = (false, None);
        }
        Refusal::CoolingDown { .. } | Refusal::BudgetSpent => standing.record.value.remedies.clear(),
        Refusal::FleetBudgetSpent => standing.fleet.value.remedies.clear(),
        Refusal::FleetWide { .. } => standing.openings.clear(),
        _ => return false,
    }
    true
}

fn tag(scene: &mut Scene, key: &str, value: Option<&str>) -> bool {
    let Sight::Seen(Some(service)) = &mut scene.view.service else { return false };
    match value {
        Some(value) => service.tags.insert(key.to_owned(), value.to_owned()),
        None => service.tags.remove(key),
    };
    true
}
