//! A case: everything a decision was made from, so that it can be made again.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{IncidentId, ServiceRef};
use crate::policy::Policy;

/// The shape of a case; a change that old cases do not survive raises it.
pub const SCHEMA: u32 = 1;

/// One decision, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// [`SCHEMA`] of the build that wrote it.
    pub schema: u32,
    /// Version of the build that wrote it.
    pub build: String,
    /// The function that decided.
    pub function: String,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// The service it is about.
    pub service: Option<ServiceRef>,
    /// The event as it came.
    pub event: Value,
    /// Everything observed.
    pub observed: Value,
    /// The policy it was decided under.
    pub policy: Policy,
    /// The moment of the decision.
    pub now: Timestamp,
    /// What was decided.
    pub plan: Value,
}

/// The same while it is decided: most decisions keep no case, and nothing is copied for
/// those that do.
#[derive(Debug, Serialize)]
pub struct NewCase<'a, O, P> {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Version of this build.
    pub build: &'a str,
    /// The function that decides.
    pub function: &'a str,
    /// The incident it belongs to.
    pub incident: Option<&'a IncidentId>,
    /// The service it is about.
    pub service: Option<&'a ServiceRef>,
    /// The event as it came.
    pub event: &'a Value,
    /// Everything observed.
    pub observed: &'a O,
    /// The policy it is decided under.
    pub policy: &'a Policy,
    /// The moment of the decision.
    pub now: Timestamp,
    /// What is decided.
    pub plan: &'a P,
}

impl Case {
    /// What will be read of a case that is written.
    ///
    /// # Errors
    /// If it has another shape than a case.
    pub fn of(new: &NewCase<'_, impl Serialize, impl Serialize>) -> Result<Self, serde_json::Error> {
        serde_json::from_value(serde_json::to_value(new)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let (event, policy) = (serde_json::json!({"id": "1"}), Policy::default());
        let new = NewCase {
            schema: SCHEMA,
            build: "0.1.0",
            function: "alarm-responder",
            incident: None,
            service: None,
            event: &event,
            observed: &[1.5, 2.0],
            policy: &policy,
            now: Timestamp::UNIX_EPOCH,
            plan: &"none",
        };
        let read: Case = serde_json::from_str(&serde_json::to_string(&new).unwrap()).unwrap();
        assert_eq!(Case::of(&new).unwrap(), read);
        assert_eq!((read.observed, read.plan), (serde_json::json!([1.5, 2.0]), "none".into()));
        assert_eq!((read.event, read.policy), (event, policy));
    }
}
