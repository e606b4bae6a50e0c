//! One ECS service as a state machine: what it is made of.

use std::collections::{BTreeMap, VecDeque};

use nightshift_core::ids::{DeploymentId, Digest, RevisionArn, ServiceDeploymentArn, ServiceRef, TaskDefinitionArn};
use nightshift_core::release::DeploymentStatus;
use nightshift_core::service::{Rollout, ScalableTarget};
use nightshift_core::task::StoppedTask;

use crate::noise::Noise;
use crate::scenario::{Release, Scenario, ServiceSetup, Stage};

use super::groups::TargetGroup;
use super::mix::Mix;
use super::news::News;
use super::registry::Registry;
use super::registry::manifest::of_release;
use super::shift::Shift;
use super::weather::Weather;

/// A service and everything about it. Times are seconds since the epoch.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) setup: ServiceSetup,
    pub(crate) name: ServiceRef,
    pub(crate) ids: Noise,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) desired: u32,
    pub(crate) scaling: Option<ScalableTarget>,
    /// None, one, or two where traffic is shifted from one to the other.
    pub(crate) groups: Vec<TargetGroup>,
    pub(crate) builds: Vec<Build>,
    /// Windows of more work or of trouble elsewhere.
    pub(crate) weather: Vec<Weather>,
    /// Word for everything beyond the task definition, as it is now.
    pub(crate) surroundings: String,
    pub(crate) revisions: Vec<RevisionState>,
    pub(crate) deployments: Vec<DeploymentState>,
    pub(crate) rollouts: Vec<RolloutState>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) stopped: Vec<StoppedTask>,
    pub(crate) script: VecDeque<(i64, Step)>,
    /// A number of tasks that Application Auto Scaling will ask for, and when.
    pub(crate) rescale: Option<(i64, u32)>,
    /// Who served when, in order of time.
    pub(crate) mixes: Vec<Mix>,
    /// Builds whose fault stays in the data, and since when.
    pub(crate) left_behind: Vec<(i64, usize)>,
    pub(crate) stepped: i64,
    pub(crate) serial: i64,
    /// What is still to be said about its deployments.
    pub(crate) news: Vec<News>,
}

/// A release of the scenario with its image worked out.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) at: i64,
    pub(crate) image: String,
    /// The word for what is in the image.
    pub(crate) content: String,
    pub(crate) digest: Digest,
    /// Its deployments wait at a pause hook until then.
    pub(crate) paused_until: Option<i64>,
    pub(crate) truth: Release,
}

/// What the scenario lets happen to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The build of this index is pushed and deployed.
    Release(usize),
    /// Somebody stops the newest deployment with ROLLBACK.
    Stop,
    /// A person lets the newest deployment go on, if it waits at a pause hook.
    Continue,
    /// AWS takes the hardware of one of its tasks out of service.
    Retire,
}

#[derive(Clone, Debug)]
pub(crate) struct RevisionState {
    pub(crate) arn: RevisionArn,
    pub(crate) number: u32,
    pub(crate) image: String,
    /// What the tag meant at deployment; `None`: nothing.
    pub(crate) digest: Option<Digest>,
    pub(crate) created: i64,
    pub(crate) surroundings: String,
}

#[derive(Clone, Debug)]
pub(crate) struct DeploymentState {
    pub(crate) arn: ServiceDeploymentArn,
    pub(crate) status: DeploymentStatus,
    pub(crate) created: i64,
    pub(crate) started: Option<i64>,
    pub(crate) finished: Option<i64>,
    pub(crate) target: usize,
    pub(crate) source: Option<usize>,
    pub(crate) reason: Option<String>,
    pub(crate) rolled_back_to: Option<usize>,
    /// When PENDING or ROLLBACK_REQUESTED is over; of CodeDeploy also when it is
    /// given up.
    pub(crate) due: i64,
    /// A pause hook that nobody has answered yet.
    pub(crate) hook: Option<Hook>,
    /// When its tasks were all there, and its bake time began.
    pub(crate) bakes_since: Option<i64>,
    /// Of CodeDeploy: the deployment that it rolls back.
    pub(crate) takes_back: Option<usize>,
    /// How far it is, where it shifts traffic.
    pub(crate) shift: Option<Shift>,
}

impl DeploymentState {
    /// The stage that ECS shows while it moves towards its target.
    pub(crate) fn stage(&self) -> Option<&'static str> {
        let moves = self.status == DeploymentStatus::InProgress;
        let bakes = self.bakes_since.map(|_| Stage::BakeTime);
        self.shift.as_ref().map(|shift| shift.stage).or(bakes).filter(|_| moves).map(Stage::word)
    }

    /// Nobody waits at its pause hook any more.
    pub(crate) fn go_on(&mut self, now: i64) {
        self.hook = None;
        if let Some(shift) = &mut self.shift {
            shift.since = now;
        }
    }

    /// Its tasks are started from now on.
    pub(crate) fn begin(&mut self, now: i64) {
        self.status = DeploymentStatus::InProgress;
        self.started = Some(now);
    }
}

/// How far a deployment is from its pause hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    /// It will wait there.
    Ahead,
    /// It waits there.
    Waiting,
}

