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
