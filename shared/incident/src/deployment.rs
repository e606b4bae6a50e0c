//! The answer to a deployment that fails, hangs or is denied.
//!
//! It opens an incident as an alarm does, and from there everything is the
//! same: the order of carrying out, the guardrails, the check of what came of
//! it. What differs is what proves the case: failures of the release's own
//! tasks, its pace, or a denial, not the weights of a diagnosis.

use jiff::Timestamp;
use nightshift_core::cause::Suspect;
use nightshift_core::fault::Sight;
use nightshift_core::incident::{Denied, Incident, Phase, ServiceRecord};
use nightshift_core::ledger::Claim;
use nightshift_core::notice::{NoticeKind, Section};
use nightshift_core::policy::Policy;
use nightshift_core::refusal::Refusal;
use nightshift_core::release::{DeploymentStatus, ServiceDeployment};
use nightshift_core::remedy::{Remedy, RemedyKind};
use nightshift_core::service::{Controller, Service};
use nightshift_core::verdict::{DeploymentKind, PastRelease, Release};
use nightshift_release::codedeploy;
use nightshift_release::good::denies;
use nightshift_release::trial::{Trouble, fails_as_well};

use crate::answer::chronic;
use crate::course::course;
use crate::decide::{Verdict, explained_elsewhere, known_service, mode, touchable_by, unseen};
use crate::fitting::{updating_stack, way_back};
use crate::life::{self, Moment};
use crate::plan::{Decision, Plan};
use crate::scene::{Scene, Standing};
use crate::stuck::waits_for;
use crate::{about, end, guardrails, severity, words_of_release};

/// A deployment in trouble, with what is known of it.
#[derive(Clone, Debug)]
pub struct Trial<'a> {
    /// The deployment.
    pub release: &'a Release,
    /// What is wrong with it.
    pub trouble: &'a Trouble,
    /// What history is to keep of this news.
    pub past: Vec<PastRelease>,
    /// What its failing container said last.
    pub log: Option<Section>,
    /// From the stack's own drill.
    pub drill: bool,
}

/// Answers a deployment in trouble: opens an incident or joins the open one,
/// and decides where there is something new to decide. `moment` holds the
/// record with the releases as they are known by now.
pub fn answer_deployment(moment: Moment<'_>, trial: Trial<'_>) -> Plan {
    let Moment { standing, policy, now, .. } = moment;
    match &standing.record.value.incident {
        Some(open) if !chronic(open, policy, now) => {
            let busy = open.open_intent().is_some() || open.phase == Phase::Verifying;
            let same = open.suspect.as_ref().is_some_and(|found| found.deployment == trial.release.id);
            let known = same && open.trouble.is_some();
            let over = passes(open, now);
            if busy || (known && !over) {
                return joined(moment, trial);
            }
            let verdict = decide(moment.scene, standing, &trial, policy, now);
            if known && verdict.refusal.as_ref().map(Refusal::name) == open.refusal.as_ref().map(Refusal::name) {
                return joined(moment, trial);
            }
            let mut record = moment.record();
            blame(&mut record, moment.scene, &trial);
            life::rule(&mut record, moment, &verdict, NoticeKind::Updated);
            ruled(moment, record, &verdict, trial, None)
        }
        _ => {
            let mut fresh = standing.clone();
            let old = end::retire(&mut fresh.record.value, policy, now);
            let scene = Scene { standing: Sight::Seen(fresh.clone()), ..moment.scene.clone() };
            let moment = Moment { standing: &fresh, scene: &scene, ..moment };
            let verdict = decide(&scene, &fresh, &trial, policy, now);
            let mut record = open(moment, &trial, &verdict);
            if let (Some(incident), Some(old)) = (record.incident.as_mut(), &old) {
                incident.raised = old.raised;
            }
            life::rule(&mut record, moment, &verdict, NoticeKind::Opened);
            ruled(moment, record, &verdict, trial, old)
        }
    }
}

