//! Who is told what of an image: one thread for each team, a message only where
//! something changes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::ids::{IncidentId, ServiceRef, fingerprint};
use nightshift_core::image::{FindingSeverity, Fix, ImageRecord, Marked, Run, ScanState, Told};
use nightshift_core::mode::{Mode, Severity};
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::service::MODE_TAG;
use nightshift_incident::severity::production;
use serde::Serialize;

use crate::judge::{Judged, due};
use crate::observe::Observed;
use crate::wording;

/// What there is to be said to one team. Equal: nothing is new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Says {
    /// How bad.
    pub severity: Severity,
    /// The rule that made it so.
    pub because: String,
    /// The team's services that run it, `cluster/service`.
    pub services: Vec<String>,
    /// Findings that ask for a message.
    pub exposed: Vec<String>,
    /// It is kept from being deployed; how it is marked.
    pub quarantined: Option<Marked>,
    /// It would be, were it not for this rule.
    pub spared: Option<String>,
    /// It is gone from the registry, and needed.
    pub gone: bool,
    /// A lifecycle policy will take it: when exactly is no news.
    pub doomed: bool,
    /// It was to be cured by now.
    pub overdue: bool,
    /// Exceptions that have ended.
    pub expired: Vec<String>,
    /// Nobody runs it, and somebody may want to.
    pub candidate: bool,
}

impl Says {
    fn nothing(severity: Severity) -> Self {
        Self {
            severity,
            because: "nothing is asked of anybody".into(),
            services: Vec::new(),
            exposed: Vec::new(),
            quarantined: None,
            spared: None,
            gone: false,
            doomed: false,
            overdue: false,
            expired: Vec::new(),
            candidate: false,
        }
    }

    /// Somebody has something to do.
    fn asks(&self) -> bool {
        (self.candidate && (self.quarantined.is_some() || self.spared.is_some()))
            || (!self.services.is_empty() && (!self.exposed.is_empty() || self.gone || self.doomed))
    }
}

/// How a matter ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It runs no longer.
    DeployedAway,
    /// It never ran, and what runs came after it.
    Passed,
    /// Its findings are gone.
    Fixed,
    /// Somebody answers for them.
    Excepted,
    /// It may be deployed again.
    Released,
    /// It is gone from the registry, and nobody needs it.
    Gone,
    /// It was found to be a part of another, which tells of it.
    Joined,
}

/// Adds what is to be published to the record; returns the headlines.
pub fn tell(
    record: &mut ImageRecord,
    observed: &Observed,
    judged: &[Judged<'_>],
    policy: &Policy,
    now: Timestamp,
) -> Vec<String> {
    let mut headlines = Vec::new();
    for (team, services) in audience(record, observed) {
        let says = says(record, observed, judged, &services, policy, now);
        let told = record.told.get(&team).cloned();
        let was_open = told.as_ref().is_some_and(|told| told.open);
        let said = fingerprint(&[&serde_json::to_string(&says).unwrap_or_default()]);
        let news = match says.asks() {
            true => told.as_ref().is_none_or(|told| !told.open || told.said != said),
            false => was_open,
        };
        if !news {
            continue;
        }
        let told = Told {
            sequence: told.as_ref().map_or(0, |told| told.sequence) + 1,
            since: told.as_ref().filter(|told| told.open).map_or(now, |told| told.since),
            said,
            severity: says.severity,
            open: says.asks(),
            service: services.first().map(|run| run.service.clone()).or(told.map(|told| told.service)).unwrap_or_else(
                || ServiceRef {
                    account: observed.home.account.clone(),
                    region: observed.home.region.clone(),
                    cluster: "*".into(),
                    service: "*".into(),
                },
            ),
        };
        let about = wording::About { observed, record, judged, says: &says, team: &team, policy };
        let notice = match says.asks() {
            true => wording::news(&about, &told, now),
            false => wording::over(&about, &told, end(record, observed, judged), now),
        };
        headlines.push(notice.headline.clone());
        record.unpublished.push(notice);
        record.told.insert(team, told);
    }
    headlines
}

/// Ends what was told of a platform's image before the whole of it was there.
pub fn joined(record: &mut ImageRecord, whole: &Observed, policy: &Policy, now: Timestamp) {
    let part = Observed {
        image: record.image.clone(),
        detail: None,
        platforms: Vec::new(),
        runs: Vec::new(),
        ..whole.clone()
    };
    let open: Vec<(String, Told)> = record.told.clone().into_iter().filter(|(_, told)| told.open).collect();
    for (team, told) in open {
        let told = Told { sequence: told.sequence + 1, open: false, ..told };
        let says = Says::nothing(told.severity);
        let about = wording::About { observed: &part, record, judged: &[], says: &says, team: &team, policy };
        let notice = wording::over(&about, &told, End::Joined, now);
        record.unpublished.push(notice);
        record.told.insert(team, told);
    }
}

/// Teams to be told, with what they run of the image. Of one that does not
/// run, whoever runs another of its repository, or owns the repository.
fn audience<'a>(record: &ImageRecord, observed: &'a Observed) -> BTreeMap<String, Vec<&'a Run>> {
    let mut teams: BTreeMap<String, Vec<&Run>> = BTreeMap::new();
    for run in observed.run_by() {
        teams.entry(run.team.clone().unwrap_or_default()).or_default().push(run);
    }
    for (team, told) in &record.told {
        if told.open {
            teams.entry(team.clone()).or_default();
        }
    }
    if teams.is_empty() {
        let others = observed.running();
        let repository = observed.repository.as_ref();
        let owner = repository.and_then(|it| it.tags.get("team").or_else(|| it.tags.get("owner")));
        let owners: BTreeSet<String> = others.map(|run| run.team.clone().unwrap_or_default()).collect();
        match owner.cloned() {
            Some(owner) => drop(teams.insert(owner, Vec::new())),
            None if owners.is_empty() => drop(teams.insert(String::new(), Vec::new())),
            None => teams.extend(owners.into_iter().map(|owner| (owner, Vec::new()))),
        }
    }
    teams
}

