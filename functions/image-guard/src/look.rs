//! Looks at one image until nothing is left to be done about it.
//!
//! observe → plan → remember → one step → observe again. Each step is
//! remembered before it is taken, and what came of it is seen by the next look;
//! so a run that is killed between any two calls is made good by the next one,
//! whichever event brings it.

use jiff::Timestamp;
use nightshift_core::case::{NewCase, SCHEMA};
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::{Digest, partition};
use nightshift_core::image::{ImageId, ImageRecord, Marked, Tagging, Untagging};
use nightshift_core::ledger::Versioned;
use nightshift_core::mode::Mode;
use nightshift_core::notice::Notice;
use nightshift_core::policy::Policy;
use nightshift_core::tally::{Counter, Family};
use nightshift_incident::refusals::allow;
use nightshift_incident::respond::Unfinished;
use nightshift_incident::stack::Home;
use serde::Serialize;
use serde_json::Value;

use crate::observe::{Observed, observe};
use crate::plan::{Came, Decision, Plan, Step, Tried, mode, plan};
use crate::tell::joined;
use crate::{Handler, World};

/// Looks at one image in one invocation: every step there is, and as many
/// writes of others in between.
const LOOKS: u32 = 16;

/// What came of the looks at an image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Looked {
    /// Which one: the whole of it.
    pub image: ImageId,
    /// What was decided, in order; nothing if nothing was new.
    pub decisions: Vec<Decision>,
    /// Steps, and what came of them.
    pub steps: Vec<Tried>,
    /// What was left undone and no notice tells of: the event ends in the dead-letter queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone: Option<Fault>,
    /// The tag that keeps it stays as it is. A repository that has opted in by its tag and not
    /// in the stack yet is no failure of each event: the daily look says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unkept: Option<Fault>,
}

impl Looked {
    fn at(image: &ImageId) -> Self {
        Self { image: image.clone(), decisions: Vec::new(), steps: Vec::new(), undone: None, unkept: None }
    }

    /// Something was decided, done or left undone.
    pub(crate) fn is_news(&self) -> bool {
        !self.decisions.is_empty() || !self.steps.is_empty() || self.undone.is_some()
    }

    /// Something stays undone for this, which no notice tells of.
    fn leave(&mut self, fault: Fault, what: &str) {
        tracing::warn!(%fault, "{what}");
        self.undone.get_or_insert(fault);
    }

    /// # Errors
    /// What was left undone.
    pub(crate) fn whole(self) -> Result<Self, Fault> {
        self.undone.clone().map_or(Ok(self), Err)
    }
}

impl<W: World> Handler<W> {
    /// Looks at the image that `asked` is, or is a platform of, because of
    /// `event`. `doomed`: what a lifecycle policy will do to it, where that was
    /// computed just now.
    pub(crate) async fn look(
        &self,
        asked: &ImageId,
        (event, doomed): (&Value, Option<&Option<String>>),
        now: Timestamp,
    ) -> Result<Looked, Unfinished> {
        let mut looked = Looked::at(asked);
        for _ in 0..LOOKS {
            let seen = (doomed, looked.steps.as_slice());
            let observed = observe(&self.world, asked, &self.stack.home, &self.policy, seen, now).await?;
            let plan = plan(&observed, &self.policy, now);
            looked.image = observed.image.clone();
            if let Some(fault) = &observed.switch
                && forgone(&observed, &self.policy, now)
            {
                looked.undone.get_or_insert_with(|| fault.clone());
            }
            let Some(record) = self.remember(&mut looked, &observed, &plan, now).await? else { continue };
            self.note(&mut looked, &plan);
            self.keep_case(event, &observed, &plan, now).await;
            if let Some(step) = plan.step {
                let came = match self.halted(&mut looked).await? {
                    true => Came::Halted,
                    false => self.take(&mut looked, &observed, step).await?,
                };
                looked.steps.push(Tried { step, came });
                continue;
            }
            if self.publish(record).await? {
                return Ok(looked);
            }
        }
        Err(Unfinished::Contended)
    }

