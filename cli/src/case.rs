//! Reading a stored case: an error names the field.

use nightshift_core::case::{Case, SCHEMA};
use nightshift_door::DoorError;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a case cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// It is no JSON.
    #[error("it is no JSON: {0}")]
    NoJson(String),
    /// It is no case.
    #[error("it is no case: {0}")]
    NoCase(#[source] DoorError),
    /// A later build wrote it.
    #[error("schema: {found} is of a later build; this one knows {SCHEMA}")]
    Schema {
        /// The case's schema.
        found: u32,
    },
    /// Nobody decides by that name.
    #[error(
        "function: {} decides nothing here; expected alarm-responder, deployment-guard, fleet, image-guard or remedy-verifier",
        nightshift_door::quoted(.0)
    )]
    Function(String),
    /// What was observed has another shape than this build knows.
    #[error("{0}")]
    Observed(#[source] DoorError),
    /// A plan cannot be written as JSON.
    #[error("plan: {0}")]
    Plan(#[source] serde_json::Error),
}

/// Reads a case.
///
/// # Errors
/// If the text is no case, or one of a later build.
pub fn read(text: &str) -> Result<Case, CaseError> {
    // The parser says line and column, and repeats nothing of the text.
    let value: Value = serde_json::from_str(text).map_err(|error| CaseError::NoJson(error.to_string()))?;
    if let Some(found) = value["schema"].as_u64().filter(|found| *found > SCHEMA.into()) {
        return Err(CaseError::Schema { found: u32::try_from(found).unwrap_or(u32::MAX) });
    }
    nightshift_door::read(&value, "").map_err(CaseError::NoCase)
}

/// Reads what the case's function observed.
///
/// # Errors
/// The path of the field that this build does not know as it is.
pub fn observed<O: DeserializeOwned>(case: &Case) -> Result<O, CaseError> {
    nightshift_door::read(&case.observed, "observed").map_err(CaseError::Observed)
}
