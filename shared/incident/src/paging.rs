//! Whether somebody is woken, and by which way.

use nightshift_core::incident::ServiceRecord;
use nightshift_core::mode::Severity;
use nightshift_core::notice::Pager;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;

use crate::severity;

/// A page under a new key, if the rules want one. Where the fleet's incident tells of
/// this one, its page is enough for all but P1.
pub fn page(record: &mut ServiceRecord, helped: bool, policy: &Policy) -> Option<Pager> {
    let incident = record.incident.as_mut()?;
    if !severity::pages(incident.severity, incident.mode, helped, policy) {
        return None;
    }
    if incident.told_by.is_some() && incident.severity != Severity::P1 {
        return None;
    }
    incident.pages += 1;
    Some(Pager::Trigger { key: incident.page_key(incident.pages) })
}

/// What a decision needs could not be seen, or IAM keeps it from being seen.
///
/// A refusal to *decide* by one of these names is meant: once a remedy is
/// claimed, IAM may also deny the remedy itself.
pub fn blind(refusal: Option<&Refusal>) -> bool {
    matches!(refusal, Some(Refusal::NotObserved { .. } | Refusal::NotPermitted { .. }))
}

/// Sends the newest notice straight to the plain page topic as well, once per
/// incident: nothing was even considered, and how bad it is nobody can tell,
/// so the severity does not matter. A service that is only observed stays
/// quiet unless the policy says otherwise.
pub fn tell_plainly(record: &mut ServiceRecord, policy: &Policy) {
    let Some(incident) = record.incident.as_mut() else { return };
    if incident.told_plainly || severity::hushed(incident.mode, policy) {
        return;
    }
    if let Some(notice) = record.unpublished.last_mut() {
        notice.plainly = true;
        incident.told_plainly = true;
    }
}
