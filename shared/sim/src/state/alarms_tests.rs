use jiff::SignedDuration;
use serde_json::Value;

use crate::{Account, Delivery, Scenario};

const WEB: &str = "[[service]]\nname = \"web\"\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n\
                   [[service.release]]\nrevision = 2\nat = \"-7m\"\nerrors_percent = 20\n";
const ERRORS: &str = "[[alarm]]\nname = \"errors\"\nservice = \"web\"\nmetric = \"error-ratio\"\nthreshold = 5\n";

/// All events until half an hour after the event moment.
fn events(scenario: &str) -> Vec<Value> {
    let account = Account::new(Scenario::parse(&format!("{WEB}{scenario}")).unwrap());
    account.advance(SignedDuration::from_mins(45));
    let event = |delivery| match delivery {
        Delivery::Alarm { event, .. } => Some(event),
        _ => None,
    };
    account.take_due().into_iter().filter_map(event).collect()
}

#[test]
fn a_ratio_alarm_shows_its_expression_and_the_metrics_beneath() {
    let found = events(ERRORS);
    assert_eq!(found.len(), 1, "{found:?}");
    let metrics = &found[0]["detail"]["configuration"]["metrics"];
    assert_eq!(metrics[0]["expression"], "100*FILL(m1,0)/m2");
    assert_eq!(metrics[1]["metricStat"]["metric"]["name"], "HTTPCode_Target_5XX_Count");
    assert_eq!(metrics[2]["metricStat"]["metric"]["name"], "RequestCount");
    let basis: Value = serde_json::from_str(found[0]["detail"]["state"]["reasonData"].as_str().unwrap()).unwrap();
    assert_eq!(basis["recentDatapoints"].as_array().map(Vec::len), Some(3));
    let at = found[0]["detail"]["state"]["timestamp"].as_str().unwrap();
    assert!(at.ends_with(".000+0000"), "{at}");
}

#[test]
fn a_composite_follows_its_children_and_names_them() {
    let found = events(&format!("{ERRORS}[[alarm]]\nname = \"all\"\nchildren = [\"errors\"]\n"));
    let names: Vec<&str> = found.iter().filter_map(|event| event["detail"]["alarmName"].as_str()).collect();
    assert_eq!(names, ["errors", "all"]);
    assert_eq!(found[1]["detail"]["configuration"]["alarmRule"], "ALARM(\"errors\")");
    let basis: Value = serde_json::from_str(found[1]["detail"]["state"]["reasonData"].as_str().unwrap()).unwrap();
    assert_eq!(basis["triggeringAlarms"][0]["arn"], "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:errors");
}

#[test]
fn the_end_of_a_suppression_is_told_as_alarm_to_alarm() {
    let found = events(&format!(
        "{ERRORS}[[outage]]\nname = \"works\"\nat = \"-9m\"\nuntil = \"+5m\"\nservices = []\n\
         [[alarm]]\nname = \"maintenance\"\noutage = \"works\"\nthreshold = 90\nevaluation_periods = 1\n\
         [[alarm]]\nname = \"all\"\nchildren = [\"errors\"]\nsuppressor = \"maintenance\"\n"
    ));
    let all: Vec<&Value> =
        found.iter().map(|event| &event["detail"]).filter(|detail| detail["alarmName"] == "all").collect();
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[0]["state"]["actionsSuppressedBy"], "Alarm");
    assert_eq!((&all[1]["previousState"]["value"], &all[1]["state"]["value"]), (&"ALARM".into(), &"ALARM".into()));
    assert_eq!(all[1]["previousState"]["actionsSuppressedBy"], "Alarm");
    assert_eq!(all[1]["state"]["actionsSuppressedBy"], Value::Null);
}

#[test]
fn an_issue_of_aws_is_told_when_it_opens_and_when_it_closes() {
    let found = events("[[health]]\nservice = \"ECS\"\nat = \"-2m\"\nuntil = \"+5m\"\n");
    let statuses: Vec<&Value> = found.iter().map(|event| &event["detail"]["statusCode"]).collect();
    assert_eq!(statuses, ["open", "closed"]);
    assert_eq!(found[0]["detail"]["startTime"], "Fri, 20 Nov 2026 02:12:00 GMT");
    assert_eq!(found[0]["detail"]["eventArn"], found[1]["detail"]["eventArn"]);
}
