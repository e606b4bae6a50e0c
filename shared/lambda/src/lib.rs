//! The only crate that links `lambda_runtime` and `metrique`: [`serve`], logs,
//! [`metrics`], and the rendering of errors with their whole chain.

pub mod metrics;

use std::error::Error;
use std::fmt::Write as _;
use std::future::Future;
use std::path::Path;

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use nightshift_core::policy::Policy;
use nightshift_core::settings::{SettingsError, Variables};
use nightshift_core::tally::Tally;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, fmt};

use crate::metrics::{Ended, Metrics};

/// Where the policy lies in Lambda: the layer is unpacked below `/opt`.
pub const POLICY_PATH: &str = "/opt/nightshift.toml";

/// What goes wrong before the first event, or in the runtime itself.
pub type InitError = Box<dyn Error + Send + Sync>;

/// Runs a function: telemetry, then `init` once, then `handler` per event with
/// the moment the invocation began. `init` gives the handler and the tally of
/// its world, of which each invocation makes one line of metrics.
///
/// An error of the handler is logged and reported with its whole chain, so
/// that Lambda delivers the event again and at last to the dead-letter queue.
///
/// # Errors
/// What `init` or the runtime reports; the process dies with it.
pub async fn serve<I, H, F, R, E>(function: &'static str, init: I) -> Result<(), InitError>
where
    I: AsyncFnOnce() -> Result<(H, Tally), InitError>,
    H: Fn(Value, Timestamp) -> F,
    F: Future<Output = Result<R, E>>,
    R: serde::Serialize,
    E: Error,
{
    telemetry();
    let begun = async {
        let metrics = metrics_of(function, &Variables::of_process())?;
        Ok((metrics, init().await?))
    };
    let (metrics, (handler, tally)) = match begun.await {
        Ok(begun) => begun,
        Err(error) => {
            let error: InitError = error;
            tracing::error!(function, error = %error, "init failed");
            return Err(error);
        }
    };
    let (metrics, handler, tally) = (&metrics, &handler, &tally);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let request = event.context.request_id;
        let now = Timestamp::now();
        let mut line = metrics.invocation(request.clone(), now, tally);
        match handler(event.payload, now).await {
            Ok(report) => {
                line.ends(Ended::Done);
                metrics.delivered(now, tally);
                // Once, for the log and for the answer.
                let report = to_raw_value(&report).unwrap_or_else(|_| RawValue::NULL.to_owned());
                tracing::info!(function, request, report = report.get(), "done");
                Ok::<Box<RawValue>, Diagnostic>(report)
            }
            Err(error) => {
                line.ends(Ended::Failed);
                let chain = chain(&error);
                tracing::error!(function, request, error = %chain, "failed");
                Err(Diagnostic { error_type: function.to_owned(), error_message: chain })
            }
        }
    }))
    .await
}

fn metrics_of(function: &'static str, variables: &Variables) -> Result<Metrics, SettingsError> {
    let stack = variables.required("NIGHTSHIFT_STACK", "the stack's name")?;
    Ok(Metrics::new(stack, function, std::io::stdout()))
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
/// If it cannot be read, or says something wrong: all of it, with file, line,
/// column and field.
pub fn policy(variables: &Variables) -> Result<Policy, InitError> {
    let path = variables.get("NIGHTSHIFT_POLICY").unwrap_or(POLICY_PATH);
    let file = std::fs::read(Path::new(path)).map_err(|error| format!("policy {path}: {error}"))?;
    Policy::read(&file).map_err(|error| error.in_file(path).into())
}

/// JSON lines on standard output, as CloudWatch Logs reads them; what came
/// from outside is a field, never the message.
fn telemetry() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").unwrap_or_else(|_| "INFO".to_owned());
    let filter: Targets = level.parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let lines = fmt::layer().json().with_current_span(false).with_span_list(false).without_time();
    let subscriber = Registry::default().with(lines).with(filter);
    // A second initialisation can only come from a test; the first one holds.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_policy_ends_the_init_and_names_every_field() {
        let file = std::env::temp_dir().join(format!("nightshift-{}.toml", std::process::id()));
        std::fs::write(&file, "[verify]\nevery = 60\n[guardrails]\ncooldwn = \"1m\"\n").unwrap();
        let path = file.to_str().unwrap();
        let says = policy(&Variables([("NIGHTSHIFT_POLICY".to_owned(), path.to_owned())].into())).unwrap_err();
        std::fs::remove_file(&file).unwrap();
        let says = says.to_string();
        let lines: Vec<&str> = says.lines().collect();
        assert_eq!(lines.len(), 2, "{says}");
        assert!(lines[0].starts_with(&format!("{path}:2:9: verify.every: 60 has no unit; ")), "{says}");
        assert!(lines[1].starts_with(&format!("{path}:4:1: guardrails.cooldwn: no such key")), "{says}");
    }

    #[test]
    fn a_missing_policy_names_its_file() {
        let variables = Variables([("NIGHTSHIFT_POLICY".to_owned(), "/nowhere.toml".to_owned())].into());
        let says = policy(&variables).unwrap_err().to_string();
        assert!(says.starts_with("policy /nowhere.toml: "), "{says}");
    }
}
