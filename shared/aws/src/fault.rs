//! The one classifier: from any SDK error to what the caller can do about it.

use std::error::Error;
use std::fmt::Write as _;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use nightshift_core::fault::{Fault, FaultKind};
#[cfg(any(feature = "codedeploy", feature = "ecr", feature = "ecs"))]
use nightshift_core::ports::Answer;

/// A cause is cut here: IAM's encoded messages run to kilobytes.
const LONGEST_CAUSE: usize = 400;

/// Codes of a caller that IAM, or the resource's own policy, sends away.
const DENIED: [&str; 9] = [
    "AccessDenied",
    "AuthorizationError",
    "UnauthorizedOperation",
    "NotAuthorized",
    "OptInRequired",
    "InvalidClientTokenId",
    "UnrecognizedClient",
    "SignatureDoesNotMatch",
    "InvalidSignature",
];

/// Codes that a retry cures although the status says 400.
const TRANSIENT: [&str; 14] = [
    "Throttl",
    "TooManyRequests",
    "TooManyUpdates",
    "RequestLimitExceeded",
    "LimitExceededFault",
    "ProvisionedThroughputExceeded",
    "TransactionInProgress",
    "TransactionConflict",
    "RequestTimeout",
    "SlowDown",
    "ServiceUnavailable",
    "InternalServer",
    "InternalFailure",
    "ExpiredToken",
];

/// What `operation` (as IAM spells it) on `resource` met.
pub(crate) fn fault<E>(operation: &str, resource: impl Into<String>, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + Error + 'static,
{
    Fault { operation: operation.to_owned(), resource: resource.into(), kind: kind(error), causes: causes(error) }
}

/// AWS's error code, for the few callers that tell codes apart.
#[cfg(any(feature = "costs", feature = "ecr", feature = "ledger", feature = "stacks", feature = "timers"))]
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// A request that cannot be made, or an answer that cannot be read.
#[cfg(any(
    feature = "alarms",
    feature = "codedeploy",
    feature = "costs",
    feature = "ecr",
    feature = "ecs",
    feature = "ledger",
    feature = "logs",
    feature = "notices",
    feature = "pictures",
    feature = "scaling",
    feature = "secrets",
    feature = "switches",
    feature = "timers"
))]
pub(crate) fn unreadable(operation: &str, resource: impl Into<String>, what: impl Into<String>) -> Fault {
    Fault::new(operation, resource, FaultKind::Permanent, what)
}

/// What is not there is an answer; every other fault stays one.
#[cfg(any(feature = "codedeploy", feature = "ecr", feature = "ecs"))]
pub(crate) fn absent<T>(fault: Fault) -> Answer<Option<T>> {
    if fault.kind == FaultKind::NotFound { Ok(None) } else { Err(fault) }
}

/// A deployment that could not be stopped. Which code one gives that is over by
/// now is not documented, nor that it is always the same: whoever asked reads
/// the state again. A missing permission and a throttled call stay what they
/// are.
#[cfg(any(feature = "codedeploy", feature = "ecs"))]
pub(crate) fn not_stopped(fault: Fault) -> Fault {
    match fault.kind {
        FaultKind::NotFound => Fault { kind: FaultKind::Permanent, ..fault },
        _ => fault,
    }
}

fn kind<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> FaultKind {
    match error {
        SdkError::TimeoutError(_) => FaultKind::Transient,
        SdkError::DispatchFailure(failure) if failure.is_user() => FaultKind::Permanent,
        SdkError::DispatchFailure(_) => FaultKind::Transient,
        // Done, by its status, and nobody can read what came of it: the account will show.
        SdkError::ResponseError(answer) if answer.raw().status().is_success() => FaultKind::Transient,
        SdkError::ResponseError(answer) => of_status(answer.raw().status().as_u16()),
        SdkError::ServiceError(answer) => {
            of_code(answer.err().code().unwrap_or_default(), answer.raw().status().as_u16())
        }
        // The request could not even be built; and whatever the SDK adds later.
        _ => FaultKind::Permanent,
    }
}

pub(crate) fn of_code(code: &str, status: u16) -> FaultKind {
    // Some services qualify a code with its namespace: `com.amazonaws.x#Code`.
    let code = code.rsplit('#').next().unwrap_or(code);
    if DENIED.iter().any(|prefix| code.starts_with(prefix)) {
        FaultKind::Denied
    } else if TRANSIENT.iter().any(|part| code.contains(part)) {
        FaultKind::Transient
    } else if code.contains("NotFound") || code.contains("DoesNotExist") || code.contains("NotExist") {
        FaultKind::NotFound
    } else {
        of_status(status)
    }
}

fn of_status(status: u16) -> FaultKind {
    match status {
        401 | 403 => FaultKind::Denied,
        404 => FaultKind::NotFound,
        408 | 429 | 500.. => FaultKind::Transient,
        _ => FaultKind::Permanent,
    }
}

