//! From evidence to a diagnosis: sums with caps, and a ranking.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::cause::{Cause, Diagnosis, Evidence, Likelihood};
use nightshift_core::policy::Policy;

use crate::demand::demand;
use crate::evidence::{self, Finding};
use crate::gate::Gate;
use crate::percent::percent;
use crate::scene::Scene;
use crate::view::ServiceView;
use crate::weights::{Group, prior};

/// The causes that evidence speaks for; `Unknown` is what they leave.
const NAMED: [Cause; 8] = [
    Cause::Release,
    Cause::Load,
    Cause::MemoryLeak,
    Cause::Dependency,
    Cause::Provider,
    Cause::ImageUnavailable,
    Cause::Configuration,
    Cause::Noise,
];

/// Weighs what the view shows. Pure: the same view gives the same diagnosis.
///
/// `alarm` is the one that fired; without it there is no symptom metric, and
/// only tasks can show an onset. Causes are weighed one by one, not against
/// each other: two may be likely, and two may both be true. `Unknown` is as
/// likely as the likeliest of them is not.
pub fn diagnose(view: &ServiceView, alarm: Option<&LiveAlarm>, policy: &Policy, now: Timestamp) -> Diagnosis {
    weighed(&Scene::new(view, alarm, policy, now), None)
}

/// The same, had one piece of evidence not been found: what it adds counts no
/// more, what its group's cap had kept out does, and the gate does not rest on it.
pub fn reconsider(
    view: &ServiceView,
    alarm: Option<&LiveAlarm>,
    policy: &Policy,
    now: Timestamp,
    without: &str,
) -> Diagnosis {
    weighed(&Scene::new(view, alarm, policy, now), Some(without))
}

fn weighed(scene: &Scene, without: Option<&str>) -> Diagnosis {
    let mut findings = evidence::collect(scene);
    findings.retain(|finding| without != Some(finding.weight.name));
    let evidence = capped(findings);
    let ranking = ranked(&evidence);
    let likeliest =
        ranking.first().copied().unwrap_or(Likelihood { cause: Cause::Unknown, log_odds: 0, percent: percent(0) });
    Diagnosis {
        cause: likeliest.cause,
        percent: likeliest.percent,
        ranking,
        evidence,
        onset: scene.onset,
        suspect: scene.lineup.map(|lineup| lineup.named()),
        release_gate: Gate::without(scene, without).open(),
        demand_percent: demand(scene),
    }
}

/// Findings as evidence, strongest first. What a group says beyond its cap is
/// kept with the weight that was left for it, so that the weights add up.
fn capped(mut findings: Vec<Finding>) -> Vec<Evidence> {
    let strength = |finding: &Finding| {
        let weight = finding.weight;
        (Reverse(weight.hundredths.abs()), weight.name)
    };
    findings.sort_by(|one, other| strength(one).cmp(&strength(other)));
    let mut spent: BTreeMap<(Cause, Group, bool), i32> = BTreeMap::new();
    let mut evidence: Vec<Evidence> = Vec::new();
    for Finding { weight, says } in findings {
        let spent = spent.entry((weight.cause, weight.group, weight.hundredths > 0)).or_default();
        let left = weight.group.cap() - *spent;
        let counts = weight.hundredths.abs().min(left);
        *spent += counts;
        let weighs = counts * weight.hundredths.signum();
        evidence.push(Evidence { name: weight.name.into(), cause: weight.cause, weight: weighs, says });
    }
    evidence.sort_by_key(|one| Reverse(one.weight.abs()));
    evidence
}

/// All causes, likeliest first; of equals the one that can be acted on.
fn ranked(evidence: &[Evidence]) -> Vec<Likelihood> {
    let sum = |cause: Cause| -> i32 {
        prior(cause) + evidence.iter().filter(|one| one.cause == cause).map(|one| one.weight).sum::<i32>()
    };
    let likelihood = |cause: Cause, log_odds: i32| Likelihood { cause, log_odds, percent: percent(log_odds) };
    let mut ranking: Vec<Likelihood> = NAMED.into_iter().map(|cause| likelihood(cause, sum(cause))).collect();
    let best = ranking.iter().map(|one| one.log_odds).max().unwrap_or_default();
    ranking.push(likelihood(Cause::Unknown, -best));
    ranking.sort_by_key(|one| (Reverse(one.log_odds), one.cause));
    ranking
}
