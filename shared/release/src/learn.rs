//! What was seen joins what is remembered. It only ever adds up: statuses go
//! forward, failures are a set, nothing known is forgotten.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::ids::{RevisionArn, ServiceDeploymentArn, TaskDefinitionArn};
use nightshift_core::origin::{Call, Origin};
use nightshift_core::policy::Deployments;
use nightshift_core::release::{DeploymentStatus, Revision, ServiceDeployment};
use nightshift_core::service::{Rollout, Service};
use nightshift_core::task::StoppedTask;
use nightshift_core::verdict::{DeploymentKind, Failure, Release, Unjudged, Verdict};

use crate::callers;
use crate::codedeploy::{is_unknown, task_set};
use crate::failures::{add, failure_of, owns};
use crate::judge::judge;
use crate::kind::{kind, kind_after};

/// Releases that a service's record holds, the newest first. Reports read the
/// older ones from history.
pub const KEPT: usize = 12;

/// What was looked at.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// AWS's service deployments, newest first.
    pub history: &'a [ServiceDeployment],
    /// The service; `None`: there is none.
    pub service: Option<&'a Service>,
    /// Its stopped tasks.
    pub stopped: &'a [StoppedTask],
    /// What the event itself told of, such as a task that AWS lists no more.
    pub told: &'a [Told],
    /// Calls that wait for their release to be known.
    pub calls: &'a [Call],
    /// Where task definitions come from, as far as was read.
    pub origins: &'a BTreeMap<TaskDefinitionArn, Origin>,
    /// The commit that an image of the newest deployment says it was built from.
    pub built_from: Option<&'a str>,
    /// When.
    pub now: Timestamp,
}

/// News that an event carries by itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(tag = "told", rename_all = "kebab-case")]
pub enum Told {
    /// A task stopped.
    Task {
        /// Which.
        task: StoppedTask,
    },
    /// ECS could not place a task.
    NotPlaced {
        /// The event's id.
        event: String,
        /// When.
        at: Timestamp,
        /// ECS's words.
        reason: Option<String>,
    },
    /// Somebody asked for a deployment.
    Called {
        /// The call.
        call: Call,
    },
}

/// The releases as they are known now, newest first.
pub fn learn(known: &[Release], seen: &Seen<'_>, policy: &Deployments) -> Vec<Release> {
    let mut by_id: BTreeMap<ServiceDeploymentArn, Release> =
        known.iter().map(|release| (release.id.clone(), release.clone())).collect();
    for (index, deployment) in seen.history.iter().enumerate() {
        let earlier = seen.history.get(index + 1..).unwrap_or_default();
        match by_id.get_mut(&deployment.arn) {
            Some(release) => {
                update(release, deployment, seen.now);
                // What came before may be beyond AWS's memory by now.
                if !earlier.is_empty() {
                    release.kind = kind(seen.history, index);
                }
            }
            None => {
                let mut release = first_seen(deployment, earlier, kind(seen.history, index), seen.now);
                if let Some(before) = remembered(known, deployment, earlier) {
                    release.from = Some(before.target.task_definition.clone());
                    release.kind = kind_after(deployment, &before.target);
                }
                by_id.insert(deployment.arn.clone(), release);
            }
        }
    }
    let mut releases: Vec<Release> = by_id.into_values().collect();
    releases.sort_by(|one, other| (other.began_at, &other.id).cmp(&(one.began_at, &one.id)));
    for release in &mut releases {
        come_from(release, seen);
    }
    attach(&mut releases, seen);
    callers::join(&mut releases, known, seen.calls, seen.told);
    judge_all(&mut releases, seen, policy);
    releases.truncate(KEPT);
    releases
}

/// What it replaced, where AWS has forgotten that by now (after 90 days) and the ledger has not.
fn remembered<'a>(
    known: &'a [Release],
    deployment: &ServiceDeployment,
    earlier: &[ServiceDeployment],
) -> Option<&'a Release> {
    let replaced = |target: &Revision| deployment.sources.contains(&target.arn);
    let listed = earlier.iter().any(|old| replaced(&old.target));
    known.iter().find(|old| !listed && replaced(&old.target))
}

