//! What changes a service from outside: deployments, stops, scaling.

use nightshift_core::ids::{DeploymentId, Digest, RevisionArn, ServiceDeploymentArn};
use nightshift_core::release::{DeploymentStatus, ImageNow};
use nightshift_core::service::Rollout;

use super::news::News;
use super::registry::Registry;
use super::rollout::grid;
use super::service::{Build, DeploymentState, Hook, Machine, Phase, RevisionState, RolloutState, Step, Task};

/// Seconds that a service deployment is PENDING.
const PENDING_S: i64 = 5;
/// Seconds from a stop being asked for until ECS goes back.
pub(crate) const HEARD_S: i64 = 10;
/// Seconds until Application Auto Scaling follows new bounds.
const RESCALE_S: i64 = 10;

/// An AWS error by its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AwsError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl AwsError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl Machine {
    /// What the scenario lets happen now.
    pub(crate) fn play(&mut self, step: Step, registry: &mut Registry, now: i64) {
        match step {
            Step::Release(index) => {
                let build = self.builds[index].clone();
                registry.push(&build.image, &build.content);
                registry.pull(&build.image, &build.digest);
                self.surroundings.clone_from(&build.truth.surroundings);
                if self.rollouts.is_empty() {
                    self.settle_first(index, now);
                } else {
                    self.deploy(build.truth.revision, true, registry, now);
                }
            }
            Step::Stop => {
                // A scenario may stop what has finished by then; so may people.
                if let Some(id) = self.codedeploy_id(self.deployments.len().saturating_sub(1)) {
                    let _finished = self.stop_code_deployment(&id, true, now);
                } else if let Some(arn) = self.deployments.last().map(|deployment| deployment.arn.clone()) {
                    let _finished = self.stop(&arn, now);
                }
            }
            Step::Retire => {
                let oldest = self.tasks.iter().position(|task| task.phase == Phase::Healthy);
                self.drain(oldest.as_slice(), now);
            }
            Step::Continue => {
                if let Some(deployment) = self.deployments.last_mut().filter(|newest| newest.hook.is_some()) {
                    deployment.go_on(now);
                }
            }
        }
    }

    /// The PRIMARY classic deployment.
    pub(crate) fn primary(&self) -> Option<&DeploymentId> {
        self.rollouts.last().map(|rollout| &rollout.id)
    }

    /// UpdateService: `false` if that needs no new deployment.
    pub(crate) fn deploy(&mut self, number: u32, force: bool, registry: &Registry, now: i64) -> bool {
        let running = self.rollouts.last().map(|rollout| rollout.revision);
        if !force && running.is_some_and(|revision| self.revisions[revision].number == number) {
            return false;
        }
        let Some(build) = self.builds.iter().rfind(|build| build.truth.revision == number && build.at <= now) else {
            return false;
        };
        let digest = match registry.resolve(&build.image) {
            ImageNow::At(digest) => Some(digest),
            ImageNow::Gone => None,
            ImageNow::Unknown => Some(build.digest.clone()),
        };
        let image = build.image.clone();
        let hook = build.paused_until.filter(|until| *until > now).map(|_| Hook::Ahead);
        let pauses_at = build.truth.paused_stage;
        let blue = self.blue();
        let source = blue.map(|blue| self.rollouts[blue].revision).or_else(|| self.good_revision());
        self.replace_running(now);
        let revision = self.new_revision(number, image, digest, now);
        let due = grid(now + PENDING_S);
        self.new_deployment(revision, source, now, due);
        if let Some(deployment) = self.deployments.last_mut() {
            deployment.hook = hook;
        }
        self.new_rollout(revision, now, due);
        if let Some(blue) = blue {
            self.begin_shift(blue, pauses_at, due);
        }
        self.says_began();
        true
    }

    pub(crate) fn says_began(&mut self) {
        let newest = self.rollouts.len() - 1;
        let reason = format!("ECS deployment {} in progress.", self.rollouts[newest].id);
        self.says_of(newest, "IN_PROGRESS", reason);
    }

    /// StopServiceDeployment with ROLLBACK: `false` if it goes back already.
    pub(crate) fn stop(&mut self, arn: &ServiceDeploymentArn, now: i64) -> Result<bool, AwsError> {
        let of_ecs = !self.by_codedeploy();
        let held = self.deployments.iter_mut().filter(|_| of_ecs).find(|deployment| deployment.arn == *arn);
        let Some(deployment) = held else {
            return Err(AwsError::new("ServiceDeploymentNotFoundException", format!("{arn} was not found")));
        };
        if deployment.status.terminal() {
            let says = format!("{arn} has ended with {:?}", deployment.status);
            return Err(AwsError::new("ConflictException", says));
        }
        let moves = deployment.status.in_flight();
        if moves {
            deployment.status = DeploymentStatus::RollbackRequested;
            deployment.reason = Some("Service deployment rollback requested by a user.".into());
            deployment.due = grid(now + HEARD_S);
            deployment.hook = None;
        }
        Ok(moves)
    }

    /// ContinueServiceDeployment, for the pause hook that it waits at.
    pub(crate) fn answer(
        &mut self,
        arn: &ServiceDeploymentArn,
        hook: &str,
        goes_back: bool,
        now: i64,
    ) -> Result<bool, AwsError> {
        let newest = self.deployments.last_mut().filter(|newest| newest.arn == *arn);
        match newest.filter(|newest| newest.waits_at().as_deref() == Some(hook)) {
            None => Err(AwsError::new("InvalidParameterException", format!("{arn} does not wait at {hook}"))),
            Some(_) if goes_back => self.stop(arn, now),
            Some(newest) => {
                newest.go_on(now);
                Ok(true)
            }
        }
    }

    /// A requested rollback begins: a new classic deployment of the old
    /// revision, with the digest it had.
    pub(crate) fn go_back(&mut self, now: i64) {
        if self.by_codedeploy() {
            return self.roll_back_code_deployment(now);
        }
        let Some(deployment) = self.deployments.last_mut() else { return };
        let Some(source) = deployment.source else {
            deployment.status = DeploymentStatus::RollbackFailed;
            deployment.finished = Some(now);
            return;
        };
        deployment.status = DeploymentStatus::RollbackInProgress;
        deployment.rolled_back_to = Some(source);
        let by_breaker = deployment.reason.as_ref().is_some_and(|reason| reason.contains("circuit breaker"));
        let old = self.rollouts.iter().rfind(|rollout| rollout.state == Rollout::Completed);
        let old = old.map_or_else(String::new, |rollout| rollout.id.to_string());
        if !self.shift_back() {
            self.new_rollout(source, now, now);
        }
        let newest = self.rollouts.len() - 1;
        if by_breaker {
            let reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {old}.");
            let id = self.rollouts[newest].id.clone();
            self.says(News::Deployment { state: "IN_PROGRESS", id, reason });
        } else {
            self.says_began();
        }
    }

    /// New bounds: the number of tasks follows, as far as they force it to.
    pub(crate) fn set_minimum(&mut self, minimum: u32, now: i64) -> Result<(), AwsError> {
        let usual = self.setup.desired;
        let Some(scaling) = &mut self.scaling else {
            return Err(AwsError::new(
                "ValidationException",
                "Max capacity must be specified for a new scalable target",
            ));
        };
        if minimum > scaling.max {
            let says = format!("Minimum capacity {minimum} cannot be greater than maximum capacity {}", scaling.max);
            return Err(AwsError::new("ValidationException", says));
        }
        scaling.min = minimum;
        self.rescale = Some((grid(now + RESCALE_S), usual.clamp(minimum, scaling.max.max(minimum))));
        Ok(())
    }

    /// The revision that a rollback goes back to: of the newest classic
    /// deployment that reached steady state.
    pub(crate) fn good_revision(&self) -> Option<usize> {
        self.rollouts.iter().rfind(|rollout| rollout.state == Rollout::Completed).map(|rollout| rollout.revision)
    }

    fn replace_running(&mut self, now: i64) {
        if self.by_codedeploy() && self.deployments.last().is_some_and(|newest| newest.status.in_flight()) {
            return self.end_code_deployment("STOP", "The deployment was stopped for another one.", false, now);
        }
        if let Some(deployment) = self.deployments.last_mut().filter(|deployment| !deployment.status.terminal()) {
            deployment.status = DeploymentStatus::Stopped;
            deployment.finished = Some(now);
            deployment.reason = Some("Service deployment was stopped because a newer one began.".into());
            deployment.hook = None;
        }
    }

    fn new_revision(&mut self, number: u32, image: String, digest: Option<Digest>, now: i64) -> usize {
        let serial = self.count();
        let id = self.ids.digits(serial, 19);
        let arn = self.arn(&format!("service-revision/{}/{}/{id}", self.name.cluster, self.name.service));
        self.revisions.push(RevisionState {
            arn: RevisionArn::new(arn),
            number,
            image,
            digest,
            created: now,
            surroundings: self.surroundings.clone(),
        });
        self.revisions.len() - 1
    }

    pub(crate) fn new_deployment(&mut self, target: usize, source: Option<usize>, now: i64, due: i64) {
        let serial = self.count();
        let id = format!("{:016x}", self.ids.whole(serial));
        let arn = self.arn(&format!("service-deployment/{}/{}/{id}", self.name.cluster, self.name.service));
        self.deployments.push(DeploymentState {
            arn: ServiceDeploymentArn::new(arn),
            status: DeploymentStatus::Pending,
            created: now,
            started: None,
            finished: None,
            target,
            source,
            reason: None,
            rolled_back_to: None,
            due,
            hook: None,
            bakes_since: None,
            takes_back: None,
            shift: None,
        });
    }

    pub(crate) fn new_rollout(&mut self, revision: usize, now: i64, opens: i64) {
        let serial = self.count();
        let side = self.rollouts.last().map_or(0, |last| last.side);
        self.rollouts.push(RolloutState {
            id: DeploymentId::new(format!("ecs-svc/{}", self.ids.digits(serial, 19))),
            revision,
            created: now,
            failed: 0,
            state: Rollout::InProgress,
            opens,
            side,
        });
    }

    /// The first release of a service stands there complete: nobody watched
    /// its beginning.
    fn settle_first(&mut self, index: usize, now: i64) {
        let Build { image, digest, truth, .. } = self.builds[index].clone();
        let revision = self.new_revision(truth.revision, image, Some(digest), now);
        self.new_deployment(revision, None, now, now);
        self.new_rollout(revision, now, now);
        if let (Some(deployment), Some(rollout)) = (self.deployments.last_mut(), self.rollouts.last_mut()) {
            deployment.status = DeploymentStatus::Successful;
            deployment.started = Some(now);
            deployment.finished = Some(now + 120);
            rollout.state = Rollout::Completed;
        }
        for _ in 0..self.desired {
            let serial = self.count();
            let ends = self.lifetime(0, serial).map(|life| grid(now + life));
            let next = ends.unwrap_or(i64::MAX);
            self.tasks.push(Task {
                serial,
                rollout: 0,
                phase: Phase::Healthy,
                created: now,
                started: Some(now),
                ends,
                next,
            });
        }
    }
}
