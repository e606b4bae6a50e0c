//! One notice to all its sinks, each tried whatever became of the others.

use std::collections::BTreeSet;

use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::notice::{Chart, Notice};
use nightshift_core::ports::Answer;
use nightshift_picture::Error;

use crate::World;
use crate::config::Config;
use crate::conversation::Conversation;
use crate::memory::Memory;
use crate::plan::{Plan, Sink, Situation, SlackWay, lacks_picture, must_reach, note_newest, picture_name, plan, rings};
use crate::render::{plain, text};
use crate::report::{Outcome, Told};
use crate::secrets::{Secret, Sinks};
use crate::sinks::{files, pager, slack, webhook};
use crate::wire::{Wire, unplaced};

/// A notice on its way.
pub struct Delivery<'a, W> {
    /// The world.
    pub world: &'a W,
    /// Where the receivers are.
    pub config: &'a Config,
    /// Whom we can reach.
    pub sinks: &'a Sinks,
    /// The notice.
    pub notice: &'a Notice,
    /// Slack channel of the notice's team.
    pub channel: Option<&'a str>,
}

impl<W: World> Delivery<'_, W> {
    /// Tries every sink and reports on each.
    pub async fn deliver(&self) -> Told {
        let mut told = Told::new(self.notice.key());
        told.nobody_configured = *self.sinks == Sinks::default();
        // What pages, or takes a page back, is remembered: one of them may come late.
        if told.nobody_configured && self.notice.pager.is_none() {
            return told;
        }
        let (mut memory, situation) = self.remember(&mut told).await;
        let thread = memory.as_ref().map(|memory| memory.thread().clone()).unwrap_or_default();
        let plan = plan(self.notice, &thread, self.channel, self.sinks);
        let mut wire = Wire::new(self.world);
        self.pager(&plan, &mut wire, &mut told).await;
        let rang = rings(self.notice) && !plan.pager.is_empty();
        told.rang_unread = rang && memory.is_none();
        self.slack(&plan, &mut wire, memory.as_mut(), situation, &mut told).await;
        self.webhook(&plan, &mut wire, &mut told).await;
        self.settle(memory.as_mut(), &mut told).await;
        // Last of all: what is slow or goes wrong there keeps nobody waiting.
        self.picture(&mut wire, memory.as_mut(), &mut told).await;
        told
    }

    /// Says in the plain page what no sink could be told, and notes what went out.
    pub async fn settle(&self, memory: Option<&mut Memory<'_, W>>, told: &mut Told) {
        let paged = |memory: &Memory<'_, W>| memory.thread().delivered.contains(&Sink::PlainPage.mark(self.notice));
        let programs_alone = !self.sinks.reach_people();
        let unreached = told.secret.is_some() || failed(told).any(|sink| sink.reaches_people() || programs_alone);
        if unreached && must_reach(self.notice) {
            let done = match memory.as_deref().is_some_and(paged) {
                true => Ok(Outcome::AlreadyThere),
                false => self.page_plainly(told).await.map(|()| Outcome::Sent),
            };
            told.sinks.insert(Sink::PlainPage, done.unwrap_or_else(Outcome::Failed));
        }
        // Slack by token keeps its own account of what it has.
        let sent = told.sinks.iter().filter(|(sink, outcome)| **sink != Sink::Slack && **outcome == Outcome::Sent);
        let marks: BTreeSet<String> = sent.map(|(sink, _)| sink.mark(self.notice)).collect();
        if let Some(memory) = memory.filter(|_| !marks.is_empty())
            && let Err(fault) = memory.change(|thread| thread.delivered.extend(marks.iter().cloned())).await
        {
            told.unrecorded = Some(fault);
        }
    }

    /// Reads the record and notes the notice in it, so that whoever edits the
    /// root next shows the newest. Without the ledger the pager is still called.
    async fn remember(&self, told: &mut Told) -> (Option<Memory<'_, W>>, Situation) {
        match self.noted().await {
            Ok((memory, situation)) => (Some(memory), situation),
            Err(fault) => {
                told.unrecorded = Some(fault);
                (None, Situation::default())
            }
        }
    }

    async fn noted(&self) -> Answer<(Memory<'_, W>, Situation)> {
        let mut memory = Memory::read(self.world, &self.notice.incident).await?;
        let new = memory.is_new();
        let newest = memory.thread().newest.as_ref();
        let again = newest.is_some_and(|newest| newest.sequence >= self.notice.sequence);
        let raced = memory.change(|thread| note_newest(thread, self.notice)).await?;
        Ok((memory, Situation { first: new && !raced, again: again || raced, ..Situation::default() }))
    }

    async fn pager(&self, plan: &Plan, wire: &mut Wire<'_, W>, told: &mut Told) {
        if plan.plainly {
            let sent = self.page_plainly(told).await;
            told.sinks.insert(Sink::PageTopic, outcome(sent));
        }
        let Some(key) = self.sinks.pagerduty.as_ref().filter(|_| !plan.pager.is_empty()) else { return };
        let sent = pager::send(wire, &self.config.pagerduty_url, (self.sinks, key), self.notice, &plan.pager).await;
        told.sinks.insert(Sink::Pagerduty, outcome(sent));
    }

    async fn slack(
        &self,
        plan: &Plan,
        wire: &mut Wire<'_, W>,
        memory: Option<&mut Memory<'_, W>>,
        situation: Situation,
        told: &mut Told,
    ) {
        let (sink, done) = match (&plan.slack, &self.sinks.slack_bot, &self.sinks.slack_webhook) {
            (SlackWay::Bot { channel }, Some(token), _) => {
                let Some(memory) = memory else {
                    // Whether to post or to edit is not known; the retry will.
                    let fault = told.unrecorded.clone().unwrap_or_else(|| unplaced("the ledger is out of reach"));
                    told.sinks.insert(Sink::Slack, Outcome::Failed(fault));
                    return;
                };
                let api = slack::Api { wire, base: &self.config.slack_url, token };
                let talk = Conversation { api, memory, notice: self.notice, channel, situation };
                (Sink::Slack, Box::pin(talk.hold()).await)
            }
            (SlackWay::Hook, _, Some(url)) => {
                let sent = self.hook(url, wire, told).await;
                (Sink::SlackWebhook, sent.map(|()| Outcome::Sent))
            }
            (SlackWay::NoChannel, ..) => (Sink::Slack, Err(unplaced("neither the team nor the stack names a channel"))),
            _ => return,
        };
        told.sinks.insert(sink, done.unwrap_or_else(Outcome::Failed));
    }

    /// Nothing can be added to what goes through the web hook: the picture goes
    /// with it, or not at all.
    async fn hook(&self, url: &Secret, wire: &mut Wire<'_, W>, told: &mut Told) -> Answer<()> {
        let to = (self.sinks, url);
        let mut picture = self.kept().await;
        let linked = picture.as_ref().and_then(|kept| kept.as_ref().ok());
        let mut sent = slack::send_hook(wire, to, self.notice, linked).await;
        if linked.is_some()
            && let Err(refused) = sent.as_ref().map_err(Clone::clone)
            && !refused.transient()
        {
            // Slack refuses the whole message for a picture that it cannot fetch.
            picture = Some(Err(refused));
            sent = slack::send_hook(wire, to, self.notice, None).await;
        }
        if let Some(kept) = picture.filter(|_| sent.is_ok()) {
            if let Err(fault) = &kept {
                tracing::warn!(%fault, "the message is sent without its picture");
            }
            told.sinks.insert(Sink::SlackPicture, outcome(kept.map(drop)));
        }
        sent
    }

    /// The picture where Slack can fetch it. `None`: the notice has no figures, or
    /// the stack no place to keep a picture.
    async fn kept(&self) -> Option<Answer<slack::Linked>> {
        let chart = self.notice.chart.as_ref().filter(|_| self.config.keeps_pictures)?;
        let picture = match drawn(chart) {
            Ok(picture) => picture,
            Err(fault) => return Some(Err(fault)),
        };
        let name = picture_name(self.notice);
        let kept = Box::pin(self.world.keep_picture(&name, &picture.bytes)).await;
        Some(kept.map(|url| slack::Linked { url, alt: picture.alt }))
    }

    /// Puts the picture below the message, if the notice has one and Slack has
    /// the message.
    async fn picture(&self, wire: &mut Wire<'_, W>, memory: Option<&mut Memory<'_, W>>, told: &mut Told) {
        let there = told.sinks.get(&Sink::Slack).is_some_and(|outcome| !matches!(outcome, Outcome::Failed(_)));
        let (Some(memory), Some(token), true) = (memory, &self.sinks.slack_bot, there) else { return };
        let thread = memory.thread();
        let Some(chart) = lacks_picture(self.notice, thread) else { return };
        let root = slack::Place { channel: thread.channel.clone(), ts: thread.root.clone() };
        let mut api = slack::Api { wire, base: &self.config.slack_url, token };
        let shown = match drawn(chart) {
            Ok(picture) => Box::pin(files::upload(&mut api, &root, &picture)).await,
            Err(fault) => Err(fault),
        };
        match &shown {
            Ok(()) => {
                let mark = Sink::SlackPicture.mark(self.notice);
                let noted = memory.change(|thread| thread.delivered.extend([mark.clone()])).await;
                told.unrecorded = noted.err().or(told.unrecorded.take());
            }
            Err(fault) => tracing::warn!(%fault, "the message is there without its picture"),
        }
        told.sinks.insert(Sink::SlackPicture, outcome(shown));
    }

    async fn webhook(&self, plan: &Plan, wire: &mut Wire<'_, W>, told: &mut Told) {
        let Some(url) = self.sinks.webhook.as_ref().filter(|_| plan.webhook) else { return };
        told.sinks.insert(Sink::Webhook, outcome(webhook::send(wire, (self.sinks, url), self.notice).await));
    }

    async fn page_plainly(&self, told: &Told) -> Answer<()> {
        let why: Vec<String> = told.faults().map(|(sink, fault)| format!("{sink}: {fault}")).collect();
        self.world.page_plainly(&plain::subject(self.notice), &plain::text(self.notice, &why)).await
    }
}

fn drawn(chart: &Chart) -> Answer<files::Picture> {
    // What Slack shows above a file is short.
    const TITLE: usize = 150;
    let undrawn = |error: Error| Fault::new("https:Post", "slack upload", FaultKind::Permanent, error.to_string());
    let bytes = nightshift_picture::png(chart).map_err(undrawn)?;
    let title = text::cut(&text::clean(&chart.title), TITLE);
    Ok(files::Picture { bytes, title, alt: nightshift_picture::alt(chart) })
}

fn outcome(sent: Answer<()>) -> Outcome {
    sent.map_or_else(Outcome::Failed, |()| Outcome::Sent)
}

fn failed(told: &Told) -> impl Iterator<Item = Sink> {
    told.sinks.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_))).map(|(sink, _)| *sink)
}

/// A notice that nobody can be told because the secret cannot be had.
pub async fn without_secret<W: World>(delivery: &Delivery<'_, W>, fault: Fault) -> Told {
    let mut told = Told::new(delivery.notice.key());
    told.secret = Some(fault);
    let mut memory = Memory::read(delivery.world, &delivery.notice.incident).await.ok();
    delivery.settle(memory.as_mut(), &mut told).await;
    told
}
