//! Events as EventBridge delivers them.

use jiff::Timestamp;
use nightshift_core::alarm::{AlarmKind, AlarmState};
use nightshift_core::drill::{DrillEvent, SOURCE};
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::fingerprint;
use nightshift_core::metric::MetricId;
use serde_json::{Value, json};

use crate::scenario::{Comparison, Missing, Scenario};

use super::alarms::{Alarm, Verdict};
use super::moment;

/// `ALARM`, `OK`, `INSUFFICIENT_DATA`.
pub(crate) fn state_text(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Ok => "OK",
        AlarmState::Alarm => "ALARM",
        AlarmState::InsufficientData => "INSUFFICIENT_DATA",
    }
}

/// CloudWatch's way to write a moment: an offset without a colon.
fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

/// `CloudWatch Alarm State Change`.
pub(crate) fn alarm_changed(scenario: &Scenario, before: &Alarm, alarm: &Alarm, basis: &Value, now: i64) -> Value {
    let at = moment(now);
    let mut detail = json!({
        "alarmName": alarm.setup.name,
        "configuration": configuration(alarm),
        "previousState": state(before, None),
        "state": state(alarm, Some(basis)),
    });
    if !alarm.setup.tags.is_empty() {
        detail["alarmTags"] = json!(alarm.setup.tags);
        detail["alarmTagsStatus"] = json!("SUCCESS");
    }
    envelope(scenario, "aws.cloudwatch", "CloudWatch Alarm State Change", &[alarm.arn.as_str()], at, detail)
}

/// What a drill puts on the bus.
pub(crate) fn drill(scenario: &Scenario, drill: &DrillEvent, now: i64) -> Value {
    let arns: Vec<&str> = drill.resources.iter().map(String::as_str).collect();
    envelope(scenario, SOURCE, &drill.detail_type, &arns, moment(now), drill.detail.clone())
}

/// `AWS Health Event` of an issue.
pub(crate) fn health(scenario: &Scenario, issue: &HealthIssue, at: Timestamp) -> Value {
    let rfc2822 = |at: Timestamp| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut detail = json!({
        "eventArn": issue.arn,
        "service": issue.service,
        "eventTypeCode": issue.code,
        "eventTypeCategory": "issue",
        "eventScopeCode": "PUBLIC",
        "communicationId": fingerprint(&[&issue.arn, &at.to_string()]),
        "startTime": rfc2822(issue.since),
        "lastUpdatedTime": rfc2822(at),
        "statusCode": if issue.open { "open" } else { "closed" },
        "eventRegion": issue.region,
        "eventDescription": [{ "language": "en_US", "latestDescription": "We are investigating increased error rates." }],
        "affectedAccount": scenario.account,
        "page": "1",
        "totalPages": "1",
        "backupEvent": "false",
    });
    if !issue.open {
        detail["endTime"] = json!(rfc2822(at));
    }
    envelope(scenario, "aws.health", "AWS Health Event", &[], at, detail)
}

pub(crate) fn envelope(
    scenario: &Scenario,
    source: &str,
    kind: &str,
    resources: &[&str],
    at: Timestamp,
    detail: Value,
) -> Value {
    let Scenario { account, region, .. } = scenario;
    let said = detail.to_string();
    let hash = |salt| fingerprint(&[source, kind, &resources.join(","), &at.to_string(), &said, salt]);
    let (one, two) = (hash("1"), hash("2"));
    let id = format!("{}-{}-{}-{}-{}", &one[..8], &one[8..12], &one[12..], &two[..4], &two[4..]);
    json!({
        "version": "0",
        "id": id,
        "detail-type": kind,
        "source": source,
        "account": account,
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": region,
        "resources": resources,
        "detail": detail,
    })
}

fn state(alarm: &Alarm, basis: Option<&Value>) -> Value {
    let mut state = json!({
        "value": state_text(alarm.state),
        "reason": alarm.reason,
        "timestamp": stamp(moment(alarm.since)),
    });
    if let Some(basis) = basis.filter(|basis| !basis.is_null()) {
        state["reasonData"] = json!(basis.to_string());
    }
    if let Some(by) = alarm.suppressed {
        state["actionsSuppressedBy"] = json!(by);
        state["actionsSuppressedReason"] = json!(format!("Actions suppressed by {by}"));
    }
    state
}

