//! What a verdict is made from.

mod images;

use std::collections::BTreeMap;

use jiff::Timestamp;
use nightshift_core::codedeploy::CodeDeployment;
use nightshift_core::fault::{FaultKind, Sight};
use nightshift_core::ids::TaskDefinitionArn;
use nightshift_core::incident::{Quarantined, ServiceRecord};
use nightshift_core::origin::Origin;
use nightshift_core::policy::Policy;
use nightshift_core::release::{RevisionImage, ServiceDeployment, TaskDefinition};
use nightshift_core::service::{Controller, Service};
use nightshift_core::task::StoppedTask;
use nightshift_core::verdict::Release;
use nightshift_incident::scene::{Scene, Standing, observe_scene, observe_standing};
use nightshift_incident::stack::{Home, Stack};
use nightshift_release::learn::{Seen, Told, learn};
use nightshift_release::trial::{Trouble, trouble};
use nightshift_release::{codedeploy, origin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::World;
use crate::event::News;
use crate::quarantined::merged;

pub use images::Pushed;
use images::{observe_images, observe_label, observe_quarantined};

/// Lines of a failing container's log that people are shown.
const LOG_LINES: u32 = 10;

/// What a failing container said last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogEnd {
    /// The container.
    pub container: String,
    /// The task, by its id.
    pub task: String,
    /// Its last lines, oldest first, free of what looks like a secret.
    pub lines: Vec<String>,
}

/// Everything a verdict is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Observed {
    /// What the event said.
    pub news: News,
    /// Where this stack is.
    pub home: Home,
    /// The service.
    pub service: Sight<Option<Service>>,
    /// Its deployments, newest first; of CodeDeploy's the one at hand.
    pub history: Sight<Vec<ServiceDeployment>>,
    /// Its stopped tasks of the last hour.
    pub stopped: Sight<Vec<StoppedTask>>,
    /// What is remembered.
    pub standing: Sight<Standing>,
    /// What the newest deployment's task definition says.
    pub definition: Sight<Option<TaskDefinition>>,
    /// When the newest deployment's images, and those it replaces, were pushed.
    pub pushed: BTreeMap<String, Pushed>,
    /// Images that it brings and that are kept from being deployed.
    #[serde(default = "none")]
    pub quarantined: Sight<Vec<Quarantined>>,
    /// The commit that its image says it was built from, where nothing nearer
    /// tells and it is seen for the first time.
    #[serde(default)]
    pub built_from: Option<String>,
    /// What its failing container said last.
    pub log: Option<LogEnd>,
    /// All about the service, where something is to be decided.
    pub scene: Option<Scene>,
}

/// An older case knows of none.
fn none() -> Sight<Vec<Quarantined>> {
    Sight::Seen(Vec::new())
}

impl Observed {
    /// The releases as they are known by what was seen, newest first; `None`
    /// without what they are made from.
    pub fn releases(&self, policy: &Policy, now: Timestamp) -> Option<Vec<Release>> {
        let service = self.service.seen()?;
        let history = self.history.seen()?;
        let record = &self.standing.seen()?.record.value;
        let known = &record.releases;
        let told: Vec<_> = self.news.told.iter().cloned().collect();
        let seen = Seen {
            history,
            service: service.as_ref(),
            stopped: self.stopped.seen().map_or(&[][..], Vec::as_slice),
            told: &told,
            calls: &record.calls,
            origins: &self.origins(),
            built_from: self.built_from.as_deref(),
            now,
        };
        Some(learn(known, &seen, &policy.deployments))
    }

    /// CodeDeploy tells of no images: those of the newest deployment are what
    /// its task definition writes, by no digest.
    fn images_of_codedeploy(&mut self) {
        let (Sight::Seen(history), Some(definition)) = (&mut self.history, self.definition.seen()) else { return };
        if let Some((newest, definition)) = history.first_mut().zip(definition.as_ref())
            && newest.target.images.is_empty()
        {
            let written = |image: &String| RevisionImage { image: image.clone(), digest: None };
            newest.target.images =
                definition.images.iter().map(|(container, image)| (container.clone(), written(image))).collect();
        }
    }

    fn origins(&self) -> BTreeMap<TaskDefinitionArn, Origin> {
        let definition = self.definition.seen().and_then(Option::as_ref);
        definition.map(|found| (found.arn.clone(), origin::of(found))).into_iter().collect()
    }

    /// What is wrong with the deployment on trial, if anything is.
    pub fn trouble(&self, policy: &Policy, now: Timestamp) -> Option<Trouble> {
        let releases = self.releases(policy, now)?;
        let service = self.service.seen()?.as_ref()?;
        let stopped = self.stopped.seen().map_or(&[][..], Vec::as_slice);
        let record = self.record(policy, now)?;
        trouble(&releases, service, stopped, &record, policy, now).ok()
    }

    /// The service's record, with the images denied that are quarantined.
    pub fn record(&self, policy: &Policy, now: Timestamp) -> Option<ServiceRecord> {
        let known = &self.standing.seen()?.record.value;
        let newest = self.history.seen().and_then(|history| history.first());
        let held = self.quarantined.seen().map_or(&[][..], Vec::as_slice);
        let denied = merged(&known.denied, newest, held, policy.rollback.deny_for, now);
        Some(ServiceRecord { denied, ..known.clone() })
    }
}

