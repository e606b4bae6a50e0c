//! Makes the decision of a stored case once more.

use nightshift_core::case::Case;
use nightshift_core::policy::Policy;
use nightshift_incident::fleet;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::case::{self, CaseError};
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

/// Runs `plan()` of the case's function on what the case holds.
///
/// # Errors
/// If the text is no case, or one that this build cannot read.
pub fn decide(text: &str) -> Result<Decided, CaseError> {
    let case = case::read(text)?;
    let plan = match case.function.as_str() {
        "alarm-responder" => planned(&case, alarm_responder::plan::plan)?,
        "deployment-guard" => planned(&case, deployment_guard::plan::plan)?,
        fleet::FUNCTION => planned(&case, fleet::plan)?,
        "image-guard" => planned(&case, image_guard::plan::plan)?,
        "remedy-verifier" => planned(&case, remedy_verifier::plan::plan)?,
        other => return Err(CaseError::Function(other.to_owned())),
    };
    let (before, now) = (pretty(&case.plan), pretty(&plan));
    let difference = diff(&before, &now);
    let before = (before != now).then_some(before);
    Ok(Decided { build: case.build, plan: now, before, difference })
}

fn planned<O: DeserializeOwned, P: Serialize>(
    case: &Case,
    plan: impl Fn(&O, &Policy, jiff::Timestamp) -> P,
) -> Result<Value, CaseError> {
    let observed: O = case::observed(case)?;
    serde_json::to_value(plan(&observed, &case.policy, case.now)).map_err(CaseError::Plan)
}

/// Keys of JSON objects are in order, so equal plans are equal texts.
fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