fn first_seen(
    deployment: &ServiceDeployment,
    earlier: &[ServiceDeployment],
    kind: DeploymentKind,
    now: Timestamp,
) -> Release {
    let mut release = Release {
        id: deployment.arn.clone(),
        kind,
        deployment: None,
        from: came_from(&deployment.sources, earlier),
        source: deployment.sources.first().cloned(),
        target: deployment.target.clone(),
        origin: Origin::default(),
        call: None,
        began_at: deployment.began_at(),
        ended_at: None,
        status: deployment.status,
        reason: None,
        rolled_back_to: None,
        given_up_at: None,
        failures: Vec::new(),
        failed: 0,
        troubled: None,
        taken_back: None,
        warnings: Vec::new(),
        verdict: Verdict::InProgress,
        watched_until: None,
        planned_wait_s: 0,
        paused_at: None,
        waits: false,
        sequence: 0,
    };
    update(&mut release, deployment, now);
    release
}

fn came_from(sources: &[RevisionArn], earlier: &[ServiceDeployment]) -> Option<TaskDefinitionArn> {
    let source = earlier.iter().find(|old| sources.contains(&old.target.arn));
    source.map(|old| old.target.task_definition.clone())
}

/// Tags may change; what an image said is asked for once and stays.
fn come_from(release: &mut Release, seen: &Seen<'_>) {
    if let Some(origin) = seen.origins.get(&release.target.task_definition) {
        let commit = origin.commit.clone().or(release.origin.commit.take());
        release.origin = Origin { commit, ..origin.clone() };
    }
    let newest = seen.history.first().is_some_and(|newest| newest.arn == release.id);
    if let Some(commit) = seen.built_from.filter(|_| newest && release.origin.commit.is_none()) {
        release.origin.commit = Some(commit.to_owned());
    }
}

/// Statuses go one way only: what is read late changes nothing.
fn update(release: &mut Release, seen: &ServiceDeployment, now: Timestamp) {
    if is_unknown(&release.target.task_definition) {
        release.target = seen.target.clone();
    }
    if rank(seen.status) >= rank(release.status) {
        release.status = seen.status;
        release.reason = seen.reason.clone().or(release.reason.take());
    }
    release.began_at = seen.began_at();
    let waits = seen.paused_at_hook.is_some();
    // Nobody tells when a hook is answered: it was so at the latest when it is
    // first seen to have gone on.
    if waits || (release.waits && seen.status.in_flight()) {
        release.paused_at = release.paused_at.max(Some(now));
    }
    release.waits = waits;
    release.planned_wait_s = seen.planned_wait_s.max(release.planned_wait_s);
    release.ended_at = seen.finished_at.or(release.ended_at);
    release.rolled_back_to = seen.rolled_back_to.clone().or(release.rolled_back_to.take());
}

fn rank(status: DeploymentStatus) -> u8 {
    match status {
        DeploymentStatus::Unknown => 0,
        DeploymentStatus::Pending => 1,
        DeploymentStatus::InProgress => 2,
        DeploymentStatus::StopRequested | DeploymentStatus::RollbackRequested => 3,
        DeploymentStatus::RollbackInProgress => 4,
        DeploymentStatus::Stopped
        | DeploymentStatus::Successful
        | DeploymentStatus::RollbackSuccessful
        | DeploymentStatus::RollbackFailed => 5,
    }
}

