//! Every sentence people read about an image is built here.

mod parts;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::image::{Finding, FindingSeverity, Fix, ImageRecord, ImageStatus, Marked, Role};
use nightshift_core::incident::Phase;
use nightshift_core::mode::Severity;
use nightshift_core::notice::{Link, Notice, NoticeKind};
use nightshift_core::policy::Policy;
use nightshift_core::span::words;
use nightshift_incident::refusals::sentence;

use crate::judge::{Judged, due};
use crate::observe::Observed;
use crate::plan::mode;
use crate::tell::{End, Says, thread};
use nightshift_core::image::Told;

/// Services that are named in one line.
const NAMED: usize = 5;

/// What a message is about.
pub struct About<'a> {
    /// What was seen.
    pub observed: &'a Observed,
    /// What is remembered by now.
    pub record: &'a ImageRecord,
    /// The findings with what they are worth.
    pub judged: &'a [Judged<'a>],
    /// What there is to be said.
    pub says: &'a Says,
    /// The team; empty: that of services without one.
    pub team: &'a str,
    /// The policy.
    pub policy: &'a Policy,
}

impl About<'_> {
    /// What people call it: a tag of it, or else twelve digits of its digest.
    fn name(&self) -> String {
        let image = &self.observed.image;
        let run = self.observed.run_by().map(|run| run.reference.as_str());
        let written = run.filter_map(|reference| reference.rsplit('/').next()).find(|name| !name.contains('@'));
        let last = image.repository.rsplit('/').next().unwrap_or(&image.repository);
        let tagged = || self.record.tags.iter().next().map(|tag| format!("{last}:{tag}"));
        written.map(ToOwned::to_owned).or_else(tagged).unwrap_or_else(|| format!("{last}@{}", image.short()))
    }

    fn exposed(&self) -> impl Iterator<Item = &Judged<'_>> + Clone {
        self.judged.iter().filter(|it| it.tells())
    }

    /// Findings that nothing that ran before has.
    fn newly_found(&self) -> BTreeSet<&str> {
        let had = |id: &str| self.observed.others.values().any(|other| other.contains_key(id));
        self.judged.iter().map(Judged::id).filter(|id| !had(id)).collect()
    }

    fn services(&self) -> String {
        named(&self.says.services)
    }
}

/// Something is wrong with the image, or is done about it.
pub fn news(about: &About<'_>, told: &Told, now: Timestamp) -> Notice {
    let headline = headline(about);
    let phase = match (about.says.severity, &about.says.quarantined) {
        (Severity::P3, None) => Phase::Noted,
        (Severity::P3, Some(_)) => Phase::AwaitingApproval,
        _ => Phase::Firing,
    };
    let mut notice = written(about, told, (headline.clone(), phase), now);
    notice.why = why(about, now);
    notice.done = done(about);
    notice.sections =
        [parts::table(about), parts::worst(about), parts::exceptions(about)].into_iter().flatten().collect();
    notice.timeline = headline;
    notice
}

/// It is over.
pub fn over(about: &About<'_>, told: &Told, end: End, now: Timestamp) -> Notice {
    let how = match end {
        End::DeployedAway => "no service runs it any more",
        End::Passed => "what runs is newer than it",
        End::Fixed => "nothing is found in it any more that asks for a message",
        End::Excepted => "somebody answers for what is found in it",
        End::Released => "it may be deployed again",
        End::Gone => "it is gone from its repository, and no service needs it",
        End::Joined => "it is a part of another, and told with the whole from now on",
    };
    let headline = format!("Image {}: {how}", about.name());
    let took = words(now.duration_since(told.since));
    let mut notice = written(about, told, (headline.clone(), Phase::Resolved), now);
    notice.done = vec![format!("Over after {took}: {how}.")];
    let tag = about.observed.image.quarantine_tag();
    if about.observed.detail.as_ref().is_some_and(|it| it.tags.contains(&tag)) {
        notice.done.push(format!("The tag {tag} stays on it; it means nothing any more."));
    }
    if about.observed.detail.as_ref().is_some_and(|it| it.status == ImageStatus::Archived) {
        notice.done.push("It is in the archive: fetch it back before it is deployed.".to_owned());
    }
    notice.timeline = headline;
    notice
}

fn written(about: &About<'_>, told: &Told, (headline, phase): (String, Phase), now: Timestamp) -> Notice {
    let observed = about.observed;
    Notice {
        incident: thread(observed, about.team),
        sequence: told.sequence,
        kind: NoticeKind::Image,
        phase,
        severity: about.says.severity,
        severity_because: about.says.because.clone(),
        mode: mode(observed, &about.policy.images),
        service: told.service.clone(),
        environment: observed.run_by().find_map(|run| run.environment.clone()),
        team: Some(about.team).filter(|team| !team.is_empty()).map(ToOwned::to_owned),
        opened_at: told.since,
        at: now,
        timeline: String::new(),
        headline,
        why: Vec::new(),
        done: Vec::new(),
        evidence: Vec::new(),
        impact: impact(about),
        drift: None,
        links: links(observed),
        pager: None,
        plainly: false,
        untold: 0,
        told_by: None,
        sections: Vec::new(),
        chart: None,
    }
}

