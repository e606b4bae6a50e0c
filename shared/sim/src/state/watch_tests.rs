use nightshift_core::codedeploy::CodeDeploymentId;
use nightshift_core::ids::{DeploymentId, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use nightshift_core::incident::Incident;
use nightshift_core::ports::{
    Answer, CodeDeployWrites as _, HookWrites as _, ScalingWrites as _, ServiceReads as _, ServiceWrites as _,
};
use nightshift_core::remedy::{Outcome, Remedy};
use serde_json::json;

use crate::{Account, Scenario, poll_once};

fn now<T>(future: impl Future<Output = Answer<T>>) -> T {
    poll_once(future).expect("the account never waits").unwrap()
}

/// A service that may be acted on; `releases` tells of its third one. The
/// account stands at its event.
fn account(service: &str, third: &str) -> (Account, ServiceRef) {
    let text = format!(
        "[[service]]\nname = \"web\"\ntags = {{ nightshift = \"act\" }}\n{service}\n\
         [[service.release]]\nrevision = 41\nat = \"-5d\"\n[[service.release]]\nrevision = 42\nat = \"-4d\"\n\
         [[service.release]]\nrevision = 43\n{third}\n"
    );
    let account = Account::new(Scenario::parse(&text).unwrap());
    account.advance_to(account.scenario().event);
    let web = account.service_ref("web").unwrap();
    (account, web)
}

const DONE: &str = "at = \"-3d\"";
const UNDER_WAY: &str = "at = \"-2m\"\nstarts = false";
const AT_HOOK: &str = "at = \"-10m\"\npaused_until = \"+1d\"";

/// The ledger has this remedy claimed for the release of that name.
fn claim(account: &Account, web: &ServiceRef, suspect: &str, remedy: &Remedy) {
    let at = account.now();
    let suspect = json!({
        "deployment": suspect, "revision": "arn:revision", "task_definition": "arn:task", "began_at": at,
    });
    let intent = json!({
        "key": "key", "remedy": remedy, "event": "event", "claimed_at": at, "lease_until": at,
    });
    let incident = json!({
        "id": "incident", "opened_at": at, "about": { "impact": {} }, "severity": "P2", "severity_because": "untagged",
        "mode": "act", "phase": "acting", "alarms": {}, "suspect": suspect, "intents": [intent],
        "sequence": 1, "pages": 0, "checks": 0, "deadline": at, "chronic": false, "heard_at": at,
    });
    let incident: Incident = serde_json::from_value(incident).unwrap();
    let mut state = account.state();
    let mut record = state.ledger.record(web);
    record.value.incident = Some(incident);
    state.ledger.records.insert(web.clone(), record);
}

fn release(web: &ServiceRef, number: u32) -> TaskDefinitionArn {
    let ServiceRef { account, region, service, .. } = web;
    TaskDefinitionArn::new(format!("arn:aws:ecs:{region}:{account}:task-definition/{service}:{number}"))
}

fn roll_back(web: &ServiceRef, to: u32) -> Remedy {
    Remedy::RollBack { from: release(web, 43), to: release(web, to) }
}

/// What ECS has under way, and the hook it waits at.
fn going(account: &Account, web: &ServiceRef) -> (ServiceDeploymentArn, String) {
    let newest = now(account.history(web)).remove(0);
    (newest.arn, newest.paused_at_hook.unwrap_or_default())
}

fn code_deployment(account: &Account) -> CodeDeploymentId {
    let state = account.state();
    let newest = state.machines[0].deployments.len() - 1;
    state.machines[0].codedeploy_id(newest).unwrap()
}

/// The one thing that is broken.
#[track_caller]
fn breaks(account: &Account, expect: &str) {
    let broken = account.broken();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].contains(expect), "{broken:?}");
}

/// The call is made twice for one suspect: the first is as claimed, the second
/// is one rollback too many.
#[track_caller]
fn second_breaks(account: &Account, web: &ServiceRef, mut call: impl FnMut() -> Answer<()>) {
    for time in ["first", "second"] {
        assert_eq!(call(), Ok(()), "the {time} time");
        if time == "first" {
            assert_eq!(account.broken(), Vec::<String>::new());
        }
    }
    assert_eq!(account.production_writes().len(), 2, "{web}");
    breaks(account, "suspect was rolled back before");
}

#[test]
fn a_second_deployment_of_an_old_release_for_one_suspect_breaks_the_story() {
    let (account, web) = account("", DONE);
    let mut to = 42;
    second_breaks(&account, &web, || {
        claim(&account, &web, "arn:suspect", &roll_back(&web, to));
        let done = poll_once(account.deploy(&web, &release(&web, to))).unwrap();
        to -= 1;
        done
    });
}

/// Lets a person deploy the newest release once more, so that there is another
/// deployment to stop.
fn again(account: &Account, web: &ServiceRef) {
    account.advance(jiff::SignedDuration::from_mins(20));
    if account.broken().is_empty() && !account.production_writes().is_empty() {
        assert!(account.person_deploys(web, 43));
    }
}

#[test]
fn a_second_stop_for_one_suspect_breaks_the_story() {
    let (account, web) = account("", UNDER_WAY);
    second_breaks(&account, &web, || {
        again(&account, &web);
        let deployment = going(&account, &web).0;
        let remedy = Remedy::StopDeployment { deployment: deployment.clone(), from: release(&web, 43), to: None };
        claim(&account, &web, "arn:suspect", &remedy);
        poll_once(account.stop_deployment(&web, &deployment)).unwrap()
    });
}

