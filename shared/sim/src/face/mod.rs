//! The HTTP face: what emulators of AWS lack, over the same state machines.
//!
//! It speaks awsJson1.1 for ECS, ECR and Application Auto Scaling, and has
//! control endpoints under `/_sim/`. A program reaches it by
//! `AWS_ENDPOINT_URL_ECS` and the like.

mod control;
mod ecr;
mod ecs;
mod ecs_shapes;
mod pace;
mod request;
mod scaling;
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
        .with_state(pace)
}

async fn aws(Shared(pace): Shared<Pace>, headers: HeaderMap, body: Bytes) -> Response {
    pace.catch_up();
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request = Request::parse(&body);
    let answer = request.and_then(|request| answer(&mut pace.account().state(), target, &request));
    let (status, body) = match answer {
        Ok(answer) => (StatusCode::OK, answer),
        Err(AwsError { code, message }) => (StatusCode::BAD_REQUEST, json!({ "__type": code, "message": message })),
    };
    (status, [(header::CONTENT_TYPE, AWS_JSON)], body.to_string()).into_response()
}

/// Answers one operation, `AmazonEC2ContainerServiceV20141113.DescribeServices`.
fn answer(state: &mut State, target: &str, request: &Request) -> Result<Value, AwsError> {
    let (service, operation) = target.split_once('.').unwrap_or((target, ""));
    match service {
        "AmazonEC2ContainerServiceV20141113" => ecs::answer(state, operation, request),
        "AmazonEC2ContainerRegistry_V20150921" => ecr::answer(state, operation, request),
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
    use crate::scenario::builtin;

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
