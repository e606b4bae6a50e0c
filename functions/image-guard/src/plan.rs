//! What an image's news comes to: pure rules over what was observed.
//!
//! One plan holds at most one step, and what was observed holds the steps that
//! were tried; so whoever looks again after each of them comes to an end, and
//! whoever is interrupted begins anew at the same place.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::ids::ServiceRef;
use nightshift_core::image::{ImageRecord, Marked, Quarantine, ScanState, is_ours};
use nightshift_core::ledger::Versioned;
use nightshift_core::mode::Mode;
use nightshift_core::policy::{Images, Policy, Worth};
use nightshift_core::refusal::Refusal;
use nightshift_core::service::MODE_TAG;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::environments;
use crate::judge::{Judged, findings, judge};
use crate::observe::Observed;
use crate::quarantine::quarantine;
use crate::tell::tell;

/// Findings of one image that others are told to have too.
const MOST_SPREAD: usize = 50;

/// Something that is done to an image in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Put the marker tag of the quarantine on it.
    Mark,
    /// Take it off again.
    Unmark,
    /// Move it to the archive.
    Archive,
    /// Fetch it back from there.
    Restore,
    /// Put the tag on it by which a lifecycle rule can keep it.
    Keep,
    /// Take it off again.
    Unkeep,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "came", rename_all = "kebab-case")]
pub enum Came {
    /// It is done.
    Done,
    /// It cannot be done, now or later.
    Cannot {
        /// Why not, for people.
        why: String,
    },
    /// The kill switch was on.
    Halted,
}

/// A step that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// The step.
    pub step: Step,
    /// What came of it.
    pub came: Came,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "kebab-case")]
pub enum Decision {
    /// Nothing is new that anybody has to know.
    Quiet,
    /// People are told.
    Told {
        /// The headlines.
        headlines: Vec<String>,
    },
    /// It is kept from being deployed from now on.
    Quarantined,
    /// It may be deployed again.
    Released,
    /// It would be kept from being deployed, were it not for a rule.
    Spared {
        /// The rule.
        refusal: Refusal,
    },
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// What was decided.
    pub decision: Decision,
    /// What is to be remembered; `None`: that is known already.
    pub record: Option<ImageRecord>,
    /// What is to be done to the image, once that is remembered.
    pub step: Option<Step>,
    /// Which services run an image with these findings; none: no longer any.
    pub spread: BTreeMap<String, Vec<ServiceRef>>,
}

/// Decides what is to be done about an image.
pub fn plan(observed: &Observed, policy: &Policy, now: Timestamp) -> Plan {
    let before = &observed.record.value;
    let mut record = seen(observed, now);
    let known = record.findings.clone();
    let places = environments(observed.run_by());
    let judged = judge(&known, &observed.image.repository, &places, &policy.images, now);
    record.excepted = judged.iter().filter(|it| it.excepted.is_some()).map(|it| it.id().to_owned()).collect();
    let step = quarantine(&mut record, observed, &judged, &policy.images, now);
    if step.is_none() && before.quarantine.is_some() && record.quarantine.is_none() && observed.arrives() {
        // Let go, it is as good as deployed: people are told what the next look would say.
        let released = Versioned { value: record.clone(), ..observed.record.clone() };
        let then = plan(&Observed { record: released, ..observed.clone() }, policy, now);
        return Plan { decision: Decision::Released, record: then.record.or(Some(record)), ..then };
    }
    let step = step.or_else(|| keep(observed, &policy.images));
    // What people are told, they are told once it is done.
    let headlines = if step.is_none() { tell(&mut record, observed, &judged, policy, now) } else { Vec::new() };
    let decision = decision(before, &record, headlines);
    let spread = spread(observed, &judged, before);
    Plan { decision, record: (record != *before).then_some(record), step, spread }
}