#[test]
fn a_second_end_at_a_pause_hook_for_one_suspect_breaks_the_story() {
    let (account, web) = account("", AT_HOOK);
    second_breaks(&account, &web, || {
        again(&account, &web);
        account.advance(jiff::SignedDuration::from_mins(20));
        let (deployment, hook) = going(&account, &web);
        let from = release(&web, 43);
        let remedy = Remedy::RollBackAtHook { deployment: deployment.clone(), hook: hook.clone(), from, to: None };
        claim(&account, &web, "arn:suspect", &remedy);
        poll_once(account.roll_back_at_hook(&web, &deployment, &hook)).unwrap()
    });
}

#[test]
fn a_second_stop_at_codedeploy_for_one_suspect_breaks_the_story() {
    let (account, web) = account("controller = \"CODE_DEPLOY\"", UNDER_WAY);
    second_breaks(&account, &web, || {
        again(&account, &web);
        let deployment = code_deployment(&account);
        let remedy = Remedy::StopCodeDeploy { deployment: deployment.clone(), from: release(&web, 43) };
        claim(&account, &web, "codedeploy:suspect", &remedy);
        poll_once(account.stop_code_deployment(&web, &deployment)).unwrap()
    });
}

#[test]
fn deploying_another_release_than_the_claimed_one_breaks_the_story() {
    let (account, web) = account("", DONE);
    claim(&account, &web, "arn:suspect", &roll_back(&web, 42));
    now(account.deploy(&web, &release(&web, 41)));
    breaks(&account, "ecs:UpdateService prod/web (task definition web:41) under a claim to roll back web:43 → web:42");
}

#[test]
fn stopping_another_deployment_than_the_claimed_one_breaks_the_story() {
    let (account, web) = account("", UNDER_WAY);
    let other = ServiceDeploymentArn::new("arn:aws:ecs:eu-west-1:123456789012:service-deployment/prod/web/other");
    let remedy = Remedy::StopDeployment { deployment: other, from: release(&web, 43), to: None };
    claim(&account, &web, "arn:suspect", &remedy);
    now(account.stop_deployment(&web, &going(&account, &web).0));
    breaks(&account, "under a claim to stop the deployment of web:43");
}

#[test]
fn ending_at_another_hook_than_the_claimed_one_breaks_the_story() {
    let (account, web) = account("", AT_HOOK);
    let (deployment, hook) = going(&account, &web);
    let claimed = Remedy::RollBackAtHook {
        deployment: deployment.clone(),
        hook: "another".into(),
        from: release(&web, 43),
        to: None,
    };
    claim(&account, &web, "arn:suspect", &claimed);
    now(account.roll_back_at_hook(&web, &deployment, &hook));
    breaks(&account, "ecs:ContinueServiceDeployment prod/web");
}

#[test]
fn stopping_another_of_codedeploys_than_the_claimed_one_breaks_the_story() {
    let (account, web) = account("controller = \"CODE_DEPLOY\"", UNDER_WAY);
    let remedy = Remedy::StopCodeDeploy { deployment: CodeDeploymentId("d-OTHER".into()), from: release(&web, 43) };
    claim(&account, &web, "codedeploy:suspect", &remedy);
    now(account.stop_code_deployment(&web, &code_deployment(&account)));
    breaks(&account, "codedeploy:StopDeployment prod/web");
}

#[test]
fn the_right_call_for_another_remedy_breaks_the_story() {
    let (account, web) = account("scaling = { min = 4, max = 9 }", DONE);
    // UpdateService is what a restart takes too.
    claim(&account, &web, "arn:suspect", &Remedy::Restart { instead_of: DeploymentId::new("ecs-svc/1") });
    now(account.deploy(&web, &release(&web, 42)));
    breaks(&account, "(task definition web:42) under a claim to restart all tasks");
    claim(&account, &web, "arn:suspect", &Remedy::ScaleOut { from: 4, to: 6 });
    now(account.set_minimum(&web, 7));
    assert!(account.broken()[1].contains("(minimum 7) under a claim to raise the minimum from 4 to 6"));
}

#[test]
fn a_remedy_with_an_outcome_claims_nothing_any_more() {
    let (account, web) = account("", DONE);
    claim(&account, &web, "arn:suspect", &roll_back(&web, 42));
    let outcome = Outcome::Taken { at: account.now() };
    let mut state = account.state();
    let record = state.ledger.records.get_mut(&web).unwrap();
    record.value.incident.as_mut().unwrap().intents[0].outcome = Some(outcome);
    drop(state);
    now(account.deploy(&web, &release(&web, 42)));
    breaks(&account, "without a claimed intent");
}

#[test]
fn what_is_no_rollback_may_be_done_again_for_one_suspect() {
    let (account, web) = account("scaling = { min = 4, max = 9 }", DONE);
    for to in [5, 6] {
        claim(&account, &web, "arn:suspect", &Remedy::ScaleOut { from: 4, to });
        now(account.set_minimum(&web, to));
    }
    for _ in 0..2 {
        let instead_of = account.state().machines[0].primary().unwrap().clone();
        claim(&account, &web, "arn:suspect", &Remedy::Restart { instead_of: instead_of.clone() });
        now(account.restart(&web, &instead_of));
    }
    assert_eq!((account.broken(), account.production_writes().len()), (Vec::new(), 4));
}
