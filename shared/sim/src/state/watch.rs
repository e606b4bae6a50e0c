//! What no story may ever break.

use nightshift_core::ids::{ServiceDeploymentArn, ServiceRef};
use nightshift_core::incident::Incident;
use nightshift_core::mode::Mode;
use nightshift_core::remedy::RemedyKind;
use nightshift_core::service::MODE_TAG;

use super::State;
use super::change::Change;

impl State {
    /// Holds a change of production against what no story may break. `going`
    /// is the service deployment that stood when the change was asked for.
    pub(crate) fn watch(&mut self, service: &ServiceRef, change: &Change, going: Option<ServiceDeploymentArn>) {
        let what = format!("{} {service} ({change})", change.operation());
        let incident = self.ledger.record(service).value.incident;
        let claimed = incident.as_ref().and_then(Incident::open_intent).map(|intent| &intent.remedy);
        match claimed {
            None => self.broken.push(format!("{what} without a claimed intent")),
            Some(remedy) if !change.is(remedy) => {
                self.broken.push(format!("{what} under a claim to {remedy}"));
            }
            Some(_) => {}
        }
        let tag = self.machine(service).and_then(|machine| machine.tags.get(MODE_TAG));
        if tag.and_then(|tag| tag.parse().ok()) != Some(Mode::Act) {
            self.broken.push(format!("{what} although its tag {MODE_TAG} is not act"));
        }
        // What nobody claimed is broken already; a rollback is one by its claim.
        if claimed.is_none_or(|remedy| remedy.kind() != RemedyKind::RollBack) {
            return;
        }
        let suspect = incident.and_then(|incident| incident.suspect).map(|suspect| suspect.deployment).or(going);
        if let Some(suspect) = suspect
            && !self.rolled_back.insert((service.clone(), suspect.clone()))
        {
            self.broken.push(format!("{what}: {} was rolled back before", suspect.short()));
        }
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
