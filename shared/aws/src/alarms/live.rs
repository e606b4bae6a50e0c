//! From CloudWatch's two kinds of alarm to one [`LiveAlarm`].

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{
    ComparisonOperator, CompositeAlarm, Dimension, MetricAlarm, MetricDataQuery, StateValue,
};
use nightshift_core::alarm::{AlarmKind, AlarmState, LiveAlarm};
use nightshift_core::ids::AlarmArn;
use nightshift_core::metric::MetricId;

use crate::moment::moment;

/// Seconds of a datapoint where the alarm does not say.
const DEFAULT_PERIOD_S: u32 = 60;

/// `None` if it lacks name, ARN or a state that we know.
pub(super) fn of_metric(alarm: &MetricAlarm) -> Option<LiveAlarm> {
    let metrics = metrics_of(alarm);
    let of_queries = alarm.metrics().iter().filter_map(period_of).max();
    let period = alarm.period().or(alarm.evaluation_interval()).and_then(|s| u32::try_from(s).ok()).or(of_queries);
    Some(LiveAlarm {
        arn: AlarmArn::new(alarm.alarm_arn()?),
        name: alarm.alarm_name()?.to_owned(),
        kind: kind_of(alarm),
        state: state(alarm.state_value()?)?,
        since: moment(alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp())),
        configured_at: moment(alarm.alarm_configuration_updated_timestamp()),
        actions_enabled: alarm.actions_enabled().unwrap_or(true),
        suppressed_by: None,
        reason: alarm.state_reason().map(ToOwned::to_owned),
        description: described(alarm.alarm_description()),
        tags: BTreeMap::new(),
        metrics,
        children: Vec::new(),
        threshold: alarm.threshold(),
        breaches_above: breaches_above(alarm.comparison_operator()),
        period_s: period.unwrap_or(DEFAULT_PERIOD_S),
        evaluation_periods: alarm.evaluation_periods().and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
    })
}

/// `None` if it lacks name, ARN or a state that we know.
pub(super) fn of_composite(alarm: &CompositeAlarm) -> Option<LiveAlarm> {
    Some(LiveAlarm {
        arn: AlarmArn::new(alarm.alarm_arn()?),
        name: alarm.alarm_name()?.to_owned(),
        kind: AlarmKind::Composite,
        state: state(alarm.state_value()?)?,
        since: moment(alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp())),
        configured_at: moment(alarm.alarm_configuration_updated_timestamp()),
        actions_enabled: alarm.actions_enabled().unwrap_or(true),
        suppressed_by: alarm.actions_suppressed_by().map(|by| by.as_str().to_owned()),
        reason: alarm.state_reason().map(ToOwned::to_owned),
        description: described(alarm.alarm_description()),
        tags: BTreeMap::new(),
        metrics: Vec::new(),
        children: alarm.alarm_rule().map(children).unwrap_or_default(),
        threshold: None,
        breaches_above: true,
        // A composite is evaluated whenever a child changes: it looks back on nothing.
        period_s: 0,
        evaluation_periods: 0,
    })
}

