//! Mornings on which costs are looked at, and the one on which something moved.

use jiff::SignedDuration;
use nightshift_core::policy::Policy;
use nightshift_sim::{Account, Delivery, Scenario};
use serde_json::json;

use super::{Posted, Unplayed};
use crate::night::{Night, What};
use crate::report::costs::sample::ACCOUNT;

/// What it shows.
pub const TITLE: &str = "The morning on which costs moved";
/// What is about to happen.
pub const STORY: &str = "A release of checkout writes every request to its log. On three mornings nothing has moved yet, \
                         and nobody is told anything: what AWS knows of a day changes for two more. On the fourth the \
                         day is settled, and the team reads what moved, by how much, and what was released before.";

/// The budget of a month.
const BUDGET: u32 = 9000;
/// From one look to the next.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Plays the mornings; what people were told on the last of them. `None`: they
/// were told something before, or nothing.
///
/// # Errors
/// If the scenario's text is wrong.
pub(super) fn morning(seed: u64) -> Result<Option<Posted>, Unplayed> {
    let mut scenario = Scenario::parse(ACCOUNT)?;
    scenario.seed = seed;
    let event = scenario.event;
    let account = Account::new(scenario);
    let policy = Policy::default();
    let setup = cost_reporter::Setup { on: true, budget: Some(BUDGET.into()) };
    let mut night = Night::new(account.clone(), &policy).with_costs(&policy, setup);
    let mut told = Vec::new();
    for ago in (0..4).rev() {
        let at = event.checked_sub(DAY * ago).unwrap_or(event);
        night.run_until(at);
        night.deliver(Delivery::Cost { event: json!({ "costs": "daily", "zone": "UTC", "at": at }), at }, 0);
        told.push(night.happened().iter().rev().find_map(|happened| match &happened.what {
            What::Cost { report, .. } => Some(report.as_ref().clone()),
            _ => None,
        }));
    }
    let keys: Vec<Option<String>> = told
        .into_iter()
        .map(|report| match report {
            Some(cost_reporter::Report::Costs { published, .. }) => published,
            _ => None,
        })
        .collect();
    let [None, None, None, Some(key)] = keys.as_slice() else { return Ok(None) };
    Ok(account.notices().into_iter().find(|notice| notice.key() == *key).map(Posted::from))
}
