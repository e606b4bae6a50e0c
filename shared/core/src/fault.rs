//! What goes wrong at an edge.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Throttled, timed out, 5xx, connection lost: a retry can cure it.
    Transient,
    /// IAM said no: the template must change.
    Denied,
    /// The thing is not there.
    NotFound,
    /// The request is wrong, or the answer cannot be read.
    Permanent,
}

/// An operation that failed, with what it was done to and why.
///
/// It is a value, not a boxed error: what could not be observed is part of the
/// case, and a case must survive being stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// As IAM spells it, for example `ecs:UpdateService`.
    pub operation: String,
    /// What it was done to.
    pub resource: String,
    /// What the caller can do.
    pub kind: FaultKind,
    /// The chain of causes, outermost first, free of secrets.
    pub causes: Vec<String>,
}

/// In the place of an operation, which IAM spells with a colon.
const NOT_ASKED: &str = "none";

impl Fault {
    /// A fault with one cause.
    pub fn new(operation: &str, resource: impl Into<String>, kind: FaultKind, cause: impl Into<String>) -> Self {
        Self { operation: operation.into(), resource: resource.into(), kind, causes: vec![cause.into()] }
    }

    /// In the place of a fault: nobody asked, and that is why nothing was seen.
    pub fn not_asked(resource: impl Into<String>, why: &str) -> Self {
        Self::new(NOT_ASKED, resource, FaultKind::Transient, format!("it was not asked: {why}"))
    }

    /// Nothing failed: nobody asked.
    pub fn is_not_asked(&self) -> bool {
        self.operation == NOT_ASKED
    }

    /// A retry can cure it.
    pub fn transient(&self) -> bool {
        self.kind == FaultKind::Transient
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_not_asked() {
            return write!(f, "{}: {}", self.resource, self.causes.join(": "));
        }
        let kind = match self.kind {
            FaultKind::Transient => "failed for now",
            FaultKind::Denied => "denied",
            FaultKind::NotFound => "not found",
            FaultKind::Permanent => "failed",
        };
        write!(f, "{} {} {kind}: {}", self.operation, self.resource, self.causes.join(": "))
    }
}

impl std::error::Error for Fault {}

/// Something looked at: seen, or not to be had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sight<T> {
    /// What was seen.
    Seen(T),
    /// Why nothing was.
    Unseen(Fault),
}

impl<T> Sight<T> {
    /// What was seen, if anything.
    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(value) => Some(value),
            Self::Unseen(_) => None,
        }
    }

    /// What went wrong, if anything.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Seen(_) => None,
            Self::Unseen(fault) => Some(fault),
        }
    }
}

impl<T> From<Result<T, Fault>> for Sight<T> {
    fn from(result: Result<T, Fault>) -> Self {
        match result {
            Ok(value) => Self::Seen(value),
            Err(fault) => Self::Unseen(fault),
        }
    }
}
