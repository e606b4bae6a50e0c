//! Amazon CloudWatch: alarms as they are now, and metrics.

mod live;
mod series;
mod traffic;

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::describe_alarms::builders::DescribeAlarmsFluentBuilder;
use aws_sdk_cloudwatch::types::{AlarmType, StateValue, Tag};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use nightshift_core::alarm::{AlarmState, LiveAlarm, MOST_FIRING};
use nightshift_core::ids::AlarmArn;
use nightshift_core::metric::{InTraffic, MetricId, Series};
use nightshift_core::ports::{AlarmListing, AlarmReads, AlarmWrites, Answer, MetricReads, TrafficReads};

use crate::client::Account;
use crate::fault::fault;

const DESCRIBE: &str = "cloudwatch:DescribeAlarms";
/// As many alarms as CloudWatch puts on one page.
const PAGE: i32 = 100;
/// As many names as one call takes.
const MOST_NAMES: usize = 100;

/// Composite alarms come only if asked for.
fn all_types() -> Option<Vec<AlarmType>> {
    Some(vec![AlarmType::MetricAlarm, AlarmType::CompositeAlarm])
}

impl AlarmReads for Account {
    async fn alarm(&self, name: &str) -> Answer<Option<LiveAlarm>> {
        let Some(alarm) = described(&self.cloudwatch, name).await? else { return Ok(None) };
        let tags = tags(&self.cloudwatch, &alarm.arn).await?;
        Ok(Some(LiveAlarm { tags, ..alarm }))
    }

    async fn alarm_of(&self, arn: &AlarmArn) -> Answer<Option<LiveAlarm>> {
        let (alarm, tags) = tokio::join!(described(&self.cloudwatch, arn.name()), tags(&self.cloudwatch, arn));
        // One that was deleted has no tags that could be listed.
        let Some(alarm) = alarm? else { return Ok(None) };
        Ok(Some(LiveAlarm { tags: tags?, ..alarm }))
    }

    async fn alarms_named(&self, names: &[String]) -> Answer<Vec<LiveAlarm>> {
        let mut found = Vec::new();
        for names in names.chunks(MOST_NAMES) {
            let request = self.cloudwatch.describe_alarms().set_alarm_names(Some(names.to_vec()));
            found.extend(pages(request, &names.join(", "), usize::MAX).await?);
        }
        found.sort_by(|a, b| a.arn.cmp(&b.arn));
        Ok(found)
    }

    async fn alarms_firing(&self) -> Answer<Vec<LiveAlarm>> {
        let request = self.cloudwatch.describe_alarms().state_value(StateValue::Alarm);
        pages(request, "in ALARM", MOST_FIRING).await
    }
}

impl AlarmWrites for Account {
    async fn set_alarm(&self, name: &str, state: AlarmState, reason: &str) -> Answer<()> {
        let state = match state {
            AlarmState::Ok => StateValue::Ok,
            AlarmState::Alarm => StateValue::Alarm,
            AlarmState::InsufficientData => StateValue::InsufficientData,
        };
        let request = self.cloudwatch.set_alarm_state().alarm_name(name).state_value(state).state_reason(reason);
        request.send().boxed().await.map(drop).map_err(|error| fault("cloudwatch:SetAlarmState", name, &error))
    }
}

impl AlarmListing for Account {
    async fn alarms(&self) -> Answer<Vec<LiveAlarm>> {
        pages(self.cloudwatch.describe_alarms(), "all", usize::MAX).await
    }
}

/// The alarm of that name, without its tags.
async fn described(client: &Client, name: &str) -> Answer<Option<LiveAlarm>> {
    let request = client.describe_alarms().alarm_names(name).set_alarm_types(all_types());
    let found = request.send().boxed().await.map_err(|error| fault(DESCRIBE, name, &error))?;
    let metric = found.metric_alarms().first().and_then(live::of_metric);
    Ok(metric.or_else(|| found.composite_alarms().first().and_then(live::of_composite)))
}

async fn tags(client: &Client, arn: &AlarmArn) -> Answer<BTreeMap<String, String>> {
    let request = client.list_tags_for_resource().resource_arn(arn.as_str());
    let tags =
        request.send().boxed().await.map_err(|error| fault("cloudwatch:ListTagsForResource", arn.name(), &error))?;
    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
    Ok(tags.tags().iter().filter_map(pair).collect())
}

/// Alarms of both types, by ARN, without tags, until there are `most`; `which` names them
/// in a fault.
async fn pages(request: DescribeAlarmsFluentBuilder, which: &str, most: usize) -> Answer<Vec<LiveAlarm>> {
    let mut pages = request.set_alarm_types(all_types()).max_records(PAGE).into_paginator().send();
    let mut found = Vec::new();
    while found.len() < most
        && let Some(page) = pages.next().await
    {
        let page = page.map_err(|error| fault(DESCRIBE, which, &error))?;
        found.extend(page.metric_alarms().iter().filter_map(live::of_metric));
        found.extend(page.composite_alarms().iter().filter_map(live::of_composite));
    }
    found.truncate(most);
    found.sort_by(|a, b| a.arn.cmp(&b.arn));
    Ok(found)
}

impl MetricReads for Account {
    async fn series(&self, wanted: &[(MetricId, Timestamp, Timestamp)]) -> Answer<Vec<Series>> {
        series::read(&self.cloudwatch, wanted).await
    }
}

impl TrafficReads for Account {
    async fn in_traffic(&self) -> Answer<Vec<InTraffic>> {
        traffic::read(&self.cloudwatch).await
    }
}
