//! The deployment guard where CodeDeploy deploys.

use nightshift_core::incident::Phase;
use nightshift_core::verdict::{By, DeploymentKind, Verdict};

use super::guard::{CRASHES, decisions, night, operations, releases, scenario};

#[test]
fn codedeploy_is_asked_to_take_its_deployment_back() {
    taken_back_by_codedeploy("");
}

#[test]
fn codedeploy_is_asked_to_take_back_what_only_its_task_set_names() {
    taken_back_by_codedeploy("app_spec_in_s3 = true");
}

#[test]
fn what_was_denied_is_stopped_where_only_a_task_set_names_it() {
    let fails_late = "crash = { kind = \"oom\", every = \"20s\" }";
    let again = "\n[[service.release]]\nrevision = 43\nat = \"2026-11-20T02:50:00Z\"";
    let service = "controller = \"CODE_DEPLOY\"\napp_spec_in_s3 = true";
    let (story, night) = night(scenario(service, &format!("{fails_late}{again}")), 70);
    assert_eq!(operations(&story), ["codedeploy:StopDeployment"; 2], "{:#?}", decisions(&night));
    let denied = story.notices().into_iter().find(|notice| notice.headline.contains("web:43 comes again"));
    assert!(denied.is_some(), "{:#?}", story.notices());
    let stopped = story.production_writes()[1].at.duration_since("2026-11-20T02:50:00Z".parse().unwrap());
    assert!(stopped.as_secs() <= 120, "{stopped}");
}

/// A failing deployment of CodeDeploy's, for a service of which `more` tells.
fn taken_back_by_codedeploy(more: &str) {
    let (story, night) = night(scenario(&format!("controller = \"CODE_DEPLOY\"\n{more}"), CRASHES), 40);
    assert_eq!(operations(&story), ["codedeploy:StopDeployment"], "{:#?}", decisions(&night));
    // CodeDeploy goes back by a deployment of its own.
    let releases = releases(&story);
    assert_eq!((releases[0].kind, releases[1].kind), (DeploymentKind::Rollback, DeploymentKind::Release));
    assert!(matches!(releases[0].verdict, Verdict::Healthy { .. }), "{:?}", releases[0].verdict);
    assert!(matches!(releases[1].verdict, Verdict::RolledBack { by: By::Nightshift { .. } }), "{:?}", releases[1]);
    assert!(releases.iter().all(|release| release.id.as_str().starts_with("codedeploy:d-")), "{releases:#?}");
    let closed = story.closed_incidents();
    assert_eq!((closed.len(), closed[0].phase), (1, Phase::Resolved));
    let web = story.service_ref("web").unwrap();
    let denied = &story.record(&web).denied;
    assert_eq!(denied.len(), 1, "the same again is stopped at once");
    assert_eq!(denied[0].task_definition.short(), "web:43");
    let failures = &releases[1].failures;
    assert!(failures.len() >= 3, "{failures:?}");
}