/// What stood in the way may be gone by itself, or once somebody allows it: it is decided
/// again, and people hear of it if it comes out otherwise.
fn passes(open: &Incident, now: Timestamp) -> bool {
    match &open.refusal {
        Some(Refusal::CoolingDown { until }) => *until <= now,
        Some(Refusal::NotObserved { .. } | Refusal::FleetBudgetSpent) => true,
        // A look was denied. A remedy that was is not asked for again.
        Some(Refusal::NotPermitted { .. }) => open.intents.is_empty(),
        _ => false,
    }
}

/// The incident knows of it already.
fn joined(moment: Moment<'_>, trial: Trial<'_>) -> Plan {
    if trial.past.is_empty() {
        return Plan::of(Decision::Joined);
    }
    let claim = Claim { releases: trial.past, ..moment.claim(moment.record(), None) };
    Plan::claiming(Decision::Joined, claim)
}

fn open(moment: Moment<'_>, trial: &Trial<'_>, verdict: &Verdict) -> ServiceRecord {
    let (_, found) = known_service(moment.scene);
    let mut incident = life::incident(moment, trial.release.began_at, None, verdict);
    incident.about = about::of_service(moment.scene, found);
    (incident.severity, incident.severity_because) = severity::severity(found, false);
    let mut record = moment.record();
    life::trouble_release(&mut record, &incident.id, moment.policy, moment.now);
    record.incident = Some(incident);
    blame(&mut record, moment.scene, trial);
    record
}

/// The incident is about this release from now on.
fn blame(record: &mut ServiceRecord, scene: &Scene, trial: &Trial<'_>) {
    let Some(incident) = record.incident.as_mut() else { return };
    let release = trial.release;
    let waits_for = waits_for(&scene.view, release);
    incident.trouble = Some(words_of_release::trouble(release, trial.trouble, &waits_for));
    incident.suspect = Some(Suspect {
        deployment: release.id.clone(),
        revision: release.target.arn.clone(),
        task_definition: release.target.task_definition.clone(),
        began_at: release.began_at,
    });
}

fn ruled(
    moment: Moment<'_>,
    mut record: ServiceRecord,
    verdict: &Verdict,
    trial: Trial<'_>,
    closed: Option<Incident>,
) -> Plan {
    if let Trouble::Denied { .. } = trial.trouble {
        // People are told by this: who deploys the same again means it, whatever else denies it.
        let release = trial.release;
        let holds = |kept: &&mut Denied| kept.at <= release.began_at && denies(kept, &release.target);
        for kept in record.denied.iter_mut().filter(holds) {
            kept.enforced.get_or_insert_with(|| release.id.clone());
        }
    }
    if let Some(notice) = record.unpublished.last_mut() {
        notice.sections.extend(trial.log);
        notice.sections.push(course(trial.release));
    }
    let releases = trial.past;
    if let Some(remedy) = verdict.act() {
        let decision = Decision::Remedy { remedy: remedy.clone() };
        return Plan::claiming(decision, Claim { closed, releases, ..moment.claim_remedy(record) });
    }
    let refusal = verdict.refusal.clone().unwrap_or(Refusal::NoRemedyForCause);
    let decision = Decision::Refused { refusal, would: verdict.remedy.clone() };
    Plan::claiming(decision, Claim { releases, ..moment.claim(record, closed) })
}

/// Decides. The rules run in the same order as for an alarm.
fn decide(scene: &Scene, standing: &Standing, trial: &Trial<'_>, policy: &Policy, now: Timestamp) -> Verdict {
    let mode = mode(&scene.view.service, scene.default_mode);
    let refused = |refusal| Verdict { remedy: None, refusal: Some(refusal), mode };
    let by_codedeploy = codedeploy::deployment_of(trial.release).is_some();
    let service = match touchable_by(scene, trial.drill, by_codedeploy) {
        Ok(service) => service,
        Err(refusal) => return refused(refusal),
    };
    let remedy = match way_out(scene, standing, service, trial) {
        Ok(remedy) => remedy,
        Err(refusal) => return refused(refusal),
    };
    let refusal = explained_elsewhere(scene, standing, policy, now)
        .or_else(|| guardrails::of_the_hour(standing.switched_off(), policy, now))
        .or_else(|| of_the_service(standing, trial, policy, now))
        .or_else(|| guardrails::of_the_fleet(&standing.fleet.value, policy, now))
        .or_else(|| (mode != nightshift_core::mode::Mode::Act).then_some(Refusal::NotOptedIn { mode }));
    Verdict { remedy: Some(remedy), refusal, mode }
}

