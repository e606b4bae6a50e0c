//! Whether an image is kept from being deployed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use nightshift_core::image::{ImageRecord, Marked, Quarantine, Role};
use nightshift_core::mode::Mode;
use nightshift_core::policy::{Images, Worth};
use nightshift_core::refusal::Refusal;
use nightshift_core::span::Span;

use crate::judge::Judged;
use crate::observe::{MOST_SPREAD, Observed};
use crate::plan::{Came, Step, fresh, mode, tried};

/// An image that was pulled within this is not archived.
const IDLE: Span = Span::hours(30 * 24);

/// What runs is known if every service was looked at within this: once a day,
/// and one of two daily looks may be lost.
const KNOWN: Span = Span::hours(2 * 24 + 2);

/// Quarantines the image, holds it there, or lets it go; returns what is to be
/// done to it for that.
pub fn quarantine(
    record: &mut ImageRecord,
    observed: &Observed,
    judged: &[Judged<'_>],
    policy: &Images,
    now: Timestamp,
) -> Option<Step> {
    let grave = judged.iter().filter(|it| it.worth == Worth::Quarantine);
    let grave: BTreeSet<String> = grave.map(|it| it.id().to_owned()).collect();
    record.spared = None;
    if observed.detail.is_none() {
        // What is gone cannot be deployed.
        record.quarantine = None;
        return None;
    }
    match record.quarantine.clone() {
        Some(held) => {
            let grave = grave.difference(&record.released).cloned().collect();
            hold(record, held, (observed, &grave), policy, now)
        }
        None => {
            let grave: BTreeSet<String> = grave.difference(&record.released).cloned().collect();
            if grave.is_empty() {
                return None;
            }
            match fits(observed, &grave, policy, now) {
                Ok(because) => {
                    record.quarantine = Some(fresh(because, now));
                    Some(Step::Mark)
                }
                Err(refusal) => {
                    record.spared = Some(refusal);
                    None
                }
            }
        }
    }
}

/// It is quarantined: is it still to be?
fn hold(
    record: &mut ImageRecord,
    held: Quarantine,
    (observed, grave): (&Observed, &BTreeSet<String>),
    policy: &Images,
    now: Timestamp,
) -> Option<Step> {
    let tagged = observed.detail.as_ref().is_some_and(|it| it.tags.contains(&observed.image.quarantine_tag()));
    let by_us = tried(observed, Step::Unmark).is_some();
    if held.mark == Marked::Tagged && !tagged && !held.archived && !by_us {
        // A person took the marker off, and means it.
        record.released.extend(held.because);
        record.quarantine = None;
        return None;
    }
    if grave.is_empty() {
        return let_go(record, held, tagged, (observed, policy));
    }
    match fits(observed, grave, policy, now) {
        Ok(because) => finish(record, Quarantine { because, ..held }, observed, policy),
        Err(Refusal::Halted | Refusal::RunsNotKnown) => finish(record, held, observed, policy),
        Err(refusal) => {
            record.spared = Some(refusal);
            let_go(record, held, tagged, (observed, policy))
        }
    }
}

/// Marks it, and moves it to the archive where people want that.
fn finish(record: &mut ImageRecord, mut held: Quarantine, observed: &Observed, policy: &Images) -> Option<Step> {
    if held.mark == Marked::Not {
        match tried(observed, Step::Mark) {
            None => return Some(Step::Mark),
            Some(Came::Done) => held.mark = Marked::Tagged,
            Some(Came::Cannot { why }) => held.mark = Marked::Cannot { why: why.clone() },
            // Looked at again, it is tried again.
            Some(Came::Halted) => return None,
        }
    }
    if policy.archive && !held.archived && idle(observed, held.at) {
        match tried(observed, Step::Archive) {
            None => {
                record.quarantine = Some(held);
                return Some(Step::Archive);
            }
            Some(came) => held.archived = *came == Came::Done,
        }
    }
    record.quarantine = Some(held);
    None
}

/// Nobody has pulled it for long: ECS is not all that pulls images, and what is
/// archived cannot be pulled.
fn idle(observed: &Observed, now: Timestamp) -> bool {
    let pulled = observed.detail.as_ref().and_then(|detail| detail.pulled_at);
    pulled.is_none_or(|at| IDLE.after(at) <= now)
}

/// Undoes what was done, the last first. In a repository that has opted out by
/// now nothing is written any more: what was done to it stays, and is said.
fn let_go(
    record: &mut ImageRecord,
    mut held: Quarantine,
    tagged: bool,
    (observed, policy): (&Observed, &Images),
) -> Option<Step> {
    if mode(observed, policy) != Mode::Act {
        record.quarantine = None;
        return None;
    }
    if held.archived {
        match tried(observed, Step::Restore) {
            None => return Some(Step::Restore),
            Some(Came::Halted) => return None,
            Some(_) => held.archived = false,
        }
    }
    if tagged {
        match tried(observed, Step::Unmark) {
            None => {
                // Whoever finds the marker gone after a crash must not take us for a person.
                held.mark = Marked::Not;
                record.quarantine = Some(held);
                return Some(Step::Unmark);
            }
            Some(Came::Halted) => {
                record.quarantine = Some(held);
                return None;
            }
            // The marker may stay, as the last tag there is: the ledger decides.
            Some(_) => {}
        }
    }
    record.quarantine = None;
    None
}

/// Whether an image may be quarantined for these findings: for which of them,
/// or the rule that forbids it.
fn fits(
    observed: &Observed,
    grave: &BTreeSet<String>,
    policy: &Images,
    now: Timestamp,
) -> Result<BTreeSet<String>, Refusal> {
    let services: BTreeSet<_> = observed.run_by().map(|run| &run.service).collect();
    if !services.is_empty() {
        return Err(Refusal::ImageRuns { services: number(services.len()) });
    }
    if let Some(run) = observed.needed_by().find(|run| run.role == Role::LastGood) {
        return Err(Refusal::ImageLastKnownGood { service: run.service.to_string() });
    }
    // A fix for something else must not be stopped for what runs anyway.
    if observed.others.values().any(|other| grave.iter().all(|id| other.contains_key(id))) {
        return Err(Refusal::NoWorseThanWhatRuns);
    }
    // Of very many not all are looked up: those may be anywhere.
    let unseen = if observed.spread.len() < MOST_SPREAD { 0 } else { u32::MAX };
    let reach = |finding: &String| observed.spread.get(finding).map_or(unseen, |services| number(services.len()));
    let few: BTreeSet<String> =
        grave.iter().filter(|finding| reach(finding) <= policy.most_services).cloned().collect();
    if few.is_empty() {
        let services = grave.iter().map(reach).max().unwrap_or(0);
        return Err(Refusal::TooManyServices { services });
    }
    match mode(observed, policy) {
        Mode::Act => {}
        mode => return Err(Refusal::NotOptedIn { mode }),
    }
    if observed.runs_known.is_none_or(|at| KNOWN.after(at) < now) {
        return Err(Refusal::RunsNotKnown);
    }
    if observed.halted { Err(Refusal::Halted) } else { Ok(few) }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
