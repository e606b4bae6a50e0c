//! The ledger's items about images.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::ids::ServiceRef;
use nightshift_core::image::{ImageId, ImageRecord, Role, Run, ServiceImages};
use nightshift_core::ledger::Versioned;

/// What makes a run one and the same.
pub(crate) type RunKey = (String, ServiceRef, String, Role, ImageId);

/// Items about images.
#[derive(Clone, Debug, Default)]
pub(crate) struct Images {
    pub(crate) records: BTreeMap<ImageId, Versioned<ImageRecord>>,
    pub(crate) runs: BTreeMap<RunKey, Run>,
    pub(crate) services: BTreeMap<ServiceRef, ServiceImages>,
    /// When the last look that saw every service began.
    pub(crate) runs_known: Option<Timestamp>,
    /// Services that run an image with this finding.
    pub(crate) spread: BTreeMap<(String, ImageId), Vec<ServiceRef>>,
}

/// The key of a run, its repository first.
pub(crate) fn key(run: &Run) -> RunKey {
    let Run { image, service, container, role, .. } = run;
    (image.repository.clone(), service.clone(), container.clone(), *role, image.clone())
}

impl Images {
    pub(crate) fn record(&self, image: &ImageId) -> Versioned<ImageRecord> {
        let none = || Versioned { version: 0, value: ImageRecord::new(image.clone()) };
        self.records.get(image).cloned().unwrap_or_else(none)
    }

    /// `false`: somebody wrote in between.
    pub(crate) fn keep(&mut self, record: &Versioned<ImageRecord>) -> bool {
        let image = &record.value.image;
        if self.record(image).version != record.version {
            return false;
        }
        let kept = Versioned { version: record.version + 1, value: record.value.clone() };
        self.records.insert(image.clone(), kept);
        true
    }

    pub(crate) fn open(&self) -> Vec<ImageId> {
        self.records.values().filter(|record| record.value.open()).map(|record| record.value.image.clone()).collect()
    }

    pub(crate) fn runs_of(&self, repository: &str) -> Vec<Run> {
        let mut runs: Vec<Run> =
            self.runs.iter().filter(|((of, ..), _)| of == repository).map(|(_, run)| run.clone()).collect();
        runs.sort();
        runs
    }

    pub(crate) fn keep_spread(&mut self, finding: &str, image: &ImageId, services: &[ServiceRef]) {
        let key = (finding.to_owned(), image.clone());
        if services.is_empty() {
            self.spread.remove(&key);
        } else {
            self.spread.insert(key, services.to_vec());
        }
    }

    pub(crate) fn spread(&self, finding: &str) -> Vec<ServiceRef> {
        let of = self.spread.iter().filter(|((id, _), _)| id == finding);
        let services: BTreeSet<ServiceRef> = of.flat_map(|(_, services)| services.clone()).collect();
        services.into_iter().collect()
    }
}
