//! `nightshift explain`: the evidence of one decision, and which single piece of it
//! would have changed the plan.
//!
//! Nothing is weighed here. The decision is made again by the functions that made
//! it, once as it was and then with one piece less each time.

mod alarm;
mod check;
mod deployment;
mod outcome;
mod rules;

pub mod text;
mod weighed;

use jiff::Timestamp;
use nightshift_core::case::Case;
use nightshift_core::cause::{Cause, Evidence};
use nightshift_incident::fleet;
use serde::Serialize;

pub use outcome::Outcome;
pub use rules::Lifted;

use crate::case::{self, CaseError};

/// One decision, explained. As JSON it is what docs/explain.md describes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// What happened and what was decided, in one sentence.
    pub says: String,
    /// The function that decided.
    pub function: String,
    /// The build that wrote the case; it is explained by the rules of this one.
    pub build: String,
    /// `CLUSTER/SERVICE`.
    pub service: Option<String>,
    /// The incident it belongs to.
    pub incident: Option<String>,
    /// The moment of the decision.
    pub at: Timestamp,
    /// What was decided.
    pub decided: Outcome,
    /// What the evidence adds up to.
    pub diagnosis: Option<Weighed>,
    /// What the decision rests on where nothing is weighed.
    pub facts: Vec<String>,
    /// So many single pieces were left out, one at a time.
    pub tried: usize,
    /// Those without which the plan would have been another.
    pub changes: Vec<Change>,
    /// The limit next to the decision, and how far off it was.
    pub nearest: Option<String>,
    /// The rules in the way, each with what would have come without it and those
    /// before it.
    pub rules: Vec<Lifted>,
}

/// What the evidence adds up to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Weighed {
    /// Every piece of evidence, strongest first, with the weight that counts.
    pub evidence: Vec<Evidence>,
    /// All causes, likeliest first.
    pub causes: Vec<Standing>,
    /// A release may be blamed.
    pub gate_open: bool,
    /// Why, or why not.
    pub gate: String,
}

/// A cause, and what its probability is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The cause.
    pub cause: Cause,
    /// Whole per cent.
    pub percent: u8,
    /// What it starts from, in hundredths of log-odds; none for what the others
    /// leave.
    pub prior: Option<i32>,
    /// Prior and evidence.
    pub log_odds: i32,
}

/// What was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A piece of evidence, by its weight's name.
    Evidence,
    /// A part of what was looked at, by the call that shows it.
    Sight,
    /// Something that was told or remembered.
    Fact,
}

/// A single piece without which the plan would have been another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// What kind of piece.
    pub kind: Kind,
    /// Its name.
    pub without: String,
    /// What it says.
    pub says: String,
    /// What would have been decided.
    pub then: Outcome,
}

/// Explains a stored case.
///
/// # Errors
/// If the text is no case, or one that this build cannot read.
pub fn explain(text: &str) -> Result<Explained, CaseError> {
    let case = case::read(text)?;
    match case.function.as_str() {
        "alarm-responder" => alarm::explain(&case),
        "deployment-guard" => deployment::explain(&case),
        "image-guard" => {
            let observed = case::observed(&case)?;
            let plan = image_guard::plan::plan(&observed, &case.policy, case.now);
            Ok(unweighed(&case, Outcome::of_image(&plan.decision), "an image was looked at", IMAGES))
        }
        "remedy-verifier" => check::explain(&case),
        fleet::FUNCTION => {
            let observed = case::observed(&case)?;
            let plan = fleet::plan(&observed, &case.policy, case.now);
            Ok(unweighed(&case, Outcome::of(&plan), "many services were ill at once", MANY))
        }
        other => Err(CaseError::Function(other.to_owned())),
    }
}

const IMAGES: &str = "This decision has no diagnosis: an image is judged by its findings alone (docs/images.md).";
const MANY: &str = "This decision has no diagnosis: it counts the incidents that opened lately and are open (docs/policy.md, \
                    guardrails.fleet_services). Each of these has a case of its own.";

/// A decision that no evidence was weighed for.
fn unweighed(case: &Case, decided: Outcome, happened: &str, because: &str) -> Explained {
    Explained { facts: vec![because.to_owned()], ..Explained::new(case, decided, happened) }
}

impl Explained {
    fn new(case: &Case, decided: Outcome, happened: &str) -> Self {
        let at = case.now.strftime("%H:%M:%S UTC on %d %b %Y");
        let service = case.service.as_ref().map(ToString::to_string);
        let of = service.as_ref().map_or_else(String::new, |service| format!(" of {service}"));
        Self {
            says: format!("{happened}{of} at {at}: {}", decided.says),
            function: case.function.clone(),
            build: case.build.clone(),
            incident: case.incident.as_ref().map(ToString::to_string),
            at: case.now,
            service,
            decided,
            diagnosis: None,
            facts: Vec::new(),
            tried: 0,
            changes: Vec::new(),
            nearest: None,
            rules: Vec::new(),
        }
    }

    /// Tries one piece less; it is kept where that leads elsewhere.
    fn try_without(&mut self, (kind, without): (Kind, &str), says: String, then: Outcome) {
        self.tried += 1;
        if then != self.decided {
            self.changes.push(Change { kind, without: without.to_owned(), says, then });
        }
    }
}