fn configuration(alarm: &Alarm) -> Value {
    let mut configuration = match alarm.kind {
        AlarmKind::Composite => {
            let rule: Vec<String> = alarm.setup.children.iter().map(|name| format!("ALARM(\"{name}\")")).collect();
            json!({ "alarmRule": rule.join(" OR ") })
        }
        AlarmKind::Math => {
            let metric =
                |id: &str, of: &MetricId| json!({ "id": id, "metricStat": metric_stat(of), "returnData": false });
            let mut metrics = vec![
                json!({ "id": "e1", "expression": "100*FILL(m1,0)/m2", "label": "error ratio", "returnData": true }),
            ];
            metrics.extend(alarm.metrics.iter().zip(["m1", "m2"]).map(|(of, id)| metric(id, of)));
            json!({ "metrics": metrics })
        }
        AlarmKind::Metric | AlarmKind::AnomalyBand => {
            let metrics: Vec<Value> = alarm
                .metrics
                .iter()
                .map(|of| json!({ "id": fingerprint(&[&alarm.setup.name]), "metricStat": metric_stat(of), "returnData": true }))
                .collect();
            json!({ "metrics": metrics })
        }
    };
    if let Some(description) = &alarm.setup.description {
        configuration["description"] = json!(description);
    }
    if let Some(suppressor) = &alarm.setup.suppressor {
        configuration["actionsSuppressor"] = json!(suppressor);
        configuration["actionsSuppressorWaitPeriod"] = json!(alarm.setup.suppressor_wait.as_seconds());
        configuration["actionsSuppressorExtensionPeriod"] = json!(60);
    }
    configuration
}

fn metric_stat(of: &MetricId) -> Value {
    let MetricId { namespace, name, dimensions, stat, period_s } = of;
    json!({
        "metric": { "namespace": namespace, "name": name, "dimensions": dimensions },
        "period": period_s,
        "stat": stat,
    })
}

/// The basis of a composite alarm's state.
pub(crate) fn children_basis(triggering: &[&Alarm]) -> Value {
    let child = |alarm: &&Alarm| json!({ "arn": alarm.arn, "state": { "value": state_text(alarm.state), "timestamp": stamp(moment(alarm.since)) } });
    json!({ "triggeringAlarms": triggering.iter().map(child).collect::<Vec<_>>() })
}

/// A metric alarm's state with what it rests on; the words only where the
/// state is another than before.
pub(crate) fn verdict(
    alarm: &Alarm,
    state: AlarmState,
    points: &[(i64, Option<f64>)],
    breaching: usize,
    now: i64,
) -> Verdict {
    if state == alarm.state {
        return Verdict { state, reason: String::new(), basis: Value::Null };
    }
    let basis = json!({
        "version": "1.0",
        "queryDate": stamp(moment(now)),
        "startDate": points.iter().find(|(_, value)| value.is_some()).map(|(at, _)| stamp(moment(*at))),
        "statistic": alarm.metrics.first().map(|metric| &metric.stat),
        "period": alarm.setup.period.as_seconds(),
        "recentDatapoints": points.iter().map(|(_, value)| value).collect::<Vec<_>>(),
        "threshold": alarm.setup.threshold,
    });
    Verdict { state, reason: reason(alarm, state, points, breaching), basis }
}

/// CloudWatch's sentence about a change of state.
fn reason(alarm: &Alarm, state: AlarmState, points: &[(i64, Option<f64>)], breaching: usize) -> String {
    let looked_at = points.len();
    let shown = |(at, value): &(i64, Option<f64>)| {
        value.map(|value| format!("{value:?} ({})", moment(*at).strftime("%d/%m/%y %H:%M:%S")))
    };
    let seen: Vec<String> = points.iter().rev().filter_map(shown).collect();
    if seen.is_empty() {
        let treated = match alarm.setup.missing {
            Missing::NotBreaching => "NonBreaching",
            Missing::Breaching => "Breaching",
            Missing::Missing => return "Insufficient Data: no datapoints were received.".into(),
        };
        return format!(
            "Threshold Crossed: no datapoints were received for {looked_at} periods and {looked_at} missing datapoints \
             were treated as [{treated}]."
        );
    }
    let side = match alarm.setup.comparison {
        Comparison::Above => "greater than",
        Comparison::Below => "less than",
    };
    let needed = alarm.setup.datapoints_to_alarm.unwrap_or(alarm.setup.evaluation_periods);
    let (count, were, least, change) = if state == AlarmState::Alarm {
        (breaching, "were", needed, "OK -> ALARM")
    } else {
        (looked_at - breaching, "were not", 1, "ALARM -> OK")
    };
    format!(
        "Threshold Crossed: {count} out of the last {looked_at} datapoints [{}] {were} {side} the threshold ({:?}) \
         (minimum {least} datapoints for {change} transition).",
        seen.join(", "),
        alarm.setup.threshold,
    )
}
