//! Endpoints that AWS does not have: they move the clock, show the account,
//! and give what seeds an emulator's metrics and alarms.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{RawQuery, State as Shared};
use axum::http::StatusCode;
use nightshift_core::alarm::AlarmKind;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::scenario::{Comparison, Missing};
use crate::state::State;
use crate::state::alarms::Alarm;
use crate::state::logs::Line;
use crate::state::series::METRICS;
use crate::state::service::Machine;

use super::Pace;

const MINUTE_S: i64 = 60;
const DAY_S: i64 = 86_400;
/// Unless asked for otherwise, metrics are given for so many hours back …
const HOURS: u32 = 3;
/// … and for the same hours so many days earlier, as comparisons need them.
const DAYS_EARLIER: [i64; 3] = [0, 1, 7];
/// Of each task's log, the last lines.
const LINES: usize = 50;

/// The body of `POST /_sim/advance`.
#[derive(Debug, Deserialize)]
pub(super) struct Advance {
    seconds: u32,
}

pub(super) async fn advance(Shared(pace): Shared<Pace>, body: axum::body::Bytes) -> (StatusCode, Json<Value>) {
    match serde_json::from_slice::<Advance>(&body) {
        Ok(Advance { seconds }) => {
            pace.skip(seconds);
            (StatusCode::OK, Json(json!({ "now": pace.account().now() })))
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "message": error.to_string() }))),
    }
}

pub(super) async fn state(Shared(pace): Shared<Pace>) -> Json<Value> {
    pace.catch_up();
    let mut shown = pace.account().final_state();
    shown["now"] = json!(pace.account().now());
    let state = pace.account().state();
    let alarms: BTreeMap<&str, Value> =
        state.alarms.iter().map(|alarm| (alarm.setup.name.as_str(), json!(alarm.state))).collect();
    shown["alarms"] = json!(alarms);
    Json(shown)
}

pub(super) async fn calls(Shared(pace): Shared<Pace>) -> Json<Value> {
    let shown = |call: crate::Call| json!({ "operation": call.operation, "resource": call.resource, "write": call.write, "at": call.at });
    Json(pace.account().calls().into_iter().map(shown).collect())
}

/// Requests of PutMetricData, one for each namespace; `?hours=N` says how far
/// back.
pub(super) async fn metrics(Shared(pace): Shared<Pace>, RawQuery(query): RawQuery) -> Json<Value> {
    pace.catch_up();
    let hours = query.as_deref().and_then(|query| query.strip_prefix("hours=")?.parse::<u32>().ok());
    let length = i64::from(hours.unwrap_or(HOURS)) * 3600;
    let state = pace.account().state();
    let mut by_namespace: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for machine in &state.machines {
        for (measured, namespace, name, unit) in METRICS {
            for (dimensions, scope) in machine.dimensions(namespace) {
                for at in minutes(&state, length) {
                    let Some(value) = machine.minute(measured, at, scope) else { continue };
                    by_namespace.entry(namespace).or_default().push(json!({
                        "MetricName": name,
                        "Dimensions": named(&dimensions),
                        "Timestamp": at,
                        "Value": value,
                        "Unit": unit,
                    }));
                }
            }
        }
    }
    let request = |(namespace, data): (&str, Vec<Value>)| json!({ "Namespace": namespace, "MetricData": data });
    Json(by_namespace.into_iter().map(request).collect())
}

/// The full minutes of the window, now and some days earlier.
fn minutes(state: &State, length: i64) -> Vec<i64> {
    let end = state.now.div_euclid(MINUTE_S) * MINUTE_S;
    let windows = DAYS_EARLIER.iter().rev().map(|days| end - days * DAY_S);
    windows.flat_map(|end| (0..length / MINUTE_S).rev().map(move |minute| end - (minute + 1) * MINUTE_S)).collect()
}

fn named(dimensions: &BTreeMap<String, String>) -> Vec<Value> {
    dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect()
}

