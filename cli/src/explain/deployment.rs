//! A decision of `deployment-guard`. Nothing is weighed there: failures, pace or a
//! denial prove the case, and each of them is left out once.

use deployment_guard::observe::Observed;
use deployment_guard::plan::plan;
use jiff::Timestamp;
use nightshift_core::case::Case;
use nightshift_core::fault::Sight;
use nightshift_core::policy::Policy;
use nightshift_core::service::{Breaker, Controller, Service};
use nightshift_core::span::words;
use nightshift_core::verdict::Release;
use nightshift_incident::plan::Plan;
use nightshift_incident::scene::Standing;
use nightshift_incident::words_of_release::failures;
use nightshift_release::breaker::left_to_breaker;
use nightshift_release::learn::failures_that_prove;
use nightshift_release::pace::stuck_at;

use super::{Explained, Kind, Outcome, rules};
use crate::case::{self, CaseError};

/// Explains it.
pub(super) fn explain(case: &Case) -> Result<Explained, CaseError> {
    let observed: Observed = case::observed(case)?;
    let (policy, now) = (&case.policy, case.now);
    let made = plan(&observed, policy, now);
    let happened = format!("news of a deployment ({})", observed.news.what);
    let mut explained = Explained::new(case, Outcome::of(&made), &happened);
    explained.facts = facts(&observed, &made, policy, now);
    for (name, says, less) in PIECES.into_iter().filter_map(|piece| piece(&observed)) {
        explained.try_without((Kind::Fact, name), says, Outcome::of(&plan(&less, policy, now)));
    }
    explained.nearest = nearest(&observed, policy, now);
    explained.rules = rules::in_the_way(
        (&observed, policy, now),
        &explained.decided,
        |observed, policy, now| Outcome::of(&plan(observed, policy, now)),
        |refusal, observed, policy| {
            let Some(scene) = observed.scene.as_mut() else { return false };
            // The guard decides on its own sight of the ledger.
            scene.standing.clone_from(&observed.standing);
            let lifted = rules::lift(refusal, scene, policy);
            observed.standing.clone_from(&scene.standing);
            lifted
        },
    );
    Ok(explained)
}

/// What the decision rests on.
fn facts(observed: &Observed, made: &Plan, policy: &Policy, now: Timestamp) -> Vec<String> {
    let mut facts =
        vec!["This decision has no diagnosis: what ECS and the ledger say of the deployment decides.".into()];
    facts.extend(made.record().and_then(|record| record.incident.as_ref()?.trouble.clone()));
    let Some((release, service)) = newest(observed, policy, now) else { return facts };
    facts.push(format!("{}, since {}: {}", release.name(), release.began_at, release.verdict.name()));
    let needed = failures_that_prove(&service, &policy.deployments);
    if release.failed > 0 {
        facts.push(format!("{} failures, {needed} prove it: {}", release.failed, failures(&release)));
    }
    facts.extend(release.reason.map(|reason| format!("ECS says: {reason}")));
    facts.push(breaker(&service).to_owned());
    facts
}

fn breaker(service: &Service) -> &'static str {
    match left_to_breaker(service) {
        true => "its circuit breaker is on and goes back",
        false => "no circuit breaker goes back by itself",
    }
}

/// The newest release as the decision knew it.
fn newest(observed: &Observed, policy: &Policy, now: Timestamp) -> Option<(Release, Service)> {
    let release = observed.releases(policy, now)?.into_iter().next()?;
    Some((release, observed.service.seen()?.clone()?))
}

/// A name, what it says, and what was observed but for it; `None`: there is none.
type Piece = fn(&Observed) -> Option<(&'static str, String, Observed)>;

const PIECES: [Piece; 5] = [without_tasks, without_event, without_memory, without_denials, with_other_breaker];

fn without_tasks(observed: &Observed) -> Option<(&'static str, String, Observed)> {
    let number = observed.stopped.seen().filter(|tasks| !tasks.is_empty())?.len();
    let less = Observed { stopped: Sight::Seen(Vec::new()), ..observed.clone() };
    Some(("stopped-tasks", format!("the stopped tasks that ECS lists ({number})"), less))
}

fn without_event(observed: &Observed) -> Option<(&'static str, String, Observed)> {
    observed.news.told.as_ref()?;
    let mut less = observed.clone();
    less.news.told = None;
    Some(("event", "what the event itself tells".to_owned(), less))
}

fn without_memory(observed: &Observed) -> Option<(&'static str, String, Observed)> {
    let number = observed.standing.seen()?.record.value.releases.len();
    let less = remembering(observed, |standing| standing.record.value.releases.clear())?;
    (number > 0).then(|| ("ledger", format!("what the ledger remembers of its releases ({number})"), less))
}

fn without_denials(observed: &Observed) -> Option<(&'static str, String, Observed)> {
    let denied = observed.standing.seen()?.record.value.denied.len();
    let number = denied + observed.quarantined.seen().map_or(0, Vec::len);
    let less = remembering(observed, |standing| standing.record.value.denied.clear())?;
    let less = Observed { quarantined: Sight::Seen(Vec::new()), ..less };
    (number > 0).then(|| ("denials", format!("denials and quarantines ({number})"), less))
}

fn remembering(observed: &Observed, forget: impl Fn(&mut Standing)) -> Option<Observed> {
    let mut less = observed.clone();
    let Sight::Seen(standing) = &mut less.standing else { return None };
    forget(standing);
    Some(less)
}

/// The one that is turned round, because its absence is evidence, too.
fn with_other_breaker(observed: &Observed) -> Option<(&'static str, String, Observed)> {
    let service = observed.service.seen()?.as_ref().filter(|service| service.controller == Controller::Ecs)?;
    let on = !left_to_breaker(service);
    let turned = Service { breaker: Some(Breaker { enabled: on, rolls_back: on, threshold: None }), ..service.clone() };
    let mut other = observed.clone();
    if let Some(scene) = other.scene.as_mut() {
        scene.view.service = Sight::Seen(Some(turned.clone()));
    }
    let says = format!("that {}", breaker(service));
    Some(("circuit-breaker", says, Observed { service: Sight::Seen(Some(turned)), ..other }))
}

/// How far it is from the limit that it was judged by: of time where it hangs, else of failures.
fn nearest(observed: &Observed, policy: &Policy, now: Timestamp) -> Option<String> {
    let releases = observed.releases(policy, now)?;
    let (release, service) = newest(observed, policy, now)?;
    let limit = stuck_at(&release, &releases, &policy.deployments);
    let needed = failures_that_prove(&service, &policy.deployments);
    if !release.over() && release.failed < needed && limit <= now {
        let from = release.paused_at.map_or(release.began_at, |paused| paused.max(release.began_at));
        let (took, may) = (words(now.duration_since(from)), words(limit.duration_since(from)));
        return Some(format!("it has been at it for {took}, and hangs from {may} on"));
    }
    let far = match i64::from(release.failed) - i64::from(needed) {
        0 => "just reached".to_owned(),
        spare @ 1.. => format!("{spare} to spare"),
        missing => format!("{} are missing", -missing),
    };
    Some(format!("{} of its tasks failed, {needed} prove that it fails: {far}", release.failed))
}
