//! How bad it is where nobody could look at once: AWS did not answer, or many services are
//! ill, and it answers only so many questions.

use nightshift_core::incident::ServiceRecord;
use nightshift_core::mode::Severity;

use crate::decide::{known_service, mode};
use crate::life::{Moment, worse};
use crate::{about, severity};

/// What was not seen when it opened is rated by the first check that sees it. P1 pages then,
/// as it would have at once.
pub fn rate(record: &mut ServiceRecord, moment: Moment<'_>) {
    let Moment { scene, policy, now, .. } = moment;
    let (_, found) = known_service(scene);
    let Some(incident) = record.incident.as_mut() else { return };
    incident.rated = true;
    incident.mode = mode(&scene.view.service, scene.default_mode);
    incident.about = about::seen(&incident.about, scene, found);
    let (severity, because) = severity::severity(found, incident.felt);
    if severity == Severity::P1 && !severity::hushed(incident.mode, policy) {
        return worse(record, (severity, because), policy, now);
    }
    (incident.severity, incident.severity_because) = (severity, because);
}
