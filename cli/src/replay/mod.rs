//! Runs one event through the function it is for, on a simulated account, and
//! keeps all that explains what came of it.

mod account;
mod costs;
mod images;
mod recognise;
mod run;

pub mod text;

use nightshift_core::case::Case;
use nightshift_core::cause::Diagnosis;
use nightshift_core::notice::Notice;
use nightshift_core::policy::Policy;
use nightshift_core::remedy::Remedy;
use nightshift_sim::Scenario;
use serde::Serialize;
use serde_json::Value;

pub use recognise::{Function, recognise};

/// What came of an event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replayed {
    /// What the event is called: its file.
    pub event: String,
    /// The function it is for.
    pub function: Function,
    /// What was decided, in one word: `remedy`, `refused`, `silent`, ….
    pub outcome: String,
    /// The rule that forbade a remedy or a message, by name.
    pub refusal: Option<String>,
    /// The decision, whole.
    pub plan: Value,
    /// What people were told.
    pub notices: Vec<Notice>,
    /// The account was assumed; this is what.
    pub assumed: Option<String>,
    /// What else explains it.
    #[serde(skip)]
    pub why: Why,
}

/// What explains a decision beside the plan itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Why {
    /// What the event says, in one line.
    pub says: String,
    /// The refusal as people read it, or why the event was ignored.
    pub sentence: Option<String>,
    /// The remedy that was taken.
    pub remedy: Option<Remedy>,
    /// The remedy that would have been taken.
    pub would: Option<Remedy>,
    /// What the evidence added up to.
    pub diagnosis: Option<Diagnosis>,
    /// Subject of the plain message that people were sent, if one was due.
    pub page: Option<String>,
    /// The cases of the decisions.
    pub cases: Vec<Case>,
}

/// Why an event cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A field of it is wrong: the message begins with its path.
    #[error("{0}")]
    Event(String),
    /// It asks for a report, which is made of a week and not of an event.
    #[error("report: reports are not replayed; `nightshift report dora` makes the delivery part of one")]
    Report,
    /// Its scenario is wrong.
    #[error("scenario: {0}")]
    Scenario(#[from] nightshift_sim::scenario::ScenarioError),
}

/// Runs the event on the account that `scenario` describes, under that policy; without a
/// scenario on a default account in which the event is as true as it can be made.
///
/// # Errors
/// If the event is malformed; the message begins with the path of the field.
pub fn replay(event: &Value, scenario: Option<Scenario>, policy: &Policy) -> Result<Replayed, ReplayError> {
    let recognised = recognise(event)?;
    // Whom a notice reaches does not depend on what the account holds.
    let matters = recognised.function != Function::Notifier;
    let assumed = (scenario.is_none() && matters).then(|| account::assumption(&recognised));
    let scenario = match scenario {
        Some(scenario) => account::around(scenario, recognised.at),
        None => account::assumed(&recognised)?,
    };
    let mut replayed = run::run(event, &recognised, scenario, (assumed.is_some(), policy))?;
    replayed.assumed = assumed;
    Ok(replayed)
}
