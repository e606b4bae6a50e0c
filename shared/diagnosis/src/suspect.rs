//! Which release may be to blame, and which one ran before it.

use std::cmp::Reverse;

use jiff::Timestamp;
use nightshift_core::cause::Suspect;
use nightshift_core::ids::TaskDefinitionArn;
use nightshift_core::release::{DeploymentStatus, ServiceDeployment};
use nightshift_core::span::Span;

use crate::shifts::exposed_at;
use crate::trend::end_of;

/// Releases this close are deployed in a row: nobody saw how the first one does.
const SAME_RUN: Span = Span::minutes(10);

/// The release under suspicion and the one it replaced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lineup<'a> {
    pub(crate) suspect: &'a ServiceDeployment,
    /// A release minutes before it that is as much to blame: the symptom came
    /// with that one and ran on under the suspect. Going back skips both.
    pub(crate) with: Option<&'a ServiceDeployment>,
    /// `None`: the history knows of none.
    pub(crate) previous: Option<&'a ServiceDeployment>,
}

/// The newest release that began, or last got more of the traffic, within
/// `blame_window` before the onset (or before now if none shows), is no rollback
/// and brought something new.
/// Failing that, one that began after the onset: innocent, and worth naming.
pub(crate) fn lineup<'a>(
    history: &'a [ServiceDeployment],
    shifts: &[Timestamp],
    onset: Option<Timestamp>,
    blame_window: Span,
    now: Timestamp,
) -> Option<Lineup<'a>> {
    let until = onset.map_or(now, end_of);
    let earliest = blame_window.before(onset.unwrap_or(now));
    // A metric's onset stands for a minute; whatever began in it may be meant.
    let (later, earlier): (Vec<_>, Vec<_>) =
        newest_first(history, now).into_iter().partition(|one| onset.is_some() && one.began_at() >= until);
    let before = running_at(&earlier, onset.unwrap_or(now))
        .filter(|one| exposed_at(one.suspect, shifts, onset, now) >= earliest);
    before.or_else(|| {
        let all: Vec<_> = later.iter().chain(&earlier).copied().collect();
        (0..later.len()).find_map(|index| candidate(&all, index).and_then(Verdict::new_release))
    })
}

/// The newest release together with one that it followed within minutes, where
/// `ran_on` says that the symptom which began under that one went on under it.
/// `None`: the newest began alone, is no release, or may be the fix.
pub(crate) fn run<'a>(
    history: &'a [ServiceDeployment],
    onset: Timestamp,
    now: Timestamp,
    ran_on: impl Fn(&ServiceDeployment, &ServiceDeployment) -> bool,
) -> Option<Lineup<'a>> {
    let all = newest_first(history, now);
    let newest = candidate(&all, 0)?.new_release()?;
    let before = candidate(&all, 1)?.new_release()?;
    let (first, second) = (before.suspect, newest.suspect);
    let close = second.began_at() <= SAME_RUN.after(first.began_at());
    let onset_within = first.began_at() < end_of(onset);
    let both = close && onset_within && ran_on(first, second);
    both.then_some(Lineup { with: Some(first), previous: before.previous, ..newest })
}

fn newest_first(history: &[ServiceDeployment], now: Timestamp) -> Vec<&ServiceDeployment> {
    let mut all: Vec<&ServiceDeployment> = history.iter().filter(|one| one.began_at() <= now).collect();
    all.sort_by_key(|one| (Reverse(one.began_at()), Reverse(&one.arn)));
    all
}

/// What one entry of the history was.
enum Verdict<'a> {
    New(Lineup<'a>),
    /// A known release came back.
    Rollback,
    /// The same tasks again.
    Restart,
}

impl<'a> Verdict<'a> {
    fn new_release(self) -> Option<Lineup<'a>> {
        match self {
            Self::New(lineup) => Some(lineup),
            Self::Rollback | Self::Restart => None,
        }
    }
}

