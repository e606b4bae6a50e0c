//! Cost Explorer: what was spent, what is expected, and what is strange.

mod question;

use std::collections::BTreeMap;

use nightshift_core::cost::{GroupBy, RootCause};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::{Value, json};

use crate::state::State;
use crate::state::costs::{Anomaly, Bill, Period, amount};
use crate::state::releases::AwsError;

use super::request::Request;
use super::unknown;
use question::{day, questions, span, wrong};

/// Less than this is written with an exponent, as AWS may.
const PLAIN: Decimal = Decimal::from_parts(1, 0, 0, false, 4);
/// Unless asked for otherwise, of anomalies and tags.
const A_PAGE: usize = 100;

pub(super) fn answer(state: &mut State, operation: &str, request: &Request) -> Result<Value, AwsError> {
    state.note_call(&format!("ce:{operation}"), "*".to_owned(), false);
    match operation {
        "GetCostAndUsage" => costs(&state.bill()?, request),
        "GetCostForecast" => forecast(&state.bill()?, request),
        "GetAnomalies" => anomalies(&state.bill()?, request),
        "GetTags" => tags(&state.bill()?, request),
        _ => Err(unknown(operation)),
    }
}

/// As text, like AWS.
fn written(micro: i64) -> String {
    let amount = amount(micro);
    if amount.is_zero() || amount.abs() >= PLAIN { amount.to_string() } else { format!("{amount:E}") }
}

/// One page, and the token of the next: what is asked for must not have changed
/// between them.
fn page<T>(bill: &Bill<'_>, request: &Request, all: Vec<T>, size: usize) -> Result<(Vec<T>, Option<String>), AwsError> {
    let invalid =
        || AwsError::new("InvalidNextTokenException", "The pagination token is invalid. Try again without it.");
    let from: usize = match request.text("NextPageToken") {
        None => 0,
        Some(token) => {
            let (of, from) = token.rsplit_once('+').ok_or_else(invalid)?;
            if of != bill.today.to_string() {
                let says = "Your request parameters changed between pages. Try again with the old parameters.";
                return Err(AwsError::new("RequestChangedException", says));
            }
            from.parse().map_err(|_| invalid())?
        }
    };
    let next = (from + size < all.len()).then(|| format!("{}+{}", bill.today, from + size));
    Ok((all.into_iter().skip(from).take(size).collect(), next))
}

fn with_token(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer["NextPageToken"] = json!(next);
    }
    answer
}

/// What one period's group cost, by the names of the metrics that were asked for.
type Entry = (usize, Option<(Vec<String>, BTreeMap<String, i64>)>);

fn costs(bill: &Bill<'_>, request: &Request) -> Result<Value, AwsError> {
    let asked = questions(request)?;
    let mut answers: Vec<(String, Vec<Period>)> = Vec::new();
    for (name, question) in &asked {
        answers.push((name.clone(), bill.answer(question)?));
    }
    let by = asked.first().map(|(_, question)| question.by.as_slice()).unwrap_or_default();
    let periods = answers.first().map(|(_, periods)| periods.clone()).unwrap_or_default();
    let entries = (0..periods.len()).flat_map(|place| entries(&answers, place)).collect();
    let (entries, next) = page(bill, request, entries, bill.setup.groups_per_page as usize)?;
    let mut results: Vec<Value> = Vec::new();
    let mut last = None;
    for (place, group) in entries {
        if last != Some(place) {
            let Period { from, to, estimated, .. } = &periods[place];
            let span = json!({ "Start": from, "End": to });
            results.push(json!({ "TimePeriod": span, "Total": {}, "Groups": [], "Estimated": estimated }));
            last = Some(place);
        }
        let (Some(result), Some((keys, metrics))) = (results.last_mut(), group) else { continue };
        put(bill, by, result, &keys, &metrics);
    }
    let mut answer = json!({ "ResultsByTime": results, "DimensionValueAttributes": [] });
    if !by.is_empty() {
        answer["GroupDefinitions"] = request.value("GroupBy").clone();
    }
    Ok(with_token(answer, next))
}

/// The groups of a period, or one place for a period without any.
fn entries(answers: &[(String, Vec<Period>)], place: usize) -> Vec<Entry> {
    let mut groups: BTreeMap<Vec<String>, BTreeMap<String, i64>> = BTreeMap::new();
    for (name, periods) in answers {
        for (keys, micro) in &periods[place].groups {
            groups.entry(keys.clone()).or_default().insert(name.clone(), *micro);
        }
    }
    // One metric may lack a group that another one has.
    for metrics in groups.values_mut() {
        answers.iter().for_each(|(name, _)| *metrics.entry(name.clone()).or_insert(0) += 0);
    }
    if groups.is_empty() {
        return vec![(place, None)];
    }
    groups.into_iter().map(|group| (place, Some(group))).collect()
}

