//! A decision of `alarm-responder`, and what it would have been.

use alarm_responder::observe::Observed;
use alarm_responder::plan::plan;
use jiff::Timestamp;
use nightshift_core::case::Case;
use nightshift_core::cause::{Cause, Diagnosis};
use nightshift_core::fault::{Fault, FaultKind, Sight};
use nightshift_core::policy::Policy;
use nightshift_diagnosis::{Gate, ServiceView, diagnose, reconsider};
use nightshift_incident::answer::answer_to;
use nightshift_incident::life::Moment;
use nightshift_incident::plan::{Decision, Plan};

use super::{Explained, Kind, Outcome, Standing, Weighed, rules};
use crate::case::{self, CaseError};

/// Explains it.
pub(super) fn explain(case: &Case) -> Result<Explained, CaseError> {
    let observed: Observed = case::observed(case)?;
    let (policy, now) = (&case.policy, case.now);
    let made = plan(&observed, policy, now);
    let happened = format!("the alarm {}", observed.signal.name);
    let mut explained = Explained::new(case, Outcome::of(&made), &happened);
    let weighed = observed.scene.as_ref().map(|scene| {
        let symptom = observed.symptom.as_ref();
        let found = diagnose(&scene.view, symptom, policy, now);
        (found, Gate::of(&scene.view, symptom, policy, now))
    });
    // Whatever was refused before has not come to the evidence.
    let asked = |found: &Diagnosis| answered(&observed, found, policy, now).as_ref() == Some(&made);
    match weighed.filter(|(found, _)| asked(found)) {
        Some((found, gate)) => {
            leave_out(&mut explained, &observed, &found, policy, now);
            blind(&mut explained, &observed, policy, now);
            explained.nearest = nearest(&found, gate, policy);
            explained.diagnosis = Some(weigh(found, gate));
        }
        None => explained.facts.push(unasked(&made).to_owned()),
    }
    explained.rules = rules::in_the_way(
        (&observed, policy, now),
        &explained.decided,
        |observed, policy, now| Outcome::of(&plan(observed, policy, now)),
        |refusal, observed, policy| observed.scene.as_mut().is_some_and(|scene| rules::lift(refusal, scene, policy)),
    );
    Ok(explained)
}

/// Why no evidence was weighed.
fn unasked(made: &Plan) -> &'static str {
    match made.decision {
        Decision::Silent { .. } | Decision::Told { .. } => {
            "This decision has no diagnosis: the rule holds before anything about the service is weighed."
        }
        Decision::Blind { .. } => "This decision has no diagnosis: what every decision needs could not be read.",
        _ => "This decision has no diagnosis: it goes on with what was decided before.",
    }
}

/// What is answered if the evidence adds up to that.
fn answered(observed: &Observed, found: &Diagnosis, policy: &Policy, now: Timestamp) -> Option<Plan> {
    let scene = observed.scene.as_ref()?;
    let standing = scene.standing.seen()?;
    let moment = Moment { scene, standing, policy, event: &observed.signal.event, now };
    Some(answer_to(moment, &observed.signal, &observed.live, observed.symptom.as_ref(), found))
}

/// Every piece of evidence once, as if it had not been found.
fn leave_out(explained: &mut Explained, observed: &Observed, found: &Diagnosis, policy: &Policy, now: Timestamp) {
    let Some(view) = observed.scene.as_ref().map(|scene| &scene.view) else { return };
    let mut names: Vec<&str> = Vec::new();
    for piece in &found.evidence {
        if names.contains(&piece.name.as_str()) {
            continue;
        }
        names.push(&piece.name);
        let less = reconsider(view, observed.symptom.as_ref(), policy, now, &piece.name);
        if let Some(then) = answered(observed, &less, policy, now) {
            explained.try_without((Kind::Evidence, &piece.name), piece.says.clone(), Outcome::of(&then));
        }
    }
}

/// A part of the view: by which call it is seen, what it is, and how it is hidden;
/// `false`: it was not seen.
type Part = (&'static str, &'static str, fn(&mut ServiceView, Fault) -> bool);

const PARTS: [Part; 7] = [
    ("ecs:ListServiceDeployments", "a sight of its releases", |view, fault| hide(&mut view.history, fault)),
    ("ecs:ListTasks", "a sight of its stopped tasks", |view, fault| hide(&mut view.stopped, fault)),
    ("cloudwatch:GetMetricData", "a sight of its metrics", |view, fault| hide(&mut view.metrics, fault)),
    ("cloudwatch:DescribeAlarms", "a sight of other alarms", |view, fault| hide(&mut view.firing, fault)),
    ("application-autoscaling:DescribeScalableTargets", "a sight of its scaling bounds", |view, fault| {
        hide(&mut view.scaling, fault)
    }),
    ("elasticloadbalancing:DescribeTargetHealth", "a sight of its targets' health", |view, fault| {
        hide(&mut view.targets, fault)
    }),
    ("AWS Health", "a sight of AWS's own issues", |view, fault| hide(&mut view.health_issues, fault)),
];

fn hide<T>(part: &mut Sight<T>, fault: Fault) -> bool {
    let seen = part.seen().is_some();
    *part = Sight::Unseen(fault);
    seen
}

/// Every part of the view once, as if AWS had not answered.
fn blind(explained: &mut Explained, observed: &Observed, policy: &Policy, now: Timestamp) {
    for (operation, says, hide) in PARTS {
        let mut less = observed.clone();
        let fault = Fault::new(operation, "", FaultKind::Transient, "left out by nightshift explain");
        if less.scene.as_mut().is_some_and(|scene| hide(&mut scene.view, fault)) {
            explained.try_without((Kind::Sight, operation), says.to_owned(), Outcome::of(&plan(&less, policy, now)));
        }
    }
}

/// What a cause starts from is what its evidence leaves of its sum.
fn weigh(found: Diagnosis, gate: Gate) -> Weighed {
    let of = |cause: Cause| -> i32 {
        found.evidence.iter().filter(|piece| piece.cause == cause).map(|piece| piece.weight).sum()
    };
    let causes = found.ranking.iter().map(|one| {
        let prior = (one.cause != Cause::Unknown).then(|| one.log_odds - of(one.cause));
        Standing { cause: one.cause, percent: one.percent, prior, log_odds: one.log_odds }
    });
    let causes = causes.collect();
    Weighed { evidence: found.evidence, causes, gate_open: gate.open(), gate: gate.to_string() }
}

/// The limit that the decision is nearest to: that of the likeliest cause, or that
/// of the release if no remedy helps against it.
fn nearest(found: &Diagnosis, gate: Gate, policy: &Policy) -> Option<String> {
    let limits = &policy.confidence;
    let (cause, name, limit) = match found.cause {
        Cause::Load => (Cause::Load, "scale_out_at", limits.scale_out_at),
        Cause::MemoryLeak => (Cause::MemoryLeak, "act_at", limits.act_at),
        _ => (Cause::Release, "act_at", limits.act_at),
    };
    let percent = found.ranking.iter().find(|one| one.cause == cause)?.percent;
    let far = match i32::from(percent) - i32::from(limit) {
        0 => "just reached".to_owned(),
        spare @ 1.. => format!("{spare} points to spare"),
        missing => format!("{} points are missing", -missing),
    };
    let shut = if cause == Cause::Release && !gate.open() { "; and the gate is shut" } else { "" };
    Some(format!("{cause} is {percent} % likely, {name} is {limit} %: {far}{shut}"))
}
