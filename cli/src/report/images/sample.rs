//! The images of a simulated account, for whoever has none at hand.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::policy::Policy;
use nightshift_sim::{Account, Delivery, Scenario, poll_once};
use serde_json::json;

use super::super::ReportError;
use super::{Images, images};
use crate::night::Night;

/// The account, and what becomes known in it.
const ACCOUNT: &str = include_str!("../../../scenarios/images.toml");
/// Its policy, unless another is asked for.
const POLICY: &str = include_str!("../../../scenarios/images.policy.toml");
/// From one look at everything to the next.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Plays days of a simulated account through the functions, with their daily
/// look, and reports on what came of it.
///
/// # Errors
/// If the scenario, or the policy with it, is wrong.
pub fn sample(policy: Option<Policy>) -> Result<Images, ReportError> {
    let scenario = Scenario::parse(ACCOUNT)?;
    let policy = policy.map_or_else(|| Policy::parse(POLICY), Ok)?;
    let event = scenario.event;
    let account = Account::new(scenario);
    let mut night = Night::new(account.clone(), &policy);
    while account.now() < event {
        sweep(&mut night);
        let next = account.now().checked_add(DAY).unwrap_or(event).min(event);
        night.run_until(next);
    }
    sweep(&mut night);
    let report = poll_once(images(&account, &policy, account.now())).ok_or(ReportError::Interrupted)??;
    Ok(Images { sample: true, ..report })
}

/// The daily look at everything, now.
fn sweep(night: &mut Night) {
    let at: Timestamp = night.account().now();
    let event = json!({ "sweep": "daily", "at": at, "zone": "UTC" });
    night.deliver(Delivery::Image { event, at }, 0);
}
