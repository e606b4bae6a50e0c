//! What a deployment's news comes to: pure rules over what was observed.

use jiff::{SignedDuration, Timestamp};
use nightshift_core::fault::{Fault, FaultKind, Sight};
use nightshift_core::incident::{Denied, ServiceRecord};
use nightshift_core::ledger::{Claim, Silent};
use nightshift_core::mode::Mode;
use nightshift_core::notice::Section;
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::service::Service;
use nightshift_core::span::Span;
use nightshift_core::timer::Timer;
use nightshift_core::verdict::{DeploymentKind, PastRelease, Release, Verdict};
use nightshift_incident::answer::replay;
use nightshift_incident::decide::mode;
use nightshift_incident::deployment::{Trial, answer_deployment};
use nightshift_incident::life::{self, Moment};
use nightshift_incident::plan::{Decision, Plan};
use nightshift_incident::scene::{Scene, Standing};
use nightshift_incident::severity;
use nightshift_incident::words_of_release::{self, News};
use nightshift_release::callers::waiting;
use nightshift_release::codedeploy::is_unknown;
use nightshift_release::good::denies;
use nightshift_release::pace::stuck_at;
use nightshift_release::trial::{Calm, trouble};

use crate::observe::Observed;
use crate::warnings::warnings;

/// A deployment that failed before anybody looked is still news for so long.
const STILL_NEWS: SignedDuration = SignedDuration::from_hours(1);

/// What a deployment of CodeDeploy deploys is looked for so often, …
const LOOKED_AGAIN: Span = Span::minutes(1);
/// … so long: a denial holds from its start.
const UNKNOWN_FOR: Span = Span::minutes(10);

/// Decides what the news of a deployment comes to. Tasks that may not be seen are told as
/// an event that failed, whatever is decided without them.
pub fn plan(observed: &Observed, policy: &Policy, now: Timestamp) -> Plan {
    if let Some(refusal) = observed.home.not_here(&observed.news.service) {
        return Plan::silent(silent(observed, refusal, now));
    }
    let lasting = |fault: &&Fault| matches!(fault.kind, FaultKind::Denied | FaultKind::Permanent);
    let unseen = observed.stopped.fault().filter(lasting).filter(|_| on_trial(observed, policy, now)).cloned();
    Plan { unseen, ..decided(observed, policy, now) }
}

/// What becomes of the newest deployment is open, so that its tasks matter.
fn on_trial(observed: &Observed, policy: &Policy, now: Timestamp) -> bool {
    let releases = observed.releases(policy, now);
    releases.is_some_and(|releases| releases.first().is_some_and(|newest| !newest.status.terminal()))
}

fn decided(observed: &Observed, policy: &Policy, now: Timestamp) -> Plan {
    let standing = match &observed.standing {
        Sight::Seen(standing) => standing,
        Sight::Unseen(fault) => return Plan::of(Decision::Blind { fault: fault.clone() }),
    };
    if standing.seen {
        return replay(standing, observed.scene.as_ref(), policy, now);
    }
    let unseen = observed.service.fault().or(observed.history.fault()).or(observed.quarantined.fault());
    // Whom tasks that nobody saw would blame is known by the retry. Where none helps, what
    // rests on them is refused, and the rest is judged.
    let for_now = observed.stopped.fault().filter(|fault| fault.transient());
    if let Some(fault) = unseen.or(for_now) {
        return Plan::of(Decision::Blind { fault: fault.clone() });
    }
    let Some(releases) = observed.releases(policy, now) else { return Plan::of(Decision::Settled) };
    let service = observed.service.seen().and_then(Option::as_ref);
    let known = &standing.record.value;
    let told: Vec<_> = observed.news.told.iter().cloned().collect();
    let calls = waiting(&releases, &known.releases, &known.calls, &told, now);
    let denials = observed.record(policy, now).unwrap_or_else(|| known.clone());
    let mut record = ServiceRecord { releases, calls, ..denials };
    let found = service.map(|service| judged(observed, &record, service, policy, now));
    // Whoever hears that it fails needs no warning that it might.
    let calm = !matches!(found, Some(Ok(_)));
    tell_news(observed, known, &mut record, (calm, policy), now);
    match found {
        Some(Ok(found)) => troubled(observed, standing, record, &found, policy, now),
        Some(Err(calm)) => calm_down(observed, standing, record, calm, policy, now),
        None => calm_down(observed, standing, record, Calm::Over, policy, now),
    }
}

