//! How a service shows itself to whoever asks ECS and ELB.

use std::collections::{BTreeMap, BTreeSet};

use nightshift_core::ids::{Digest, TaskDefinitionArn, fingerprint};
use nightshift_core::image::RunningImage;
use nightshift_core::release::{LogPlace, Revision, RevisionImage, ServiceDeployment, TaskDefinition};
use nightshift_core::service::{Breaker, Deployment, Rollout, Service, TargetHealth, TaskSet};
use nightshift_core::task::StoppedTask;
use nightshift_core::waste::TaskSize;

use crate::scenario::TaskSetup;

use super::moment;
use super::registry::Registry;
use super::rollout::VISIBLE_S;
use super::service::{DeploymentState, Hook, Machine, Phase, Task};

/// `DescribeServiceDeployments` takes twenty at most, and so does the port.
const MOST_DEPLOYMENTS: usize = 20;

impl Machine {
    /// `ecs:DescribeServices`.
    pub(crate) fn shown(&self) -> Service {
        let all = self.classic();
        let sum = |of: fn(&Deployment) -> u32| all.iter().map(of).sum();
        let enabled = self.setup.circuit_breaker && !self.by_codedeploy();
        Service {
            service: self.name.clone(),
            status: self.setup.status.clone(),
            controller: self.setup.controller,
            strategy: self.setup.strategy,
            express_managed: false,
            launch: Some(self.setup.launch),
            daemon: false,
            task_definition: all.first().map_or_else(|| self.task_definition(0), |first| first.task_definition.clone()),
            desired: self.desired,
            running: sum(|deployment| deployment.running),
            pending: sum(|deployment| deployment.pending),
            task_sets: if self.by_codedeploy() { self.task_sets(&all) } else { Vec::new() },
            current_deployment: self.of_ecs().last().map(|deployment| deployment.arn.clone()),
            target_groups: self.groups.iter().map(|group| group.arn.clone()).collect(),
            grace_s: u32::try_from(self.setup.grace.as_seconds()).unwrap_or(0),
            breaker: Some(Breaker {
                enabled,
                rolls_back: enabled && self.setup.circuit_breaker_rollback,
                threshold: self.setup.circuit_breaker_failures,
            }),
            tags: self.tags.clone(),
            deployments: if self.by_codedeploy() { Vec::new() } else { all },
        }
    }

    /// What CodeDeploy has instead of classic deployments.
    fn task_sets(&self, all: &[Deployment]) -> Vec<TaskSet> {
        let made_by = |id| self.codedeploy_id(self.rollouts.iter().position(|rollout| rollout.id == id)?);
        let set = |deployment: &Deployment| TaskSet {
            id: deployment.id.clone(),
            external_id: made_by(deployment.id.clone()).map(|id| id.0),
            task_definition: deployment.task_definition.clone(),
            created_at: deployment.created_at,
        };
        all.iter().map(set).collect()
    }

    /// `deployments[]`, PRIMARY first; older ones as long as they have tasks.
    pub(crate) fn classic(&self) -> Vec<Deployment> {
        let newest = self.rollouts.len().saturating_sub(1);
        let lives = |index: usize| index == newest || self.tasks.iter().any(|task| task.rollout == index);
        let sets = self.sets().unwrap_or_else(|| vec![newest]);
        let shown = (0..self.rollouts.len()).rev().filter(|index| lives(*index)).map(|index| {
            let rollout = &self.rollouts[index];
            let (running, healthy) = (self.tasks_in(index, Phase::Running), self.tasks_in(index, Phase::Healthy));
            Deployment {
                id: rollout.id.clone(),
                primary: index == newest,
                task_definition: self.task_definition(self.revisions[rollout.revision].number),
                desired: if sets.contains(&index) { self.desired } else { 0 },
                running: running + healthy,
                pending: self.tasks_in(index, Phase::Starting),
                failed_tasks: rollout.failed,
                // Of rolling deployments alone.
                rollout: (!self.setup.shifts()).then_some(rollout.state),
                created_at: Some(moment(rollout.created)),
            }
        });
        shown.collect()
    }

    /// Whether ECS's circuit breaker acts; where CodeDeploy deploys, it has
    /// none, and where traffic is shifted it is not to be relied on.
    pub(crate) fn has_breaker(&self) -> bool {
        self.setup.circuit_breaker && !self.by_codedeploy() && !self.setup.shifts()
    }

