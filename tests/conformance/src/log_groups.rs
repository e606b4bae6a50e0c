//! Log groups and what they keep.

use nightshift_core::ports::LogGroupReads;
use nightshift_core::waste::LogGroup;

use crate::{Verdict, got, holds, same};

/// More than one page of `DescribeLogGroups` holds.
const MANY: usize = 60;

/// Runs the suite.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn log_groups<W: LogGroupReads>(world: &W) -> Verdict {
    let all = got("log groups", world.log_groups().await)?;
    holds("by their names", &all, all.is_sorted_by(|a, b| a.name < b.name))?;
    let named = |name: &str| all.iter().find(|group| group.name == name);
    let group =
        |name: &str, retention_days, stored_bytes| LogGroup { name: name.to_owned(), retention_days, stored_bytes };
    same("without a retention", &named("/audit"), &Some(&group("/audit", None, 1200)))?;
    same("with one", &named("/access"), &Some(&group("/access", Some(30), 800)))?;
    // Nobody made it but the driver that writes a container's log.
    holds("of a service", &all, named("/ecs/mailer").is_some_and(|group| group.retention_days.is_none()))?;
    let many = all.iter().filter(|group| group.name.starts_with("/many-")).count();
    same("all pages of them", &many, &MANY)
}
