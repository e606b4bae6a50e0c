//! What a decision and a remedy are counted as, for the metrics of Nightshift
//! itself.

use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::{Outcome, Remedy};
use nightshift_core::tally::{Counter, Family, Tally, Topic};

use crate::end::refusal_of;
use crate::plan::{Decision, Plan};

/// Counts a decision by its name, and the rule in it by its own.
pub fn decided(tally: &Tally, plan: &Plan) {
    tally.add(Counter::of(Family::Decision, &plan.decision));
    if let Decision::Silent { refusal } | Decision::Told { refusal } | Decision::Refused { refusal, .. } =
        &plan.decision
    {
        refused(tally, refusal);
    }
    if let Decision::Judged { refusal: Some(refusal), .. } = &plan.decision {
        refused(tally, refusal);
    }
    let record = plan.record();
    let service = record.map(|record| &record.service);
    if let Some(service) = service.or(plan.silent.as_ref().and_then(|silent| silent.service.as_ref())) {
        tally.about(Topic::Service, service);
    }
    let closed = plan.claim.as_ref().and_then(|claim| claim.closed.as_ref());
    if let Some(incident) = record.and_then(|record| record.incident.as_ref()).or(closed) {
        tally.about(Topic::Incident, &incident.id);
    }
}

/// Counts what came of a remedy, by its kind. One that an earlier run had taken
/// counts here, because that run died before it could count.
pub fn came_of(tally: &Tally, remedy: &Remedy, outcome: &Outcome) {
    let family = match outcome {
        Outcome::Taken { .. } | Outcome::FoundTaken { .. } => Family::RemedyTaken,
        Outcome::Failed { .. } => Family::RemedyFailed,
        Outcome::Withheld { .. } => Family::RemedyWithheld,
    };
    tally.add(Counter::of(family, &remedy.kind()));
    if let Some(refusal) = refusal_of(outcome) {
        refused(tally, &refusal);
    }
}

fn refused(tally: &Tally, refusal: &Refusal) {
    tally.add(Counter::of(Family::Refusal, refusal));
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use nightshift_core::fault::{Fault, FaultKind};

    use super::*;

    #[track_caller]
    fn check(count: impl FnOnce(&Tally), expect: &[&str]) {
        let tally = Tally::default();
        count(&tally);
        let names: Vec<String> = tally.take().times.keys().map(ToString::to_string).collect();
        assert_eq!(names, expect);
    }

    fn fault(kind: FaultKind) -> Fault {
        Fault::new("ecs:UpdateService", "prod/web", kind, "no")
    }

    #[test]
    fn a_refusal_counts_under_its_name() {
        let decision = |decision| move |tally: &Tally| decided(tally, &Plan::of(decision));
        let silent = Decision::Silent { refusal: Refusal::Unmapped };
        check(decision(silent), &["Decision.Silent", "Refusal.Unmapped"]);
        let told = Decision::Told { refusal: Refusal::Unmapped };
        check(decision(told), &["Decision.Told", "Refusal.Unmapped"]);
        let refused = Decision::Refused { refusal: Refusal::ConfidenceTooLow { percent: 50 }, would: None };
        check(decision(refused), &["Decision.Refused", "Refusal.ConfidenceTooLow"]);
        check(decision(Decision::Blind { fault: fault(FaultKind::Transient) }), &["Decision.Blind"]);
    }

    #[test]
    fn a_remedy_counts_by_what_came_of_it() {
        let remedy = Remedy::ScaleOut { from: 2, to: 4 };
        let came = |outcome: Outcome| move |tally: &Tally| came_of(tally, &remedy, &outcome);
        let at = Timestamp::UNIX_EPOCH;
        check(came.clone()(Outcome::Taken { at }), &["RemedyTaken.ScaleOut"]);
        check(came.clone()(Outcome::FoundTaken { at }), &["RemedyTaken.ScaleOut"]);
        let withheld = Outcome::Withheld { refusal: Refusal::Halted };
        check(came.clone()(withheld), &["Refusal.Halted", "RemedyWithheld.ScaleOut"]);
        let denied = Outcome::Failed { fault: fault(FaultKind::Denied) };
        check(came.clone()(denied), &["Refusal.NotPermitted", "RemedyFailed.ScaleOut"]);
        let failed = Outcome::Failed { fault: fault(FaultKind::Permanent) };
        check(came(failed), &["RemedyFailed.ScaleOut"]);
    }
}
