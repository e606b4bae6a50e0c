//! Makes the decision of a stored case once more.

use nightshift_core::case::{Case, SCHEMA};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::diff::diff;

/// What came of deciding again.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// The build that wrote the case.
    pub build: String,
    /// The plan of this build, as JSON.
    pub plan: String,
    /// The plan in the case, where it is another.
    pub before: Option<String>,
    /// What differs, line by line; empty where nothing does.
    pub difference: String,
}

/// Why a case cannot be decided.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// It is no case.
    #[error("it is no case")]
    NoCase(#[source] serde_json::Error),
    /// A later build wrote it.
    #[error("its schema is {found}, this build knows {SCHEMA}: a later build wrote it")]
    Schema {
        /// The case's schema.
        found: u32,
    },
    /// Nobody decides by that name.
    #[error(
        "function: {0:?} decides nothing here; expected alarm-responder, deployment-guard, image-guard or \
             remedy-verifier"
    )]
    Function(String),
    /// What was observed has another shape than this build knows.
    #[error("observed: {0}")]
    Observed(#[source] serde_json::Error),
}

/// Runs `plan()` of the case's function on what the case holds.
///
/// # Errors
/// If the text is no case, or one that this build cannot read.
pub fn decide(text: &str) -> Result<Decided, DecideError> {
    let case: Case = serde_json::from_str(text).map_err(DecideError::NoCase)?;
    if case.schema > SCHEMA {
        return Err(DecideError::Schema { found: case.schema });
    }
    let plan = match case.function.as_str() {
        "alarm-responder" => planned(&case, alarm_responder::plan::plan)?,
        "deployment-guard" => planned(&case, deployment_guard::plan::plan)?,
        "image-guard" => planned(&case, image_guard::plan::plan)?,
        "remedy-verifier" => planned(&case, remedy_verifier::plan::plan)?,
        other => return Err(DecideError::Function(other.to_owned())),
    };
    let (before, now) = (pretty(&case.plan), pretty(&plan));
    let difference = diff(&before, &now);
    let before = (before != now).then_some(before);
    Ok(Decided { build: case.build, plan: now, before, difference })
}

fn planned<O: DeserializeOwned, P: Serialize>(
    case: &Case,
    plan: impl Fn(&O, &nightshift_core::policy::Policy, jiff::Timestamp) -> P,
) -> Result<Value, DecideError> {
    let observed: O = serde_json::from_value(case.observed.clone()).map_err(DecideError::Observed)?;
    serde_json::to_value(plan(&observed, &case.policy, case.now)).map_err(DecideError::Observed)
}

/// Keys of JSON objects are in order, so equal plans are equal texts.
fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
