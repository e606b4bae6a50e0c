//! The costs of a simulated account, for whoever has none at hand.

use cost_reporter::ask::day_of;
use nightshift_core::cost::GroupBy;
use nightshift_core::policy::Costs;
use nightshift_sim::{Account, Scenario, poll_once};

use super::super::ReportError;
use super::{Spending, Wanted, spending};

/// The account, and what moves in it.
pub const ACCOUNT: &str = include_str!("../../../scenarios/costs.toml");

/// Reports on the costs of a simulated account.
///
/// # Errors
/// If the scenario is wrong.
pub fn sample(days: u32, by: GroupBy, policy: &Costs) -> Result<Spending, ReportError> {
    let scenario = Scenario::parse(ACCOUNT)?;
    let event = scenario.event;
    let account = Account::new(scenario);
    account.advance_to(event);
    let wanted = Wanted { days, by, today: day_of(event) };
    let spending = poll_once(spending(&account, &wanted, policy)).ok_or(ReportError::Interrupted)??;
    Ok(Spending { sample: true, ..spending })
}
