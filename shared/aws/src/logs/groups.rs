//! Log groups and what they keep.

use aws_sdk_cloudwatchlogs::types::{LogGroup as Described, LogGroupClass};
use nightshift_core::ports::{Answer, LogGroupReads};
use nightshift_core::waste::LogGroup;

use crate::client::Account;
use crate::fault::fault;

const OPERATION: &str = "logs:DescribeLogGroups";
/// Groups of this class keep events for a day, and have no retention to set.
const DAYS_OF_DELIVERY: u32 = 1;

impl LogGroupReads for Account {
    async fn log_groups(&self) -> Answer<Vec<LogGroup>> {
        let mut pages = self.logs.describe_log_groups().into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| fault(OPERATION, "this account", &error))?;
            all.extend(group(&found));
        }
        all.sort();
        Ok(all)
    }
}

fn group(found: &Described) -> Option<LogGroup> {
    let days = found.retention_in_days().and_then(|days| u32::try_from(days).ok());
    let by_class = (found.log_group_class() == Some(&LogGroupClass::Delivery)).then_some(DAYS_OF_DELIVERY);
    Some(LogGroup {
        name: found.log_group_name()?.to_owned(),
        retention_days: days.or(by_class),
        stored_bytes: found.stored_bytes().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_whose_class_lets_events_expire_does_not_keep_them_for_ever() {
        let of = |class: LogGroupClass, days: Option<i32>| {
            let found = Described::builder().log_group_name("/ecs/web").log_group_class(class);
            group(&found.set_retention_in_days(days).stored_bytes(-1).build())
        };
        let kept = |retention_days| Some(LogGroup { name: "/ecs/web".into(), retention_days, stored_bytes: 0 });
        assert_eq!(of(LogGroupClass::Delivery, None), kept(Some(1)));
        assert_eq!(of(LogGroupClass::InfrequentAccess, None), kept(None));
        assert_eq!(of(LogGroupClass::Standard, Some(30)), kept(Some(30)));
    }
}