/// Failures join the release whose tasks they were.
fn attach(releases: &mut [Release], seen: &Seen<'_>) {
    if let Some((service, newest)) = seen.service.zip(releases.first_mut())
        && let Some(primary) = service.primary()
        && service.current_deployment.as_ref().is_none_or(|current| *current == newest.id)
        && on_trial(newest)
        && primary.task_definition == newest.target.task_definition
    {
        newest.deployment = Some(primary.id.clone());
        if primary.rollout == Some(Rollout::Failed) {
            newest.given_up_at = newest.given_up_at.or(Some(seen.now));
        }
    }
    for release in releases.iter_mut().filter(|release| release.deployment.is_none()) {
        let set = seen.service.and_then(|service| task_set(service, &release.id));
        release.deployment = set.map(|set| set.id.clone());
    }
    let told = seen.told.iter().filter_map(|told| match told {
        Told::Task { task } => Some(task),
        Told::NotPlaced { .. } | Told::Called { .. } => None,
    });
    for task in seen.stopped.iter().chain(told) {
        let owner = releases.iter_mut().find(|release| owns(release, task));
        if let Some((release, failure)) = owner.zip(failure_of(task)) {
            add(release, failure);
        }
    }
    for told in seen.told {
        if let Told::NotPlaced { event, at, reason } = told
            && let Some(release) =
                releases.iter_mut().find(|release| release.status.in_flight() && release.began_at <= *at)
        {
            let failure = Failure {
                of: event.clone(),
                at: *at,
                crash: None,
                container: None,
                exit_code: None,
                reason: reason.clone(),
            };
            add(release, failure);
        }
    }
}

/// It moves, or ECS gave it up: it stopped and went nowhere.
fn on_trial(release: &Release) -> bool {
    let by_a_person = release.reason.as_deref().is_some_and(|reason| reason.contains("user"));
    let given_up = release.status == DeploymentStatus::Stopped && release.rolled_back_to.is_none() && !by_a_person;
    release.status.in_flight() || given_up
}

fn judge_all(releases: &mut [Release], seen: &Seen<'_>, policy: &Deployments) {
    let proven = seen.service.map_or(policy.failures, |service| failures_that_prove(service, policy));
    for index in 0..releases.len() {
        let (newer, rest) = releases.split_at_mut(index);
        let Some(release) = rest.first_mut() else { continue };
        let gone = !release.status.terminal() && !seen.history.iter().any(|listed| listed.arn == release.id);
        release.verdict = match seen.service {
            None if gone => Verdict::Unknown { reason: Unjudged::ServiceGone },
            Some(_) if gone && !seen.history.is_empty() => Verdict::Unknown { reason: Unjudged::Vanished },
            _ => judge(release, newer, proven),
        };
    }
}

/// How many failed tasks prove that a release of this service fails.
pub fn failures_that_prove(service: &Service, policy: &Deployments) -> u32 {
    if service.desired <= 2 { policy.small_failures } else { policy.failures }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dora::counts;
    use crate::judge::tests::deployed;

    fn learnt(known: &[Release], history: &[ServiceDeployment]) -> Vec<Release> {
        let (origins, now) = (BTreeMap::new(), "2026-11-20T02:00:00Z".parse().unwrap());
        let nothing = Seen {
            history,
            service: None,
            stopped: &[],
            told: &[],
            calls: &[],
            origins: &origins,
            built_from: None,
            now,
        };
        learn(known, &nothing, &Deployments::default())
    }

    /// A service that is released less often than AWS remembers.
    #[test]
    fn a_release_counts_though_aws_has_forgotten_what_it_replaced() {
        let old = [deployed(0, "7", "a", DeploymentStatus::Successful)];
        let known = learnt(&[], &old);
        let after = |number, digest| {
            let made = deployed(1, number, digest, DeploymentStatus::Successful);
            let history = [ServiceDeployment { sources: vec![old[0].target.arn.clone()], ..made }];
            learnt(&known, &history).remove(0)
        };
        let release = after("8", "b");
        assert_eq!(release.from.as_ref(), Some(&old[0].target.task_definition));
        assert!(counts(&release), "{release:?}");
        assert_eq!(after("7", "a").kind, DeploymentKind::Restart);
    }
}
