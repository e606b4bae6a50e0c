//! Limits on remedies. Each is a pure rule that refuses by name.

use std::collections::BTreeSet;

use jiff::Timestamp;
use nightshift_core::fault::Fault;
use nightshift_core::fleet::is_no_service;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::ServiceRecord;
use nightshift_core::ledger::{Fleet, Opening};
use nightshift_core::policy::{Frozen, Policy};
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::RemedyKind;
use nightshift_core::span::Span;

use crate::decide::unseen;

/// Budgets count over this long.
pub const BUDGET_WINDOW: Span = Span::hours(24);

/// What the service's own past forbids.
pub fn of_the_service(record: &ServiceRecord, kind: RemedyKind, policy: &Policy, now: Timestamp) -> Option<Refusal> {
    let cooldown = policy.guardrails.cooldown;
    let last = record.remedies.iter().rfind(|past| past.kind == kind);
    if let Some(until) = last.map(|past| cooldown.after(past.at)).filter(|until| *until > now) {
        return Some(Refusal::CoolingDown { until });
    }
    budget(record, policy, now)
}

/// The service's remedies of 24 hours.
pub fn budget(record: &ServiceRecord, policy: &Policy, now: Timestamp) -> Option<Refusal> {
    let since = BUDGET_WINDOW.before(now);
    let spent = record.remedies.iter().filter(|past| past.at > since).count();
    (spent >= policy.guardrails.remedies_per_day as usize).then_some(Refusal::BudgetSpent)
}

/// What the cap over all services forbids.
pub fn of_the_fleet(fleet: &Fleet, policy: &Policy, now: Timestamp) -> Option<Refusal> {
    let since = policy.guardrails.fleet_remedies_window.before(now);
    let spent = fleet.remedies.iter().filter(|at| **at > since).count();
    (spent >= policy.guardrails.fleet_remedies as usize).then_some(Refusal::FleetBudgetSpent)
}

/// So many services ill within the window are a fleet incident whatever their share:
/// in an account of thousands a fifth of all is hundreds of incidents, each of them
/// looked at and told by itself, before anybody says that they are one. Two dozen
/// services do not break by themselves within five minutes.
pub const MOST_APART: u32 = 25;

/// So many openings tell whether many services are hit; more would be read for nothing,
/// with every event of a storm. This service's own and the fleet's may be among them.
pub fn enough(policy: &Policy) -> usize {
    MOST_APART.max(policy.guardrails.fleet_services) as usize + 2
}

/// Many services at once. `this` counts whether or not it is in the list yet.
pub fn brake(
    openings: &[Opening],
    this: &ServiceRef,
    services: Option<u32>,
    policy: &Policy,
    now: Timestamp,
) -> Option<Refusal> {
    many(lately(openings, policy, now).chain([this]), services, policy)
}

/// The same of nobody in particular.
pub fn wave(openings: &[Opening], services: Option<u32>, policy: &Policy, now: Timestamp) -> Option<Refusal> {
    many(lately(openings, policy, now), services, policy)
}

fn lately<'a>(openings: &'a [Opening], policy: &Policy, now: Timestamp) -> impl Iterator<Item = &'a ServiceRef> {
    let since = policy.guardrails.fleet_window.before(now);
    let counts = move |opening: &&Opening| opening.at > since && !is_no_service(&opening.service);
    openings.iter().filter(counts).map(|opening| &opening.service)
}

fn many<'a>(hit: impl Iterator<Item = &'a ServiceRef>, services: Option<u32>, policy: &Policy) -> Option<Refusal> {
    let hit: BTreeSet<_> = hit.collect();
    let hit = u32::try_from(hit.len()).unwrap_or(u32::MAX);
    let share = hit >= MOST_APART
        || services.is_none_or(|all| {
            u64::from(hit) * 100 >= u64::from(all) * u64::from(policy.guardrails.fleet_share_percent)
        });
    (hit >= policy.guardrails.fleet_services && share).then_some(Refusal::FleetWide { services: hit })
}

/// What the kill switch forbids, or that it cannot be read.
pub(crate) fn switched_off(halted: Result<bool, &Fault>) -> Option<Refusal> {
    match halted {
        Ok(halted) => halted.then_some(Refusal::Halted),
        Err(fault) => Some(unseen(fault)),
    }
}

