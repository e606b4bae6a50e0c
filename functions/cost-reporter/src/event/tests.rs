//! What AWS sends, as it sends it.

use serde_json::json;

use super::*;

fn sample(name: &str) -> Value {
    let path = format!("{}/../../events/cost-reporter/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn news(event: &Value) -> News {
    match parse(event).unwrap() {
        Incoming::News(mut news) if news.len() == 1 => news.remove(0),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check(event: &Value, expect: &str) {
    let says = parse(event).unwrap_err().to_string();
    assert!(says.starts_with(expect), "{says}");
}

#[test]
fn every_sample_is_what_its_name_says() {
    let folder = format!("{}/../../events/cost-reporter", env!("CARGO_MANIFEST_DIR"));
    let mut shown = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap().replace(".json", "");
        shown.push(format!("{name}\n{:#?}\n", parse(&sample(&name)).unwrap()));
    }
    shown.sort();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn both_spellings_of_what_an_anomaly_is_about_are_read() {
    let mut event = sample("anomaly");
    let about = |event: &Value| match news(event) {
        News::Anomaly(found) => found.anomaly.about,
        other => panic!("{other:?}"),
    };
    assert_eq!(about(&event).as_deref(), Some("Amazon Elastic Container Service"));
    let detail = event["detail"].as_object_mut().unwrap();
    let value = detail.remove("dimensionValue").unwrap();
    detail.insert("dimensionalValue".to_owned(), value);
    assert_eq!(about(&event).as_deref(), Some("Amazon Elastic Container Service"));
    event["detail"].as_object_mut().unwrap().remove("dimensionalValue");
    assert_eq!(about(&event), None);
}

#[test]
fn what_an_anomaly_cannot_do_without_is_named() {
    let mut event = sample("anomaly");
    event["detail"]["anomalyId"] = json!("x".repeat(200));
    check(&event, "detail.anomalyId: expected 1 to 128 characters, found 200");
    event["detail"]["anomalyId"] = json!(7);
    check(&event, "detail.anomalyId: invalid type: integer");
    let mut event = sample("anomaly");
    event["detail"]["impact"] = json!({"totalImpact": "much"});
    check(&event, "detail.impact.totalImpact: expected an amount of money");
    event["detail"]["impact"] = json!({"totalImpact": 1e300});
    check(&event, "detail.impact.totalImpact: expected an amount of money");
    event["detail"]["impact"] = json!({"maxImpact": 2.5});
    assert!(matches!(news(&event), News::Anomaly(found) if found.anomaly.impact.to_string() == "2.5"));
    // By the topic it is told as it came.
    let mut event = sample("sns-anomaly");
    event["Records"][0]["Sns"]["Message"] = json!("{\"anomalyId\": \"a\"}");
    assert!(matches!(news(&event), News::Raw(raw) if raw.text == "{\"anomalyId\": \"a\"}"));
}

#[test]
fn an_alarm_that_never_rang_is_not_over_and_one_of_something_else_is_told_as_it_came() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut event = sample("sns-billing-alarm-over");
        let mut message: Value = serde_json::from_str(event["Records"][0]["Sns"]["Message"].as_str().unwrap()).unwrap();
        message["OldStateValue"] = json!("ALARM");
        change(&mut message);
        event["Records"][0]["Sns"]["Message"] = json!(message.to_string());
        event
    };
    assert!(matches!(news(&with(&|_| {})), News::Billing(news) if !news.rings));
    let born = with(&|message| message["OldStateValue"] = json!("INSUFFICIENT_DATA"));
    assert!(matches!(parse(&born).unwrap(), Incoming::Ignored { .. }));
    let other = with(&|message| message["Trigger"]["Namespace"] = json!("AWS/ECS"));
    assert!(matches!(news(&other), News::Raw(_)));
}

#[test]
fn an_alarm_on_the_bill_is_the_same_by_the_bus_and_by_the_topic() {
    let mut event = sample("billing-alarm");
    let (News::Billing(bus), News::Billing(topic)) = (news(&event), news(&sample("sns-billing-alarm"))) else {
        panic!()
    };
    assert_eq!(bus, topic);
    event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["namespace"] = json!("AWS/ECS");
    assert!(matches!(parse(&event).unwrap(), Incoming::Ignored { .. }));
    let mut event = sample("billing-alarm");
    event["detail"]["state"]["timestamp"] = json!("yesterday");
    check(&event, "detail.state.timestamp: expected when the alarm changed");
}

#[test]
fn a_link_that_is_none_is_none() {
    let mut event = sample("anomaly");
    event["detail"]["anomalyDetailsLink"] = json!("javascript:alert(1)");
    let News::Anomaly(found) = news(&event) else { panic!() };
    assert_eq!(found.anomaly.link, None);
}

#[test]
fn a_schedule_says_what_is_wrong_with_it() {
    let due = |costs: &str, zone: &str, at: &str| json!({"costs": costs, "zone": zone, "at": at});
    let at = "2026-11-20T06:30:00Z";
    check(&due("hourly", "UTC", at), "costs: unknown variant `hourly`");
    check(&due("daily", "Mars/Base", at), "zone: expected an IANA time zone");
    check(&due("daily", "UTC", "<aws.scheduler.scheduled-time>"), "at: ");
    check(&json!({"costs": "daily", "zone": "UTC", "at": at, "days": 3}), "days: unknown field `days`");
}

#[test]
fn what_is_none_of_ours_is_ignored_with_its_name() {
    let ignored = |event: Value| matches!(parse(&event), Ok(Incoming::Ignored { .. }));
    assert!(ignored(json!({})));
    let mut other = sample("anomaly");
    other["detail-type"] = json!("Something Else");
    assert!(ignored(other));
    assert!(ignored(json!({"Records": [{"eventSource": "aws:s3"}]})));
}

#[test]
fn text_that_nobody_knows_is_kept_as_it_came() {
    let mut event = sample("sns-budget-actual");
    let News::Budget(budget) = news(&event) else { panic!() };
    assert_eq!((budget.name.as_str(), budget.amount.as_str()), ("nightshift-month", "$1,204.11"));
    event["Records"][0]["Sns"]["Message"] = json!("Budget Name: half\nAlert Type: ACTUAL\n");
    let News::Raw(raw) = news(&event) else { panic!() };
    assert_eq!(raw.text, "Budget Name: half\nAlert Type: ACTUAL\n");
}

mod garbage {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_by_the_topic_is_news_or_an_error_with_a_path(text in any::<String>(), subject in any::<Option<String>>()) {
            let mut event = super::sample("sns-unread");
            event["Records"][0]["Sns"]["Message"] = serde_json::json!(text);
            event["Records"][0]["Sns"]["Subject"] = serde_json::json!(subject);
            if let Err(error) = super::parse(&event) {
                prop_assert!(error.path.starts_with("Records[0]"), "{error}");
            }
        }
    }
}
