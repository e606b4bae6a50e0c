//! Alarms as they are now.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmKind, AlarmState, LiveAlarm};
use nightshift_core::ids::AlarmArn;
use nightshift_core::metric::MetricId;
use nightshift_core::ports::{AlarmListing, AlarmReads};

use crate::{Gap, Place, Verdict, got, holds, same, there};

/// Runs the suite.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn alarms<W: AlarmReads>(world: &W, place: &Place) -> Verdict {
    only_the_very_name_finds_an_alarm(world).await?;
    a_metric_alarm_tells_all_that_a_decision_needs(world, place).await?;
    an_alarm_that_nobody_described_has_no_description(world).await?;
    a_composite_names_its_children_and_looks_back_on_nothing(world).await?;
    firing_are_those_in_alarm_in_order_and_without_tags(world).await?;
    named_are_found_in_one_call_however_many(world).await?;
    if place.has(Gap::ExtendedStatistics) {
        a_percentile_is_told_as_such(world).await?;
    }
    if place.has(Gap::MetricMath) {
        metric_math_tells_its_metrics(world).await?;
    }
    Ok(())
}

/// Runs the suite on the list of all alarms.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn listing<W: AlarmReads + AlarmListing>(world: &W, place: &Place) -> Verdict {
    let all = got("all alarms", world.alarms().await)?;
    let names: Vec<&str> = all.iter().map(|alarm| alarm.name.as_str()).collect();
    let numbered = (1..=101).map(|number| format!("conform-many-{number:04}"));
    let named = ["", "-5xx", "-cpu", "-idle", "-ratio", "-slow"].map(|end| format!("prod-checkout{end}"));
    let expected: Vec<String> = numbered.chain(named).collect();
    same("the names of all alarms, in order", &names, &expected.iter().map(String::as_str).collect())?;
    let here = |found: &&LiveAlarm| {
        found.arn.as_str() == format!("arn:aws:cloudwatch:{}:{}:alarm:{}", place.region, place.account, found.name)
    };
    same("how many are of this account and Region", &all.iter().filter(here).count(), &all.len())?;
    for name in ["prod-checkout", "prod-checkout-5xx", "prod-checkout-cpu", "conform-many-0101"] {
        let listed = all.iter().find(|alarm| alarm.name == name).cloned();
        let alone = LiveAlarm { tags: BTreeMap::new(), ..alarm(world, name).await? };
        same("an alarm of the list, and the same by its name, but for its tags", &listed, &Some(alone))?;
    }
    Ok(())
}

async fn alarm<W: AlarmReads>(world: &W, name: &str) -> Result<LiveAlarm, String> {
    let found = there(name, world.alarm(name).await)?;
    same("the same by its ARN", &world.alarm_of(&found.arn).await, &Ok(Some(found.clone())))?;
    Ok(found)
}

async fn only_the_very_name_finds_an_alarm<W: AlarmReads>(world: &W) -> Verdict {
    let there = alarm(world, "prod-checkout-5xx").await?;
    for name in ["prod-checkout-5", "prod-checkout-5XX", "conform-nobody"] {
        same(name, &world.alarm(name).await, &Ok(None))?;
        let arn = AlarmArn::new(there.arn.as_str().replace(&there.name, name));
        same(name, &world.alarm_of(&arn).await, &Ok(None))?;
    }
    Ok(())
}

