//! A decision of `alarm-responder`, and what it would have been.

use alarm_responder::observe::Observed;
use alarm_responder::plan::plan;
use jiff::Timestamp;
use nightshift_core::case::Case;
use nightshift_core::cause::Diagnosis;
use nightshift_core::policy::Policy;
use nightshift_diagnosis::{ServiceView, diagnose};
use nightshift_incident::answer::answer_to;
use nightshift_incident::life::Moment;
use nightshift_incident::plan::{Decision, Plan};
use nightshift_incident::scene::Scene;

use super::weighed::{Seen, weigh};
use super::{Explained, Outcome, rules};
use crate::case::{self, CaseError};

/// Explains it.
pub(super) fn explain(case: &Case) -> Result<Explained, CaseError> {
    let observed: Observed = case::observed(case)?;
    let (policy, now) = (&case.policy, case.now);
    let made = plan(&observed, policy, now);
    let happened = format!("the alarm {}", observed.signal.name);
    let mut explained = Explained::new(case, Outcome::of(&made), &happened);
    let symptom = observed.symptom.as_ref();
    let weighed = observed.scene.as_ref().map(|scene| (scene, diagnose(&scene.view, symptom, policy, now)));
    // Whatever was refused before has not come to the evidence.
    let asked = |found: &Diagnosis| answered(&observed, found, policy, now).as_ref() == Some(&made);
    match weighed.filter(|(_, found)| asked(found)) {
        Some((scene, found)) => {
            let seen = Seen { view: &scene.view, symptom, policy, now };
            let seeing = |view: ServiceView| {
                let scene = Some(Scene { view, ..scene.clone() });
                Outcome::of(&plan(&Observed { scene, ..observed.clone() }, policy, now))
            };
            let answered = |less: &Diagnosis| answered(&observed, less, policy, now).as_ref().map(Outcome::of);
            weigh(&mut explained, &seen, found, answered, seeing);
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
