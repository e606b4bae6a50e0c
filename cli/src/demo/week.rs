//! A week of releases, and what the weekly scorecard says of it.

use jiff::Timestamp;
use nightshift_core::policy::Policy;
use nightshift_sim::scenario::Scenario;
use nightshift_sim::{Account, poll_once};
use serde_json::json;

use super::{Posted, Unplayed};
use crate::night::{Night, stack};

/// What it shows.
pub const TITLE: &str = "A week's scorecard";
/// What is about to happen.
pub const STORY: &str = "Another week, of three services and their releases: one was rolled back, one was stopped \
                         while it deployed, and one a person took back. On Monday the scorecard says how delivery \
                         and Nightshift itself did, and which one change would have saved most.";

/// A week of three services with their releases.
const WEEK: &str = include_str!("../../scenarios/week.toml");
/// When a person takes the release back that nobody else may touch, in seconds
/// after it began.
const BY_HAND_S: i64 = 1560;

/// Plays the week and asks for its report; `None`: it has nothing to say.
///
/// # Errors
/// If the scenario's text is wrong, or the report cannot be made.
pub(super) fn scorecard(seed: u64) -> Result<Option<Posted>, Unplayed> {
    let mut scenario = Scenario::parse(WEEK)?;
    scenario.seed = seed;
    let account = Account::new(scenario.clone());
    let policy = Policy::default();
    let mut night = Night::new(account.clone(), &policy);
    if let Some((at, from)) = watched(&scenario) {
        night.run_until(at);
        if let Some(catalog) = account.service_ref("catalog") {
            account.person_deploys(&catalog, from);
        }
    }
    night.run_until(scenario.event);
    let reviewer = ops_reviewer::Handler::new(account.clone(), stack(&account), policy);
    let due = json!({ "report": "weekly", "zone": "UTC", "at": scenario.event });
    let report = poll_once(reviewer.handle(&due)).transpose()?;
    let published = report.and_then(|report| report.published);
    let notice = account.notices().into_iter().find(|notice| Some(notice.key()) == published);
    Ok(notice.map(Posted::from))
}

/// When somebody goes back on the watched service, and to which revision.
fn watched(scenario: &Scenario) -> Option<(Timestamp, u32)> {
    let catalog = scenario.services.iter().find(|setup| setup.is("catalog"))?;
    let bad = catalog.releases.iter().position(|release| release.errors_percent.is_some())?;
    let good = catalog.releases.get(bad.checked_sub(1)?)?;
    let at = catalog.releases[bad].at.second(scenario.event.as_second());
    Some((Timestamp::from_second(at + BY_HAND_S).ok()?, good.revision))
}
