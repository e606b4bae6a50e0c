//! What is said of an event that cannot be read, or is not for us.

use nightshift_core::alarm::AlarmKind;
use serde_json::{Value, json};

use super::super::{Incoming, parse};
use super::sample;

/// The event with the value at `pointer` replaced, or taken out.
pub(super) fn with(mut event: Value, pointer: &str, value: Option<Value>) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = event.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(fields), None) => drop(fields.remove(key).unwrap()),
        (Value::Object(fields), Some(value)) => drop(fields.insert(key.into(), value)),
        (Value::Array(entries), Some(value)) => entries[key.parse::<usize>().unwrap()] = value,
        (Value::Array(entries), None) => drop(entries.remove(key.parse().unwrap())),
        (other, _) => panic!("{other} holds no {pointer}"),
    }
    event
}

/// The same inside the JSON text of the first SNS message.
pub(super) fn with_message(event: Value, pointer: &str, value: Option<Value>) -> Value {
    const MESSAGE: &str = "/Records/0/Sns/Message";
    let text = event.pointer(MESSAGE).unwrap().as_str().unwrap();
    let message = with(serde_json::from_str(text).unwrap(), pointer, value);
    with(event, MESSAGE, Some(message.to_string().into()))
}

#[track_caller]
fn check(event: &Value, expect: &str) {
    assert_eq!(parse(event).unwrap_err().to_string(), expect);
}

#[test]
fn an_unreadable_alarm_names_the_field_what_was_expected_and_what_was_found() {
    let bus = |pointer, value| with(sample("single-metric-alarm"), pointer, value);
    let cases = [
        (
            bus("/detail/state/timestamp", Some(json!("yesterday"))),
            "detail.state.timestamp: expected a time like 2019-10-02T17:20:48.554+0000, found \"yesterday\"",
        ),
        (
            bus("/detail/state/timestamp", Some(json!(1_795_140_861))),
            "detail.state.timestamp: invalid type: integer `1795140861`, expected a string",
        ),
        (
            bus("/detail/state/value", Some(json!("MUTED"))),
            "detail.state.value: unknown variant `MUTED`, expected one of `OK`, `ALARM`, `INSUFFICIENT_DATA`",
        ),
        (bus("/detail/state", None), "detail: missing field `state`"),
        (bus("/detail/alarmName", Some(json!(" "))), "detail.alarmName: expected an alarm's name, found an empty text"),
        (bus("/detail", Some(json!("{}"))), "detail: invalid type: string \"{}\", expected struct Change"),
        (bus("/detail", None), "event: missing field `detail`"),
        (bus("/source", None), "event: missing field `source`"),
    ];
    for (event, expect) in cases {
        check(&event, expect);
    }
}

#[test]
fn an_alarm_without_its_arn_needs_account_and_region() {
    let bare = sample("without-resources");
    check(&with(bare.clone(), "/account", None), "account: expected a text, as the event carries no alarm's ARN");
    check(&with(bare, "/region", Some(json!(""))), "region: expected a text, as the event carries no alarm's ARN");
    let direct = with(sample("direct-lambda-action"), "/alarmArn", Some(json!("checkout-5xx")));
    check(
        &with(direct, "/accountId", Some(Value::Null)),
        "accountId: expected a text, as the event carries no alarm's ARN",
    );
    let topic = sample("sns-without-alarm-arn");
    check(
        &with_message(topic.clone(), "/AWSAccountId", None),
        "Records[0].Sns.Message.AWSAccountId: expected a text, as there is no AlarmArn",
    );
    check(
        &with(topic, "/Records/0/Sns/TopicArn", Some(json!("alarms"))),
        "Records[0].Sns.Message.AlarmArn: expected an alarm's ARN, as the topic's has no region",
    );
}

