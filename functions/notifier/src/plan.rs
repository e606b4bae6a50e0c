//! What is to be told to whom. Pure: the record of the chat comes in, the next
//! step comes out.

use nightshift_core::incident::Phase;
use nightshift_core::ledger::ChatThread;
use nightshift_core::mode::Severity;
use nightshift_core::notice::{Chart, Notice, NoticeKind, Pager};
use serde::Serialize;

use crate::secrets::Sinks;

/// A receiver of notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sink {
    /// PagerDuty, first of all: it wakes people.
    Pagerduty,
    /// Slack by bot token.
    Slack,
    /// The picture of a message in Slack, which counts as told without it.
    SlackPicture,
    /// Slack by incoming web hook.
    SlackWebhook,
    /// The generic web hook.
    Webhook,
    /// The page topic, where there is no pager.
    PageTopic,
    /// The plain page topic, when the others failed.
    PlainPage,
}

impl Sink {
    /// The mark left in the ledger once the notice went there.
    pub fn mark(self, notice: &Notice) -> String {
        format!("{}#{}", self.name(), notice.sequence)
    }

    /// As it is written in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pagerduty => "pagerduty",
            Self::Slack => "slack",
            Self::SlackPicture => "slack-picture",
            Self::SlackWebhook => "slack-webhook",
            Self::Webhook => "webhook",
            Self::PageTopic => "page-topic",
            Self::PlainPage => "plain-page",
        }
    }

    /// A person reads it, as opposed to a program. Who lacks the picture has
    /// read the message.
    pub fn reaches_people(self) -> bool {
        !matches!(self, Self::Webhook | Self::SlackPicture)
    }
}

/// A call of the pager, by the page's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// Wake somebody.
    Trigger(String),
    /// Take the page back.
    Resolve(String),
}

/// How Slack is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlackWay {
    /// One message in this channel, edited, with a thread.
    Bot {
        /// The channel's id or name.
        channel: String,
    },
    /// One message more, through the web hook.
    Hook,
    /// There is a token and nowhere to post.
    NoChannel,
    /// Not at all.
    Not,
}

/// What a notice asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Calls of the pager, in order.
    pub pager: Vec<Call>,
    /// It wakes whoever is on the page topic, for there is no pager.
    pub plainly: bool,
    /// The way to Slack.
    pub slack: SlackWay,
    /// The web hook gets it.
    pub webhook: bool,
}

/// Decides who is told. What the thread's record marks as delivered is not
/// delivered again.
pub fn plan(notice: &Notice, thread: &ChatThread, channel: Option<&str>, sinks: &Sinks) -> Plan {
    let fresh = |sink: Sink| !thread.delivered.contains(&sink.mark(notice));
    let pager = if sinks.pagerduty.is_some() { calls(notice, thread, fresh(Sink::Pagerduty)) } else { Vec::new() };
    let hook = sinks.slack_webhook.is_some();
    let slack = match (sinks.slack_bot.is_some(), channel) {
        (true, Some(channel)) => SlackWay::Bot { channel: channel.to_owned() },
        (true, None) if !hook => SlackWay::NoChannel,
        _ if hook && stands_alone(notice) && fresh(Sink::SlackWebhook) => SlackWay::Hook,
        _ => SlackWay::Not,
    };
    // Whoever decided on it may have paged plainly as well.
    let plainly = rings(notice) && sinks.pagerduty.is_none() && !notice.plainly;
    let plainly = plainly && fresh(Sink::PageTopic) && !over(notice, thread);
    Plan { pager, plainly, slack, webhook: sinks.webhook.is_some() && fresh(Sink::Webhook) }
}

/// It wakes somebody.
pub fn rings(notice: &Notice) -> bool {
    matches!(notice.pager, Some(Pager::Trigger { .. }))
}

/// The notice's incident is over by what was heard since.
fn over(notice: &Notice, thread: &ChatThread) -> bool {
    let ends = |newest: &Notice| newest.phase == Phase::Resolved && newest.sequence > notice.sequence;
    thread.newest.as_ref().is_some_and(ends)
}

/// A page that arrives after its incident is over would wake somebody for
/// nothing. It is taken back instead, whatever was noted of it: where the record could
/// not be read an earlier delivery has triggered it, and nobody else would take it back.
fn calls(notice: &Notice, thread: &ChatThread, fresh: bool) -> Vec<Call> {
    match &notice.pager {
        Some(Pager::Trigger { key }) if over(notice, thread) => vec![Call::Resolve(key.clone())],
        Some(Pager::Trigger { key }) if fresh => vec![Call::Trigger(key.clone())],
        Some(Pager::Resolve { keys }) if fresh => keys.iter().cloned().map(Call::Resolve).collect(),
        _ => Vec::new(),
    }
}

