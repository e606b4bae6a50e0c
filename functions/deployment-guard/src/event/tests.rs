//! What the doors make of events.

use std::path::Path;

use nightshift_core::origin::Call;
use nightshift_core::task::Crash;
use nightshift_release::learn::Told;
use serde_json::{Value, json};

use super::{Incoming, News, parse};

fn sample(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/deployment-guard");
    let path = folder.join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn news(name: &str) -> News {
    match parse(&sample(name)).unwrap() {
        Incoming::News(news) => news,
        other => panic!("{name}: {other:?}"),
    }
}

#[track_caller]
fn crash(name: &str, expect: Option<Crash>) {
    let found = match news(name).told {
        Some(Told::Task { task }) => task.crash(),
        _ => None,
    };
    assert_eq!(found, expect, "{name}");
}

#[track_caller]
fn ignored(name: &str, why: &str) {
    match parse(&sample(name)).unwrap() {
        Incoming::Ignored { why: said } => assert!(said.contains(why), "{name}: {said}"),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn every_event_of_a_service_names_it_whole() {
    let names = [
        "deployment-in-progress",
        "deployment-completed",
        "deployment-failed",
        "breaker-rolls-back",
        "task-start-impaired",
        "short-service-arn-with-cluster",
        "placement-failure",
        "configuration-failure",
        "task-out-of-memory",
        "hook-awaits-action",
        "drill-deployment",
    ];
    for name in names {
        let found = news(name);
        assert_eq!(found.service.arn(), "arn:aws:ecs:eu-west-1:123456789012:service/prod/web", "{name}");
        assert_eq!(found.drill, name == "drill-deployment", "{name}");
        assert_eq!(found.event.as_str(), sample(name)["id"], "{name}");
    }
}

#[test]
fn a_stopped_task_tells_its_crash() {
    crash("task-out-of-memory", Some(Crash::OutOfMemory));
    crash("task-out-of-memory-exit-0", Some(Crash::OutOfMemory));
    crash("task-exited", Some(Crash::Exit));
    crash("task-cannot-pull", Some(Crash::ImagePull));
    crash("task-secret-missing", Some(Crash::Resources));
    crash("task-failed-health-checks", Some(Crash::HealthCheck));
    crash("task-without-containers", Some(Crash::Start));
}

#[test]
fn what_says_nothing_about_a_deployment_is_ignored() {
    ignored("task-scaled-in", "asked to stop");
    ignored("task-spot-interrupted", "asked to stop");
    ignored("task-unknown-stop-code", "end says nothing");
    ignored("task-of-no-service", "no service");
    ignored("task-running", "RUNNING");
    ignored("steady-state", "SERVICE_STEADY_STATE");
    assert!(matches!(parse(&json!({"hello": 1})).unwrap(), Incoming::Ignored { .. }));
    let other = json!({"detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2", "detail": {}});
    assert!(matches!(parse(&other).unwrap(), Incoming::Ignored { .. }));
}

#[test]
fn a_placement_that_failed_is_told_once_by_its_event() {
    match news("placement-failure").told {
        Some(Told::NotPlaced { event, reason, .. }) => {
            assert_eq!(event, sample("placement-failure")["id"]);
            assert_eq!(reason.as_deref(), Some("RESOURCE:FARGATE"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(news("configuration-failure").told, None);
}

#[test]
fn an_arn_without_a_cluster_names_no_service() {
    assert!(matches!(parse(&sample("short-service-arn")).unwrap(), Incoming::Nameless { .. }));
}

fn call(name: &str) -> Call {
    match news(name).told {
        Some(Told::Called { call }) => call,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn a_call_names_its_principal_its_service_and_what_it_began() {
    let names = ["call-update", "call-update-by-cloudformation", "call-create", "call-without-answer"];
    for name in names {
        let found = news(name);
        assert_eq!(found.service.arn(), "arn:aws:ecs:eu-west-1:123456789012:service/prod/web", "{name}");
        assert_eq!(call(name).event, sample(name)["detail"]["eventID"], "{name}");
    }
    assert_eq!(call("call-update").by, "ci-deploys/GitHubActions");
    assert_eq!(call("call-update-by-cloudformation").by, "platform/maria by cloudformation");
    assert_eq!(call("call-create").by, "deployer");
    let whole = call("call-update");
    assert_eq!(whole.deployment.as_ref().map(|id| id.as_str()), Some("ecs-svc/4391082395812390458"));
    let arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:43";
    assert_eq!(whole.task_definition.as_deref(), Some(arn));
    let bare = call("call-without-answer");
    assert_eq!((bare.deployment, bare.task_definition.as_deref()), (None, Some("web:43")));
}

#[test]
fn a_call_that_begins_nothing_names_nobody() {
    ignored("call-scales", "begins no deployment");
    ignored("call-failed", "InvalidParameterException");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut event = sample("call-without-answer");
        change(&mut event["detail"]);
        parse(&event)
    };
    let none = |change: &dyn Fn(&mut Value)| matches!(changed(change).unwrap(), Incoming::Ignored { .. });
    // The console sends all it shows.
    assert!(none(&|detail| detail["requestParameters"] =
        json!({"service": "web", "desiredCount": 1, "forceNewDeployment": false, "taskDefinition": null})));
    assert!(none(&|detail| detail["requestParameters"] = json!(null)));
    assert!(none(&|detail| detail["userIdentity"] = json!({"type": "AWSAccount"})));
    assert!(none(&|detail| detail["eventName"] = json!("DeleteService")));
    assert!(
        !none(&|detail| detail["requestParameters"] = json!({"service": "web", "forceNewDeployment": true})),
        "a restart is a deployment"
    );
    let unnamed = changed(&|detail| detail["requestParameters"] = json!({"taskDefinition": "web:43"}));
    assert!(unnamed.unwrap_err().to_string().starts_with("detail: expected the service"));
}

#[test]
fn a_service_that_is_called_by_its_name_alone_is_of_the_default_cluster() {
    let mut event = sample("call-without-answer");
    event["detail"]["requestParameters"] = json!({"service": "web", "taskDefinition": "web:43"});
    event["detail"]["userIdentity"] = json!({"type": "AWSService", "invokedBy": "codepipeline.amazonaws.com"});
    let Incoming::News(news) = parse(&event).unwrap() else { panic!("no news") };
    assert_eq!(news.service.arn(), "arn:aws:ecs:eu-west-1:123456789012:service/default/web");
    assert!(matches!(news.told, Some(Told::Called { call }) if call.by == "codepipeline"));
}

#[test]
fn codedeploy_timers_and_the_sweep_have_doors_of_their_own() {
    assert!(matches!(parse(&sample("codedeploy-failure")).unwrap(), Incoming::CodeDeploy { .. }));
    assert!(matches!(parse(&sample("watchdog")).unwrap(), Incoming::Watchdog(_)));
    let sweep = |at: &str| parse(&json!({"sweep": "daily", "at": at})).unwrap();
    assert!(matches!(sweep("1"), Incoming::Sweep { .. }));
    assert_ne!(sweep("1"), sweep("2"));
}

#[test]
fn what_is_wrong_is_named_by_its_path() {
    let says = |event: Value| parse(&event).unwrap_err().to_string();
    let changed = |name: &str, path: &str, value: Value| {
        let mut event = sample(name);
        *event.pointer_mut(path).unwrap() = value;
        event
    };
    let event = changed("deployment-failed", "/detail/eventName", json!(7));
    assert_eq!(says(event), "detail.eventName: invalid type: integer `7`, expected a string");
    let event = changed("deployment-failed", "/resources", json!([]));
    assert_eq!(says(event), "resources: expected the ARN of a service");
    let event = changed("task-exited", "/detail/clusterArn", json!("prod"));
    assert_eq!(says(event), "detail.clusterArn: expected the ARN of a cluster");
    let event = changed("codedeploy-failure", "/detail", json!({}));
    assert_eq!(says(event), "detail: missing field `deploymentId`");
    let event = changed("hook-awaits-action", "/detail", json!({}));
    assert!(parse(&event).is_ok(), "the ARN among its resources will do");
    assert!(says(json!({"sweep": "daily"})).starts_with("event: missing field `at`"));
    assert!(says(json!({"purpose": {}, "name": "x"})).contains("missing field"));
}

proptest::proptest! {
    #[test]
    fn whatever_stands_where_nothing_is_needed_is_read_past(value in "[a-z0-9]{0,10}", number in -5i64..5) {
        for name in ["task-exited", "deployment-failed", "placement-failure", "call-update"] {
            for odd in [json!(value), json!(number), json!(null), json!([]), json!({"x": 1})] {
                let mut event = sample(name);
                for field in ["reason", "stopCode", "stoppedReason", "startedBy", "containers", "updatedAt", "version",
                    "eventID", "awsRegion", "responseElements", "recipientAccountId", "errorCode"] {
                    if let Some(found) = event["detail"].get_mut(field) {
                        *found = odd.clone();
                    }
                }
                proptest::prop_assert!(parse(&event).is_ok(), "{name} {odd}");
            }
        }
    }
}
