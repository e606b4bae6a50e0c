//! Stories: the functions' handlers on the simulated account.

mod again;
mod again_or_not;
mod bad_release;
mod costs;
mod costs_news;
mod counted;
mod deliveries;
mod deployments;
mod drill;
mod escalation;
mod fleet;
mod guard;
mod guard_codedeploy;
mod guard_disturbed;
mod guard_leaves;
mod guard_origin;
mod guardrails;
mod images;
mod images_disturbed;
mod images_spared;
mod interrupted;
mod life;
mod limits;
mod mapping;
mod met;
mod provider;
mod refusals;
mod restart;
mod self_drill;
mod shifted;
mod taken_back;
mod trouble;
mod unmapped;
mod unseen;

use jiff::SignedDuration;
use nightshift::night::Night;
use nightshift_core::incident::Incident;
use nightshift_core::policy::Policy;
use nightshift_sim::scenario::{Scenario, ServiceSetup, builtin};
use nightshift_sim::{Account, Story};

/// The built-in scenario of that name.
#[track_caller]
pub fn scenario(name: &str) -> Scenario {
    builtin(name).unwrap().unwrap()
}

/// The bad release, with something about its service changed.
pub fn bad_release(change: impl FnOnce(&mut ServiceSetup)) -> Scenario {
    let mut scenario = scenario("bad-release");
    change(scenario.service_mut("checkout").unwrap());
    scenario
}

/// A sample event of the responder.
#[track_caller]
pub fn sample(name: &str) -> serde_json::Value {
    let path = format!("{}/../events/alarm-responder/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Runs the account's first fifty-five minutes: the alarm and what follows.
pub fn run(story: &Story) -> Night {
    run_under(story, &Policy::default(), 55)
}

/// The same under another policy, or for longer.
pub fn run_under(story: &Story, policy: &Policy, minutes: i64) -> Night {
    let mut night = Night::new(story.account(), policy);
    night.run_until(story.now() + SignedDuration::from_mins(minutes));
    night
}

/// What was changed, in words.
pub fn changes(account: &Account) -> Vec<String> {
    account.production_writes().into_iter().map(|write| write.change).collect()
}

/// The incident that is open on `checkout`, or the last one that was.
#[track_caller]
pub fn incident(account: &Account) -> Incident {
    let service = account.service_ref("checkout").unwrap();
    let open = Account::record(account, &service).incident;
    open.or_else(|| account.closed_incidents().pop()).unwrap()
}

/// The name of the rule that refused, if one did.
#[track_caller]
pub fn refusal(account: &Account) -> Option<String> {
    incident(account).refusal.map(|refusal| refusal.name())
}