    /// `ecs:ListServiceDeployments` and what it names, newest first.
    pub(crate) fn history(&self) -> Vec<ServiceDeployment> {
        let shown = |state: &DeploymentState| ServiceDeployment {
            arn: state.arn.clone(),
            status: state.status,
            created_at: moment(state.created),
            started_at: state.started.map(moment),
            finished_at: state.finished.map(moment),
            target: self.revision(state.target),
            sources: state.source.map(|source| self.revisions[source].arn.clone()).into_iter().collect(),
            reason: state.reason.clone(),
            rolled_back_to: state.rolled_back_to.map(|revision| self.revisions[revision].arn.clone()),
            paused_at_hook: state.waits_at(),
            rolls_back: false,
            stage: state.stage().map(ToOwned::to_owned),
            planned_wait_s: self.setup.planned_wait_s(),
        };
        self.of_ecs().iter().rev().take(MOST_DEPLOYMENTS).map(shown).collect()
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

    /// `ecs:ListTasks` (STOPPED) and `ecs:DescribeTasks`: those of the last
    /// hour, newest first.
    pub(crate) fn stopped_lately(&self, now: i64) -> Vec<StoppedTask> {
        let lately = |task: &&StoppedTask| task.stopped_at.is_some_and(|at| at.as_second() + VISIBLE_S > now);
        let mut stopped: Vec<StoppedTask> = self.stopped.iter().filter(lately).cloned().collect();
        stopped.sort_by(|a, b| (b.stopped_at, &b.arn).cmp(&(a.stopped_at, &a.arn)));
        stopped
    }

    /// `ecs:ListTasks` (RUNNING) and `ecs:DescribeTasks`, each image once.
    pub(crate) fn running_images(&self, registry: &Registry) -> Vec<RunningImage> {
        let living = self.tasks.iter().filter(|task| task.phase != Phase::Draining);
        let image = |task: &Task| {
            let state = &self.revisions[self.rollouts[task.rollout].revision];
            let digest = self.runs(task, registry);
            RunningImage { container: "app".to_owned(), reference: state.image.clone(), digest }
        };
        living.map(image).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The digest that the task pulled; `None`: it has not yet.
    pub(crate) fn runs(&self, task: &Task, registry: &Registry) -> Option<Digest> {
        let state = &self.revisions[self.rollouts[task.rollout].revision];
        let digest = state.digest.as_ref().filter(|_| task.started.is_some())?;
        Some(registry.pulled_as(&state.image, digest))
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
            logs: BTreeMap::from([("app".to_owned(), self.log_place())]),
            registered_by: Some(format!("arn:aws:sts::{}:assumed-role/pipeline/deploy", self.name.account)),
        })
    }

    /// CPU and memory of its task definitions.
    pub(crate) fn size(&self) -> TaskSize {
        let TaskSetup { cpu, memory, platform } = self.setup.task;
        TaskSize { cpu_units: cpu, memory_mib: memory, platform }
    }

    pub(crate) fn log_place(&self) -> LogPlace {
        let group = format!("/ecs/{}", self.name.service);
        LogPlace { group, prefix: self.name.service.clone(), region: Some(self.name.region.clone()) }
    }

    /// `elasticloadbalancing:DescribeTargetHealth`, of those of its target
    /// groups that are asked for.
    pub(crate) fn targets(&self, wanted: &[String]) -> TargetHealth {
        let meant = |side: usize| self.groups.get(side).is_some_and(|group| wanted.contains(&group.arn));
        let ours = || self.tasks.iter().filter(|task| meant(self.rollouts[task.rollout].side));
        let count = |phase| ours().filter(|task| task.phase == phase).count() as u32;
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

impl DeploymentState {
    /// The id of the pause hook it waits at.
    pub(crate) fn waits_at(&self) -> Option<String> {
        (self.hook == Some(Hook::Waiting)).then(|| fingerprint(&[self.arn.as_str(), "hook"]))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use nightshift_core::fault::FaultKind;
    use nightshift_core::ids::ServiceRef;
    use nightshift_core::ports::{ServiceReads as _, ServiceWrites as _};
    use nightshift_core::release::{DeploymentStatus, ServiceDeployment};

    use crate::{Account, Scenario, poll_once};

    fn with(service: &str, release: &str) -> (Account, ServiceRef) {
        let text = format!(
            "[[service]]\nname = \"web\"\n{service}\n[[service.release]]\nrevision = 1\nat = \"-3d\"\n\
             [[service.release]]\nrevision = 2\nat = \"-10m\"\n{release}\n"
        );
        let account = Account::new(Scenario::parse(&text).unwrap());
        let web = account.service_ref("web").unwrap();
        account.advance(SignedDuration::from_mins(15));
        (account, web)
    }

    fn newest(account: &Account, web: &ServiceRef) -> ServiceDeployment {
        poll_once(account.history(web)).unwrap().unwrap().remove(0)
    }

    #[test]
    fn a_deployment_waits_at_its_pause_hook_until_a_person_lets_it_go_on() {
        let (account, web) = with("", "paused_until = \"+5m\"");
        let waits = newest(&account, &web);
        assert_eq!(waits.status, DeploymentStatus::InProgress);
        assert!(waits.paused_at_hook.is_some(), "{waits:?}");
        account.advance(SignedDuration::from_mins(6));
        let done = newest(&account, &web);
        assert_eq!((done.status, done.paused_at_hook), (DeploymentStatus::Successful, None));
    }

    #[test]
    fn a_deployment_that_is_stopped_at_its_pause_hook_goes_back() {
        let (account, web) = with("", "paused_until = \"+60m\"");
        let waits = newest(&account, &web);
        poll_once(account.stop_deployment(&web, &waits.arn)).unwrap().unwrap();
        account.advance(SignedDuration::from_mins(10));
        let back = newest(&account, &web);
        assert_eq!((back.status, back.paused_at_hook), (DeploymentStatus::RollbackSuccessful, None));
    }

    #[test]
    fn a_service_that_is_being_deleted_says_so_and_takes_no_deployment() {
        let (account, web) = with("status = \"DRAINING\"", "");
        let service = poll_once(account.service(&web)).unwrap().unwrap().unwrap();
        assert_eq!(service.status, "DRAINING");
        let good = poll_once(account.history(&web)).unwrap().unwrap()[1].target.task_definition.clone();
        let fault = poll_once(account.deploy(&web, &good)).unwrap().unwrap_err();
        assert_eq!(fault.kind, FaultKind::Permanent);
        assert!(fault.to_string().contains("ServiceNotActiveException"), "{fault}");
    }
}
