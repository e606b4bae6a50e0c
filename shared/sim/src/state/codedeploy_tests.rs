use jiff::SignedDuration;
use nightshift_core::codedeploy::{CodeDeployStatus, CodeDeployment, CodeDeploymentId};
use nightshift_core::fault::FaultKind;
use nightshift_core::ids::ServiceRef;
use nightshift_core::ports::{CodeDeployReads as _, CodeDeployWrites as _, ServiceReads as _, ServiceWrites as _};

use crate::{Account, Delivery, Scenario, poll_once};

const NEVER_HEALTHY: &str = "starts = false";

/// A service that CodeDeploy deploys; its second release, of which `second`
/// tells, has been under way for two minutes.
fn deploying(service: &str, first: &str, second: &str) -> (Account, ServiceRef) {
    let text = format!(
        "deployment_events = true\nstart = \"-15m\"\n\
         [[service]]\nname = \"web\"\ncontroller = \"CODE_DEPLOY\"\n{service}\n\
         [[service.release]]\nrevision = 1\nat = \"-3d\"\n{first}\n\
         [[service.release]]\nrevision = 2\nat = \"-10m\"\n{second}\n"
    );
    let account = Account::new(Scenario::parse(&text).unwrap());
    let web = account.service_ref("web").unwrap();
    account.advance(SignedDuration::from_mins(7));
    (account, web)
}

/// What CodeDeploy has said since it was last listened to.
fn said(account: &Account) -> Vec<(String, CodeDeploymentId)> {
    let news = |delivery: Delivery| match delivery {
        Delivery::Deployment { event, .. } => {
            let detail = &event["detail"];
            let id = CodeDeploymentId(detail["deploymentId"].as_str()?.to_owned());
            Some((detail["state"].as_str()?.to_owned(), id))
        }
        _ => None,
    };
    account.take_due().into_iter().filter_map(news).collect()
}

/// The deployment that has begun since it was last listened to.
#[track_caller]
fn begun(account: &Account) -> CodeDeploymentId {
    let said = said(account);
    let [.., (state, id)] = &said[..] else { panic!("nothing was said") };
    assert_eq!(state, "START", "{said:?}");
    id.clone()
}

#[track_caller]
fn shown(account: &Account, id: &CodeDeploymentId) -> CodeDeployment {
    poll_once(account.code_deployment(id)).unwrap().unwrap().unwrap()
}

fn short(deployment: &CodeDeployment) -> &str {
    deployment.task_definition.as_ref().map_or("", |arn| arn.short())
}

#[track_caller]
fn stop(account: &Account, web: &ServiceRef, id: &CodeDeploymentId) {
    poll_once(account.stop_code_deployment(web, id)).unwrap().unwrap();
}

fn running(account: &Account, web: &ServiceRef) -> String {
    poll_once(account.service(web)).unwrap().unwrap().unwrap().task_definition.short().to_owned()
}

#[test]
fn a_stop_is_said_at_once_and_the_rollback_is_a_deployment_of_its_own() {
    let (account, web) = deploying("", "", NEVER_HEALTHY);
    let bad = begun(&account);
    stop(&account, &web, &bad);
    let stopped = shown(&account, &bad);
    assert_eq!((stopped.status, stopped.rolled_back_by), (CodeDeployStatus::Stopped, None), "it has not begun yet");
    assert_eq!(stopped.ended_at, Some(account.now()));
    assert_eq!(said(&account), [("STOP".to_owned(), bad.clone())]);

    account.advance(SignedDuration::from_secs(15));
    let back = begun(&account);
    assert_ne!(back, bad);
    let (stopped, rollback) = (shown(&account, &bad), shown(&account, &back));
    assert_eq!((stopped.status, &stopped.rolls_back), (CodeDeployStatus::Stopped, &None));
    assert_eq!(stopped.rolled_back_by, Some(back.clone()));
    assert_eq!((rollback.status, &rollback.rolled_back_by), (CodeDeployStatus::InProgress, &None));
    assert_eq!((rollback.rolls_back.as_ref(), rollback.ended_at), (Some(&bad), None));
    assert_eq!((short(&stopped), short(&rollback)), ("web:2", "web:1"));

    account.advance(SignedDuration::from_mins(10));
    assert_eq!(said(&account), [("SUCCESS".to_owned(), back.clone())]);
    assert_eq!(shown(&account, &back).status, CodeDeployStatus::Succeeded);
    assert_eq!(shown(&account, &bad).status, CodeDeployStatus::Stopped);
    assert_eq!(running(&account, &web), "web:1");
}

#[test]
fn a_rollback_whose_tasks_never_start_fails_by_itself_and_is_not_rolled_back() {
    let (account, web) = deploying("circuit_breaker = true", "image_gone = true", NEVER_HEALTHY);
    let bad = begun(&account);
    stop(&account, &web, &bad);
    account.advance(SignedDuration::from_secs(15));
    let back = begun(&account);
    account.advance(SignedDuration::from_mins(59));
    assert_eq!((said(&account), shown(&account, &back).status), (Vec::new(), CodeDeployStatus::InProgress));
    account.advance(SignedDuration::from_mins(60));
    assert_eq!(said(&account), [("FAILURE".to_owned(), back.clone())]);
    let failed = shown(&account, &back);
    assert_eq!((failed.status, failed.rolled_back_by), (CodeDeployStatus::Failed, None));
    assert!(failed.ended_at.is_some());
    assert_eq!(shown(&account, &bad).rolled_back_by, Some(back));
}

