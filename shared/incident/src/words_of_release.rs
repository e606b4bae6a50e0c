//! What people read about a deployment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::incident::Phase;
use nightshift_core::incident::ServiceRecord;
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::notice::{Notice, NoticeKind, Section};
use nightshift_core::service::Service;
use nightshift_core::span::words;
use nightshift_core::verdict::{Failure, Release, Verdict, Warning};
use nightshift_release::trial::Trouble;

use crate::course::course;
use crate::{links, severity};

/// Kinds of failure that are shown; the rest is a number.
const KINDS_SHOWN: usize = 3;

/// What is wrong with a deployment, readable on a lock screen.
/// `waits_for`: what it waits for, if it hangs.
pub fn trouble(release: &Release, trouble: &Trouble, waits_for: &[String]) -> String {
    let name = release.name();
    match trouble {
        Trouble::Denied { denied } if denied.quarantined.is_some() => {
            let held = denied.quarantined.iter();
            let said = held.map(|held| {
                let (image, since) = (&held.image, held.at.strftime("%d %b %H:%M UTC"));
                format!("{} ({}@{}), since {since}", first(&held.because), image.repository, image.short())
            });
            format!("{name} deploys an image that is quarantined for {}", said.collect::<String>())
        }
        Trouble::Denied { denied } => {
            let day = denied.at.strftime("%d %b %H:%M UTC");
            format!("{name} comes again: it was rolled back at {day} in incident {}", denied.incident)
        }
        Trouble::Failing { .. } => format!("{name} fails to deploy: {}", failures(release)),
        Trouble::GivenUp => format!("ECS gave {name} up and does not go back: {}", failures(release)),
        Trouble::Stuck { for_s } => {
            let long = words(jiff::SignedDuration::from_secs(*for_s));
            let waits_for =
                if waits_for.is_empty() { "nothing says what it waits for".to_owned() } else { waits_for.join(", ") };
            format!("{name} has hung for {long}: {waits_for}")
        }
    }
}

/// The first of many findings.
fn first(findings: &[String]) -> String {
    match findings {
        [one, rest @ ..] if !rest.is_empty() => format!("{one} and {} more", rest.len()),
        _ => findings.concat(),
    }
}

/// Failures in groups: `3× out of memory (app, exit 137)`.
pub fn failures(release: &Release) -> String {
    let mut groups: BTreeMap<String, u32> = BTreeMap::new();
    for failure in &release.failures {
        *groups.entry(failure_words(failure)).or_default() += 1;
    }
    let mut groups: Vec<(String, u32)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let more = groups.len().saturating_sub(KINDS_SHOWN);
    let mut said: Vec<String> =
        groups.iter().take(KINDS_SHOWN).map(|(what, times)| format!("{times}× {what}")).collect();
    if more > 0 {
        said.push(format!("{more} other kinds"));
    }
    if said.is_empty() { "no task says why".to_owned() } else { said.join(", ") }
}

pub(crate) fn failure_words(failure: &Failure) -> String {
    let what = failure.crash.map_or("a task could not be placed", nightshift_core::task::Crash::words);
    match (&failure.container, failure.exit_code) {
        (Some(container), Some(code)) => format!("{what} ({container}, exit {code})"),
        (Some(container), None) => format!("{what} ({container})"),
        (None, _) => what.to_owned(),
    }
}

/// The name with the commit, where one is known.
fn with_commit(release: &Release) -> String {
    match &release.origin.commit {
        Some(commit) => format!("{} ({})", release.name(), commit.chars().take(8).collect::<String>()),
        None => release.name().to_owned(),
    }
}

/// From → to.
fn way(release: &Release) -> String {
    match &release.from {
        Some(from) => format!("{} → {}", from.short(), with_commit(release)),
        None => with_commit(release),
    }
}