/// Requests of PutLogEvents, one for each task that ran within the last hours.
pub(super) async fn logs(Shared(pace): Shared<Pace>) -> Json<Value> {
    pace.catch_up();
    let state = pace.account().state();
    let of_machine = |machine: &Machine| {
        let group = machine.log_place().group;
        let request = |(stream, lines): (String, Vec<Line>)| {
            let event = |(at, message): (i64, String)| json!({ "timestamp": at * 1000, "message": message });
            let events: Vec<Value> = lines.into_iter().map(event).collect();
            json!({ "logGroupName": group, "logStreamName": stream, "logEvents": events })
        };
        machine.streams(LINES, state.now).into_iter().map(request).collect::<Vec<Value>>()
    };
    Json(state.machines.iter().flat_map(of_machine).collect())
}

/// Requests of PutMetricAlarm and PutCompositeAlarm.
pub(super) async fn alarms(Shared(pace): Shared<Pace>) -> Json<Value> {
    let state = pace.account().state();
    let of = |composite: bool| -> Vec<Value> {
        let kind = |alarm: &&Alarm| (alarm.kind == AlarmKind::Composite) == composite;
        state.alarms.iter().filter(kind).map(if composite { put_composite } else { put_metric }).collect()
    };
    Json(json!({ "PutMetricAlarm": of(false), "PutCompositeAlarm": of(true) }))
}

fn put_any(alarm: &Alarm) -> Value {
    let tags: Vec<Value> = alarm.setup.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    let mut request = json!({
        "AlarmName": alarm.setup.name,
        "ActionsEnabled": alarm.setup.actions_enabled,
        "Tags": tags,
    });
    if let Some(description) = &alarm.setup.description {
        request["AlarmDescription"] = json!(description);
    }
    request
}

fn put_composite(alarm: &Alarm) -> Value {
    let rule: Vec<String> = alarm.setup.children.iter().map(|name| format!("ALARM(\"{name}\")")).collect();
    let mut request = put_any(alarm);
    request["AlarmRule"] = json!(rule.join(" OR "));
    if let Some(suppressor) = &alarm.setup.suppressor {
        request["ActionsSuppressor"] = json!(suppressor);
        request["ActionsSuppressorWaitPeriod"] = json!(alarm.setup.suppressor_wait.as_seconds());
        request["ActionsSuppressorExtensionPeriod"] = json!(60);
    }
    request
}

fn put_metric(alarm: &Alarm) -> Value {
    let mut request = put_any(alarm);
    request["EvaluationPeriods"] = json!(alarm.setup.evaluation_periods);
    request["DatapointsToAlarm"] = json!(alarm.setup.datapoints_to_alarm.unwrap_or(alarm.setup.evaluation_periods));
    request["Threshold"] = json!(alarm.setup.threshold);
    request["ComparisonOperator"] = json!(match alarm.setup.comparison {
        Comparison::Above => "GreaterThanThreshold",
        Comparison::Below => "LessThanThreshold",
    });
    request["TreatMissingData"] = json!(match alarm.setup.missing {
        Missing::NotBreaching => "notBreaching",
        Missing::Breaching => "breaching",
        Missing::Missing => "missing",
    });
    match &alarm.metrics[..] {
        [one] => {
            request["Namespace"] = json!(one.namespace);
            request["MetricName"] = json!(one.name);
            request["Dimensions"] = json!(named(&one.dimensions));
            request["Period"] = json!(one.period_s);
            let plain = ["Sum", "Average", "Maximum", "Minimum", "SampleCount"].contains(&one.stat.as_str());
            request[if plain { "Statistic" } else { "ExtendedStatistic" }] = json!(one.stat);
        }
        several => {
            let mut metrics = vec![
                json!({ "Id": "e1", "Expression": "100*FILL(m1,0)/m2", "Label": "error ratio", "ReturnData": true }),
            ];
            metrics.extend(several.iter().zip(["m1", "m2"]).map(|(of, id)| {
                let metric =
                    json!({ "Namespace": of.namespace, "MetricName": of.name, "Dimensions": named(&of.dimensions) });
                let stat = json!({ "Metric": metric, "Period": of.period_s, "Stat": of.stat });
                json!({ "Id": id, "MetricStat": stat, "ReturnData": false })
            }));
            request["Metrics"] = json!(metrics);
        }
    }
    request
}
