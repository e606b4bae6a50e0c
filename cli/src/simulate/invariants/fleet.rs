//! What must hold where many services fall ill at once.

use jiff::Timestamp;
use nightshift_core::fleet::is_no_service;
use nightshift_core::mode::Severity;
use nightshift_core::span::Span;
use nightshift_incident::severity::hushed;

use super::{Ended, Reader};

/// Whoever falls ill in the minute after the fleet's incident opened is told by that, but
/// for P1; and that is told twice for each time the number of the ill doubles, and when it
/// opens, pages and ends. So messages do not grow with the number of services.
pub(super) fn many_services_at_once_are_told_by_one_incident(ended: &Ended, _: &Reader) -> Vec<String> {
    let mut broken = Vec::new();
    let (fleets, of_services): (Vec<_>, Vec<_>) =
        ended.incidents.iter().partition(|(service, _)| is_no_service(service));
    for (_, fleet) in &fleets {
        let soon = |at: &Timestamp| fleet.opened_at < *at && *at <= Span::minutes(1).after(fleet.opened_at);
        for (service, incident) in of_services.iter().filter(|(_, incident)| soon(&incident.opened_at)) {
            let pages = incident.severity == Severity::P1 && !hushed(incident.mode, &ended.policy);
            if incident.untold == 0 && !pages {
                broken.push(format!("{} of {service} was told beside {}", incident.id, fleet.id));
            }
        }
        let most = 3 + 2 * (of_services.len().max(1).ilog2() + 1);
        if fleet.sequence > most {
            broken.push(format!("{} was told {} times, where {most} are enough", fleet.id, fleet.sequence));
        }
    }
    broken
}
