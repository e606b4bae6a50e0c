//! Every AWS call is measured where all of them pass: how long it took, how
//! often it was tried again or throttled, and whether IAM let it through.

use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction, RetryReason};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::retry::ErrorKind;
use nightshift_core::fault::FaultKind;
use nightshift_core::tally::{Counter, Family, Tally};

use crate::fault::of_code;

/// Counts the calls of every client that it is given to.
#[derive(Clone, Debug)]
pub(crate) struct Meter(pub(crate) Tally);

/// When a call began.
#[derive(Debug)]
struct Began(Instant);

impl Storable for Began {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(Began(Instant::now()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if config.load::<RequestAttempts>().is_some_and(|attempts| attempts.attempts() > 1) {
            self.0.add(Counter::all(Family::AwsRetries));
        }
        if throttled(context, components) {
            self.0.add(Counter::all(Family::AwsThrottles));
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What is only signed comes by here too, and has neither an answer nor an error.
        let asked = context.output_or_error().is_some();
        if let Some(Began(began)) = config.load::<Began>().filter(|_| asked) {
            self.0.called(began.elapsed());
        }
        if denied(context) {
            self.0.add(Counter::all(Family::AwsDenied));
        }
        Ok(())
    }
}

/// As the SDK's own classifiers see it, which know each service's codes.
fn throttled(context: &FinalizerInterceptorContextRef<'_>, components: &RuntimeComponents) -> bool {
    let throttling = |action: RetryAction| match action {
        RetryAction::RetryIndicated(RetryReason::RetryableError { kind, .. }) => kind == ErrorKind::ThrottlingError,
        _ => false,
    };
    components.retry_classifiers().any(|classifier| throttling(classifier.classify_retry(context.inner())))
}

/// Here an error has lost its type, and with it its code: only its text has
/// the code still, in front or in brackets.
fn denied(context: &FinalizerInterceptorContextRef<'_>) -> bool {
    let Some(Err(failed)) = context.output_or_error() else { return false };
    let text = failed.as_operation_error().map(ToString::to_string).unwrap_or_default();
    let status = context.response().map_or(0, |answer| answer.status().as_u16());
    of_code(code_in(&text), status) == FaultKind::Denied
}

/// The code in `unhandled error (Code)` or `Code: message`.
fn code_in(text: &str) -> &str {
    let bracketed = text.strip_prefix("unhandled error (").and_then(|rest| rest.split(')').next());
    bracketed.unwrap_or_else(|| text.split(':').next().unwrap_or_default())
}

#[cfg(test)]
#[cfg(feature = "switches")]
mod tests {
    use std::time::Duration;

    use aws_sdk_ssm::config::{AsyncSleep, BehaviorVersion, Credentials, Region, SharedAsyncSleep, Sleep};
    use aws_smithy_types::retry::RetryConfig;

    use super::*;
    use crate::scripted::Script;

    #[derive(Debug)]
    struct NoWait;

    impl AsyncSleep for NoWait {
        fn sleep(&self, _: Duration) -> Sleep {
            Sleep::new(std::future::ready(()))
        }
    }

    #[track_caller]
    fn check(answers: &[(u16, &'static str)], expect: &[(&str, u64)]) {
        let tally = Tally::default();
        let script = Script::of(answers);
        let config = aws_sdk_ssm::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKID", "hush", None, None, "test"))
            .http_client(script.clone())
            .sleep_impl(SharedAsyncSleep::new(NoWait))
            .retry_config(RetryConfig::standard().with_max_attempts(answers.len().try_into().unwrap()))
            .interceptor(Meter(tally.clone()))
            .build();
        let call = aws_sdk_ssm::Client::from_conf(config).get_parameter().name("halt").send();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _answer = runtime.block_on(call);
        assert_eq!(script.left(), 0, "every answer was asked for");
        let count = tally.take();
        let times: Vec<(String, u64)> = count.times.iter().map(|(counter, n)| (counter.to_string(), *n)).collect();
        let expect: Vec<(String, u64)> = expect.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        assert_eq!((times, count.calls.len()), (expect, 1));
    }

    const FINE: (u16, &str) = (200, r#"{"Parameter":{"Value":"running"}}"#);
    const THROTTLED: (u16, &str) = (400, r#"{"__type":"ThrottlingException","message":"slow down"}"#);
    const BROKEN: (u16, &str) = (500, r#"{"__type":"InternalServerError"}"#);
    const DENIED: (u16, &str) = (400, r#"{"__type":"AccessDeniedException","Message":"no: not you"}"#);

    #[test]
    fn a_call_is_one_whatever_number_of_attempts_it_takes() {
        check(&[FINE], &[]);
        check(&[BROKEN, FINE], &[("AwsRetries", 1)]);
        check(&[THROTTLED, THROTTLED, FINE], &[("AwsRetries", 2), ("AwsThrottles", 2)]);
        check(&[THROTTLED, THROTTLED], &[("AwsRetries", 1), ("AwsThrottles", 2)]);
    }

    #[test]
    fn a_call_that_iam_denies_is_counted() {
        check(&[DENIED], &[("AwsDenied", 1)]);
        check(&[(403, "{}")], &[("AwsDenied", 1)]);
    }

    #[test]
    fn the_code_is_found_in_an_errors_text() {
        assert_eq!(code_in("unhandled error (AccessDenied)"), "AccessDenied");
        assert_eq!(code_in("AccessDeniedException: User x is not authorized"), "AccessDeniedException");
        assert_eq!(code_in("unhandled error"), "unhandled error");
    }
}