/// The chain, outermost first. Display alone is used, never Debug: Debug of an
/// SDK error shows requests and answers, and with them secrets.
fn causes<E: ProvideErrorMetadata + Error + 'static>(error: &SdkError<E, HttpResponse>) -> Vec<String> {
    if let SdkError::ServiceError(answer) = error {
        return vec![of_service(answer.err(), answer.raw())];
    }
    let mut causes = vec![cut(&error.to_string())];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cut(&cause.to_string());
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        source = cause.source();
    }
    causes
}

/// `Code: message (request id)`.
fn of_service<E: ProvideErrorMetadata>(error: &E, answer: &HttpResponse) -> String {
    let status = answer.status().as_u16();
    let mut text = error.code().map_or_else(|| format!("HTTP {status}"), ToOwned::to_owned);
    if let Some(message) = error.message() {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {message}");
    }
    let mut text = cut(&text);
    if let Some(id) = answer.headers().get("x-amzn-requestid") {
        let _ = write!(text, " (request {})", cut(id));
    }
    text
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_CAUSE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    #[derive(Debug)]
    struct Refused(ErrorMetadata);

    impl fmt::Display for Refused {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("refused")
        }
    }

    impl Error for Refused {}

    impl ProvideErrorMetadata for Refused {
        fn meta(&self) -> &ErrorMetadata {
            &self.0
        }
    }

    fn answer(status: u16) -> HttpResponse {
        HttpResponse::new(status.try_into().unwrap(), SdkBody::from("the body is never shown"))
    }

    fn refused(code: &str, status: u16) -> SdkError<Refused, HttpResponse> {
        let metadata = ErrorMetadata::builder().code(code).message("no").build();
        SdkError::service_error(Refused(metadata), answer(status))
    }

    #[track_caller]
    fn check(code: &str, status: u16, expect: FaultKind) {
        assert_eq!(kind(&refused(code, status)), expect, "{code} {status}");
    }

    #[test]
    fn a_code_says_what_the_caller_can_do() {
        check("AccessDeniedException", 400, FaultKind::Denied);
        check("AuthorizationErrorException", 403, FaultKind::Denied);
        check("com.amazon.coral.service#AccessDeniedException", 400, FaultKind::Denied);
        check("SomethingNew", 403, FaultKind::Denied);
        check("ThrottlingException", 400, FaultKind::Transient);
        check("Throttling", 400, FaultKind::Transient);
        check("KMSThrottlingException", 400, FaultKind::Transient);
        check("ProvisionedThroughputExceededException", 400, FaultKind::Transient);
        check("ServerException", 500, FaultKind::Transient);
        check("InternalServerError", 500, FaultKind::Transient);
        check("SomethingNew", 503, FaultKind::Transient);
        check("ServiceNotFoundException", 400, FaultKind::NotFound);
        check("ResourceNotFoundException", 400, FaultKind::NotFound);
        check("ServiceNotActiveException", 400, FaultKind::Permanent);
        check("ConflictException", 409, FaultKind::Permanent);
        check("InvalidParameterException", 400, FaultKind::Permanent);
    }

    #[test]
    fn what_never_arrived_can_be_tried_again() {
        let lost: SdkError<Refused, _> = SdkError::dispatch_failure(ConnectorError::io("connection refused".into()));
        assert_eq!(kind(&lost), FaultKind::Transient);
        let late: SdkError<Refused, HttpResponse> = SdkError::timeout_error("six seconds");
        assert_eq!(kind(&late), FaultKind::Transient);
        let broken: SdkError<Refused, _> = SdkError::response_error("not JSON", answer(502));
        assert_eq!(kind(&broken), FaultKind::Transient);
        let unread: SdkError<Refused, _> = SdkError::response_error("not JSON", answer(200));
        assert_eq!(kind(&unread), FaultKind::Transient, "it may have been done");
        let wrong: SdkError<Refused, HttpResponse> = SdkError::construction_failure("no name");
        assert_eq!(kind(&wrong), FaultKind::Permanent);
    }

    #[test]
    fn a_fault_names_operation_resource_and_cause() {
        let fault = fault("ecs:UpdateService", "prod/web", &refused("ThrottlingException", 400));
        assert_eq!(fault.to_string(), "ecs:UpdateService prod/web failed for now: ThrottlingException: no");
        let lost: SdkError<Refused, _> = SdkError::dispatch_failure(ConnectorError::io("connection refused".into()));
        assert_eq!(causes(&lost), ["dispatch failure", "io error", "connection refused"]);
    }

    #[test]
    #[cfg(any(feature = "codedeploy", feature = "ecs"))]
    fn a_deployment_that_is_gone_cannot_be_stopped_and_permission_stays_permission() {
        let with = |kind| not_stopped(Fault::new("ecs:StopServiceDeployment", "prod/web", kind, "code")).kind;
        assert_eq!(with(FaultKind::NotFound), FaultKind::Permanent);
        assert_eq!(with(FaultKind::Denied), FaultKind::Denied);
        assert_eq!(with(FaultKind::Transient), FaultKind::Transient);
    }

    #[test]
    fn a_cause_is_cut_where_a_character_ends() {
        let long = cut(&"ä".repeat(LONGEST_CAUSE + 5));
        assert_eq!(long.chars().count(), LONGEST_CAUSE + 1);
        assert!(long.ends_with('…'));
    }
}