/// Looks at what a verdict needs; at all about the service only where
/// something is to be decided.
pub async fn observe<W: World>(
    world: &W,
    news: &News,
    code: Option<&CodeDeployment>,
    (stack, policy): (&Stack, &Policy),
    now: Timestamp,
) -> Observed {
    let news = &believed(news, stack);
    let name = &news.service;
    let (service, history, stopped, standing) = tokio::join!(
        world.service(name),
        world.history(name),
        world.stopped_tasks(name),
        observe_standing(world, name, &news.event, policy, now),
    );
    let mut observed = Observed {
        news: news.clone(),
        home: stack.home.clone(),
        service: service.into(),
        history: history.into(),
        stopped: stopped.into(),
        standing,
        definition: Sight::Seen(None),
        pushed: BTreeMap::new(),
        quarantined: Sight::Seen(Vec::new()),
        built_from: None,
        log: None,
        scene: None,
    };
    // Of a service that is gone ECS lists no deployments; it was looked for.
    let gone = matches!(observed.service, Sight::Seen(None));
    if gone && observed.history.fault().is_some_and(|fault| fault.kind == FaultKind::NotFound) {
        observed.history = Sight::Seen(Vec::new());
    }
    if let Some(history) = observe_codedeploy(world, &observed, code).await {
        observed.history = history;
    }
    if let Some(deployment) = observed.history.seen().and_then(|history| history.first()).cloned() {
        observed.definition = observe_definition(world, &deployment.target.task_definition).await;
        observed.images_of_codedeploy();
        if !deployment.status.terminal() {
            observed.pushed = observe_images(world, &observed, &deployment).await;
            observed.quarantined = observe_quarantined(world, name, &deployment, &policy.images).await.into();
        }
        observed.built_from = observe_label(world, &observed, &deployment).await;
    }
    let decides = observed.trouble(policy, now).is_some() || resumes(&observed);
    if decides || just_failed(&observed, policy, now) {
        observed.log = observe_log(world, &observed, policy, now).await;
    }
    if decides {
        observed.scene = Some(observe_scene(world, name, None, &news.event, (stack, policy), now).await);
    }
    observed
}

/// What nobody has named yet is not asked for.
async fn observe_definition<W: World>(world: &W, named: &TaskDefinitionArn) -> Sight<Option<TaskDefinition>> {
    match codedeploy::is_unknown(named) {
        true => Sight::Seen(None),
        false => world.task_definition(named).await.into(),
    }
}

/// A drill tells of things that never were. Of the stack's drill service they
/// are believed; of any other it is a reason to look, and no more. A call of
/// the stack itself names nobody.
fn believed(news: &News, stack: &Stack) -> News {
    let invented = news.drill && stack.drill_service.as_ref() != Some(&news.service.to_string());
    let own = matches!(&news.told, Some(Told::Called { call }) if stack.own_session(&call.by));
    match invented || own {
        true => News { told: None, drill: false, ..news.clone() },
        false => news.clone(),
    }
}

/// CodeDeploy's deployments of the service: the one that the event is about, or
/// else the newest that is known, whatever woke us. `None`: it has none.
async fn observe_codedeploy<W: World>(
    world: &W,
    observed: &Observed,
    told: Option<&CodeDeployment>,
) -> Option<Sight<Vec<ServiceDeployment>>> {
    let known = observed.standing.seen().map_or(&[][..], |standing| standing.record.value.releases.as_slice());
    let service = observed.service.seen().and_then(Option::as_ref);
    if let Some(code) = told {
        return Some(Sight::Seen(codedeploy::history(code, known, service)));
    }
    let by_codedeploy = service?.controller == Controller::CodeDeploy;
    let newest = codedeploy::deployment_of(known.first().filter(|_| by_codedeploy)?)?;
    match world.code_deployment(&newest).await {
        Ok(Some(code)) => Some(Sight::Seen(codedeploy::history(&code, known, service))),
        // CodeDeploy has forgotten it: there is nothing more to learn.
        Ok(None) => None,
        Err(fault) => Some(Sight::Unseen(fault)),
    }
}

/// The newest release failed, and that is news.
fn just_failed(observed: &Observed, policy: &Policy, now: Timestamp) -> bool {
    let known = observed.standing.seen().map_or(&[][..], |standing| standing.record.value.releases.as_slice());
    let releases = observed.releases(policy, now).unwrap_or_default();
    let Some(newest) = releases.first().filter(|newest| newest.over() && !newest.failures.is_empty()) else {
        return false;
    };
    let over_before = known.iter().any(|old| old.id == newest.id && old.over());
    newest.verdict.failed() && !over_before
}

/// An earlier delivery of this event left something to be done.
fn resumes(observed: &Observed) -> bool {
    let Some(standing) = observed.standing.seen().filter(|standing| standing.seen) else { return false };
    standing.record.value.incident.as_ref().is_some_and(|incident| incident.open_intent().is_some())
}

/// The end of the newest failure's log. People are told without it if it
/// cannot be had.
async fn observe_log<W: World>(world: &W, observed: &Observed, policy: &Policy, now: Timestamp) -> Option<LogEnd> {
    let releases = observed.releases(policy, now)?;
    let failure = releases.first()?.failures.iter().rfind(|failure| failure.container.is_some())?;
    let container = failure.container.as_ref()?;
    let definition = observed.definition.seen()?.as_ref()?;
    let place = definition.logs.get(container)?;
    let task = failure.of.rsplit('/').next()?;
    let lines = world.last_lines(place, container, task, LOG_LINES).await.ok()?;
    let lines: Vec<String> = lines.iter().map(|line| nightshift_core::redact::redact(line)).collect();
    (!lines.is_empty()).then(|| LogEnd { container: container.clone(), task: task.to_owned(), lines })
}
