//! A decision of `remedy-verifier`: a check weighs nothing, but for a second look.

use nightshift_core::case::Case;
use nightshift_diagnosis::{ServiceView, diagnose};
use remedy_verifier::observe::Observed;
use remedy_verifier::plan::{plan, plan_by};

use super::weighed::{Seen, weigh};
use super::{Explained, Outcome, rules};
use crate::case::{self, CaseError};

const CHECK: &str = "This decision has no diagnosis: a check asks whether alarms, tasks and metrics are well again. \
                     The case of the alarm that opened the incident has one.";

/// Explains it.
pub(super) fn explain(case: &Case) -> Result<Explained, CaseError> {
    let observed: Observed = case::observed(case)?;
    let (policy, now) = (&case.policy, case.now);
    let decided = Outcome::of(&plan(&observed, policy, now));
    let Some(symptom) = observed.looked_again() else {
        let explained = Explained::new(case, decided, "an incident was checked");
        return Ok(Explained { facts: vec![CHECK.to_owned()], ..explained });
    };
    let mut explained = Explained::new(case, decided, "what was undecided was looked at again");
    let seen = Seen { view: &observed.scene.view, symptom: Some(symptom), policy, now };
    let found = diagnose(seen.view, seen.symptom, policy, now);
    let seeing = |view: ServiceView| {
        let mut less = observed.clone();
        less.scene.view = view;
        Outcome::of(&plan(&less, policy, now))
    };
    let answered = |found: &_| Some(Outcome::of(&plan_by(&observed, &|_| Clone::clone(found), policy, now)));
    weigh(&mut explained, &seen, found, answered, seeing);
    explained.rules = rules::in_the_way(
        (&observed, policy, now),
        &explained.decided,
        |observed, policy, now| Outcome::of(&plan(observed, policy, now)),
        |refusal, observed, policy| rules::lift(refusal, &mut observed.scene, policy),
    );
    Ok(explained)
}
