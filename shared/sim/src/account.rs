//! The account: a clock, and what is delivered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use nightshift_core::ids::ServiceRef;
use nightshift_core::notice::Notice;
use nightshift_core::tally::{Tallied, Tally};
use nightshift_core::timer::Timer;
use serde_json::Value;

use crate::gate::Call;
use crate::scenario::Scenario;
use crate::state::{State, moment};

/// A simulated AWS account. Clones are the same account.
#[derive(Clone, Debug)]
pub struct Account {
    state: Arc<Mutex<State>>,
    tally: Tally,
}

impl Tallied for Account {
    fn tally(&self) -> &Tally {
        &self.tally
    }
}

/// Something that reaches a function, or people.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a night has a few dozen of them")]
pub enum Delivery {
    /// An event for the alarm responder: an alarm's change of state, or an AWS
    /// Health event.
    Alarm {
        /// As EventBridge delivers it.
        event: Value,
        /// When.
        at: Timestamp,
    },
    /// An event for the deployment guard, of ECS or CodeDeploy.
    Deployment {
        /// As EventBridge delivers it.
        event: Value,
        /// When.
        at: Timestamp,
    },
    /// An event for the image guard, of ECR or Inspector.
    Image {
        /// As EventBridge delivers it.
        event: Value,
        /// When.
        at: Timestamp,
    },
    /// An event for the cost reporter: a schedule's, or of whoever watches costs.
    Cost {
        /// As it is delivered.
        event: Value,
        /// When.
        at: Timestamp,
    },
    /// A timer fires, for the verifier or for the deployment guard.
    Timer(Timer),
    /// A notice reaches the notifier.
    Notice(Notice),
    /// The plain page topic.
    PlainPage {
        /// Its subject.
        subject: String,
        /// Its text.
        text: String,
    },
}

/// A call that changed production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductionWrite {
    /// As IAM spells it.
    pub operation: String,
    /// Which service it changed.
    pub service: ServiceRef,
    /// What was asked for, in words.
    pub change: String,
    /// When.
    pub at: Timestamp,
}

/// A call that changed the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageWrite {
    /// As IAM spells it.
    pub operation: String,
    /// Which repository it changed.
    pub repository: String,
    /// The tag that was put or untied, or what else was asked for, in words.
    pub change: String,
    /// When.
    pub at: Timestamp,
}

impl Account {
    /// The account at its scenario's start.
    pub fn new(scenario: Scenario) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(scenario))), tally: Tally::default() }
    }

    /// What the simulated clock shows.
    pub fn now(&self) -> Timestamp {
        moment(self.state().now)
    }

    /// The scenario it runs.
    pub fn scenario(&self) -> Scenario {
        self.state().scenario.clone()
    }

    /// Lets everything happen that happens until `t`; never goes back.
    pub fn advance_to(&self, t: Timestamp) {
        self.state().advance_to(t.as_second());
    }

    /// The same for a length of time.
    pub fn advance(&self, length: SignedDuration) {
        let mut state = self.state();
        let second = state.now.saturating_add(length.as_secs().max(0));
        state.advance_to(second);
    }

    /// Lets things happen until something is due, at most until `limit`, and
    /// takes what is due then. Empty: nothing came until `limit`.
    pub fn advance_until_due(&self, limit: Timestamp) -> Vec<Delivery> {
        let mut state = self.state();
        state.advance_until_due(limit.as_second());
        state.take_due()
    }

    /// Takes what is due by now, in order of time.
    pub fn take_due(&self) -> Vec<Delivery> {
        self.state().take_due()
    }

    /// Every call so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state().gate.calls.clone()
    }

    /// Every change of production so far, in order. A call that changed
    /// nothing, such as an UpdateService to what already runs, is none.
    pub fn production_writes(&self) -> Vec<ProductionWrite> {
        self.state().writes.clone()
    }

    /// Every change of the registry so far that a call made, in order. A call
    /// that changed nothing is none.
    pub fn image_writes(&self) -> Vec<ImageWrite> {
        self.state().image_writes.clone()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere has its own message; the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
