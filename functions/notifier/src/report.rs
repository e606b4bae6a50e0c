//! What became of an invocation.

use std::collections::BTreeMap;

use nightshift_core::fault::Fault;
use nightshift_core::tally::{Counter, Family, Tally};
use nightshift_door::DoorError;
use serde::Serialize;
use thiserror::Error;

use crate::plan::Sink;

/// What became of one notice at one sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was sent.
    Sent,
    /// A root message was posted.
    Posted,
    /// The root message was edited.
    Edited,
    /// Only a line was added to the thread.
    LineAdded,
    /// Nothing was left to do.
    AlreadyThere,
    /// It was not delivered.
    Failed(Fault),
}

/// What every receiver needs before it can be told: counted like one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// The secret that holds their addresses.
    Secret,
}

/// What became of one notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The notice's key.
    pub notice: String,
    /// It was the self-drill: counted, and told to nobody.
    pub drilled: bool,
    /// Nothing is configured: whoever subscribed to the topic was told by it.
    pub nobody_configured: bool,
    /// What became of it, sink by sink.
    pub sinks: BTreeMap<Sink, Outcome>,
    /// Why the secret could not be had.
    pub secret: Option<Fault>,
    /// Why it could not be noted what was sent: a retry may send it again.
    pub unrecorded: Option<Fault>,
    /// It rang at the pager although nobody could read whether its incident is over: a
    /// retry has to look.
    pub rang_unread: bool,
}

impl Told {
    /// Nothing has become of it yet.
    pub fn new(notice: String) -> Self {
        Self {
            notice,
            drilled: false,
            nobody_configured: false,
            sinks: BTreeMap::new(),
            secret: None,
            unrecorded: None,
            rang_unread: false,
        }
    }

    /// Faults that kept it from its receivers.
    pub fn faults(&self) -> impl Iterator<Item = (&'static str, &Fault)> {
        let failed = self.sinks.iter().filter_map(|(sink, outcome)| match outcome {
            Outcome::Failed(fault) => Some((sink.name(), fault)),
            _ => None,
        });
        self.secret.iter().map(|fault| ("secret", fault)).chain(failed)
    }

    /// Counts what was not delivered, whether or not something made up for it.
    pub fn count(&self, tally: &Tally) {
        let failed = self.sinks.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_)));
        let mut receivers: Vec<Counter> = failed.map(|(sink, _)| Counter::of(Family::Undelivered, sink)).collect();
        receivers.extend(self.secret.as_ref().map(|_| Counter::of(Family::Undelivered, &Needed::Secret)));
        // Of a picture the message is there: it wakes nobody.
        let picture = Counter::of(Family::Undelivered, &Sink::SlackPicture);
        for receiver in receivers {
            if receiver != picture {
                tally.add(Counter::all(Family::Undelivered));
            }
            tally.add(receiver);
        }
    }

    /// Faults for which the invocation has to fail: those that a retry may
    /// cure, and those that nothing made up for. A refusal for good after
    /// which the plain page went out is a matter for the report, and so is one
    /// of a picture, whose message is there. To what went through the web hook
    /// no retry can add a picture. Of a drill the record is all that there is.
    pub fn unsettled(&self) -> impl Iterator<Item = (&'static str, &Fault)> {
        let paged = matches!(self.sinks.get(&Sink::PlainPage), Some(Outcome::Sent | Outcome::AlreadyThere));
        let by_hook = self.sinks.contains_key(&Sink::SlackWebhook);
        let unsettled = self.faults().filter(move |(receiver, fault)| match *receiver == Sink::SlackPicture.name() {
            true => fault.transient() && !by_hook,
            false => fault.transient() || !paged,
        });
        let record =
            self.unrecorded.iter().filter(|_| self.drilled || self.rang_unread).map(|fault| ("the ledger", fault));
        unsettled.chain(record)
    }
}

/// What became of all notices of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// One for each record.
    pub told: Vec<Told>,
}

/// Why the invocation fails, after everything was tried.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The event is not ours to read.
    #[error("malformed event: {0}")]
    Event(DoorError),
    /// Some records could not be read or delivered.
    #[error("{}", .0.join("; "))]
    Undelivered(Vec<String>),
}