async fn a_metric_alarm_tells_all_that_a_decision_needs<W: AlarmReads>(world: &W, place: &Place) -> Verdict {
    let found = alarm(world, "prod-checkout-5xx").await?;
    let past = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment <= place.now);
    holds("a past change of state and of configuration", &found, past(found.since) && past(found.configured_at))?;
    let dimensions = found.metrics.first().map(|metric| metric.dimensions.clone()).unwrap_or_default();
    let begins = |name: &str, with: &str| dimensions.get(name).is_some_and(|value| value.starts_with(with));
    let named = begins("LoadBalancer", "app/prod/") && begins("TargetGroup", "targetgroup/checkout/");
    holds("the dimensions of a target group", &dimensions, named && dimensions.len() == 2)?;
    let errors = MetricId {
        namespace: "AWS/ApplicationELB".into(),
        name: "HTTPCode_Target_5XX_Count".into(),
        dimensions,
        stat: "Sum".into(),
        period_s: 60,
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let expected = LiveAlarm {
        kind: AlarmKind::Metric,
        state: AlarmState::Alarm,
        actions_enabled: true,
        suppressed_by: None,
        description: Some(r#"{"cluster":"prod","service":"checkout"}"#.into()),
        tags: BTreeMap::from([pair("nightshift:service", "checkout"), pair("team", "shop")]),
        metrics: vec![errors],
        children: Vec::new(),
        threshold: Some(10.0),
        breaches_above: true,
        period_s: 60,
        evaluation_periods: 5,
        ..found.clone()
    };
    same("the firing alarm", &found, &expected)?;
    same("its name, by itself and by its ARN", &found.name.as_str(), &found.arn.name())
}

async fn an_alarm_that_nobody_described_has_no_description<W: AlarmReads>(world: &W) -> Verdict {
    let idle = alarm(world, "prod-checkout-idle").await?;
    same("its description", &idle.description, &None)?;
    same("its tags", &idle.tags, &BTreeMap::new())?;
    let quiet = (idle.state, idle.actions_enabled, idle.breaches_above, idle.span_s());
    same("state, actions, side and span of a quiet alarm", &quiet, &(AlarmState::Ok, false, false, 600))
}

async fn a_composite_names_its_children_and_looks_back_on_nothing<W: AlarmReads>(world: &W) -> Verdict {
    let found = alarm(world, "prod-checkout").await?;
    let expected = LiveAlarm {
        kind: AlarmKind::Composite,
        state: AlarmState::Alarm,
        tags: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
        metrics: Vec::new(),
        children: vec!["prod-checkout-5xx".into(), "prod-checkout-idle".into()],
        threshold: None,
        period_s: 0,
        evaluation_periods: 0,
        ..found.clone()
    };
    same("the composite", &found, &expected)
}

async fn firing_are_those_in_alarm_in_order_and_without_tags<W: AlarmReads>(world: &W) -> Verdict {
    let mut expected = Vec::new();
    for name in ["prod-checkout", "prod-checkout-5xx"] {
        expected.push(LiveAlarm { tags: BTreeMap::new(), ..alarm(world, name).await? });
    }
    same("the firing alarms", &got("the firing alarms", world.alarms_firing().await)?, &expected)
}

/// More names than one call takes, one of them nobody's; a composite among them.
async fn named_are_found_in_one_call_however_many<W: AlarmReads>(world: &W) -> Verdict {
    let there: Vec<String> = (1..=101).map(|number| format!("conform-many-{number:04}")).collect();
    let last = ["prod-checkout".to_owned()];
    let nobody = ["conform-nobody".to_owned()];
    let names = [&there[..], &nobody, &last].concat();
    let found = got("alarms by their names", world.alarms_named(&names).await)?;
    let found_names: Vec<&String> = found.iter().map(|alarm| &alarm.name).collect();
    same("the alarms of these names, in order", &found_names, &there.iter().chain(&last).collect())?;
    let alone = LiveAlarm { tags: BTreeMap::new(), ..alarm(world, "prod-checkout").await? };
    same("a composite among them, but for its tags", &found.last(), &Some(&alone))?;
    same("no name", &world.alarms_named(&[]).await, &Ok(Vec::new()))
}

async fn a_percentile_is_told_as_such<W: AlarmReads>(world: &W) -> Verdict {
    let slow = alarm(world, "prod-checkout-slow").await?;
    let stats: Vec<&str> = slow.metrics.iter().map(|metric| metric.stat.as_str()).collect();
    same("the statistic of an alarm on a percentile", &stats, &vec!["p99"])
}

async fn metric_math_tells_its_metrics<W: AlarmReads>(world: &W) -> Verdict {
    let ratio = alarm(world, "prod-checkout-ratio").await?;
    let names: Vec<&str> = ratio.metrics.iter().map(|metric| metric.name.as_str()).collect();
    same("the metrics of a ratio", &names, &vec!["HTTPCode_Target_5XX_Count", "RequestCount"])?;
    same("kind and period of a ratio", &(ratio.kind, ratio.period_s), &(AlarmKind::Math, 120))
}
