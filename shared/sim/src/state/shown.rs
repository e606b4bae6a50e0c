//! How a service shows itself to whoever asks ECS and ELB.

use std::collections::BTreeMap;

use nightshift_core::ids::{TaskDefinitionArn, fingerprint};
use nightshift_core::release::{Revision, RevisionImage, ServiceDeployment, TaskDefinition};
use nightshift_core::service::{Deployment, Rollout, Service, TargetHealth};
use nightshift_core::task::StoppedTask;

use super::moment;
use super::rollout::VISIBLE_S;
use super::service::{Machine, Phase};

/// `DescribeServiceDeployments` takes twenty at most, and so does the port.
const MOST_DEPLOYMENTS: usize = 20;

impl Machine {
    /// `ecs:DescribeServices`.
    pub(crate) fn shown(&self) -> Service {
        let deployments = self.classic();
        let sum = |of: fn(&Deployment) -> u32| deployments.iter().map(of).sum();
        Service {
            service: self.name.clone(),
            status: "ACTIVE".into(),
            controller: self.setup.controller,
            strategy: self.setup.strategy,
            express_managed: false,
            daemon: false,
            task_definition: deployments
                .first()
                .map_or_else(|| self.task_definition(0), |first| first.task_definition.clone()),
            desired: self.desired,
            running: sum(|deployment| deployment.running),
            pending: sum(|deployment| deployment.pending),
            current_deployment: self.deployments.last().map(|deployment| deployment.arn.clone()),
            target_groups: self.group.iter().map(|group| group.arn.clone()).collect(),
            grace_s: u32::try_from(self.setup.grace.as_seconds()).unwrap_or(0),
            tags: self.tags.clone(),
            deployments,
        }
    }

    /// `deployments[]`, PRIMARY first; older ones as long as they have tasks.
    fn classic(&self) -> Vec<Deployment> {
        let newest = self.rollouts.len().saturating_sub(1);
        let lives = |index: usize| index == newest || self.tasks.iter().any(|task| task.rollout == index);
        let shown = (0..self.rollouts.len()).rev().filter(|index| lives(*index)).map(|index| {
            let rollout = &self.rollouts[index];
            let (running, healthy) = (self.tasks_in(index, Phase::Running), self.tasks_in(index, Phase::Healthy));
            Deployment {
                id: rollout.id.clone(),
                primary: index == newest,
                task_definition: self.task_definition(self.revisions[rollout.revision].number),
                desired: if index == newest { self.desired } else { 0 },
                running: running + healthy,
                pending: self.tasks_in(index, Phase::Starting),
                failed_tasks: rollout.failed,
                rollout: Some(rollout.state),
                created_at: Some(moment(rollout.created)),
            }
        });
        shown.collect()
    }

    /// `ecs:ListServiceDeployments` and what it names, newest first.
    pub(crate) fn history(&self) -> Vec<ServiceDeployment> {
        let shown = |state: &super::service::DeploymentState| ServiceDeployment {
            arn: state.arn.clone(),
            status: state.status,
            created_at: moment(state.created),
            started_at: state.started.map(moment),
            finished_at: state.finished.map(moment),
            target: self.revision(state.target),
            sources: state.source.map(|source| self.revisions[source].arn.clone()).into_iter().collect(),
            reason: state.reason.clone(),
            rolled_back_to: state.rolled_back_to.map(|revision| self.revisions[revision].arn.clone()),
            paused_at_hook: None,
        };
        self.deployments.iter().rev().take(MOST_DEPLOYMENTS).map(shown).collect()
    }

    fn revision(&self, index: usize) -> Revision {
        let state = &self.revisions[index];
        let image = RevisionImage { image: state.image.clone(), digest: state.digest.clone() };
        Revision {
            arn: state.arn.clone(),
            task_definition: self.task_definition(state.number),
            created_at: Some(moment(state.created)),
            images: BTreeMap::from([("app".to_owned(), image)]),
            surroundings: fingerprint(&[&state.surroundings]),
        }
    }

    /// `ecs:ListTasks` (STOPPED) and `ecs:DescribeTasks`: those of the last hour.
    pub(crate) fn stopped_lately(&self, now: i64) -> Vec<StoppedTask> {
        let lately = |task: &&StoppedTask| task.stopped_at.is_some_and(|at| at.as_second() + VISIBLE_S > now);
        self.stopped.iter().filter(lately).cloned().collect()
    }

    /// `ecs:DescribeTaskDefinition`, for one that was registered by `now`.
    pub(crate) fn registered(&self, wanted: &TaskDefinitionArn, now: i64) -> Option<TaskDefinition> {
        let build = self
            .builds
            .iter()
            .rfind(|build| build.at <= now && self.task_definition(build.truth.revision) == *wanted)?;
        Some(TaskDefinition {
            arn: wanted.clone(),
            active: !build.truth.inactive,
            images: BTreeMap::from([("app".to_owned(), build.image.clone())]),
            tags: build.truth.tags.clone(),
        })
    }

    /// `elasticloadbalancing:DescribeTargetHealth`.
    pub(crate) fn targets(&self) -> TargetHealth {
        let count = |phase| self.tasks.iter().filter(|task| task.phase == phase).count() as u32;
        TargetHealth {
            healthy: count(Phase::Healthy),
            unhealthy: count(Phase::Running),
            draining: count(Phase::Draining),
            deregistration_delay_s: u32::try_from(self.setup.deregistration_delay.as_seconds()).unwrap_or(0),
        }
    }

    /// Revision and digest of every healthy task's release, with their number.
    pub(crate) fn serving(&self) -> BTreeMap<String, u32> {
        let mut serving = BTreeMap::new();
        for task in self.tasks.iter().filter(|task| task.phase == Phase::Healthy) {
            let revision = &self.revisions[self.rollouts[task.rollout].revision];
            let digest = revision.digest.as_ref().map_or("-", |digest| digest.as_str());
            *serving.entry(format!("{}:{} {digest}", self.setup.name, revision.number)).or_insert(0) += 1;
        }
        serving
    }

    /// The newest deployment has ended and its tasks alone serve.
    pub(crate) fn settled(&self) -> bool {
        self.rollouts.last().is_some_and(|rollout| rollout.state == Rollout::Completed) && self.shown().settled()
    }
}