/// An empty description describes nothing.
fn described(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

fn state(value: &StateValue) -> Option<AlarmState> {
    match value {
        StateValue::Ok => Some(AlarmState::Ok),
        StateValue::Alarm => Some(AlarmState::Alarm),
        StateValue::InsufficientData => Some(AlarmState::InsufficientData),
        _ => None,
    }
}

fn kind_of(alarm: &MetricAlarm) -> AlarmKind {
    let band = |query: &MetricDataQuery| query.expression().is_some_and(|text| text.contains("ANOMALY_DETECTION_BAND"));
    if alarm.threshold_metric_id().is_some() || alarm.metrics().iter().any(band) {
        AlarmKind::AnomalyBand
    } else if alarm.evaluation_criteria().is_some() || alarm.metrics().iter().any(|query| query.expression().is_some())
    {
        AlarmKind::Math
    } else {
        AlarmKind::Metric
    }
}

/// Both directions of a band count as above: what to compare with is the band.
fn breaches_above(operator: Option<&ComparisonOperator>) -> bool {
    !matches!(
        operator,
        Some(
            ComparisonOperator::LessThanThreshold
                | ComparisonOperator::LessThanOrEqualToThreshold
                | ComparisonOperator::LessThanLowerThreshold
        )
    )
}

fn metrics_of(alarm: &MetricAlarm) -> Vec<MetricId> {
    let own = alarm.metric_name().zip(alarm.namespace()).map(|(name, namespace)| MetricId {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: dimensions(alarm.dimensions()),
        stat: alarm
            .statistic()
            .map(|stat| stat.as_str())
            .or(alarm.extended_statistic())
            .unwrap_or("Average")
            .to_owned(),
        period_s: alarm.period().and_then(|s| u32::try_from(s).ok()).unwrap_or(DEFAULT_PERIOD_S),
    });
    own.into_iter().chain(alarm.metrics().iter().filter_map(metric_of)).collect()
}

fn metric_of(query: &MetricDataQuery) -> Option<MetricId> {
    let stat = query.metric_stat()?;
    let metric = stat.metric()?;
    Some(MetricId {
        namespace: metric.namespace()?.to_owned(),
        name: metric.metric_name()?.to_owned(),
        dimensions: dimensions(metric.dimensions()),
        stat: stat.stat()?.to_owned(),
        period_s: period_of(query).unwrap_or(DEFAULT_PERIOD_S),
    })
}

fn period_of(query: &MetricDataQuery) -> Option<u32> {
    let period = query.metric_stat().and_then(|stat| stat.period()).or(query.period())?;
    u32::try_from(period).ok()
}

fn dimensions(dimensions: &[Dimension]) -> BTreeMap<String, String> {
    let pair = |one: &Dimension| Some((one.name()?.to_owned(), one.value()?.to_owned()));
    dimensions.iter().filter_map(pair).collect()
}

/// The names in a composite's rule, in order of appearance, each once:
/// `ALARM("a") AND NOT OK(arn:…:alarm:b)`. A function's argument is a name or
/// an ARN, quoted or not; AND, OR, NOT, TRUE and FALSE take none.
fn children(rule: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = rule;
    while let Some((before, after)) = rest.split_once('(') {
        rest = after;
        let function = before.rsplit(|c: char| c.is_whitespace() || c == '(').find(|word| !word.is_empty());
        if !matches!(function, Some("ALARM" | "OK" | "INSUFFICIENT_DATA")) {
            continue;
        }
        let Some((argument, behind)) = argument(after.trim_start()) else {
            break;
        };
        rest = behind;
        let name = AlarmArn::new(argument).name().to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The argument and what stands behind it. A quoted name may hold brackets.
fn argument(text: &str) -> Option<(&str, &str)> {
    match text.chars().next()? {
        quote @ ('"' | '\'') => text[1..].split_once(quote),
        _ => text.split_once(')').map(|(name, behind)| (name.trim_end(), behind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatch::types::{Metric, MetricStat, Statistic};

    #[track_caller]
    fn check(rule: &str, expect: &[&str]) {
        assert_eq!(children(rule), expect, "{rule}");
    }

    #[test]
    fn a_rule_gives_the_names_of_its_children() {
        check("ALARM(cpu) OR ALARM(net)", &["cpu", "net"]);
        check("ALARM(\"web 5xx (prod)\") AND NOT (OK('net') OR ALARM(cpu))", &["web 5xx (prod)", "net", "cpu"]);
        check("(ALARM ( cpu ) AND\n(INSUFFICIENT_DATA(cpu)))", &["cpu"]);
        check("ALARM(\"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:web\")", &["web"]);
        check("TRUE", &[]);
        check("ALARM(", &[]);
    }

    fn base() -> aws_sdk_cloudwatch::types::builders::MetricAlarmBuilder {
        MetricAlarm::builder()
            .alarm_arn("arn:aws:cloudwatch:r:a:alarm:web")
            .alarm_name("web")
            .state_value(StateValue::Alarm)
    }

    #[test]
    fn a_metric_alarm_names_its_one_metric() {
        let alarm = base()
            .namespace("AWS/ECS")
            .metric_name("CPUUtilization")
            .statistic(Statistic::Average)
            .dimensions(Dimension::builder().name("ServiceName").value("web").build())
            .period(300)
            .evaluation_periods(3)
            .comparison_operator(ComparisonOperator::LessThanThreshold)
            .build();
        let live = of_metric(&alarm).unwrap();
        assert_eq!((live.kind, live.breaches_above, live.span_s()), (AlarmKind::Metric, false, 900));
        assert_eq!(live.metrics[0].stat, "Average");
        assert_eq!(live.metrics[0].dimensions["ServiceName"], "web");
    }

    #[test]
    fn metric_math_takes_its_period_from_the_metrics() {
        let metric = Metric::builder().namespace("AWS/ApplicationELB").metric_name("RequestCount").build();
        let stat = MetricStat::builder().metric(metric).period(120).stat("Sum").build();
        let alarm = base()
            .metrics(MetricDataQuery::builder().id("e1").expression("100*m2/m1").build())
            .metrics(MetricDataQuery::builder().id("m1").metric_stat(stat).build())
            .build();
        let live = of_metric(&alarm).unwrap();
        assert_eq!((live.kind, live.period_s, live.metrics.len()), (AlarmKind::Math, 120, 1));
    }

    #[test]
    fn a_state_nobody_knows_is_no_alarm_rather_than_a_wrong_one() {
        assert_eq!(of_metric(&base().state_value(StateValue::from("MAYBE")).build()), None);
    }
}
