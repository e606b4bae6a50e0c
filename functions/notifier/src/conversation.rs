//! One incident in Slack: a root message that is edited and a thread that
//! tells the story. Each step is decided from the record in the ledger.

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ledger::ChatThread;
use nightshift_core::notice::Notice;
use nightshift_core::ports::{Answer, ChatLedger, Https};

use crate::memory::Memory;
use crate::plan::{Situation, Step, next, note_line};
use crate::report::Outcome;
use crate::sinks::history;
use crate::sinks::slack::{Api, Place, Refused};

/// Steps of one notice. A quiet one takes two; races and deleted messages take
/// a few more; past this something is wrong that a retry must see afresh.
const MOST_STEPS: u32 = 20;

/// What is told, and where.
pub struct Conversation<'a, 'w, 'm, W> {
    /// Slack.
    pub api: Api<'a, 'w, W>,
    /// The record.
    pub memory: &'a mut Memory<'m, W>,
    /// The notice.
    pub notice: &'a Notice,
    /// Where a new root goes.
    pub channel: &'a str,
    /// What is known beside the record.
    pub situation: Situation,
}

impl<W: Https + ChatLedger> Conversation<'_, '_, '_, W> {
    /// Takes one step after the other until all is there.
    ///
    /// # Errors
    /// If Slack refuses a step or the ledger cannot be reached.
    pub async fn hold(mut self) -> Answer<Outcome> {
        let mut did = Outcome::AlreadyThere;
        for _ in 0..MOST_STEPS {
            let step = next(self.notice, self.memory.thread(), self.situation);
            let done = match step {
                Step::Nothing => return Ok(did),
                Step::AwaitRoot => {
                    self.situation.waits += 1;
                    self.api.wire.wait(1).await;
                    self.memory.reread().await?;
                    continue;
                }
                Step::Post => self.post().await?,
                Step::Edit => self.edit().await?,
                Step::Line { broadcast } => self.line(broadcast).await?,
            };
            did = stronger(did, done);
        }
        let cause = format!("not done after {MOST_STEPS} steps");
        Err(Fault::new("https:Post", "slack", FaultKind::Transient, cause))
    }

    /// Posts the root. If another invocation was faster, its root stays.
    async fn post(&mut self) -> Answer<Outcome> {
        let shows = self.newest();
        let before = self.memory.thread().root.clone();
        let standing = match self.situation.first {
            // Nobody has heard of the incident, so nobody has posted of it.
            true => None,
            false => seen(history::root_of(&mut self.api, self.channel, (self.notice, &before)).await)?.flatten(),
        };
        if let Some((place, shown)) = standing {
            tracing::info!(incident = %self.notice.incident, "a root that nobody knew of is adopted");
            self.memory.change(|thread| stands(thread, &before, &place, shown)).await?;
            self.situation.gone = false;
            return Ok(Outcome::AlreadyThere);
        }
        let place = self.api.post_root(self.channel, &shows).await?;
        let keep = |thread: &mut ChatThread| stands(thread, &before, &place, shows.sequence);
        self.memory.change(keep).await?;
        self.situation.gone = false;
        if self.memory.thread().root == place.ts {
            self.situation.posted = true;
            return Ok(Outcome::Posted);
        }
        // Two roots are a nuisance and no loss, so nothing depends on this.
        if let Err(refused) = self.api.delete(&place).await {
            tracing::warn!(fault = %Fault::from(refused), "a second root stays in the channel");
        }
        Ok(Outcome::AlreadyThere)
    }

    async fn edit(&mut self) -> Answer<Outcome> {
        let shows = self.newest();
        let at = self.root();
        match self.api.edit_root(&at, &shows).await {
            Ok(_) => {}
            Err(Refused::Gone(fault)) => return self.gone(&at, &fault).await,
            Err(Refused::Fault(fault)) => return Err(fault),
        }
        let keep = |thread: &mut ChatThread| {
            if thread.root == at.ts {
                thread.shown = thread.shown.max(shows.sequence);
            }
        };
        self.memory.change(keep).await?;
        // A newer notice was noted before its root was edited. If there is one
        // now, that edit may have come before ours, and ours on top of it.
        let newest = self.memory.thread().newest.as_ref();
        self.situation.overwritten = newest.is_some_and(|newest| newest.sequence > shows.sequence);
        Ok(Outcome::Edited)
    }

    async fn line(&mut self, broadcast: bool) -> Answer<Outcome> {
        let at = self.root();
        let there =
            self.situation.again && seen(history::has_line(&mut self.api, &at, self.notice).await)? == Some(true);
        if !there {
            match self.api.post_line(&at, self.notice, broadcast).await {
                Ok(_) => {}
                Err(Refused::Gone(fault)) => return self.gone(&at, &fault).await,
                Err(Refused::Fault(fault)) => return Err(fault),
            }
        }
        let place = (self.notice.sequence, self.notice.untold);
        self.memory.change(|thread| note_line(thread, place)).await?;
        Ok(if there { Outcome::AlreadyThere } else { Outcome::LineAdded })
    }

    /// Somebody deleted the root; perhaps another invocation has a new one.
    async fn gone(&mut self, root: &Place, fault: &Fault) -> Answer<Outcome> {
        tracing::info!(%fault, "the root message is gone");
        self.memory.reread().await?;
        self.situation.gone = self.memory.thread().root == root.ts;
        Ok(Outcome::AlreadyThere)
    }

    fn newest(&self) -> Notice {
        self.memory.thread().newest.clone().unwrap_or_else(|| self.notice.clone())
    }

    fn root(&self) -> Place {
        let thread = self.memory.thread();
        Place { channel: thread.channel.clone(), ts: thread.root.clone() }
    }
}

/// Notes where the root is, unless another invocation has by now.
fn stands(thread: &mut ChatThread, before: &str, place: &Place, shown: u32) {
    if thread.root == before {
        thread.channel.clone_from(&place.channel);
        thread.root.clone_from(&place.ts);
        thread.shown = shown;
    }
}

/// What a look at the channel found. Who may not look posts: a message twice is better
/// than none.
///
/// # Errors
/// If a retry may look.
fn seen<T>(looked: Answer<T>) -> Answer<Option<T>> {
    match looked {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.transient() => Err(fault),
        Err(fault) => {
            tracing::warn!(%fault, "whether it was posted before cannot be seen");
            Ok(None)
        }
    }
}

/// What is worth reporting of two things done for one notice.
fn stronger(one: Outcome, other: Outcome) -> Outcome {
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Posted => 3,
        Outcome::Edited => 2,
        Outcome::LineAdded => 1,
        _ => 0,
    };
    if rank(&other) > rank(&one) { other } else { one }
}
