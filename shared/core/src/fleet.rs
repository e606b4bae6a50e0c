//! The fleet: what all services share, and the incident that is of no single one.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{EventId, IncidentId, ServiceRef};

/// In place of a cluster, where a record is of no service: ECS lets none be called so.
const NO_CLUSTER: &str = "*";

/// What all services share: the cap over remedies, how many there are, and the
/// incident of many at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fleet {
    /// When remedies were claimed lately, oldest first.
    pub remedies: Vec<Timestamp>,
    /// Number of services, once the daily sweep has counted them.
    pub services: Option<u32>,
    /// The incident of many services at once, while it is open.
    #[serde(default)]
    pub incident: Option<FleetIncident>,
}

/// What whoever finds many services ill must know of the incident that tells of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FleetIncident {
    /// Which one.
    pub id: IncidentId,
    /// The alarm's event that opened it, or by which somebody was woken: its retry goes on
    /// where it stopped.
    pub by: EventId,
    /// When it opened.
    pub since: Timestamp,
    /// It woke somebody. Services that are only observed open one that does not.
    pub pages: bool,
    /// So many ill services were told of last.
    pub told: u32,
    /// The most that were ill at once.
    pub most: u32,
    /// Number of the check that comes next.
    pub check: u32,
    /// When that is due.
    pub due: Timestamp,
}

/// Whose record holds the fleet's incident.
pub fn service((account, region): (&str, &str)) -> ServiceRef {
    ServiceRef {
        account: account.to_owned(),
        region: region.to_owned(),
        cluster: NO_CLUSTER.to_owned(),
        service: "fleet".to_owned(),
    }
}

/// The record is of no service: it counts for none.
pub fn is_no_service(service: &ServiceRef) -> bool {
    service.cluster == NO_CLUSTER
}
