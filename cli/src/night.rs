//! A night on the simulated account: the functions' own handlers, fed with
//! what the account delivers, retried as Lambda retries.

use cost_reporter::Setup;
use jiff::{SignedDuration, Timestamp};
use nightshift_core::mode::Mode;
use nightshift_core::notice::Notice;
use nightshift_core::policy::Policy;
use nightshift_core::timer::{Purpose, Timer};
use nightshift_incident::stack::{Home, Stack};
use nightshift_sim::{Account, Delivery, Scenario, poll_once};
use serde::Serialize;
use serde_json::Value;

use crate::courier::{Courier, Mishap};

/// Lambda retries a failed event after one minute and then after two.
pub const RETRIES: [SignedDuration; 2] = [SignedDuration::from_mins(1), SignedDuration::from_mins(2)];

/// Something that happened in the night.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// An event reached the responder.
    Alarm {
        /// The event.
        event: Value,
        /// What became of it.
        report: alarm_responder::Report,
    },
    /// News of a deployment, or its watchdog, reached the guard.
    Deployment {
        /// The event.
        event: Value,
        /// What became of it.
        report: Box<deployment_guard::Report>,
    },
    /// News of an image, or of a service's images, reached the image guard.
    Image {
        /// The event.
        event: Value,
        /// What became of it.
        report: Box<image_guard::Report>,
    },
    /// News of costs, or the schedule of a report, reached the cost reporter.
    Cost {
        /// The event.
        event: Value,
        /// What became of it.
        report: Box<cost_reporter::Report>,
    },
    /// A timer reached the verifier.
    Timer {
        /// The timer.
        timer: Timer,
        /// What became of it.
        report: Box<remedy_verifier::Report>,
    },
    /// People were told.
    Notice {
        /// The notice.
        notice: Box<Notice>,
    },
    /// The plain topic was used.
    PlainPage {
        /// Its subject.
        subject: String,
        /// Its text.
        text: String,
    },
    /// A delivery failed, or its process died.
    Failed {
        /// Why; `None`: the process died.
        error: Option<String>,
        /// It comes again then; `None`: it is in the dead-letter queue.
        again: Option<Timestamp>,
    },
}

struct Waiting {
    due: Timestamp,
    delivery: Delivery,
    attempt: usize,
}

/// The functions over one account.
pub struct Night {
    account: Account,
    responder: alarm_responder::Handler<Account>,
    verifier: remedy_verifier::Handler<Account>,
    guard: deployment_guard::Handler<Account>,
    images: image_guard::Handler<Account>,
    costs: cost_reporter::Handler<Account>,
    courier: Courier,
    retries: Vec<Waiting>,
    happened: Vec<Happened>,
}

impl std::fmt::Debug for Night {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Night").field("at", &self.account.now()).finish_non_exhaustive()
    }
}

impl Night {
    /// The functions over `account`, under `policy`, in a stack that observes
    /// whatever carries no tag.
    pub fn new(account: Account, policy: &Policy) -> Self {
        let stack = stack(&account);
        let responder = alarm_responder::Handler::new(account.clone(), stack.clone(), policy.clone());
        let verifier = remedy_verifier::Handler::new(account.clone(), stack.clone(), policy.clone());
        let guard = deployment_guard::Handler::new(account.clone(), stack.clone(), policy.clone());
        let images = image_guard::Handler::new(account.clone(), stack.clone(), policy.clone());
        let costs = cost_reporter::Handler::new(account.clone(), stack, policy.clone(), Setup::default());
        let courier = Courier::default();
        Self { account, responder, verifier, guard, images, costs, courier, retries: Vec::new(), happened: Vec::new() }
    }

    /// The same, with what the stack is told of reports on costs.
    #[must_use]
    pub fn with_costs(self, policy: &Policy, setup: Setup) -> Self {
        let costs = cost_reporter::Handler::new(self.account.clone(), stack(&self.account), policy.clone(), setup);
        Self { costs, ..self }
    }

    /// The account the night is on.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Something goes wrong on the way of an alarm's event.
    pub fn disturb(&mut self, mishap: Mishap) {
        self.courier.expect(mishap);
    }

    /// What happened so far, in order.
    pub fn happened(&self) -> &[Happened] {
        &self.happened
    }

    /// Delivers all that comes until `end`.
    pub fn run_until(&mut self, end: Timestamp) {
        while self.account.now() < end || !self.retries.is_empty() {
            let retry = self.retries.iter().map(|waiting| waiting.due).min();
            let limit = retry.map_or(end, |due| due.min(end.max(due)));
            let due = self.account.advance_until_due(limit);
            let came = !due.is_empty();
            for delivery in due {
                self.arrive(delivery);
            }
            let now = self.account.now();
            let (ready, waiting) = std::mem::take(&mut self.retries).into_iter().partition(|held| held.due <= now);
            self.retries = waiting;
            let again: Vec<Waiting> = ready;
            for held in &again {
                self.deliver(held.delivery.clone(), held.attempt);
            }
            if !came && again.is_empty() && now >= end {
                break;
            }
        }
    }