fn headline(about: &About<'_>) -> String {
    let (says, name) = (about.says, about.name());
    let severity = says.severity;
    let runs =
        if says.services.is_empty() { "runs nowhere".to_owned() } else { format!("runs in {}", about.services()) };
    if says.gone {
        return format!("{severity} · image {name} is gone from its repository and {runs}: new tasks cannot start");
    }
    let found = counted(about.exposed().map(|it| &it.known.finding));
    if says.quarantined.is_some() {
        return format!("{severity} · image {name} is quarantined: {found}; it {runs}");
    }
    if let Some(rule) = &says.spared {
        return format!("{severity} · image {name} would be quarantined ({rule}): {found}; it {runs}");
    }
    match says.doomed {
        true if about.exposed().next().is_none() => {
            format!("{severity} · image {name} will be taken by its repository's lifecycle policy and {runs}")
        }
        _ => format!("{severity} · image {name}: {found}; it {runs}"),
    }
}

/// `2 critical (1 known to be used), 3 high`.
fn counted<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut by: BTreeMap<FindingSeverity, (u32, u32)> = BTreeMap::new();
    for finding in findings {
        let count = by.entry(finding.severity).or_default();
        count.0 += 1;
        count.1 += u32::from(finding.exploit == Some(true));
    }
    let said = by.iter().map(|(severity, (all, used))| match used {
        0 => format!("{all} {}", severity.word()),
        used => format!("{all} {} ({used} known to be used)", severity.word()),
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() { "nothing that asks for a message".to_owned() } else { said.join(", ") }
}

fn why(about: &About<'_>, now: Timestamp) -> Vec<String> {
    let mut why = Vec::new();
    let (says, images) = (about.says, &about.policy.images);
    if says.gone {
        why.push(
            "ECS pins an image by its digest: tasks that run go on, and none can be started in their place.".into(),
        );
    }
    if let Some(fate) = about.record.doomed.as_ref().filter(|_| says.doomed) {
        why.push(format!("Its repository's lifecycle policy takes it: {fate}. New tasks could not start then."));
    }
    let curable = about.exposed().filter(|it| it.known.finding.fix != Fix::None);
    if let Some((until, it)) = curable.map(|it| (due(it.known, images), it)).min_by_key(|(until, _)| *until)
        && !says.services.is_empty()
    {
        let severity = it.known.finding.severity;
        let (day, span) = (until.strftime("%a %-d %b"), images.deadline(severity));
        why.push(match until <= now {
            true => format!("Overdue: {} was to be gone by {day} ({} after {span}).", it.id(), severity.word()),
            false => format!(
                "Due by {day}: {} was first seen in it {} ({} within {span}).",
                it.id(),
                ago(it, now),
                severity.word()
            ),
        });
    }
    let new = about.newly_found().len();
    let total = about.judged.len();
    if !about.observed.others.is_empty() && total > 0 {
        why.push(format!("{new} of {total} findings are new compared with what ran before."));
    }
    why
}

fn ago(it: &Judged<'_>, now: Timestamp) -> String {
    match now.duration_since(it.known.first_seen).as_secs() {
        0..60 => "just now".to_owned(),
        seconds => format!("{} ago", words(jiff::SignedDuration::from_secs(seconds))),
    }
}

/// What was done, or not and by which rule.
fn done(about: &About<'_>) -> Vec<String> {
    let image = &about.observed.image;
    if let Some(refusal) = about.record.spared.as_ref().filter(|_| about.says.spared.is_some()) {
        let name = refusal.name();
        let sentence = match refusal {
            nightshift_core::refusal::Refusal::NotOptedIn { mode } => format!(
                "repository {} is in mode {mode}; tag it nightshift=act, and name it in the stack's parameter \
                 GuardedRepositoryArns, to keep such images from being deployed.",
                image.repository
            ),
            other => sentence(other),
        };
        return vec![format!("Did nothing. {name}: {sentence}")];
    }
    let Some(held) = &about.record.quarantine else {
        return vec!["Nothing is stopped: build it anew with the fixed versions and deploy that.".to_owned()]
            .into_iter()
            .filter(|_| about.exposed().any(|it| it.known.finding.fix.helps()))
            .collect();
    };
    let tag = image.quarantine_tag();
    let mut done = vec![format!(
        "A deployment of it is stopped at services in mode act, once; whoever deploys it again after that was told, \
         means it. Because of {}.",
        named(&held.because.iter().cloned().collect::<Vec<_>>())
    )];
    done.push(match &held.mark {
        Marked::Tagged => format!("Marked with the tag {tag}: remove the tag to let it go, or add an exception."),
        Marked::Cannot { why } => format!("Not marked in its repository: {why} Add an exception to let it go."),
        Marked::Not => "Not marked in its repository yet.".to_owned(),
    });
    if held.archived {
        done.push("Moved to the archive: it cannot be pulled until it is fetched back.".to_owned());
    }
    done
}

fn impact(about: &About<'_>) -> BTreeMap<String, String> {
    let observed = about.observed;
    let mut impact = BTreeMap::from([("image".to_owned(), observed.image.to_string())]);
    if !about.says.services.is_empty() {
        impact.insert("runs in".to_owned(), about.services());
    }
    let good: BTreeSet<String> =
        observed.needed_by().filter(|run| run.role == Role::LastGood).map(|run| run.service.to_string()).collect();
    if !good.is_empty() {
        impact.insert("last known good of".to_owned(), named(&good.into_iter().collect::<Vec<_>>()));
    }
    if let Some(at) = about.record.scanned_at {
        impact.insert("scanned".to_owned(), at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    }
    impact
}

/// The image's page in the console.
fn links(observed: &Observed) -> Vec<Link> {
    nightshift_incident::links::of_image(&observed.home, &observed.image)
}

/// The first names of many.
pub fn named(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