/// A classic deployment.
#[derive(Clone, Debug)]
pub(crate) struct RolloutState {
    pub(crate) id: DeploymentId,
    pub(crate) revision: usize,
    pub(crate) created: i64,
    pub(crate) failed: u32,
    pub(crate) state: Rollout,
    /// No task is started before this.
    pub(crate) opens: i64,
    /// Which of the service's target groups its tasks register with.
    pub(crate) side: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Starting,
    Running,
    Healthy,
    Draining,
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) serial: i64,
    pub(crate) rollout: usize,
    pub(crate) phase: Phase,
    pub(crate) created: i64,
    pub(crate) started: Option<i64>,
    /// When it will end by itself.
    pub(crate) ends: Option<i64>,
    /// When its phase is over.
    pub(crate) next: i64,
}

impl Machine {
    pub(crate) fn new(scenario: &Scenario, setup: &ServiceSetup, registry: &Registry) -> Self {
        let name = ServiceRef {
            account: scenario.account.clone(),
            region: scenario.region.clone(),
            cluster: setup.cluster.clone(),
            service: setup.name.clone(),
        };
        let event = scenario.event_second();
        let builds: Vec<Build> = setup.releases.iter().map(|truth| Build::new(setup, truth, event, registry)).collect();
        let mut script: Vec<(i64, Step)> =
            builds.iter().enumerate().map(|(i, build)| (build.at, Step::Release(i))).collect();
        let stops = setup.releases.iter().filter_map(|release| release.rolled_back_at);
        script.extend(stops.map(|at| (at.second(event), Step::Stop)));
        script.extend(builds.iter().filter_map(|build| build.paused_until).map(|at| (at, Step::Continue)));
        script.extend(retirements(setup, event));
        script.sort_by_key(|(at, _)| *at);
        let mut tags = setup.tags.clone();
        if let Some(stack) = &setup.stack {
            tags.entry("aws:cloudformation:stack-name".into()).or_insert_with(|| stack.clone());
        }
        Self {
            ids: Noise::new(scenario.seed, &name.key()),
            tags,
            desired: setup.desired,
            scaling: setup.scaling.map(|scaling| ScalableTarget { min: scaling.min, max: scaling.max }),
            groups: TargetGroup::all(scenario, setup),
            builds,
            weather: Weather::of(scenario, setup),
            surroundings: String::new(),
            revisions: Vec::new(),
            deployments: Vec::new(),
            rollouts: Vec::new(),
            tasks: Vec::new(),
            stopped: Vec::new(),
            script: script.into(),
            rescale: None,
            mixes: Vec::new(),
            left_behind: Vec::new(),
            stepped: i64::MIN,
            serial: 0,
            news: Vec::new(),
            setup: setup.clone(),
            name,
        }
    }

    /// The next number for an id.
    pub(crate) fn count(&mut self) -> i64 {
        self.serial += 1;
        self.serial
    }

    /// `arn:aws:ecs:REGION:ACCOUNT:KIND/…`.
    pub(crate) fn arn(&self, rest: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{rest}", self.name.region, self.name.account)
    }

    pub(crate) fn task_definition(&self, number: u32) -> TaskDefinitionArn {
        TaskDefinitionArn::new(self.arn(&format!("task-definition/{}:{number}", self.setup.name)))
    }

    pub(crate) fn task_arn(&self, serial: i64) -> String {
        let (high, low) = (self.ids.whole(serial), self.ids.whole(-serial));
        self.arn(&format!("task/{}/{high:016x}{low:016x}", self.name.cluster))
    }

    /// The build that really runs under this digest.
    pub(crate) fn build_of(&self, digest: Option<&Digest>) -> Option<usize> {
        digest.and_then(|digest| self.builds.iter().position(|build| build.digest == *digest))
    }

    /// The truth about what a classic deployment runs.
    pub(crate) fn truth_of(&self, rollout: usize) -> Option<&Release> {
        let revision = &self.revisions[self.rollouts[rollout].revision];
        self.build_of(revision.digest.as_ref()).map(|build| &self.builds[build].truth)
    }

    /// RegisterTaskDefinition: its number, which is above those that the scenario still
    /// has in store. What is in the image decides how its tasks fare.
    pub(crate) fn register(&mut self, image: &str, tags: BTreeMap<String, String>, digest: Digest, now: i64) -> u32 {
        let revision = self.builds.iter().map(|build| build.truth.revision).max().unwrap_or(0) + 1;
        let truth = Release { image: Some(image.to_owned()), tags, ..Release::plain(revision) };
        let image = image.to_owned();
        self.builds.push(Build { at: now, image, content: String::new(), digest, paused_until: None, truth });
        revision
    }

    /// So many tasks are in this phase and belong to that classic deployment.
    pub(crate) fn tasks_in(&self, rollout: usize, phase: Phase) -> u32 {
        self.tasks.iter().filter(|task| task.rollout == rollout && task.phase == phase).count() as u32
    }
}

/// One task every two minutes.
fn retirements(setup: &ServiceSetup, event: i64) -> impl Iterator<Item = (i64, Step)> {
    const APART_S: i64 = 120;
    let from = setup.retired_at.map(|at| at.second(event));
    let tasks = 0..i64::from(setup.desired);
    from.into_iter().flat_map(move |from| tasks.clone().map(move |task| (from + task * APART_S, Step::Retire)))
}

impl Build {
    fn new(setup: &ServiceSetup, truth: &Release, event: i64, registry: &Registry) -> Self {
        let short = truth.image.clone().unwrap_or_else(|| format!("{}:{}", setup.name, truth.revision));
        let content = of_release(setup, truth);
        Self {
            at: truth.at.second(event),
            image: registry.full(&short),
            digest: registry.digest_of(&content),
            content,
            paused_until: truth.paused_until.map(|until| until.second(event)),
            truth: truth.clone(),
        }
    }
}