fn judged(
    observed: &Observed,
    record: &ServiceRecord,
    service: &Service,
    policy: &Policy,
    now: Timestamp,
) -> Result<nightshift_release::trial::Trouble, Calm> {
    let stopped = observed.stopped.seen().map_or(&[][..], Vec::as_slice);
    trouble(&record.releases, service, stopped, record, policy, now)
}

/// Something is wrong with the deployment on trial: an incident.
fn troubled(
    observed: &Observed,
    standing: &Standing,
    record: ServiceRecord,
    found: &nightshift_release::trial::Trouble,
    policy: &Policy,
    now: Timestamp,
) -> Plan {
    let past = past(observed, &standing.record.value, &record);
    let Some((scene, release)) = observed.scene.as_ref().zip(record.releases.first().cloned()) else {
        // It was calm when it was looked at; the next event decides.
        return Plan::of(Decision::Settled);
    };
    let mut standing = standing.clone();
    standing.record.value = record;
    let scene = Scene { standing: Sight::Seen(standing.clone()), ..scene.clone() };
    let moment = Moment { scene: &scene, standing: &standing, policy, event: &observed.news.event, now };
    let trial = Trial { release: &release, trouble: found, past, log: quote(observed), drill: observed.news.drill };
    answer_deployment(moment, trial)
}

/// Nothing is to be done: what is known is written down, and a watchdog set
/// for what is still on its way.
fn calm_down(
    observed: &Observed,
    standing: &Standing,
    mut record: ServiceRecord,
    calm: Calm,
    policy: &Policy,
    now: Timestamp,
) -> Plan {
    let timers: Vec<Timer> = watchdog(&mut record, calm, policy, now).into_iter().collect();
    let decision = match record.releases.first() {
        Some(release) => Decision::Judged {
            release: release.name().to_owned(),
            verdict: release.verdict.clone(),
            refusal: refusal_of(calm),
        },
        None => Decision::Settled,
    };
    let silent = refusal_of(calm).map(|refusal| silent(observed, refusal, now));
    if record == standing.record.value {
        return Plan { silent, timers, ..Plan::of(decision) };
    }
    let releases = past(observed, &standing.record.value, &record);
    let claim = Claim { releases, ..life::claim(standing, &observed.news.event, record, None, now) };
    Plan { silent, timers, ..Plan::claiming(decision, claim) }
}

/// The rule by which a failing deployment is left alone.
fn refusal_of(calm: Calm) -> Option<Refusal> {
    match calm {
        Calm::LeftToCircuitBreaker | Calm::Waiting { .. } => Some(Refusal::LeftToCircuitBreaker),
        Calm::OldFailsToo => Some(Refusal::ReleaseNotToBlame),
        Calm::GoingBack => Some(Refusal::RollbackUnderWay),
        Calm::Over | Calm::Fine => None,
    }
}

/// The next look at a deployment that is on its way or was given up, if none is
/// set.
fn watchdog(record: &mut ServiceRecord, calm: Calm, policy: &Policy, now: Timestamp) -> Option<Timer> {
    let service = record.service.clone();
    let releases = record.releases.clone();
    // What ECS gave up has ended, and is looked at again all the same.
    let waits = matches!(calm, Calm::Waiting { .. });
    let newest = record.releases.first_mut().filter(|newest| waits || !newest.status.terminal())?;
    let at = match calm {
        Calm::Waiting { until } => until,
        // CodeDeploy makes its task set a little later, and says nothing then.
        _ if is_unknown(&newest.target.task_definition) && UNKNOWN_FOR.after(newest.began_at) > now => {
            LOOKED_AGAIN.after(now)
        }
        _ => match stuck_at(newest, &releases, &policy.deployments) {
            at if at > now => at,
            // Its time is up and it was left alone: looked at again in a while.
            _ => policy.verify.escalated_every.after(now),
        },
    };
    let set = newest.watched_until.is_some_and(|set| set > now && set <= at);
    if set {
        return None;
    }
    newest.watched_until = Some(at);
    Some(Timer::watch(&service, &newest.id, at))
}