#[test]
fn what_has_ended_cannot_be_stopped_and_nothing_changes() {
    let (account, web) = deploying("", "", NEVER_HEALTHY);
    let bad = begun(&account);
    let refused = |id: &CodeDeploymentId, code: &str| {
        let before = (shown(&account, &bad), account.production_writes());
        let fault = poll_once(account.stop_code_deployment(&web, id)).unwrap().unwrap_err();
        assert_eq!(fault.kind, FaultKind::Permanent);
        assert!(fault.to_string().contains(code), "{fault}");
        assert_eq!((shown(&account, &bad), account.production_writes()), before);
        assert_eq!(said(&account), []);
    };
    refused(&CodeDeploymentId("d-NEVER".into()), "DeploymentDoesNotExistException");
    stop(&account, &web, &bad);
    assert_eq!(said(&account).len(), 1);
    refused(&bad, "DeploymentAlreadyCompletedException");
    account.advance(SignedDuration::from_secs(15));
    let back = begun(&account);
    refused(&bad, "DeploymentAlreadyCompletedException");
    account.advance(SignedDuration::from_mins(10));
    assert_eq!(said(&account).len(), 1);
    refused(&back, "DeploymentAlreadyCompletedException");
    assert_eq!(account.production_writes().len(), 1);
}

#[test]
fn a_deployment_that_fails_goes_back_only_where_its_group_says_so() {
    for goes_back in [false, true] {
        let (account, web) = deploying(&format!("circuit_breaker = {goes_back}"), "", NEVER_HEALTHY);
        let bad = begun(&account);
        account.advance(SignedDuration::from_mins(70));
        let states: Vec<String> = said(&account).into_iter().map(|(state, _)| state).collect();
        let expect: &[&str] = if goes_back { &["FAILURE", "START", "SUCCESS"] } else { &["FAILURE"] };
        assert_eq!(states, expect);
        let failed = shown(&account, &bad);
        assert_eq!((failed.status, failed.rolled_back_by.is_some()), (CodeDeployStatus::Failed, goes_back));
        assert!(failed.reason.unwrap().contains("timed out"));
        assert_eq!(running(&account, &web), if goes_back { "web:1" } else { "web:2" });
        let all = account.state().machines[0].classic();
        let old: u32 = all.iter().filter(|one| one.task_definition.short() == "web:1").map(|one| one.running).sum();
        assert_eq!(old, 4, "the old tasks serve on");
    }
}

#[test]
fn a_stop_without_rollback_ends_it_and_nothing_goes_back() {
    let (account, web) = deploying("", "", NEVER_HEALTHY);
    let bad = begun(&account);
    account.state().stop_code_deployment(&bad, false).unwrap();
    account.advance(SignedDuration::from_mins(30));
    assert_eq!(said(&account), [("STOP".to_owned(), bad.clone())]);
    let stopped = shown(&account, &bad);
    assert_eq!((stopped.status, stopped.rolled_back_by), (CodeDeployStatus::Stopped, None));
    assert_eq!(running(&account, &web), "web:2");
    let old = account.state().machines[0].classic();
    assert_eq!((old[0].running, old[1].running), (0, 4), "{old:?}");
}

#[test]
fn a_deployment_that_another_one_replaces_is_stopped() {
    let (account, web) = deploying("", "", "starts = false\n[[service.release]]\nrevision = 3\nat = \"-5m\"");
    let second = begun(&account);
    account.advance(SignedDuration::from_mins(20));
    let said = said(&account);
    let states: Vec<&str> = said.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!((states, &said[0].1), (vec!["STOP", "START", "SUCCESS"], &second));
    let stopped = shown(&account, &second);
    assert_eq!((stopped.status, stopped.rolled_back_by), (CodeDeployStatus::Stopped, None));
    assert_eq!(running(&account, &web), "web:3");
}

#[test]
fn ecs_neither_lists_nor_stops_codedeploys_deployments() {
    let (account, web) = deploying("", "", NEVER_HEALTHY);
    let bad = begun(&account);
    assert_eq!(poll_once(account.history(&web)).unwrap().unwrap(), []);
    assert_eq!(poll_once(account.service(&web)).unwrap().unwrap().unwrap().current_deployment, None);
    let arn = account.state().machines[0].deployments[1].arn.clone();
    let fault = poll_once(account.stop_deployment(&web, &arn)).unwrap().unwrap_err();
    assert!(fault.to_string().contains("ServiceDeploymentNotFoundException"), "{fault}");
    assert_eq!(shown(&account, &bad).status, CodeDeployStatus::InProgress);
}

#[test]
fn ecss_deployments_are_none_of_codedeploy() {
    let text = "deployment_events = true\n[[service]]\nname = \"web\"\n\
                [[service.release]]\nrevision = 1\nat = \"-3d\"\n[[service.release]]\nrevision = 2\nat = \"-10m\"\n";
    let account = Account::new(Scenario::parse(text).unwrap());
    account.advance(SignedDuration::from_mins(30));
    assert_eq!(said(&account), []);
    assert_eq!(account.state().machines[0].codedeploy_id(1), None);
}

#[test]
fn a_task_set_says_what_codedeploy_deploys_where_the_appspec_lies_in_s3() {
    let (account, web) = deploying("app_spec_in_s3 = true", "", NEVER_HEALTHY);
    let id = begun(&account);
    assert_eq!(shown(&account, &id).task_definition, None);
    let service = poll_once(account.service(&web)).unwrap().unwrap().unwrap();
    assert_eq!(service.deployments, [], "ECS deploys nothing");
    let set = service.task_sets.iter().find(|set| set.external_id.as_deref() == Some(id.0.as_str())).unwrap();
    assert_eq!(set.task_definition.short(), "web:2");
    assert!(service.task_sets.iter().any(|set| set.task_definition.short() == "web:1"), "the old one serves on");
}
