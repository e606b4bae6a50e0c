//! What people do without the functions, on the same nights.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::ids::ServiceRef;
use nightshift_core::ports::ServiceReads as _;
use nightshift_core::release::{DeploymentStatus, ServiceDeployment};
use nightshift_core::remedy::RemedyKind;
use nightshift_sim::scenario::Truth;
use nightshift_sim::{Account, Delivery, Scenario, poll_once};

use super::play::{Played, Ringing, Taken, WATCHED, takes_back};

/// An alarm so long after a release is taken for the release's.
const SUSPECTED_FOR: SignedDuration = SignedDuration::from_mins(60);
/// From a page to the right remedy: a quarter of an hour until somebody sits
/// at a keyboard, and as long to find the cause.
const REACTS: SignedDuration = SignedDuration::from_mins(30);

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rival {
    /// An alarm within an hour after a release: back.
    AlarmAfterRelease,
    /// ECS's own means, which work while the deployment runs.
    WhileDeploying,
    /// A person is paged, who is never wrong.
    Human,
}

impl Rival {
    pub(super) const ALL: [Self; 3] = [Self::AlarmAfterRelease, Self::WhileDeploying, Self::Human];
}

/// It plays the night.
pub(super) fn play(rival: Rival, scenario: &Scenario, truth: &Truth) -> Played {
    let mut scenario = scenario.clone();
    let mut ringing = Ringing::of(&scenario, truth);
    let end = scenario.event.checked_add(WATCHED).unwrap_or(scenario.event);
    if rival == Rival::WhileDeploying {
        take_ecs_at_its_word(&mut scenario, truth);
    }
    let account = Account::new(scenario);
    let Some(service) = account.service_ref(&truth.service) else { return Played::of(truth.clone(), &ringing) };
    let (mut acts_at, mut taken) = (None, None);
    while account.now() < end {
        let limit = acts_at.unwrap_or(end).min(end);
        for delivery in account.advance_until_due(limit) {
            let Delivery::Alarm { event, .. } = delivery else { continue };
            let rings = ringing.hear(&event, account.now());
            if rings && taken.is_none() && acts_at.is_none() {
                acts_at = when(rival, account.now());
            }
        }
        if acts_at.is_some_and(|at| at <= account.now()) {
            acts_at = None;
            taken = go_back(rival, &account, &service, truth);
        }
    }
    let mut played = Played::of(truth.clone(), &ringing);
    played.taken.extend(taken);
    played.woken = rival == Rival::Human && ringing.first.is_some();
    if rival == Rival::WhileDeploying {
        played.taken.extend(by_ecs(&account, &service, truth));
    } else {
        played.by_ecs = taken.is_none() && went_back(&account, truth);
    }
    played
}

/// ECS goes back at anything that it can go back at.
fn take_ecs_at_its_word(scenario: &mut Scenario, truth: &Truth) {
    let ours = scenario.alarms.iter().filter(|alarm| alarm.service.as_ref() == Some(&truth.service));
    let names: Vec<String> = ours.map(|alarm| alarm.name.clone()).collect();
    if let Some(service) = scenario.service_mut(&truth.service) {
        (service.circuit_breaker, service.circuit_breaker_rollback) = (true, true);
        service.deployment_alarms = names;
    }
}

/// When it does something about an alarm that rings now.
fn when(rival: Rival, now: Timestamp) -> Option<Timestamp> {
    match rival {
        Rival::AlarmAfterRelease => Some(now),
        Rival::WhileDeploying => None,
        Rival::Human => now.checked_add(REACTS).ok(),
    }
}

/// Deploys what ran before the newest release, if it sees a reason to.
fn go_back(rival: Rival, account: &Account, service: &ServiceRef, truth: &Truth) -> Option<Taken> {
    let history = history(account, service);
    let newest = history.first()?;
    let lately = account.now().duration_since(newest.created_at) <= SUSPECTED_FOR;
    let suspects = match rival {
        Rival::AlarmAfterRelease => lately && history.len() > 1 && !newest.status.going_back(),
        Rival::WhileDeploying => false,
        Rival::Human => takes_back(newest.target.task_definition.short(), truth),
    };
    let runs = newest.target.task_definition.short();
    let spared = |one: &&ServiceDeployment| {
        let short = one.target.task_definition.short();
        // A person knows which ones are bad; the rule knows which one is newest.
        let bad = rival == Rival::Human && takes_back(short, truth);
        short != runs && !bad && one.status == DeploymentStatus::Successful
    };
    let to = history.iter().find(spared).filter(|_| suspects)?;
    let revision = to.target.task_definition.short().rsplit(':').next()?.parse().ok()?;
    account.person_deploys(service, revision);
    Some(Taken { kind: RemedyKind::RollBack, right: takes_back(runs, truth) })
}

/// What ECS itself took back.
fn by_ecs(account: &Account, service: &ServiceRef, truth: &Truth) -> Option<Taken> {
    let history = history(account, service);
    let back = history.iter().find(|one| one.rolled_back_to.is_some())?;
    let right = takes_back(back.target.task_definition.short(), truth);
    Some(Taken { kind: RemedyKind::RollBack, right })
}

/// ECS has gone back by itself.
pub(super) fn went_back(account: &Account, truth: &Truth) -> bool {
    account.service_ref(&truth.service).is_some_and(|service| by_ecs(account, &service, truth).is_some())
}

fn history(account: &Account, service: &ServiceRef) -> Vec<ServiceDeployment> {
    poll_once(account.history(service)).and_then(Result::ok).unwrap_or_default()
}
