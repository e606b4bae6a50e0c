//! A decision of `remedy-verifier`: a check weighs nothing, but for a second look, or a first
//! one at an alarm that was too young before.

use nightshift_core::case::Case;
use nightshift_core::timer::Purpose;
use nightshift_diagnosis::{ServiceView, diagnose};
use remedy_verifier::observe::Observed;
use remedy_verifier::plan::{plan, plan_by};

use super::weighed::{Seen, weigh};
use super::{Explained, Outcome, rules};
use crate::case::{self, CaseError};

const CHECK: &str = "This decision has no diagnosis: a check asks whether alarms, tasks and metrics are well again. \
                     The case of the alarm that opened the incident has one.";

const SILENT: &str = "This decision has no diagnosis: the alarm rings no longer, or could not be read.";

/// Explains it.
pub(super) fn explain(case: &Case) -> Result<Explained, CaseError> {
    let observed: Observed = case::observed(case)?;
    let (policy, now) = (&case.policy, case.now);
    let decided = Outcome::of(&plan(&observed, policy, now));
    let of_age = matches!(observed.timer.purpose, Purpose::Reread { .. });
    let Some(symptom) = observed.weighed() else {
        let happened = if of_age { "an alarm that is old enough by now" } else { "an incident was checked" };
        let fact = if of_age { SILENT } else { CHECK };
        let explained = Explained::new(case, decided, happened);
        return Ok(Explained { facts: vec![fact.to_owned()], ..explained });
    };
    let happened = match of_age {
        true => format!("the alarm {}, old enough by now,", symptom.name),
        false => "what was undecided was looked at again".to_owned(),
    };
    let mut explained = Explained::new(case, decided, &happened);
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
