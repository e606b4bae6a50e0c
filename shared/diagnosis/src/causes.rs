//! From evidence to a diagnosis: sums with caps, a ranking, and the gate.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::cause::{Cause, Diagnosis, Evidence, Likelihood};
use nightshift_core::policy::Policy;

use crate::evidence::tasks::Ends;
use crate::evidence::{self, Finding};
use crate::percent::percent;
use crate::scene::{Order, Scene};
use crate::traffic::{Rate, Traffic};
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
    let scene = Scene::new(view, alarm, policy, now);
    let evidence = capped(evidence::collect(&scene));
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
        release_gate: gate(&scene),
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

/// The hard gate beside the score: the onset lies after the release began, and
/// at least one sign is specific to it. What was not seen opens nothing.
fn gate(scene: &Scene) -> bool {
    let crashes = Ends::of(scene).is_some_and(|ends| ends.specific());
    let nothing_else = scene.explained_elsewhere() == Some(false);
    match scene.order() {
        None | Some(Order::Before) => false,
        // A datapoint cannot tell which came first; the tasks can. Where they may
        // have served in that minute, one that had no other trouble can as well.
        Some(Order::SameMinute { early }) => {
            let clean = evidence::previous_clean(scene) == Some(true);
            let flat = scene.traffic.as_ref().map(Traffic::rate) == Some(Rate::Flat);
            crashes || (early && clean && flat && nothing_else)
        }
        Some(Order::After(delay)) => {
            let clean = evidence::previous_clean(scene);
            let soon = scene.lineup.is_some_and(|lineup| evidence::soon(scene, &lineup, delay));
            let flat = scene.traffic.as_ref().map(Traffic::rate) == Some(Rate::Flat);
            crashes || (nothing_else && (clean == Some(true) || (soon && flat && clean.is_none())))
        }
    }
}