/// The release that ran, or was coming, at `at`; `None` if that was one that
/// had been returned to.
fn running_at<'a>(newest_first: &[&'a ServiceDeployment], at: Timestamp) -> Option<Lineup<'a>> {
    for (index, one) in newest_first.iter().enumerate() {
        let taken_back = one.status == DeploymentStatus::RollbackSuccessful
            && one.finished_at.is_some_and(|finished| finished <= at);
        if taken_back {
            continue;
        }
        match candidate(newest_first, index)? {
            Verdict::New(lineup) => return Some(lineup),
            Verdict::Rollback => return None,
            Verdict::Restart => {}
        }
    }
    None
}

fn candidate<'a>(newest_first: &[&'a ServiceDeployment], index: usize) -> Option<Verdict<'a>> {
    let suspect = *newest_first.get(index)?;
    let mut lasting = newest_first[index + 1..].iter().copied().filter(|one| lasted(one.status));
    let previous = lasting.next();
    Some(match previous {
        Some(previous) if same_tasks(suspect, previous) => Verdict::Restart,
        Some(previous) if goes_back(suspect, previous, lasting) => Verdict::Rollback,
        _ => Verdict::New(Lineup { suspect, with: None, previous }),
    })
}

/// It was what the service ran when the next one began.
fn lasted(status: DeploymentStatus) -> bool {
    matches!(status, DeploymentStatus::Successful | DeploymentStatus::Unknown)
}

/// A forced deployment of what ran already cannot have brought a fault. An
/// unknown digest may hide a moved tag, so it is taken as new.
fn same_tasks(one: &ServiceDeployment, other: &ServiceDeployment) -> bool {
    let (one, other) = (&one.target, &other.target);
    let known = !one.images.is_empty() && one.images.values().all(|image| image.digest.is_some());
    one.arn == other.arn
        || (one.task_definition == other.task_definition
            && one.surroundings == other.surroundings
            && known
            && one.images == other.images)
}

/// A lower revision of the same family, or another family that ran before.
fn goes_back<'a>(
    suspect: &ServiceDeployment,
    previous: &ServiceDeployment,
    mut older: impl Iterator<Item = &'a ServiceDeployment>,
) -> bool {
    let (to, from) = (&suspect.target.task_definition, &previous.target.task_definition);
    match (revision(to), revision(from)) {
        (Some((family, number)), Some((other, replaced))) if family == other => number < replaced,
        _ => to != from && older.any(|one| one.target.task_definition == *to),
    }
}

fn revision(task_definition: &TaskDefinitionArn) -> Option<(&str, u64)> {
    let (family, number) = task_definition.as_str().rsplit_once(':')?;
    Some((family, number.parse().ok()?))
}

impl Lineup<'_> {
    /// When what is suspected began: the suspect, or the first of its run.
    pub(crate) fn began_at(&self) -> Timestamp {
        self.with.map_or(self.suspect.began_at(), ServiceDeployment::began_at)
    }

    /// The task definition is the suspect's, or that of its run.
    pub(crate) fn runs(&self, task_definition: &TaskDefinitionArn) -> bool {
        let (suspect, with) = (&self.suspect.target, self.with.map(|one| &one.target));
        *task_definition == suspect.task_definition || with.is_some_and(|one| one.task_definition == *task_definition)
    }

    /// The suspect as a diagnosis names it.
    pub(crate) fn named(&self) -> Suspect {
        Suspect {
            deployment: self.suspect.arn.clone(),
            revision: self.suspect.target.arn.clone(),
            task_definition: self.suspect.target.task_definition.clone(),
            began_at: self.suspect.began_at(),
        }
    }

    /// What the suspect runs, for people.
    pub(crate) fn release(&self) -> &str {
        crate::words::release(&self.suspect.target.task_definition)
    }

    /// What its run began with, for people.
    pub(crate) fn first(&self) -> &str {
        crate::words::release(&self.with.unwrap_or(self.suspect).target.task_definition)
    }

    /// What ran before, for people.
    pub(crate) fn replaced(&self) -> &str {
        self.previous.map_or("its predecessor", |one| crate::words::release(&one.target.task_definition))
    }
}