    /// Writes what is to be remembered; `None`: somebody wrote in between.
    async fn remember(
        &self,
        looked: &mut Looked,
        observed: &Observed,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Option<Versioned<ImageRecord>>, Fault> {
        for (finding, services) in &plan.spread {
            self.world.keep_spread(finding, &observed.image, services).await?;
        }
        for platform in &observed.platforms {
            self.join(looked, observed, platform, now).await?;
        }
        let Some(record) = &plan.record else { return Ok(Some(observed.record.clone())) };
        let new = Versioned { version: observed.record.version, value: record.clone() };
        let kept = self.world.keep_image(&new).await?;
        Ok(kept.then(|| Versioned { version: new.version + 1, ..new }))
    }

    /// Keeps what was decided, and everything it was decided from, with each
    /// notice that it led to.
    async fn keep_case(&self, event: &Value, observed: &Observed, plan: &Plan, now: Timestamp) {
        let told_before = &observed.record.value.unpublished;
        let notices = plan.record.iter().flat_map(|record| &record.unpublished);
        for notice in notices.filter(|notice| !told_before.contains(notice)) {
            let case = NewCase {
                schema: SCHEMA,
                build: env!("CARGO_PKG_VERSION"),
                function: "image-guard",
                incident: Some(&notice.incident),
                service: Some(&notice.service),
                event,
                observed,
                policy: &self.policy,
                now,
                plan,
            };
            if let Err(fault) = self.world.keep_case(&notice.incident, notice.sequence, &case).await {
                tracing::warn!(%fault, "a case was not kept");
            }
        }
    }

    /// A platform's findings are told with the whole image from now on.
    async fn join(
        &self,
        looked: &mut Looked,
        observed: &Observed,
        platform: &Digest,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let platform = ImageId::new(observed.image.repository.clone(), platform.clone());
        let mut record = self.world.image_record(&platform).await?;
        if record.value.index.as_ref() != Some(&observed.image.digest) {
            let alone = record.value.quarantine.take().is_some_and(|held| held.mark == Marked::Tagged);
            record.value.index = Some(observed.image.digest.clone());
            (record.value.spared, record.value.settles_at) = (None, None);
            joined(&mut record.value, observed, &self.policy, now);
            if alone && mode(observed, &self.policy.images) == Mode::Act {
                // As long as its marker may not be taken off it stays one by itself, and is looked at again.
                if self.halted(looked).await? {
                    return Ok(());
                }
                match self.world.remove_tag(&platform, &platform.quarantine_tag()).await {
                    Err(fault) if !fault.transient() => {
                        looked.leave(fault, "the marker of a platform's image stays");
                        return Ok(());
                    }
                    removed => drop(removed?),
                }
            }
            // Whoever was faster wrote the same, or looks again.
            if !self.world.keep_image(&record).await? {
                return Ok(());
            }
            record.version += 1;
        }
        self.publish(record).await.map(drop)
    }

    fn note(&self, looked: &mut Looked, plan: &Plan) {
        let tally = self.world.tally();
        tally.add(Counter::of(Family::Image, &plan.decision));
        if let Decision::Spared { refusal } = &plan.decision {
            tally.add(Counter::of(Family::Refusal, refusal));
        }
        if plan.decision != Decision::Quiet {
            looked.decisions.push(plan.decision.clone());
        }
    }

    /// The kill switch is on by now; one that cannot be read is on, and why is kept.
    async fn halted(&self, looked: &mut Looked) -> Result<bool, Fault> {
        match self.world.halted().await {
            Err(fault) if !fault.transient() => {
                looked.leave(fault, "the kill switch cannot be read");
                Ok(true)
            }
            halted => halted,
        }
    }

    /// Takes one step; one that no retry will get done is said.
    async fn take(&self, looked: &mut Looked, observed: &Observed, step: Step) -> Result<Came, Fault> {
        match self.step(observed, step).await {
            Err(fault) if !fault.transient() => {
                let came = failed(&fault, observed);
                match step {
                    // It is told with the quarantine.
                    Step::Mark => tracing::warn!(%fault, "the marker is not put"),
                    Step::Keep | Step::Unkeep if fault.kind == FaultKind::Denied => {
                        tracing::warn!(%fault, "the tag that keeps it stays as it is");
                        looked.unkept.get_or_insert(fault);
                    }
                    _ => looked.leave(fault, "a step on an image failed"),
                }
                Ok(came)
            }
            came => came,
        }
    }

    async fn step(&self, observed: &Observed, step: Step) -> Result<Came, Fault> {
        let (world, image) = (&self.world, &observed.image);
        let own_tags =
            observed.detail.as_ref().is_some_and(|it| it.tags.iter().any(|tag| !nightshift_core::image::is_ours(tag)));
        match step {
            // A marker as its only tag would keep it alive, and could never be taken off again.
            Step::Mark if !own_tags => Ok(cannot("it has no tag of its own.")),
            Step::Mark => world.add_tag(image, &image.quarantine_tag()).await.map(tagged),
            Step::Keep => world.add_tag(image, &image.keep_tag()).await.map(tagged),
            Step::Unmark => world.remove_tag(image, &image.quarantine_tag()).await.map(untagged),
            Step::Unkeep => world.remove_tag(image, &image.keep_tag()).await.map(untagged),
            Step::Archive => world.archive(image, true).await.map(|()| Came::Done),
            Step::Restore => world.archive(image, false).await.map(|()| Came::Done),
        }
    }

    /// Publishes what is not known to be published; `false`: somebody wrote in
    /// between, and it is to be looked at again.
    async fn publish(&self, record: Versioned<ImageRecord>) -> Result<bool, Fault> {
        if record.value.unpublished.is_empty() {
            return Ok(true);
        }
        for notice in &record.value.unpublished {
            self.tell(notice).await?;
        }
        let mut settled = record;
        settled.value.unpublished.clear();
        self.world.keep_image(&settled).await
    }

    /// Publishes one notice, on the plain way if there is no other.
    pub(crate) async fn tell(&self, notice: &Notice) -> Result<(), Fault> {
        match self.world.publish(notice).await {
            Err(fault) if !fault.transient() => {
                tracing::error!(%fault, "the notice topic does not take notices");
                use nightshift_core::notice::plain::{plain, subject};
                self.world.page_plainly(&subject(&notice.headline), &plain(notice)).await
            }
            told => told,
        }
    }
}

/// Something would be done, were the kill switch off.
fn forgone(observed: &Observed, policy: &Policy, now: Timestamp) -> bool {
    plan(&Observed { halted: false, ..observed.clone() }, policy, now).step.is_some()
}

fn tagged(tagging: Tagging) -> Came {
    match tagging {
        Tagging::There => Came::Done,
        Tagging::Gone => cannot("it is gone."),
        Tagging::Taken => cannot("the tag is on another image."),
    }
}

fn untagged(untagging: Untagging) -> Came {
    match untagging {
        Untagging::Removed | Untagging::Gone => Came::Done,
        Untagging::Last => cannot("it is the last tag of the image, which would be deleted with it."),
    }
}

fn cannot(why: &str) -> Came {
    Came::Cannot { why: why.to_owned() }
}

/// A retry does not cure it: people are told what would.
fn failed(fault: &Fault, observed: &Observed) -> Came {
    match fault.kind {
        FaultKind::Denied => {
            let Home { account, region } = &observed.home;
            let (partition, name) = (partition(region), &observed.image.repository);
            let repository = format!("arn:{partition}:ecr:{region}:{account}:repository/{name}");
            cannot(&format!("IAM denies {}. {}", fault.operation, allow(&fault.operation, &repository)))
        }
        _ => cannot(&format!("{fault}.")),
    }
}
