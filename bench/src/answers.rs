//! What the account looks like: `prod/checkout`, in mode `act`, whose newest release
//! brought 5xx two minutes after it was rolled out.
//!
//! The documents in `bench/answers/` are written as the API models name their members;
//! moments in them are relative to the event's.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::wire::{self, Asked};

/// A document of the account, by the operation it answers.
macro_rules! documents {
    ($($operation:literal),+ $(,)?) => {
        &[$((concat!($operation), include_str!(concat!("../answers/", $operation, ".json")))),+]
    };
}

const DOCUMENTS: &[(&str, &str)] = documents![
    "application-autoscaling/DescribeScalableTargets",
    "cloudformation/DescribeStacks",
    "cloudwatch/DescribeAlarms",
    "cloudwatch/GetMetricData",
    "cloudwatch/ListMetrics",
    "cloudwatch/ListTagsForResource",
    "ecr/BatchGetImage",
    "ecs/DescribeServiceDeployments",
    "ecs/DescribeServiceRevisions",
    "ecs/DescribeServices",
    "ecs/DescribeTaskDefinition",
    "ecs/DescribeTasks",
    "ecs/ListServiceDeployments",
    "ecs/ListTasks",
    "ecs/UpdateService",
    "elasticloadbalancing/DescribeTargetGroupAttributes",
    "elasticloadbalancing/DescribeTargetGroups",
    "elasticloadbalancing/DescribeTargetHealth",
    "scheduler/CreateSchedule",
    "sns/Publish",
    "ssm/GetParameter",
];

const MINUTE_S: i64 = 60;
/// The service's own target group; others serve as ever.
const OURS: &str = "targetgroup/checkout/6d0ecf831eec9f09";

/// The documents, read once.
#[derive(Debug)]
pub struct Answers(Vec<(String, Value)>);

impl Answers {
    /// Reads the documents.
    ///
    /// # Errors
    /// If one of them is no JSON.
    pub fn read() -> Result<Self, serde_json::Error> {
        let read = |(operation, text): &(&str, &str)| Ok((operation.replace('/', ":"), serde_json::from_str(text)?));
        DOCUMENTS.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The answer to a request; `None` if nobody knows the operation, or what it asks for.
    pub fn to(&self, asked: &Asked, now: Timestamp) -> Option<Value> {
        let document = self.0.iter().find(|(operation, _)| *operation == asked.operation).map(|(_, found)| found)?;
        match asked.operation.as_str() {
            "cloudwatch:GetMetricData" => series(document, &asked.input, now),
            "ecs:DescribeTaskDefinition" => {
                let revision = asked.input["taskDefinition"].as_str()?.rsplit(':').next()?;
                document.get(revision).cloned()
            }
            "ecs:DescribeServiceDeployments" => {
                Some(picked(document, &asked.input, ("serviceDeployments", "serviceDeploymentArn")))
            }
            "ecs:DescribeServiceRevisions" => {
                Some(picked(document, &asked.input, ("serviceRevisions", "serviceRevisionArn")))
            }
            _ => Some(document.clone()),
        }
    }
}

/// Those of a list that the request names by ARN.
fn picked(document: &Value, input: &Value, (list, arn): (&str, &str)) -> Value {
    let wanted = input[format!("{arn}s")].as_array().cloned().unwrap_or_default();
    let all = document[list].as_array().into_iter().flatten();
    json!({ list: all.filter(|one| wanted.contains(&one[arn])).collect::<Vec<_>>(), "failures": [] })
}

/// One point a minute for each query: the usual level, and another since a moment.
fn series(document: &Value, input: &Value, now: Timestamp) -> Option<Value> {
    let (from, until) = (second(&input["StartTime"])?, second(&input["EndTime"])?);
    let ascending = input["ScanBy"].as_str() == Some("TimestampAscending");
    let mut results = Vec::new();
    for query in input["MetricDataQueries"].as_array()? {
        let asked = &query["MetricStat"]["Metric"];
        let metric = asked["MetricName"].as_str()?;
        let group = asked["Dimensions"].as_array().into_iter().flatten().find(|one| one["Name"] == "TargetGroup");
        let ours = group.is_none_or(|group| group["Value"] == OURS);
        let shape = if ours { document.get(metric)? } else { document["others"].get(metric)? };
        let since = shape["since"].as_str().and_then(|text| wire::moment(text, now)).map(Timestamp::as_second);
        let first = from.div_euclid(MINUTE_S) * MINUTE_S;
        let minutes = (0..).map(|number| first + number * MINUTE_S).take_while(|minute| *minute < until);
        let mut points: Vec<(i64, f64)> = minutes
            .filter(|minute| *minute >= from)
            .filter_map(|minute| {
                let changed = since.is_some_and(|since| minute >= since.div_euclid(MINUTE_S) * MINUTE_S);
                let level = shape[if changed { "then" } else { "usual" }].as_f64()?;
                Some((minute, level + wave(minute)))
            })
            .collect();
        if !ascending {
            points.reverse();
        }
        results.push(json!({
            "Id": query["Id"],
            "Label": metric,
            "Timestamps": points.iter().map(|(minute, _)| format!("@={minute}")).collect::<Vec<_>>(),
            "Values": points.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
            "StatusCode": "Complete",
        }));
    }
    Some(json!({ "MetricDataResults": results, "Messages": [] }))
}

/// No metric is a straight line.
fn wave(minute: i64) -> f64 {
    [0.0, 0.5, 1.0, 0.5, -0.5][(minute / MINUTE_S).rem_euclid(5) as usize]
}

/// A moment of a request: CBOR has a number, the query protocol a text.
fn second(value: &Value) -> Option<i64> {
    let number = value.as_f64().map(|second| second as i64);
    number.or_else(|| value.as_str()?.parse::<Timestamp>().ok().map(Timestamp::as_second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Protocol;

    fn ask(operation: &str, input: Value) -> Option<Value> {
        let asked = Asked { operation: operation.to_owned(), protocol: Protocol::Json, input };
        Answers::read().unwrap().to(&asked, Timestamp::from_second(1_790_000_000).unwrap())
    }

    #[test]
    fn what_nobody_wrote_down_is_not_answered() {
        assert!(ask("ecs:DescribeServices", json!({})).is_some());
        assert_eq!(ask("ecs:DeleteService", json!({})), None);
        assert_eq!(ask("ecs:DescribeTaskDefinition", json!({ "taskDefinition": "checkout:7" })), None);
    }

    #[test]
    fn the_symptom_begins_when_the_account_says() {
        let query = json!({ "Id": "m0", "MetricStat": { "Metric": { "MetricName": "HTTPCode_Target_5XX_Count" } } });
        let window = json!({
            "StartTime": 1_790_000_000 - 1200, "EndTime": "2026-09-21T14:13:20Z",
            "ScanBy": "TimestampAscending", "MetricDataQueries": [query],
        });
        let found = ask("cloudwatch:GetMetricData", window).unwrap();
        let times = found["MetricDataResults"][0]["Timestamps"].as_array().unwrap().clone();
        assert_eq!((times.first(), times.len()), (Some(&json!("@=1789999620")), 7));
    }
}