/// What calendar and kill switch forbid.
pub fn of_the_hour(switched_off: Option<Refusal>, policy: &Policy, now: Timestamp) -> Option<Refusal> {
    let frozen = || policy.frozen(Frozen::Remedies, now).map(|window| Refusal::Frozen { window: window.to_owned() });
    switched_off.or_else(frozen)
}

/// The last look, right before a remedy: kill switch and brake once more.
pub fn last_look(
    switched_off: Option<Refusal>,
    openings: &[Opening],
    this: &ServiceRef,
    services: Option<u32>,
    policy: &Policy,
    now: Timestamp,
) -> Option<Refusal> {
    of_the_hour(switched_off, policy, now).or_else(|| brake(openings, this, services, policy, now))
}

#[cfg(test)]
mod tests {
    use nightshift_core::ids::IncidentId;
    use nightshift_core::incident::PastRemedy;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn service(name: &str) -> ServiceRef {
        ServiceRef { account: "1".into(), region: "r".into(), cluster: "prod".into(), service: name.into() }
    }

    fn record(times: &[&str]) -> ServiceRecord {
        let past =
            |time: &&str| PastRemedy { kind: RemedyKind::RollBack, at: at(time), incident: IncidentId::new("i") };
        ServiceRecord { remedies: times.iter().map(past).collect(), ..ServiceRecord::new(service("web")) }
    }

    #[track_caller]
    fn check(times: &[&str], kind: RemedyKind, expect: Option<&str>) {
        let refusal = of_the_service(&record(times), kind, &Policy::default(), at("2026-11-20T12:00:00Z"));
        assert_eq!(refusal.map(|refusal| refusal.name()).as_deref(), expect, "{times:?}");
    }

    #[test]
    fn cool_down_and_budget_end_on_their_boundary() {
        check(&[], RemedyKind::RollBack, None);
        check(&["2026-11-20T11:30:01Z"], RemedyKind::RollBack, Some("CoolingDown"));
        check(&["2026-11-20T11:30:00Z"], RemedyKind::RollBack, None);
        check(&["2026-11-20T11:59:00Z"], RemedyKind::Restart, None);
        check(&["2026-11-19T12:00:01Z", "2026-11-20T01:00:00Z"], RemedyKind::RollBack, Some("BudgetSpent"));
        check(&["2026-11-19T12:00:00Z", "2026-11-20T01:00:00Z"], RemedyKind::RollBack, None);
    }

    #[test]
    fn the_brake_needs_enough_services_and_their_share() {
        let now = at("2026-11-20T12:00:00Z");
        let opening = |name: &str, time: &str| Opening { service: service(name), at: at(time) };
        let two = [opening("a", "2026-11-20T11:58:00Z"), opening("b", "2026-11-20T11:56:00Z")];
        let policy = Policy::default();
        let check =
            |openings: &[Opening], this: &str, all| brake(openings, &service(this), all, &policy, now).is_some();
        assert!(check(&two, "c", None));
        assert!(!check(&two, "a", None));
        assert!(check(&two, "c", Some(15)));
        assert!(!check(&two, "c", Some(16)));
        let late = [opening("a", "2026-11-20T11:58:00Z"), opening("b", "2026-11-20T11:55:00Z")];
        assert!(!check(&late, "c", None));
        let many: Vec<Opening> =
            (1..MOST_APART).map(|number| opening(&number.to_string(), "2026-11-20T11:58:00Z")).collect();
        assert!(check(&many, "c", Some(10_000)), "25 of ten thousand");
        assert!(!check(&many, "1", Some(10_000)), "24 of them");
    }

    #[test]
    fn the_fleet_has_a_budget_of_its_own() {
        let now = at("2026-11-20T12:00:00Z");
        let fleet =
            |times: &[&str]| Fleet { remedies: times.iter().map(|time| at(time)).collect(), ..Fleet::default() };
        let policy = Policy::default();
        assert_eq!(of_the_fleet(&fleet(&["2026-11-20T11:59:00Z"]), &policy, now), None);
        let two = fleet(&["2026-11-20T11:51:00Z", "2026-11-20T11:59:00Z"]);
        assert_eq!(of_the_fleet(&two, &policy, now), Some(Refusal::FleetBudgetSpent));
    }
}