fn says(
    record: &ImageRecord,
    observed: &Observed,
    judged: &[Judged<'_>],
    runs: &[&Run],
    policy: &Policy,
    now: Timestamp,
) -> Says {
    let exposed: Vec<&Judged<'_>> = judged.iter().filter(|it| it.tells()).collect();
    let services: BTreeSet<String> = runs.iter().map(|run| run.service.to_string()).collect();
    let gone = observed.detail.is_none() && record.scan == Some(ScanState::Gone);
    let mut curable = exposed.iter().filter(|it| it.known.finding.fix != Fix::None);
    let overdue = !runs.is_empty() && curable.any(|it| due(it.known, &policy.images) <= now);
    let doomed = record.doomed.is_some() && !runs.is_empty();
    let (severity, because) = severity(&exposed, runs, gone || doomed);
    Says {
        severity,
        because,
        services: services.into_iter().collect(),
        exposed: exposed.iter().map(|it| it.id().to_owned()).collect(),
        quarantined: record.quarantine.as_ref().map(|held| held.mark.clone()),
        spared: record.spared.as_ref().filter(|refusal| worth_saying(refusal)).map(Refusal::name),
        gone,
        doomed,
        overdue,
        candidate: candidate(observed),
        expired: judged.iter().filter(|it| it.expired.is_some() && it.tells()).map(|it| it.id().to_owned()).collect(),
    }
}

/// The next deployment may bring it: it came after what runs of its repository
/// began to; or nothing runs of a repository that has opted in. What is older
/// is not worth a message: whoever deploys it hears of it then.
fn candidate(observed: &Observed) -> bool {
    if observed.run_by().next().is_some() {
        return false;
    }
    let running = observed.running();
    let pushed = observed.detail.as_ref().and_then(|detail| detail.pushed_at);
    match running.map(|run| run.since).max() {
        Some(since) => pushed.is_some_and(|at| at > since),
        None => observed.record.value.quarantine.is_some() || opted_in(observed),
    }
}

/// The repository's own tag says so.
fn opted_in(observed: &Observed) -> bool {
    let tag = observed.repository.as_ref().and_then(|repository| repository.tags.get(MODE_TAG));
    tag.is_some_and(|tag| tag.parse() == Ok(Mode::Act))
}

/// What people could change; the other rules are as they should be.
fn worth_saying(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::NotOptedIn { .. } | Refusal::TooManyServices { .. } | Refusal::Halted | Refusal::RunsNotKnown
    )
}

/// P2: production could be broken into today, and can be cured; or it could not
/// start another task. Where nothing says what the environment is, it counts
/// as production. The rest can wait for daylight.
fn severity(exposed: &[&Judged<'_>], runs: &[&Run], cannot_start: bool) -> (Severity, String) {
    let named = runs.iter().find(|run| run.environment.as_deref().is_none_or(production));
    let Some(run) = named else { return (Severity::P3, "it does not run in production".into()) };
    let place = run.environment.as_deref().unwrap_or("no environment tag");
    let worst = exposed.iter().find(|it| {
        let finding = &it.known.finding;
        finding.severity == FindingSeverity::Critical && finding.fix.helps() && finding.exploit == Some(true)
    });
    match worst {
        _ if cannot_start => (Severity::P2, format!("{place}: new tasks could not start")),
        Some(it) => (Severity::P2, format!("{place}, {} is critical, known to be used, and has a fix", it.id())),
        None => (Severity::P3, format!("{place}, nothing critical that is known to be used and has a fix")),
    }
}

/// How it ended, by what is true now.
fn end(record: &ImageRecord, observed: &Observed, judged: &[Judged<'_>]) -> End {
    let excepted = judged.iter().any(|it| it.excepted.is_some());
    let released = judged.iter().any(|it| record.released.contains(it.id()));
    let exposed = judged.iter().any(Judged::tells);
    match () {
        () if observed.detail.is_none() => End::Gone,
        () if released => End::Released,
        () if !exposed && excepted => End::Excepted,
        () if !exposed => End::Fixed,
        () if observed.run_by().next().is_none() && record.quarantine.is_some() => End::Passed,
        () if observed.run_by().next().is_none() => End::DeployedAway,
        () => End::Released,
    }
}

/// The thread of an image's notices to a team: the same for ever.
pub fn thread(observed: &Observed, team: &str) -> IncidentId {
    let home = &observed.home;
    let key = fingerprint(&[&home.account, &home.region, &observed.image.to_string(), team]);
    IncidentId::new(format!("image-{}-{}", observed.image.short(), &key[..8]))
}