/// What people are told of beside incidents: at a deployment's start what is
/// wrong with it, and its end where it failed without us.
fn tell_news(
    observed: &Observed,
    known: &ServiceRecord,
    record: &mut ServiceRecord,
    (calm, policy): (bool, &Policy),
    now: Timestamp,
) {
    let service = observed.service.seen().and_then(Option::as_ref);
    let who = (service, mode(&observed.service, Mode::Observe));
    let before = |release: &Release| known.releases.iter().find(|old| old.id == release.id);
    let newest = record.releases.first().cloned();
    if let Some(newest) = newest.filter(|newest| !newest.over() && before(newest).is_none()) {
        if let Some(denied) = meant(record, &newest, now) {
            // A quarantine's stays, as one that was enforced: the next event would make it anew.
            record.denied.retain(|kept| kept.quarantined.is_some() || kept.at != denied.at);
            let by = match &denied.quarantined {
                Some(held) => format!("the quarantine of {}@{}", held.image.repository, held.image.short()),
                None => format!("incident {}", denied.incident),
            };
            let news = News::LetThrough { denied_by: &by };
            words_of_release::tell(record, 0, who, (news, None), now);
        }
        let found = warnings(observed, &newest, record, policy, now);
        if !found.is_empty() {
            if let Some(release) = record.releases.first_mut() {
                release.warnings = found;
            }
            if calm {
                words_of_release::tell(record, 0, who, (News::Warned, None), now);
            }
        }
    }
    for index in (0..record.releases.len()).rev() {
        let release = &record.releases[index];
        if worth_telling(release, before(release), index, now) {
            let log = quote(observed).filter(|_| index == 0 && release.verdict.failed());
            words_of_release::tell(record, index, who, (News::Ended, log), now);
        }
    }
}

/// Somebody deploys what was denied, and was told so once: they mean it.
fn meant(record: &ServiceRecord, newest: &Release, now: Timestamp) -> Option<Denied> {
    let told_once =
        |denied: &&Denied| denied.until > now && denied.enforced.as_ref().is_some_and(|told| *told != newest.id);
    let again = newest.kind == DeploymentKind::Release;
    record.denied.iter().filter(told_once).find(|denied| again && denies(denied, &newest.target)).cloned()
}

/// The end of a deployment is news where it failed without us, or where its
/// beginning was.
fn worth_telling(release: &Release, before: Option<&Release>, index: usize, now: Timestamp) -> bool {
    let just_ended = match before {
        Some(before) => !before.over() && release.over(),
        None => {
            index == 0 && release.over() && release.ended_at.is_some_and(|end| now.duration_since(end) < STILL_NEWS)
        }
    };
    let ours = release.taken_back.is_some();
    let failed = release.verdict.failed() && release.kind == DeploymentKind::Release;
    let unknown = matches!(release.verdict, Verdict::Unknown { .. }) && before.is_some();
    just_ended && !ours && (failed || unknown || release.sequence > 0)
}

fn quote(observed: &Observed) -> Option<Section> {
    let log = observed.log.as_ref()?;
    let title = format!("Last lines of {} in task {}", log.container, log.task);
    Some(Section { title, lines: log.lines.clone(), aligned: true })
}

/// What history is to keep: every release of which this is news.
fn past(observed: &Observed, known: &ServiceRecord, record: &ServiceRecord) -> Vec<PastRelease> {
    let service = observed.service.seen().and_then(Option::as_ref);
    let environment = service.and_then(severity::environment).map(ToOwned::to_owned);
    let team = service.and_then(severity::team).map(ToOwned::to_owned);
    let news = record.releases.iter().filter(|release| !known.releases.contains(release));
    news.map(|release| PastRelease {
        service: record.service.clone(),
        environment: environment.clone(),
        team: team.clone(),
        release: release.clone(),
    })
    .collect()
}

fn silent(observed: &Observed, refusal: Refusal, now: Timestamp) -> Silent {
    Silent {
        event: observed.news.event.clone(),
        at: now,
        alarm: None,
        service: Some(observed.news.service.clone()),
        refusal,
        told: false,
    }
}
