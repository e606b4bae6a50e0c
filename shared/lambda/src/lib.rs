//! The only crate that links `lambda_runtime`: [`serve`], telemetry, and the
//! rendering of errors with their whole chain.

use std::error::Error;
use std::fmt::Write as _;
use std::future::Future;
use std::path::Path;

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use nightshift_core::policy::Policy;
use nightshift_core::settings::Variables;
use serde_json::Value;

/// Where the policy lies in Lambda: the layer is unpacked below `/opt`.
pub const POLICY_PATH: &str = "/opt/nightshift.toml";

/// What goes wrong before the first event, or in the runtime itself.
pub type InitError = Box<dyn Error + Send + Sync>;

/// Runs a function: telemetry, then `init` once, then `handler` per event with
/// the moment the invocation began.
///
/// An error of the handler is logged and reported with its whole chain, so
/// that Lambda delivers the event again and at last to the dead-letter queue.
///
/// # Errors
/// What `init` or the runtime reports; the process dies with it.
pub async fn serve<I, H, F, R, E>(function: &'static str, init: I) -> Result<(), InitError>
where
    I: AsyncFnOnce() -> Result<H, InitError>,
    H: Fn(Value, Timestamp) -> F,
    F: Future<Output = Result<R, E>>,
    R: serde::Serialize,
    E: Error,
{
    telemetry();
    let handler = match init().await {
        Ok(handler) => handler,
        Err(error) => {
            tracing::error!(function, error = %error, "init failed");
            return Err(error);
        }
    };
    let handler = &handler;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let request = event.context.request_id;
        match handler(event.payload, Timestamp::now()).await {
            Ok(report) => {
                let report = serde_json::to_value(report).unwrap_or(Value::Null);
                tracing::info!(function, request, %report, "done");
                Ok::<Value, Diagnostic>(report)
            }
            Err(error) => {
                let chain = chain(&error);
                tracing::error!(function, request, error = %chain, "failed");
                Err(Diagnostic { error_type: function.to_owned(), error_message: chain })
            }
        }
    }))
    .await
}

/// The error and all its causes, outermost first.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

/// The policy of this deployment: the layer's file, or the one that
/// `NIGHTSHIFT_POLICY` names.
///
/// # Errors
/// If it cannot be read, or says something wrong: with file, line and column.
pub fn policy(variables: &Variables) -> Result<Policy, InitError> {
    let path = variables.get("NIGHTSHIFT_POLICY").unwrap_or(POLICY_PATH);
    let text = std::fs::read_to_string(Path::new(path)).map_err(|error| format!("policy {path}: {error}"))?;
    Policy::parse(&text).map_err(|error| format!("{path}:{error}").into())
}

/// JSON lines on standard output, as CloudWatch Logs reads them; what came
/// from outside is a field, never the message.
fn telemetry() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").unwrap_or_else(|_| "INFO".to_owned());
    let filter = tracing_subscriber::EnvFilter::try_new(level).unwrap_or_default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_current_span(false)
        .with_span_list(false)
        .without_time()
        .with_env_filter(filter)
        .finish();
    // A second initialisation can only come from a test; the first one holds.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_policy_names_its_file() {
        let variables = Variables([("NIGHTSHIFT_POLICY".to_owned(), "/nowhere.toml".to_owned())].into());
        let says = policy(&variables).unwrap_err().to_string();
        assert!(says.starts_with("policy /nowhere.toml: "), "{says}");
    }
}
