//! What the doors make of events.

use std::path::Path;

use serde_json::{Value, json};

use super::{Incoming, Kind, News, parse};

fn sample(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/image-guard");
    let path = folder.join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn image(name: &str, repository: &str, what: &str) -> News {
    match parse(&sample(name)).unwrap() {
        Incoming::Image(news) | Incoming::Finding(news) => {
            assert_eq!((news.image.repository.as_str(), news.what.as_str()), (repository, what), "{name}");
            assert_eq!((news.account.as_str(), news.region.as_str()), ("123456789012", "eu-west-1"));
            assert_eq!(news.event.as_str(), sample(name)["id"]);
            assert_eq!(news.image.short(), "7f5b2640fe6f");
            news
        }
        other => panic!("{name}: {other:?}"),
    }
}

#[track_caller]
fn ignored(event: &Value, why: &str) {
    match parse(event).unwrap() {
        Incoming::Ignored { why: said } => assert!(said.contains(why), "{said}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_event_names_its_image_whole() {
    image("scan-complete", "checkout", "COMPLETE");
    image("scan-failed", "checkout", "FAILED");
    image("scan-of-an-untagged-image", "team/checkout", "COMPLETE");
    image("inspector-scan", "team/checkout", "INITIAL_SCAN_COMPLETE");
    image("inspector-finding", "team/checkout", "\"CVE-2022-40674\"");
    image("image-pushed", "checkout", "PUSH");
    image("image-pushed-untagged", "checkout", "PUSH");
    image("image-deleted", "checkout", "DELETE");
}

#[test]
fn a_finding_is_one_of_many_and_a_scan_is_not() {
    assert!(matches!(parse(&sample("inspector-finding")).unwrap(), Incoming::Finding(_)));
    assert!(matches!(parse(&sample("inspector-scan")).unwrap(), Incoming::Image(_)));
}

#[test]
fn timers_schedules_and_deployments_have_doors_of_their_own() {
    assert!(matches!(parse(&sample("look")).unwrap(), Incoming::Look { image } if image.repository == "checkout"));
    match (parse(&sample("sweep-daily")).unwrap(), parse(&sample("sweep-weekly")).unwrap()) {
        (Incoming::Sweep(daily), Incoming::Sweep(weekly)) => {
            assert_eq!((daily.sweep, daily.zone.as_str()), (Kind::Daily, "UTC"));
            assert_eq!((weekly.sweep, weekly.zone.as_str()), (Kind::Weekly, "Europe/Berlin"));
        }
        other => panic!("{other:?}"),
    }
    match parse(&sample("deployment-completed")).unwrap() {
        Incoming::Deployed { service } => assert_eq!(service.to_string(), "prod/checkout"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_says_nothing_about_an_image_is_ignored() {
    ignored(&sample("image-pushed-by-us"), "our own");
    ignored(&sample("inspector-finding-of-an-instance"), "no image");
    let mut failed = sample("image-pushed");
    failed["detail"]["result"] = json!("FAILURE");
    ignored(&failed, "did not succeed");
    failed["detail"]["action-type"] = json!("REPLICATE");
    ignored(&failed, "REPLICATE");
    let mut begun = sample("deployment-completed");
    begun["detail"]["eventName"] = json!("SERVICE_DEPLOYMENT_PAUSED");
    ignored(&begun, "changes no image yet");
    begun["detail"]["eventName"] = json!("SERVICE_DEPLOYMENT_COMPLETED");
    begun["resources"] = json!(["arn:aws:ecs:eu-west-1:123456789012:service/checkout"]);
    ignored(&begun, "without the cluster");
    ignored(&json!({"hello": 1}), "neither");
    ignored(&json!({"detail-type": "ECR Scan Resource Change", "source": "aws.ecr", "detail": {}}), "nothing");
}

#[test]
fn what_is_wrong_is_named_by_its_path() {
    let says = |event: &Value| parse(event).unwrap_err().to_string();
    let changed = |name: &str, path: &str, value: Value| {
        let mut event = sample(name);
        *event.pointer_mut(path).unwrap() = value;
        event
    };
    let event = changed("scan-complete", "/detail/image-digest", json!("latest"));
    assert_eq!(says(&event), "detail.image-digest: expected sha256: and 64 hex digits, found \"latest\"");
    let event = changed("scan-complete", "/detail/repository-name", json!(7));
    assert_eq!(says(&event), "detail.repository-name: invalid type: integer `7`, expected a string");
    let event = changed("inspector-scan", "/detail/repository-name", json!("arn:aws:ecr:eu-west-1:1:repository/"));
    assert!(says(&event).starts_with("detail.repository-name: expected a repository"), "{}", says(&event));
    let event = changed("image-pushed", "/detail", json!({}));
    assert_eq!(says(&event), "detail: missing field `repository-name`");
    let mut event = changed("inspector-finding", "/detail/resources", json!([{"id": "nonsense"}]));
    event["resources"] = json!([]);
    assert!(says(&event).starts_with("detail.resources: expected the ARN of an image"));
    let event = changed("scan-complete", "/account", json!(""));
    assert_eq!(says(&event), "account: missing field");
    assert!(says(&json!({"sweep": "daily"})).contains("missing field `at`"));
    let zone = json!({"sweep": "weekly", "at": "2026-11-20T04:00:00Z", "zone": "Mars/Base"});
    assert!(says(&zone).starts_with("zone: expected an IANA time zone"));
}

proptest::proptest! {
    #[test]
    fn whatever_stands_where_nothing_is_needed_is_read_past(value in "[a-z0-9]{0,10}", number in -5i64..5) {
        for name in ["scan-complete", "inspector-scan", "inspector-finding", "image-pushed"] {
            for odd in [json!(value), json!(number), json!(null), json!([]), json!({"x": 1})] {
                let mut event = sample(name);
                let fields = [
                    "scan-status", "finding-severity-counts", "image-tags", "manifest-media-type", "firstObservedAt",
                    "updatedAt", "severity", "fixAvailable", "inspectorScore", "packageVulnerabilityDetails",
                ];
                for field in fields {
                    if let Some(found) = event["detail"].get_mut(field) {
                        *found = odd.clone();
                    }
                }
                proptest::prop_assert!(parse(&event).is_ok(), "{name} {odd}");
            }
        }
    }
}
