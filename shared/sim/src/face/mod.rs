//! The HTTP face: what emulators of AWS lack, over the same state machines.
//!
//! It speaks awsJson1.1 for ECS, ECR, CodeDeploy, Application Auto Scaling and Cost
//! Explorer, and has control endpoints under `/_sim/`. A program reaches it by
//! `AWS_ENDPOINT_URL_ECS` and the like.

mod codedeploy;
mod control;
mod costs;
mod ecr;
mod ecs;
mod ecs_shapes;
mod layers;
mod pace;
mod register;
mod request;
mod scaling;
mod setup;
mod sizes;
mod tasks;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::state::State;
use crate::state::releases::AwsError;

pub use pace::Pace;
use request::Request;

/// The content type of awsJson1.1.
const AWS_JSON: &str = "application/x-amz-json-1.1";

/// All routes over an account that moves at `pace`.
pub fn router(pace: Pace) -> Router {
    Router::new()
        .route("/", post(aws))
        .route("/_sim/advance", post(control::advance))
        .route("/_sim/state", get(control::state))
        .route("/_sim/metrics", get(control::metrics))
        .route("/_sim/alarms", get(control::alarms))
        .route("/_sim/logs", get(control::logs))
        .route("/_sim/calls", get(control::calls))
        .route("/_sim/layers/{repository}/{digest}", get(layers::layer))
        .with_state(pace)
}

async fn aws(Shared(pace): Shared<Pace>, headers: HeaderMap, body: Bytes) -> Response {
    pace.catch_up();
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request = Request::parse(&body);
    let answer = request.and_then(|request| answer(&mut pace.account().state(), target, &request));
    let (status, body) = match answer {
        Ok(answer) => (StatusCode::OK, whole(answer, &headers)),
        Err(AwsError { code, message }) => (StatusCode::BAD_REQUEST, json!({ "__type": code, "message": message })),
    };
    (status, [(header::CONTENT_TYPE, AWS_JSON)], body.to_string()).into_response()
}

/// An address on this face is one of the host that was asked.
fn whole(mut answer: Value, headers: &HeaderMap) -> Value {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    if let Some(place) = answer.get("downloadUrl").and_then(Value::as_str) {
        answer["downloadUrl"] = json!(format!("http://{host}{place}"));
    }
    answer
}

/// Answers one operation, `AmazonEC2ContainerServiceV20141113.DescribeServices`.
fn answer(state: &mut State, target: &str, request: &Request) -> Result<Value, AwsError> {
    let (service, operation) = target.split_once('.').unwrap_or((target, ""));
    match service {
        "AmazonEC2ContainerServiceV20141113" => ecs::answer(state, operation, request),
        "AmazonEC2ContainerRegistry_V20150921" => ecr::answer(state, operation, request),
        "CodeDeploy_20141006" => codedeploy::answer(state, operation, request),
        "AWSInsightsIndexService" => costs::answer(state, operation, request),
        "AnyScaleFrontendService" => scaling::answer(state, operation, request),
        _ => Err(unknown(target)),
    }
}