/// What cannot be edited is worth a message only where the story turns.
fn stands_alone(notice: &Notice) -> bool {
    match notice.kind {
        NoticeKind::Opened | NoticeKind::Acting | NoticeKind::Escalated | NoticeKind::Resolved => true,
        // There are one or two of a deployment, and only where something is wrong.
        NoticeKind::Release => true,
        // An image has one where something about it changes.
        NoticeKind::Image => true,
        // What costs more is told when it is found, and when it has grown by half.
        NoticeKind::Cost => true,
        // A report is told once, and in full.
        NoticeKind::Report => true,
        NoticeKind::Verifying | NoticeKind::Updated => rings(notice),
        // It is counted before anybody is asked whom to tell.
        NoticeKind::SelfDrill => false,
    }
}

/// Somebody must hear of it now: if a sink for people fails, the plain page
/// topic is tried.
pub fn must_reach(notice: &Notice) -> bool {
    let turns_bad = matches!(notice.kind, NoticeKind::Opened | NoticeKind::Escalated);
    (notice.severity == Severity::P1 && turns_bad) || rings(notice)
}

/// What this invocation knows beside the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    /// It was the first to hear of the incident, so the root is its to post.
    pub first: bool,
    /// This notice, or a newer one, was heard of before: it may be a retry, and what it
    /// is about to post may be there.
    pub again: bool,
    /// How often it has waited for another's root.
    pub waits: u32,
    /// It edited the root while newer news came in: the root may show the old.
    pub overwritten: bool,
    /// The root is gone from the channel.
    pub gone: bool,
    /// It posted the root, which the channel has just seen.
    pub posted: bool,
}

/// Waits of a second for another invocation's root before posting one.
pub const MOST_WAITS: u32 = 3;

/// The next step in the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another invocation is about to post the root: wait, look again.
    AwaitRoot,
    /// Post the root with the newest notice.
    Post,
    /// Edit the root to the newest notice.
    Edit,
    /// Add this notice's line to the thread.
    Line {
        /// Show the line in the channel too.
        broadcast: bool,
    },
    /// All of it is there.
    Nothing,
}

/// Decides the next step from the record alone, so that a killed invocation's
/// retry goes on where it stopped.
pub fn next(notice: &Notice, thread: &ChatThread, situation: Situation) -> Step {
    let newest = thread.newest.as_ref().map_or(notice.sequence, |newest| newest.sequence);
    if situation.gone {
        return Step::Post;
    }
    if thread.root.is_empty() {
        return if situation.first || situation.waits >= MOST_WAITS { Step::Post } else { Step::AwaitRoot };
    }
    if thread.shown < newest || situation.overwritten {
        return Step::Edit;
    }
    // The root tells all of a report: there is nothing to add to its thread.
    if notice.kind != NoticeKind::Report && lacks_line(thread, notice.sequence) {
        let turns = matches!(notice.kind, NoticeKind::Opened | NoticeKind::Escalated | NoticeKind::Resolved);
        let news = notice.sequence == newest && !situation.posted;
        let asks = match notice.kind {
            NoticeKind::Escalated => notice.severity < Severity::P3,
            // Its thread is the same for months, and its root far up.
            NoticeKind::Image => {
                notice.phase != Phase::Resolved && (notice.severity < Severity::P3 || notice.opened_at == notice.at)
            }
            NoticeKind::Cost => notice.phase != Phase::Resolved,
            _ => false,
        };
        let loud = (turns && notice.severity == Severity::P1) || asks || rings(notice);
        return Step::Line { broadcast: news && loud };
    }
    Step::Nothing
}

/// The figures of the picture that the thread lacks. One comes after the root
/// that it stands below.
pub fn lacks_picture<'n>(notice: &'n Notice, thread: &ChatThread) -> Option<&'n Chart> {
    let there = thread.delivered.contains(&Sink::SlackPicture.mark(notice));
    notice.chart.as_ref().filter(|_| !thread.root.is_empty() && !there)
}

/// The name of the notice's picture: the same in every retry.
pub fn picture_name(notice: &Notice) -> String {
    format!("pictures/{}-{}.png", notice.incident, notice.sequence)
}

/// The thread has no line of that notice yet.
pub fn lacks_line(thread: &ChatThread, sequence: u32) -> bool {
    sequence > thread.threaded || thread.missing.contains(&sequence)
}

/// So many notices back a late line is still waited for.
const MOST_MISSING: u32 = 100;

/// Notes that the thread has that notice's line. Those of which the fleet's incident
/// told never come.
pub fn note_line(thread: &mut ChatThread, (sequence, untold): (u32, u32)) {
    thread.missing.remove(&sequence);
    if sequence > thread.threaded {
        let oldest = (thread.threaded.max(untold) + 1).max(sequence.saturating_sub(MOST_MISSING));
        thread.missing.extend(oldest..sequence);
        thread.threaded = sequence;
    }
}

/// Notes that the notice was heard of; the newest is what the root shall show.
pub fn note_newest(thread: &mut ChatThread, notice: &Notice) {
    if thread.newest.as_ref().is_none_or(|newest| newest.sequence < notice.sequence) {
        thread.newest = Some(notice.clone());
    }
}
