//! What a decision comes to, as far as two of them are compared.

use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::Remedy;
use nightshift_incident::plan::{Decision, Plan};
use nightshift_incident::refusals::sentence;
use serde::Serialize;
use serde_json::json;

/// What a decision comes to.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The decision in a word: `remedy`, `refused`, `silent`, ….
    pub decision: String,
    /// The same as people read it.
    pub says: String,
    /// The remedy that is taken, or would be but for the refusal.
    pub remedy: Option<Remedy>,
    /// The rule that forbids it, by name.
    pub refusal: Option<String>,
    /// The same, with what it holds.
    #[serde(skip)]
    pub rule: Option<Refusal>,
}

/// The figures in a refusal do not make another decision of it.
impl PartialEq for Outcome {
    fn eq(&self, other: &Self) -> bool {
        (&self.decision, &self.remedy, &self.refusal) == (&other.decision, &other.remedy, &other.refusal)
    }
}

impl Outcome {
    /// Of a plan on an incident.
    pub(super) fn of(plan: &Plan) -> Self {
        let decision = &plan.decision;
        let (says, remedy, rule) = match decision {
            Decision::Remedy { remedy } => (format!("{remedy} ({})", remedy.operation()), Some(remedy), None),
            Decision::Refused { refusal, would } => {
                let would = would.as_ref();
                let meant = would.map_or_else(String::new, |remedy| format!("; it would have been: {remedy}"));
                (format!("nothing was done, {}{meant}", refused(refusal)), would, Some(refusal))
            }
            Decision::Silent { refusal } => (format!("no incident, {}", refused(refusal)), None, Some(refusal)),
            Decision::Told { refusal } => {
                (format!("no incident, people were told plainly, {}", refused(refusal)), None, Some(refusal))
            }
            Decision::Judged { release, verdict, refusal } => {
                let left = refusal.as_ref().map_or_else(String::new, |rule| format!(", left alone, {}", refused(rule)));
                (format!("{release} is {}{left}", verdict.name()), None, refusal.as_ref())
            }
            Decision::Joined => ("it joined the open incident, nothing new was to be decided".into(), None, None),
            Decision::Cleared => ("an alarm of the incident is OK again, which is checked".into(), None, None),
            Decision::CheckAgain { waiting_for } => (format!("not over, for {}", waiting_for.join("; ")), None, None),
            Decision::Resolved => ("the incident is over".into(), None, None),
            Decision::Escalated => ("a person is asked for".into(), None, None),
            Decision::Resumed { .. } => ("what an earlier run had claimed is brought to its end".into(), None, None),
            Decision::InProgress => ("an earlier run is still at work on it".into(), None, None),
            Decision::Blind { fault } => (format!("nothing could be decided: {fault}"), None, None),
            Decision::ManyAtOnce { .. } => ("many services are ill at once, which is told first".into(), None, None),
            Decision::FleetIncident => ("one incident tells of many services".into(), None, None),
            Decision::SelfDrill => ("the stack tried itself out".into(), None, None),
            Decision::Settled => ("nothing was left to do".into(), None, None),
        };
        let (remedy, rule) = (remedy.cloned(), rule.cloned());
        Self { decision: word(json!(decision)), says, remedy, refusal: rule.as_ref().map(Refusal::name), rule }
    }

    /// Of a plan on an image.
    pub(super) fn of_image(decision: &image_guard::plan::Decision) -> Self {
        use image_guard::plan::Decision;
        let (says, rule) = match decision {
            Decision::Quiet => ("nothing is new that anybody has to know".to_owned(), None),
            Decision::Told { headlines } => (format!("people are told: {}", headlines.join("; ")), None),
            Decision::Quarantined => ("it is kept from being deployed".to_owned(), None),
            Decision::Released => ("it may be deployed again".to_owned(), None),
            Decision::Spared { refusal } => (format!("it is not quarantined, {}", refused(refusal)), Some(refusal)),
        };
        let rule = rule.cloned();
        Self { decision: word(json!(decision)), says, remedy: None, refusal: rule.as_ref().map(Refusal::name), rule }
    }
}

fn refused(refusal: &Refusal) -> String {
    format!("refused by {}: {}", refusal.name(), sentence(refusal).trim_end_matches('.'))
}

fn word(decision: serde_json::Value) -> String {
    decision["decision"].as_str().unwrap_or_default().to_owned()
}