fn unknown(operation: &str) -> AwsError {
    AwsError::new("UnknownOperationException", format!("the local account has no operation {operation:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, builtin};

    fn ask(operation: &str, body: &str) -> Result<Value, AwsError> {
        let mut state = State::new(builtin("bad-release").unwrap().unwrap());
        answer(&mut state, operation, &Request::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn an_unknown_operation_is_an_error_and_not_an_empty_answer() {
        for operation in ["AmazonEC2ContainerServiceV20141113.CreateService", "DynamoDB_20120810.GetItem", ""] {
            assert_eq!(ask(operation, "{}").unwrap_err().code, "UnknownOperationException", "{operation}");
        }
    }

    /// A service at a pause hook, and one that CodeDeploy deploys.
    fn deploying() -> State {
        let of = |name: &str, more: &str, second: &str| {
            format!(
                "[[service]]\nname = \"{name}\"\n{more}\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n\
                 [[service.release]]\nrevision = 2\nat = \"-30m\"\n{second}\n"
            )
        };
        let hooked = of("hooked", "", "paused_until = \"+1d\"");
        let coded = of("coded", "controller = \"CODE_DEPLOY\"", "starts = false");
        State::new(Scenario::parse(&format!("{hooked}{coded}")).unwrap())
    }

    fn ask_of(state: &mut State, operation: &str, body: &Value) -> Result<Value, AwsError> {
        let target = match operation.split_once(':').unwrap() {
            ("ecs", operation) => format!("AmazonEC2ContainerServiceV20141113.{operation}"),
            (_, operation) => format!("CodeDeploy_20141006.{operation}"),
        };
        answer(state, &target, &Request::parse(body.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn a_deployment_at_a_pause_hook_goes_on_unless_it_is_told_to_go_back() {
        for (action, status) in
            [(None, "IN_PROGRESS"), (Some("CONTINUE"), "IN_PROGRESS"), (Some("ROLLBACK"), "ROLLBACK_REQUESTED")]
        {
            let mut state = deploying();
            let arn = state.machines[0].deployments[1].arn.clone();
            let mut describe =
                || ask_of(&mut state, "ecs:DescribeServiceDeployments", &json!({ "serviceDeploymentArns": [arn] }));
            let hook = describe().unwrap()["serviceDeployments"][0]["lifecycleHookDetails"][0]["hookId"].clone();
            let mut request = json!({ "serviceDeploymentArn": arn, "hookId": hook });
            if let Some(action) = action {
                request["action"] = json!(action);
            }
            ask_of(&mut state, "ecs:ContinueServiceDeployment", &request).unwrap();
            let again = ask_of(&mut state, "ecs:ContinueServiceDeployment", &request).unwrap_err();
            assert_eq!(again.code, "InvalidParameterException");
            let shown =
                ask_of(&mut state, "ecs:DescribeServiceDeployments", &json!({ "serviceDeploymentArns": [arn] }));
            assert_eq!(shown.unwrap()["serviceDeployments"][0]["status"], status, "{action:?}");
        }
    }

    #[test]
    fn what_codedeploy_deploys_stands_in_the_revision_and_not_in_the_deployment() {
        let mut state = deploying();
        let names = json!({ "applicationName": "AppECS-prod-coded", "deploymentGroupName": "DgpECS-prod-coded" });
        let ids = ask_of(&mut state, "codedeploy:ListDeployments", &names).unwrap()["deployments"].clone();
        let newest = json!({ "deploymentId": ids[0] });
        let info = ask_of(&mut state, "codedeploy:GetDeployment", &newest).unwrap()["deploymentInfo"].clone();
        assert_eq!(
            (&info["status"], &info["revision"]["appSpecContent"]["content"]),
            (&json!("InProgress"), &Value::Null)
        );
        let asked = json!({ "applicationName": info["applicationName"], "revision": info["revision"] });
        let found = ask_of(&mut state, "codedeploy:GetApplicationRevision", &asked).unwrap();
        let content = found["revision"]["appSpecContent"]["content"].as_str().unwrap();
        assert!(content.contains(":task-definition/coded:2\""), "{content}");
        let group = ask_of(&mut state, "codedeploy:GetDeploymentGroup", &names).unwrap();
        assert_eq!(
            group["deploymentGroupInfo"]["ecsServices"][0],
            json!({ "clusterName": "prod", "serviceName": "coded" })
        );
    }

    #[test]
    fn codedeploy_goes_back_only_if_it_is_told_to() {
        for goes_back in [false, true] {
            let mut state = deploying();
            let id = state.machines[1].codedeploy_id(1);
            let mut request = json!({ "deploymentId": id });
            if goes_back {
                request["autoRollbackEnabled"] = json!(true);
            }
            ask_of(&mut state, "codedeploy:StopDeployment", &request).unwrap();
            let again = ask_of(&mut state, "codedeploy:StopDeployment", &request).unwrap_err();
            assert_eq!(again.code, "DeploymentAlreadyCompletedException");
            state.advance_to(state.now + 30);
            let shown = ask_of(&mut state, "codedeploy:GetDeployment", &json!({ "deploymentId": id })).unwrap();
            let info = &shown["deploymentInfo"];
            assert_eq!((&info["status"], info["rollbackInfo"].is_object()), (&json!("Stopped"), goes_back));
        }
    }

    #[test]
    fn a_list_comes_in_pages_that_fit_together() {
        let list = |token: &str| {
            let body = format!(r#"{{"cluster":"prod","service":"checkout","maxResults":1{token}}}"#);
            ask("AmazonEC2ContainerServiceV20141113.ListServiceDeployments", &body).unwrap()
        };
        // The second release has not been deployed at the start.
        let first = list("");
        assert_eq!(first["serviceDeployments"].as_array().map(Vec::len), Some(1));
        assert_eq!(first["nextToken"], Value::Null);
        assert_eq!(list(r#","nextToken":"1""#)["serviceDeployments"], json!([]));
    }
}
