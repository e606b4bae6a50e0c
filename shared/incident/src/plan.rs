//! What is to be done about an event, as a value.

use nightshift_core::fault::Fault;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::ServiceRecord;
use nightshift_core::ledger::{Claim, Silent, Versioned};
use nightshift_core::mode::Mode;
use nightshift_core::refusal::Refusal;
use nightshift_core::remedy::{Remedy, Resume};
use nightshift_core::timer::Timer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was decided, in a word operators count by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "kebab-case")]
pub enum Decision {
    /// No message; counted for the digest.
    Silent {
        /// Why.
        refusal: Refusal,
    },
    /// A remedy is claimed.
    Remedy {
        /// Which.
        remedy: Remedy,
    },
    /// An incident is open, nothing is done.
    Refused {
        /// By which rule.
        refusal: Refusal,
        /// What would have been done.
        would: Option<Remedy>,
    },
    /// The signal joined an open incident.
    Joined,
    /// An alarm of the incident went back to OK; it will be checked.
    Cleared,
    /// Not over yet; another timer is set.
    CheckAgain {
        /// What is missing.
        waiting_for: Vec<String>,
    },
    /// It is over.
    Resolved,
    /// A person is needed.
    Escalated,
    /// An earlier run's claim is brought to its end.
    Resumed {
        /// What the account shows.
        resume: Option<Resume>,
    },
    /// A deployment was looked at; what is known of it is written down.
    Judged {
        /// Which, by its task definition.
        release: String,
        /// What became of it.
        verdict: nightshift_core::verdict::Verdict,
        /// The rule by which it is left alone although it fails.
        refusal: Option<Refusal>,
    },
    /// An earlier claim's owner is still at work.
    InProgress,
    /// No incident, but people are told by one plain message.
    Told {
        /// Why there is none.
        refusal: Refusal,
    },
    /// What every decision needs cannot be read: to be tried again. Of the
    /// ledger people are told at once.
    Blind {
        /// Why.
        fault: Fault,
    },
    /// Many services are ill at once, and no incident tells of that yet: one has to be
    /// opened, then this is decided again.
    ManyAtOnce {
        /// The service by which it was found.
        service: ServiceRef,
        /// Its mode.
        mode: Mode,
    },
    /// The fleet's incident opened, or somebody was woken for it.
    FleetIncident,
    /// The stack's own test alarm: it opens no incident, and is sent on by the way
    /// that an incident takes.
    SelfDrill,
    /// Nothing to do: this was dealt with.
    Settled,
}

/// A message that goes straight to the plain topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlainPage {
    /// At most 100 ASCII characters.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// What is to be done about an event.
///
/// What a claim writes holds everything that is still to be done (the intent,
/// the timer, the notices), so that whoever finds the record after a crash can
/// go on from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The decision.
    pub decision: Decision,
    /// What is written first, in one transaction.
    pub claim: Option<Claim>,
    /// Instead of a claim: the record as it stands, with work left in it.
    pub standing: Option<Versioned<ServiceRecord>>,
    /// What the account shows of an open intent found in `standing`.
    pub resume: Option<Resume>,
    /// Counted for the digest.
    pub silent: Option<Silent>,
    /// Timers that belong to no incident's record.
    pub timers: Vec<Timer>,
    /// Straight to people, where no incident can tell them.
    pub plain: Option<PlainPage>,
    /// What no retry will see, and people are to hear of: once all else is done, the event
    /// ends in the dead-letter queue by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<Fault>,
}

impl Plan {
    /// A plan with that decision and nothing to do.
    pub fn of(decision: Decision) -> Self {
        Self {
            decision,
            claim: None,
            standing: None,
            resume: None,
            silent: None,
            timers: Vec::new(),
            plain: None,
            unseen: None,
        }
    }

    /// A plan that only counts the event for the digest.
    pub fn silent(silent: Silent) -> Self {
        let decision = Decision::Silent { refusal: silent.refusal.clone() };
        Self { silent: Some(silent), ..Self::of(decision) }
    }

    /// A plan that writes `claim` and does what its record holds.
    pub fn claiming(decision: Decision, claim: Claim) -> Self {
        Self { claim: Some(claim), ..Self::of(decision) }
    }

    /// The record this plan leaves behind or works on.
    pub fn record(&self) -> Option<&ServiceRecord> {
        let claimed = self.claim.as_ref().map(|claim| &claim.record);
        claimed.or(self.standing.as_ref().map(|standing| &standing.value))
    }
}
