//! Who made a release and from what, as the deployment guard finds out.

use jiff::SignedDuration;
use nightshift::night::Night;
use nightshift_core::policy::Policy;
use nightshift_core::verdict::{By, Verdict};
use nightshift_sim::Story;

use super::guard::{CRASHES, newest, night, operations, releases, scenario};

#[test]
fn whoever_cloudtrail_names_is_told_of_with_the_deployment_and_nobody_else() {
    let (story, mut night) = night(scenario("", CRASHES), 1);
    let deliver = |night: &mut Night, name: &str, at: &str| {
        let path = format!("{}/../events/deployment-guard/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let mut event: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        event["detail"]["eventTime"] = at.into();
        event["detail"]["responseElements"] = serde_json::Value::Null;
        night.deliver(nightshift_sim::Delivery::Deployment { event, at: story.now() }, 0);
    };
    // It comes before the deployment that it asked for is known, and waits.
    deliver(&mut night, "call-update", "2026-11-20T01:59:59Z");
    let web = story.service_ref("web").unwrap();
    assert_eq!(story.record(&web).calls.len(), 1);
    night.run_until(story.now() + SignedDuration::from_mins(29));
    let failed = releases(&story).into_iter().find(|release| release.name() == "web:43").unwrap();
    assert_eq!(failed.by(), Some("ci-deploys/GitHubActions"));
    assert_eq!(story.record(&web).calls, []);
    // What the stack itself deploys is nobody's.
    deliver(&mut night, "call-of-nightshift", "2026-11-20T02:01:00Z");
    assert_eq!(story.record(&web).calls, []);
    let notices = story.notices();
    let says = notices.iter().any(|notice| notice.why.iter().any(|why| why.contains("ci-deploys/GitHubActions")));
    assert!(says, "{notices:#?}");
}

#[test]
fn the_commit_is_read_from_the_image_once_where_no_tag_tells_it() {
    let labels = |revision: &str| format!("labels = {{ \"org.opencontainers.image.revision\" = \"{revision}\" }}");
    let commit = |third: &str| {
        let (story, _) = night(scenario("circuit_breaker = true", third), 30);
        let asked = story
            .calls()
            .into_iter()
            .filter(|call| call.operation == "ecr:BatchGetImage" && call.resource.contains("@sha256:"));
        let asked = asked.count();
        (newest(&story).origin.commit, asked)
    };
    assert_eq!(commit(&labels("189b5e9c0ffee")), (Some("189b5e9c0ffee".to_owned()), 1));
    assert_eq!(commit(&labels("main")), (None, 1), "asked once, and no commit");
    let tagged = format!("{}\ntags = {{ git-sha = \"feedbee\" }}", labels("189b5e9c0ffee"));
    assert_eq!(commit(&tagged), (Some("feedbee".to_owned()), 0));
}

#[test]
fn a_registry_that_does_not_answer_keeps_no_verdict_back() {
    let story = Story::new(scenario("", CRASHES));
    story.fault_on("ecr:BatchGetImage", nightshift_core::fault::FaultKind::Transient, 2);
    let mut night = Night::new(story.account(), &Policy::default());
    night.run_until(story.now() + SignedDuration::from_mins(30));
    assert_eq!(operations(&story), ["ecs:StopServiceDeployment"]);
    assert!(matches!(newest(&story).verdict, Verdict::RolledBack { by: By::Nightshift { .. } }));
}
