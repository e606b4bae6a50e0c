//! What a request to Cost Explorer asks for.

use jiff::civil::Date;
use nightshift_core::cost::{CostMetric, Granularity, GroupBy};
use serde_json::Value;

use crate::state::costs::{Asked, Filter, Question};
use crate::state::releases::AwsError;

use super::super::request::Request;

/// How sure a forecast is unless it is asked for otherwise.
const LEVEL: i64 = 80;
/// Expressions may stand in one another so deep.
const DEEPEST: usize = 8;

pub(super) fn wrong(says: impl Into<String>) -> AwsError {
    AwsError::new("ValidationException", says)
}

/// The metrics of a request, each as it is called there, and what each asks.
pub(super) fn questions(request: &Request) -> Result<Vec<(String, Question)>, AwsError> {
    let names = request.texts("Metrics");
    if names.is_empty() {
        return Err(wrong("Metrics is missing"));
    }
    let one = |name: &&str| Ok(((*name).to_owned(), question(request, metric(name)?, groups(request)?)?));
    names.iter().map(one).collect()
}

/// What a forecast is asked for.
pub(super) fn forecast(request: &Request) -> Result<Asked, AwsError> {
    let question = question(request, metric(request.text("Metric").unwrap_or_default())?, Vec::new())?;
    let level = request.value("PredictionIntervalLevel");
    let level = if level.is_null() { Some(LEVEL) } else { level.as_i64() };
    Ok(Asked { question, level: level.ok_or_else(|| wrong("PredictionIntervalLevel is no whole number"))? })
}

fn question(request: &Request, metric: CostMetric, by: Vec<GroupBy>) -> Result<Question, AwsError> {
    let (from, to) = span(request)?;
    let granularity = match request.text("Granularity") {
        Some("DAILY") => Granularity::Daily,
        Some("MONTHLY") => Granularity::Monthly,
        other => return Err(wrong(format!("Granularity {other:?} is not supported here"))),
    };
    let filter = request.value("Filter");
    let filter = if filter.is_null() { Filter::All(Vec::new()) } else { expression(filter, DEEPEST)? };
    Ok(Question { from, to, granularity, metric, by, filter })
}

/// The first day, and the day after the last one.
pub(super) fn span(request: &Request) -> Result<(Date, Date), AwsError> {
    let span = request.value("TimePeriod");
    Ok((day(&span["Start"])?, day(&span["End"])?))
}

/// `YYYY-MM-DD`, with or without midnight behind it.
pub(super) fn day(text: &Value) -> Result<Date, AwsError> {
    let given = text.as_str().unwrap_or_default();
    let day = given.split('T').next().unwrap_or_default();
    day.parse().map_err(|_| wrong(format!("{text} is no date like yyyy-MM-dd")))
}

/// `UnblendedCost`, or as a forecast spells it.
fn metric(name: &str) -> Result<CostMetric, AwsError> {
    match name.replace('_', "").to_lowercase().as_str() {
        "unblendedcost" | "blendedcost" | "netunblendedcost" => Ok(CostMetric::Unblended),
        "amortizedcost" | "netamortizedcost" => Ok(CostMetric::Amortized),
        _ => Err(wrong(format!("Metric {name:?} is not supported here"))),
    }
}

fn groups(request: &Request) -> Result<Vec<GroupBy>, AwsError> {
    let listed = request.value("GroupBy").as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |group: &Value| match (group["Type"].as_str(), group["Key"].as_str()) {
        (Some("DIMENSION"), Some(key)) => dimension(key),
        (Some("TAG"), Some(key)) => Ok(GroupBy::Tag(key.to_owned())),
        _ => Err(wrong(format!("{group} is no grouping that is supported here"))),
    };
    listed.iter().map(one).collect()
}

fn dimension(key: &str) -> Result<GroupBy, AwsError> {
    match key {
        "SERVICE" => Ok(GroupBy::Service),
        "USAGE_TYPE" => Ok(GroupBy::UsageType),
        "LINKED_ACCOUNT" => Ok(GroupBy::LinkedAccount),
        "RECORD_TYPE" => Ok(GroupBy::RecordType),
        _ => Err(wrong(format!("Dimension {key:?} is not supported here"))),
    }
}

/// Exactly one member at its root; And and Or have two operands or more.
fn expression(value: &Value, depth: usize) -> Result<Filter, AwsError> {
    let members: Vec<(&String, &Value)> = value.as_object().into_iter().flatten().collect();
    let (Some(deeper), [(member, inner)]) = (depth.checked_sub(1), &members[..]) else {
        return Err(wrong("Expression must have exactly one root, and not be nested too deep."));
    };
    let operands = || {
        let all = inner.as_array().map(Vec::as_slice).unwrap_or_default();
        if all.len() < 2 {
            return Err(wrong(format!("{member} must have at least 2 operands.")));
        }
        all.iter().map(|operand| expression(operand, deeper)).collect::<Result<Vec<_>, _>>()
    };
    match member.as_str() {
        "And" => operands().map(Filter::All),
        "Or" => operands().map(Filter::Any),
        "Not" => Ok(Filter::Not(Box::new(expression(inner, deeper)?))),
        "Dimensions" => Ok(Filter::Is(dimension(inner["Key"].as_str().unwrap_or_default())?, values(inner))),
        "Tags" => {
            let by = GroupBy::Tag(inner["Key"].as_str().unwrap_or_default().to_owned());
            let absent = inner["MatchOptions"] == serde_json::json!(["ABSENT"]);
            Ok(Filter::Is(by, if absent { vec![String::new()] } else { values(inner) }))
        }
        _ => Err(wrong(format!("{member} is not supported here"))),
    }
}

fn values(of: &Value) -> Vec<String> {
    let all = of["Values"].as_array().into_iter().flatten();
    all.filter_map(|value| value.as_str().map(ToOwned::to_owned)).collect()
}