#[test]
fn a_path_goes_on_into_the_json_of_an_sns_message() {
    let time = json!("20 Nov 2026");
    check(
        &with_message(sample("sns-metric-alarm"), "/StateChangeTime", Some(time)),
        "Records[0].Sns.Message.StateChangeTime: expected a time like 2019-10-02T17:20:48.554+0000, found \"20 Nov 2026\"",
    );
    check(
        &with_message(sample("sns-several-records"), "/AlarmName", None),
        "Records[0].Sns.Message: missing field `AlarmName`",
    );
    check(&with(sample("sns-metric-alarm"), "/Records/0/Sns/Message", None), "Records[0].Sns: missing field `Message`");
}

#[test]
fn an_unreadable_health_issue_names_its_field() {
    let health = |pointer, value| with(sample("health-ecs-issue-open"), pointer, value);
    check(
        &health("/detail/startTime", Some(json!("soon"))),
        "detail.startTime: expected a time like Fri, 10 Jun 2022 05:01:10 GMT, found \"soon\"",
    );
    check(&health("/detail/eventTypeCategory", None), "detail: missing field `eventTypeCategory`");
    let bare = health("/detail/eventArn", Some(json!("arn:aws:health:::event/x")));
    check(
        &with(bare, "/detail/eventRegion", None),
        "detail.eventRegion: expected a region, as the event's ARN names none",
    );
}

#[test]
fn foreign_text_in_an_error_is_escaped_and_cut() {
    let long = format!("a\u{202e}\n{}", "x".repeat(100_000));
    let event = with(sample("single-metric-alarm"), "/detail/state/timestamp", Some(json!(long)));
    let error = parse(&event).unwrap_err();
    assert!(error.problem.chars().count() < 250, "{error}");
    assert!(error.problem.contains(r#"found "a\u{202e}\nxxx"#), "{error}");
}

#[test]
fn what_is_not_for_us_is_ignored_with_its_reason() {
    let ignored = |event: Value, expect: &str| match parse(&event) {
        Ok(Incoming::Ignored { why }) => assert_eq!(why, expect),
        other => panic!("not ignored: {other:?}"),
    };
    let bus = |source: &str, detail_type: &str| json!({"source": source, "detail-type": detail_type, "detail": {}});
    ignored(
        bus("my.app", "CloudWatch Alarm State Change"),
        "detail-type \"CloudWatch Alarm State Change\" of source \"my.app\" is nothing this function acts on",
    );
    ignored(
        bus("aws.cloudwatch", "CloudWatch Alarm Contributor State Change"),
        "detail-type \"CloudWatch Alarm Contributor State Change\" of source \"aws.cloudwatch\" is nothing this function acts on",
    );
    ignored(json!({"Records": []}), "an SNS event without records");
    ignored(json!({"Records": [{"eventSource": "aws:sqs"}]}), "records of \"aws:sqs\", not of aws:sns");
    ignored(json!(null), "neither an EventBridge event, nor SNS records, nor an alarm's Lambda action");
    let upcoming = with(sample("health-ecs-issue-open"), "/detail/statusCode", Some(json!("upcoming")));
    ignored(upcoming, "a Health issue neither open nor closed, but \"upcoming\"");
}

#[test]
fn a_wrong_day_of_the_week_hides_no_outage() {
    let event = sample("health-ecs-issue-open");
    let right = parse(&event).unwrap();
    let wrong = with(event, "/detail/startTime", Some(json!("Mon, 20 Nov 2026 01:58:00 GMT")));
    assert_eq!(parse(&wrong).unwrap(), right);
}

#[test]
fn an_unreadable_entry_does_not_cost_the_other_metrics() {
    let event = with(sample("metric-math-alarm"), "/detail/configuration/metrics/1/metricStat/stat", None);
    let Ok(Incoming::Alarm(signal)) = parse(&event) else { panic!("not an alarm") };
    let names: Vec<_> = signal.metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!((signal.kind, names), (AlarmKind::Math, vec!["HTTPCode_Target_5XX_Count"]));
}