/// The record with what was seen now.
fn seen(observed: &Observed, now: Timestamp) -> ImageRecord {
    let mut record = observed.record.value.clone();
    if let Some(doomed) = &observed.doomed {
        record.doomed.clone_from(doomed);
    }
    record.settles_at = record.settles_at.filter(|at| *at > now);
    let Some(detail) = &observed.detail else {
        let needed = observed.needed_by().next().is_some();
        record.scan = record.scan.or(needed.then_some(ScanState::Gone)).map(|_| ScanState::Gone);
        record.doomed = None;
        return record;
    };
    record.tags = detail.tags.iter().filter(|tag| !is_ours(tag)).cloned().collect();
    record.findings = findings(&record.findings, &observed.others, observed.scans.values(), now);
    let worst = observed.scans.values().max_by_key(|scan| unfinished(&scan.state));
    record.scan = worst.map(|scan| scan.state.clone());
    record.scanned_at = observed.scans.values().filter_map(|scan| scan.at).min().or(record.scanned_at);
    if observed.scans.values().all(|scan| scan.state == ScanState::Done) {
        record.counts = BTreeMap::new();
        for (severity, number) in observed.scans.values().flat_map(|scan| &scan.counts) {
            let counted = record.counts.entry(*severity).or_default();
            // Platforms have most of their findings in common.
            *counted = (*counted).max(*number);
        }
    }
    record
}

/// Of several platforms, the scan that is least complete speaks for all.
fn unfinished(state: &ScanState) -> u8 {
    match state {
        ScanState::Done => 0,
        ScanState::Not { .. } | ScanState::Archived => 1,
        ScanState::Gone => 2,
        ScanState::Pending => 3,
        ScanState::Never => 4,
    }
}

/// What a service needs carries a tag that a lifecycle rule can keep, and
/// nothing else does.
fn keep(observed: &Observed, policy: &Images) -> Option<Step> {
    let detail = observed.detail.as_ref()?;
    let mine = policy.keep && mode(observed, policy) == Mode::Act && !observed.halted;
    let tagged = detail.tags.contains(&observed.image.keep_tag());
    let needed = observed.needed_by().next().is_some();
    let step = match (needed, tagged) {
        (true, false) => Step::Keep,
        (false, true) => Step::Unkeep,
        _ => return None,
    };
    (mine && tried(observed, step).is_none()).then_some(step)
}

/// What came of a step in this invocation, if it was tried.
pub fn tried(observed: &Observed, step: Step) -> Option<&Came> {
    observed.tried.iter().find(|tried| tried.step == step).map(|tried| &tried.came)
}

/// The mode of the image's repository: its tag, or else the policy's default.
pub fn mode(observed: &Observed, policy: &Images) -> Mode {
    let tag = observed.repository.as_ref().and_then(|repository| repository.tags.get(MODE_TAG));
    match tag.map(|tag| tag.parse()) {
        Some(Ok(Mode::Act)) => Mode::Act,
        // Nobody can be asked about an image yet; what cannot be read allows nothing.
        Some(_) => Mode::Observe,
        None => policy.default_mode,
    }
}

/// Why it was quarantined, as far as the marker says.
pub fn fresh(because: BTreeSet<String>, now: Timestamp) -> Quarantine {
    Quarantine { at: now, because, mark: Marked::Not, archived: false }
}

fn decision(before: &ImageRecord, after: &ImageRecord, headlines: Vec<String>) -> Decision {
    match (&before.quarantine, &after.quarantine) {
        (None, Some(_)) => return Decision::Quarantined,
        (Some(_), None) => return Decision::Released,
        _ => {}
    }
    match &after.spared {
        _ if !headlines.is_empty() => Decision::Told { headlines },
        Some(refusal) if after.spared != before.spared => Decision::Spared { refusal: refusal.clone() },
        _ => Decision::Quiet,
    }
}

/// Services that run this image, under each of its graver findings; and none
/// under those that it has no longer.
fn spread(observed: &Observed, judged: &[Judged<'_>], before: &ImageRecord) -> BTreeMap<String, Vec<ServiceRef>> {
    let services: BTreeSet<ServiceRef> = observed.run_by().map(|run| run.service.clone()).collect();
    let services: Vec<ServiceRef> = services.into_iter().collect();
    let grave = judged.iter().filter(|it| it.worth == Worth::Quarantine).take(MOST_SPREAD);
    let mut spread: BTreeMap<String, Vec<ServiceRef>> =
        grave.map(|it| (it.id().to_owned(), services.clone())).collect();
    for excepted in judged.iter().filter(|it| it.excepted.is_some()).take(MOST_SPREAD) {
        spread.insert(excepted.id().to_owned(), Vec::new());
    }
    for gone in before.findings.keys().filter(|id| judged.iter().all(|it| it.id() != id.as_str())) {
        spread.insert(gone.clone(), Vec::new());
    }
    if services.is_empty() && before.told.is_empty() && before.quarantine.is_none() {
        // It never ran: nothing is there to be taken back.
        spread.clear();
    }
    spread
}