/// A denial is enforced also while the rollback that made it cools down: that
/// is what it is for. The budget holds for all.
fn of_the_service(standing: &Standing, trial: &Trial<'_>, policy: &Policy, now: Timestamp) -> Option<Refusal> {
    let record = &standing.record.value;
    let refusal = guardrails::of_the_service(record, RemedyKind::RollBack, policy, now);
    match (trial.trouble, refusal) {
        (Trouble::Denied { .. }, Some(Refusal::CoolingDown { .. })) => guardrails::budget(record, policy, now),
        (_, refusal) => refusal,
    }
}

/// The way out, by who carries the deployment out and where it stands.
fn way_out(scene: &Scene, standing: &Standing, service: &Service, trial: &Trial<'_>) -> Result<Remedy, Refusal> {
    if standing.record.value.incident.as_ref().and_then(Incident::taken).is_some() {
        return Err(Refusal::AlreadyTried);
    }
    let release = trial.release;
    if release.kind == DeploymentKind::Rollback {
        return Err(Refusal::NeverRollBackARollback);
    }
    if rests_on_tasks(trial) {
        let stopped = match &scene.view.stopped {
            Sight::Unseen(fault) => return Err(unseen(fault)),
            Sight::Seen(stopped) => stopped,
        };
        if fails_as_well(release, stopped) {
            return Err(Refusal::ReleaseNotToBlame);
        }
    }
    let from = release.target.task_definition.clone();
    if let Some(deployment) = codedeploy::deployment_of(release) {
        return Ok(Remedy::StopCodeDeploy { deployment, from });
    }
    if service.controller != Controller::Ecs {
        return Err(Refusal::NoRemedyForCause);
    }
    let history = match &scene.view.history {
        Sight::Unseen(fault) => return Err(unseen(fault)),
        Sight::Seen(history) => history,
    };
    let suspect = history.first().filter(|newest| newest.arn == release.id).ok_or(Refusal::Overtaken)?;
    if suspect.status.going_back() {
        return Err(Refusal::RollbackUnderWay);
    }
    if let Some(hook) = &suspect.paused_at_hook {
        // It hangs because it waits for somebody: whoever made the hook decides.
        if matches!(trial.trouble, Trouble::Stuck { .. }) {
            return Err(Refusal::PausedAtHook);
        }
        return at_hook(scene, service, suspect, hook);
    }
    // A deployment that ECS gave up has ended without going back: what ran
    // before is deployed.
    let given_up = suspect.status == DeploymentStatus::Stopped && matches!(trial.trouble, Trouble::GivenUp);
    if !suspect.status.in_flight()
        && let Some(refusal) = updating_stack(scene, service)
    {
        return Err(refusal);
    }
    let as_finished = ServiceDeployment { status: DeploymentStatus::Successful, ..suspect.clone() };
    way_back(scene, service, if given_up { &as_finished } else { suspect })
}

/// Its own tasks' failures prove the case, unless those of the release before fail as well.
fn rests_on_tasks(trial: &Trial<'_>) -> bool {
    match trial.trouble {
        Trouble::Failing { .. } => true,
        Trouble::Stuck { .. } => trial.release.failed > 0,
        Trouble::Denied { .. } | Trouble::GivenUp => false,
    }
}

/// It waits for somebody: that it goes back is the same as stopping it.
fn at_hook(scene: &Scene, service: &Service, suspect: &ServiceDeployment, hook: &str) -> Result<Remedy, Refusal> {
    match way_back(scene, service, suspect)? {
        Remedy::StopDeployment { deployment, from, to } => {
            Ok(Remedy::RollBackAtHook { deployment, hook: hook.to_owned(), from, to })
        }
        other => Ok(other),
    }
}