/// With a grouping the total stays empty.
fn put(bill: &Bill<'_>, by: &[GroupBy], result: &mut Value, keys: &[String], metrics: &BTreeMap<String, i64>) {
    let metric = |micro: &i64| json!({ "Amount": written(*micro), "Unit": bill.setup.currency });
    let metrics: BTreeMap<&String, Value> = metrics.iter().map(|(name, micro)| (name, metric(micro))).collect();
    if by.is_empty() {
        result["Total"] = json!(metrics);
        return;
    }
    let shown = by.iter().zip(keys).map(|(by, key)| match by {
        GroupBy::Tag(tag) => format!("{tag}${key}"),
        _ => key.clone(),
    });
    let group = json!({ "Keys": shown.collect::<Vec<_>>(), "Metrics": metrics });
    if let Some(groups) = result["Groups"].as_array_mut() {
        groups.push(group);
    }
}

fn forecast(bill: &Bill<'_>, request: &Request) -> Result<Value, AwsError> {
    let found = bill.forecast(&question::forecast(request)?)?;
    let total: i64 = found.iter().map(|period| period.mean).sum();
    let period = |period: &crate::state::costs::Expected| {
        json!({
            "TimePeriod": { "Start": period.from, "End": period.to },
            "MeanValue": written(period.mean),
            "PredictionIntervalLowerBound": written(period.low),
            "PredictionIntervalUpperBound": written(period.high),
        })
    };
    Ok(json!({
        "Total": { "Amount": written(total), "Unit": bill.setup.currency },
        "ForecastResultsByTime": found.iter().map(period).collect::<Vec<_>>(),
    }))
}

fn anomalies(bill: &Bill<'_>, request: &Request) -> Result<Value, AwsError> {
    let span = request.value("DateInterval");
    let from = day(&span["StartDate"])?;
    // The last day is among them.
    let last = if span["EndDate"].is_null() { bill.today } else { day(&span["EndDate"])? };
    if from > last {
        return Err(wrong("Start date should be before or equal to end date"));
    }
    if !request.value("TotalImpact").is_null() || request.text("Feedback").is_some() {
        return Err(wrong("TotalImpact and Feedback are not supported here"));
    }
    let mut found = bill.anomalies(from, last.tomorrow().unwrap_or(last));
    if let Some(monitor) = request.text("MonitorArn") {
        found.retain(|anomaly| anomaly.seen.monitor.as_deref() == Some(monitor));
    }
    let size = request.number("MaxResults").map_or(A_PAGE, |most| most.max(1) as usize);
    let (found, next) = page(bill, request, found, size)?;
    Ok(with_token(json!({ "Anomalies": found.iter().map(anomaly).collect::<Vec<_>>() }), next))
}

/// As GetAnomalies has it: a double.
fn double(amount: Option<Decimal>) -> f64 {
    amount.and_then(|amount| amount.to_f64()).unwrap_or(0.0)
}

fn anomaly(found: &Anomaly) -> Value {
    let seen = &found.seen;
    let (impact, expected) = (double(Some(seen.impact)), double(seen.expected));
    let score = if found.going_on { 0.9 } else { 0.4 };
    let mut shown = json!({
        "AnomalyId": seen.id,
        "AnomalyStartDate": seen.from.map(|day| format!("{day}T00:00:00Z")),
        "AnomalyEndDate": seen.to.map(|day| format!("{day}T00:00:00Z")),
        "DimensionValue": seen.about,
        "AnomalyScore": { "MaxScore": 0.9, "CurrentScore": score },
        "Impact": {
            "MaxImpact": double(Some(amount(found.worst))),
            "TotalImpact": impact,
            "TotalActualSpend": double(seen.actual),
            "TotalExpectedSpend": expected,
        },
        "MonitorArn": seen.monitor,
        "RootCauses": seen.causes.iter().map(cause).collect::<Vec<_>>(),
    });
    // Of what cost nothing before, nobody can say so.
    if expected > 0.0 {
        shown["Impact"]["TotalImpactPercentage"] = json!(impact / expected * 100.0);
    }
    shown
}

fn cause(cause: &RootCause) -> Value {
    let mut shown = json!({ "Impact": { "Contribution": double(cause.contribution) } });
    let named = [
        ("Service", &cause.service),
        ("Region", &cause.region),
        ("LinkedAccount", &cause.account),
        ("LinkedAccountName", &cause.account_name),
        ("UsageType", &cause.usage_type),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            shown[name] = json!(value);
        }
    }
    shown
}

fn tags(bill: &Bill<'_>, request: &Request) -> Result<Value, AwsError> {
    let (from, to) = span(request)?;
    let mut found: Vec<String> = match request.text("TagKey") {
        Some(key) => bill.tag_values(key, from, to)?.into_iter().collect(),
        None => bill.setup.tags.iter().map(|tag| tag.key.clone()).collect(),
    };
    if let Some(wanted) = request.text("SearchString") {
        found.retain(|value| value.contains(wanted));
    }
    let total = found.len();
    let size = request.number("MaxResults").map_or(A_PAGE, |most| most.max(1) as usize);
    let (found, next) = page(bill, request, found, size)?;
    Ok(with_token(json!({ "Tags": found, "ReturnSize": found.len(), "TotalSize": total }), next))
}