    /// What the account sends reaches the functions as AWS delivers it: at
    /// least once, and not always in time.
    fn arrive(&mut self, delivery: Delivery) {
        // Two rules match it: each function gets an event of its own.
        if let Delivery::Deployment { event, at } = &delivery
            && self.account.scenario().image_events
        {
            self.arrive(Delivery::Image { event: event.clone(), at: *at });
        }
        for (later, delivery) in self.courier.carry(delivery) {
            match self.account.now().checked_add(later) {
                Ok(due) if later.is_positive() => self.retries.push(Waiting { due, delivery, attempt: 0 }),
                _ => self.deliver(delivery, 0),
            }
        }
    }

    /// Delivers one event now, as if it came by itself.
    pub fn deliver(&mut self, delivery: Delivery, attempt: usize) {
        let now = self.account.now();
        let what = match &delivery {
            Delivery::Alarm { event, .. } => match poll_once(self.responder.handle(event, now)) {
                Some(Ok(report)) => What::Alarm { event: event.clone(), report },
                Some(Err(error)) => self.failed(delivery, attempt, Some(chain(&error))),
                None => self.failed(delivery, attempt, None),
            },
            Delivery::Deployment { event, .. } => self.guarded(event.clone(), now, delivery.clone(), attempt),
            Delivery::Timer(timer) if matches!(timer.purpose, Purpose::Watch { .. }) => {
                let event = serde_json::to_value(timer).unwrap_or_default();
                self.guarded(event, now, delivery.clone(), attempt)
            }
            Delivery::Timer(timer) if matches!(timer.purpose, Purpose::Look { .. }) => {
                let event = serde_json::to_value(timer).unwrap_or_default();
                self.looked(event, now, delivery.clone(), attempt)
            }
            Delivery::Timer(timer) => {
                let event = serde_json::to_value(timer).unwrap_or_default();
                match poll_once(self.verifier.handle(&event, now)) {
                    Some(Ok(report)) => What::Timer { timer: timer.clone(), report: Box::new(report) },
                    Some(Err(error)) => self.failed(delivery, attempt, Some(chain(&error))),
                    None => self.failed(delivery, attempt, None),
                }
            }
            Delivery::Image { event, .. } => self.looked(event.clone(), now, delivery.clone(), attempt),
            Delivery::Cost { event, .. } => match poll_once(self.costs.handle(event, now)) {
                Some(Ok(report)) => What::Cost { event: event.clone(), report: Box::new(report) },
                Some(Err(error)) => self.failed(delivery, attempt, Some(chain(&error))),
                None => self.failed(delivery, attempt, None),
            },
            Delivery::Notice(notice) => What::Notice { notice: Box::new(notice.clone()) },
            Delivery::PlainPage { subject, text } => What::PlainPage { subject: subject.clone(), text: text.clone() },
        };
        self.happened.push(Happened { at: now, what });
    }

    /// Delivers an event to the deployment guard.
    fn guarded(&mut self, event: Value, now: Timestamp, delivery: Delivery, attempt: usize) -> What {
        match poll_once(self.guard.handle(&event, now)) {
            Some(Ok(report)) => What::Deployment { event, report: Box::new(report) },
            Some(Err(error)) => self.failed(delivery, attempt, Some(chain(&error))),
            None => self.failed(delivery, attempt, None),
        }
    }

    /// Delivers an event to the image guard.
    fn looked(&mut self, event: Value, now: Timestamp, delivery: Delivery, attempt: usize) -> What {
        match poll_once(self.images.handle(&event, now)) {
            Some(Ok(report)) => What::Image { event, report: Box::new(report) },
            Some(Err(error)) => self.failed(delivery, attempt, Some(chain(&error))),
            None => self.failed(delivery, attempt, None),
        }
    }

    fn failed(&mut self, delivery: Delivery, attempt: usize, error: Option<String>) -> What {
        let again = RETRIES.get(attempt).and_then(|pause| self.account.now().checked_add(*pause).ok());
        if let Some(due) = again {
            self.retries.push(Waiting { due, delivery, attempt: attempt + 1 });
        }
        What::Failed { error, again }
    }
}

/// The stack in a simulated account: it observes whatever carries no tag.
pub fn stack(account: &Account) -> Stack {
    let Scenario { account, region, .. } = account.scenario();
    Stack {
        name: "nightshift".into(),
        home: Home { account, region },
        default_mode: Mode::Observe,
        drill_service: None,
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