/// What a warning says, and what to do about it.
pub fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::NoCircuitBreaker => "its circuit breaker is off or does not roll back: switch both on",
        Warning::SingleTask => "it runs a single task: every deployment is an outage for whom it serves",
        Warning::LatestTag => "an image is asked for as :latest or without a tag: what runs changes without a release",
        Warning::OlderImage => "an image was pushed before the one that it replaces",
        Warning::DeploysFrozen => "deployments are frozen now",
        Warning::OpenIncident => "an incident of the service is open",
    }
}

/// What is told of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News<'a> {
    /// It began, and something is wrong with it.
    Warned,
    /// It ended, and nobody was needed.
    Ended,
    /// It was denied, and whoever deploys it again means it.
    LetThrough {
        /// The incident that had denied it.
        denied_by: &'a str,
    },
}

/// Adds a quiet notice about the release at `index` to those that are to be
/// published.
pub fn tell(
    record: &mut ServiceRecord,
    index: usize,
    (service, mode): (Option<&Service>, Mode),
    (news, quote): (News<'_>, Option<Section>),
    now: Timestamp,
) {
    let name = record.service.clone();
    let Some(release) = record.releases.get_mut(index) else { return };
    release.sequence += 1;
    let release = &*release;
    let (verb, done) = said(release, &news);
    let failed = news == News::Ended && release.verdict.failed();
    let notice = Notice {
        incident: release.thread(),
        sequence: release.sequence,
        kind: NoticeKind::Release,
        phase: Phase::Noted,
        severity: Severity::P3,
        severity_because: "news of a deployment never pages".into(),
        mode,
        environment: service.and_then(severity::environment).map(ToOwned::to_owned),
        team: service.and_then(severity::team).map(ToOwned::to_owned),
        opened_at: release.began_at,
        at: now,
        headline: format!("{name} · {} — {verb}", way(release)),
        why: why(release),
        done,
        evidence: Vec::new(),
        impact: BTreeMap::new(),
        drift: None,
        links: links::of_release(&name, release.began_at, now),
        timeline: verb,
        pager: None,
        plainly: false,
        untold: 0,
        told_by: None,
        sections: quote.into_iter().chain(failed.then(|| course(release))).collect(),
        chart: None,
        service: name,
    };
    record.unpublished.push(notice);
}

fn said(release: &Release, news: &News<'_>) -> (String, Vec<String>) {
    let took = release.took_s().map(|seconds| words(jiff::SignedDuration::from_secs(seconds)));
    let after = took.map_or_else(String::new, |took| format!(" after {took}"));
    match (news, &release.verdict) {
        (News::LetThrough { denied_by }, _) => (
            "let through".to_owned(),
            vec![format!("It was denied by {denied_by}, and that was said once; deployed again, it is let through.")],
        ),
        (News::Warned, _) => {
            let count = release.warnings.len();
            let verb = format!("deploying, {count} {}", if count == 1 { "warning" } else { "warnings" });
            (verb, release.warnings.iter().map(|found| capital(warning(*found))).collect())
        }
        (News::Ended, Verdict::Healthy { .. }) => (format!("healthy{after}"), Vec::new()),
        (News::Ended, Verdict::RolledBack { by }) => {
            (format!("rolled back by {by}{after}"), vec![format!("Failures: {}.", failures(release))])
        }
        (News::Ended, Verdict::Failed { cause }) => {
            (format!("failed{after}: {cause}"), vec![format!("Failures: {}.", failures(release))])
        }
        (News::Ended, Verdict::Unknown { reason }) => (format!("without a verdict: {reason}"), Vec::new()),
        (News::Ended, other) => (format!("{}{after}", other.name().to_lowercase()), Vec::new()),
    }
}

fn why(release: &Release) -> Vec<String> {
    let mut why = Vec::new();
    for image in release.target.images.values() {
        why.push(format!("Image {}", image.image.rsplit('/').next().unwrap_or(&image.image)));
    }
    why.extend(release.by().map(|by| format!("Deployed by {by}")));
    why.extend(release.reason.iter().map(|reason| format!("ECS: {reason}")));
    why
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
