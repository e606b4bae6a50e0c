//! What evidence was weighed for a decision, and what it would have been with a piece less.

use jiff::Timestamp;
use nightshift_core::alarm::LiveAlarm;
use nightshift_core::cause::{Cause, Diagnosis};
use nightshift_core::fault::{Fault, FaultKind, Sight};
use nightshift_core::policy::Policy;
use nightshift_diagnosis::{Gate, ServiceView, reconsider};

use super::{Explained, Kind, Outcome, Standing, Weighed};

/// Of what was observed: the service and the alarm that shows the symptom.
pub(super) struct Seen<'a> {
    pub(super) view: &'a ServiceView,
    pub(super) symptom: Option<&'a LiveAlarm>,
    pub(super) policy: &'a Policy,
    pub(super) now: Timestamp,
}

/// Adds the evidence, and all that would have changed the decision. `answered`: what is
/// decided if the evidence adds up to that; `seeing`: what is decided of that view.
pub(super) fn weigh(
    explained: &mut Explained,
    seen: &Seen<'_>,
    found: Diagnosis,
    answered: impl Fn(&Diagnosis) -> Option<Outcome>,
    seeing: impl Fn(ServiceView) -> Outcome,
) {
    leave_out(explained, seen, &found, answered);
    blind(explained, seen.view, seeing);
    let gate = Gate::of(seen.view, seen.symptom, seen.policy, seen.now);
    explained.nearest = nearest(&found, gate, seen.policy);
    explained.diagnosis = Some(table(found, gate));
}

/// Every piece of evidence once, as if it had not been found.
fn leave_out(
    explained: &mut Explained,
    seen: &Seen<'_>,
    found: &Diagnosis,
    answered: impl Fn(&Diagnosis) -> Option<Outcome>,
) {
    let mut names: Vec<&str> = Vec::new();
    for piece in &found.evidence {
        if names.contains(&piece.name.as_str()) {
            continue;
        }
        names.push(&piece.name);
        let less = reconsider(seen.view, seen.symptom, seen.policy, seen.now, &piece.name);
        if let Some(then) = answered(&less) {
            explained.try_without((Kind::Evidence, &piece.name), piece.says.clone(), then);
        }
    }
}

/// A part of the view: by which call it is seen, what it is, and how it is hidden;
/// `false`: it was not seen.
type Part = (&'static str, &'static str, fn(&mut ServiceView, Fault) -> bool);

const PARTS: [Part; 8] = [
    ("ecs:ListServiceDeployments", "a sight of its releases", |view, fault| hide(&mut view.history, fault)),
    ("ecs:ListTasks", "a sight of its stopped tasks", |view, fault| hide(&mut view.stopped, fault)),
    ("cloudwatch:GetMetricData", "a sight of its metrics", |view, fault| hide(&mut view.metrics, fault)),
    ("cloudwatch:ListMetrics", "a sight of other target groups", |view, fault| hide(&mut view.others, fault)),
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
fn blind(explained: &mut Explained, view: &ServiceView, seeing: impl Fn(ServiceView) -> Outcome) {
    for (operation, says, hide) in PARTS {
        let mut less = view.clone();
        if hide(&mut less, Fault::new(operation, "", FaultKind::Transient, "left out by nightshift explain")) {
            explained.try_without((Kind::Sight, operation), says.to_owned(), seeing(less));
        }
    }
}

/// What a cause starts from is what its evidence leaves of its sum.
fn table(found: Diagnosis, gate: Gate) -> Weighed {
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
