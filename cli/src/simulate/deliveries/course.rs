//! One night under one schedule: what the account sends is delivered as the dice
//! say, what is due at one moment runs at once, and processes die.

use std::collections::BTreeMap;
use std::pin::Pin;

use jiff::{SignedDuration, Timestamp};
use nightshift_core::fault::FaultKind;
use nightshift_core::ids::ServiceRef;
use nightshift_core::policy::Policy;
use nightshift_core::timer::Purpose;
use nightshift_incident::respond::Unfinished;
use nightshift_sim::{Account, Delivery, Scenario, poll_until_dead};
use serde_json::Value;

use super::parcel::{Parcel, copies};
use super::world::MENDED;
use crate::night::{RETRIES, stack};
use crate::simulate::invariants::Ended;
use crate::simulate::reader::{Notifier, Reader, by_topic};
use nightshift_sim::dice::Dice;

/// Nobody waits longer for a night to end: a day for the latest delivery, and one
/// more for what follows from it.
const LONGEST: SignedDuration = SignedDuration::from_hours(60);
/// The account is looked at so long after a person has mended it, at least.
const AFTERWARDS: SignedDuration = SignedDuration::from_mins(30);
/// What a person deploys who mends it, in every scenario.
const GOOD: u32 = 42;

/// The functions over one account, and what is on its way to them.
pub struct Course {
    account: Account,
    responder: alarm_responder::Handler<Account>,
    verifier: remedy_verifier::Handler<Account>,
    guard: deployment_guard::Handler<Account>,
    notifier: Option<Notifier>,
    reader: Reader,
    policy: Policy,
    waiting: BTreeMap<(Timestamp, u64), Parcel>,
    sent: u64,
    /// Deliveries that began, retries included.
    pub delivered: u64,
    /// Processes that died.
    pub died: u64,
    dead: Vec<String>,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>;

impl Course {
    /// The functions on that scenario.
    pub fn new(scenario: Scenario) -> Self {
        let (account, policy, reader) = (Account::new(scenario), Policy::default(), Reader::new());
        let stack = stack(&account);
        Self {
            responder: alarm_responder::Handler::new(account.clone(), stack.clone(), policy.clone()),
            verifier: remedy_verifier::Handler::new(account.clone(), stack.clone(), policy.clone()),
            guard: deployment_guard::Handler::new(account.clone(), stack, policy.clone()),
            notifier: reader.notifier(&account),
            account,
            reader,
            policy,
            waiting: BTreeMap::new(),
            sent: 0,
            delivered: 0,
            died: 0,
            dead: Vec::new(),
        }
    }

    /// Runs the night to its end.
    pub fn run(mut self, dice: &mut Dice) -> (Ended, Self) {
        let start = self.account.now();
        let scenario = self.account.scenario();
        let mended = scenario.event.saturating_add(SignedDuration::from_mins(MENDED)).unwrap_or(Timestamp::MAX);
        let end = mended.saturating_add(AFTERWARDS).unwrap_or(Timestamp::MAX);
        let last = start.saturating_add(LONGEST).unwrap_or(Timestamp::MAX);
        self.disturb(dice);
        self.run_until(mended, dice);
        self.mend(&scenario);
        self.run_until(end, dice);
        while self.account.now() < last && !self.quiet() {
            let on = self.account.now().saturating_add(SignedDuration::from_mins(10)).unwrap_or(last);
            self.run_until(on.min(last), dice);
        }
        let ended = Ended::of(&self.account, &self.policy, std::mem::take(&mut self.dead));
        (ended, self)
    }

    /// Who read what.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Somewhere in the night a process dies or a call is throttled; seldom twice.
    fn disturb(&self, dice: &mut Dice) {
        if dice.percent(30.0) {
            let k = dice.whole(1, 200);
            if dice.percent(50.0) { self.account.stop_before(k) } else { self.account.stop_after(k) }
        }
        if dice.percent(15.0) {
            self.account.fault_at(dice.whole(1, 200), FaultKind::Transient);
        }
    }

    fn mend(&self, scenario: &Scenario) {
        for setup in &scenario.services {
            let named: Option<ServiceRef> = self.account.service_ref(&format!("{}/{}", setup.cluster, setup.name));
            let broken = setup.releases.iter().any(|release| release.errors_percent.is_some());
            let gone = setup.releases.iter().any(|release| release.image_gone);
            if let Some(service) = named.filter(|_| broken && !gone) {
                // It already runs, if Nightshift was faster.
                self.account.person_deploys(&service, GOOD);
            }
        }
    }

    /// Nothing is on its way, and no timer waits.
    fn quiet(&self) -> bool {
        self.waiting.is_empty() && self.account.waiting_timers().is_empty()
    }

    fn run_until(&mut self, end: Timestamp, dice: &mut Dice) {
        loop {
            let due = self.waiting.keys().next().map_or(end, |(due, _)| (*due).min(end));
            for delivery in self.account.advance_until_due(due) {
                for (later, delivery) in copies(dice, &delivery) {
                    self.send(later, Parcel { delivery, failed: Vec::new() });
                }
            }
            let now = self.account.now();
            let later = self.waiting.split_off(&(now.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(now), 0));
            let batch: Vec<Parcel> = std::mem::replace(&mut self.waiting, later).into_values().collect();
            if batch.is_empty() && now >= end {
                return;
            }
            self.answer(batch, dice);
        }
    }

    fn send(&mut self, later: SignedDuration, parcel: Parcel) {
        self.sent += 1;
        let due = self.account.now().saturating_add(later).unwrap_or(Timestamp::MAX);
        self.waiting.insert((due, self.sent), parcel);
    }

    /// All that is due at this moment, at once: before each call it is the dice who
    /// goes on.
    fn answer(&mut self, batch: Vec<Parcel>, dice: &mut Dice) {
        let notices = batch.iter().filter_map(|parcel| match &parcel.delivery {
            Delivery::Notice(notice) => Some(notice),
            _ => None,
        });
        self.reader.expects(&notices.collect::<Vec<_>>());
        let now = self.account.now();
        self.delivered += batch.len() as u64;
        let answers = {
            let futures = batch.iter().map(|parcel| self.answering(parcel, now)).collect();
            self.account.interleave();
            let answers = poll_until_dead(&self.account, futures, |left| dice.whole(0, left - 1));
            self.account.one_by_one();
            answers
        };
        for (parcel, answer) in batch.into_iter().zip(answers) {
            let mut failed = parcel.failed.clone();
            let died = answer.is_none();
            match answer {
                Some(Ok(())) => continue,
                Some(Err(why)) => failed.push(why),
                None => {
                    self.died += 1;
                    failed.push("its process died".to_owned());
                }
            }
            match RETRIES.get(failed.len() - 1) {
                Some(pause) => self.send(*pause, Parcel { failed, ..parcel }),
                // Three attempts are all that Lambda makes. Whoever was at work on it has
                // done it, or its timer does; otherwise it is lost.
                None if died && another_was_at_work(&parcel) => {}
                None => self.dead.push(format!("{}: {}", parcel.name(), failed.join(", "))),
            }
        }
    }

    fn answering<'a>(&'a self, parcel: &'a Parcel, now: Timestamp) -> Answer<'a> {
        fn said<T, E: std::error::Error>(answer: Result<T, E>) -> Result<(), String> {
            answer.map(drop).map_err(|error| error.to_string())
        }
        match &parcel.delivery {
            Delivery::Alarm { event, .. } => Box::pin(async move { said(self.responder.handle(event, now).await) }),
            Delivery::Deployment { event, .. } => Box::pin(async move { said(self.guard.handle(event, now).await) }),
            Delivery::Timer(timer) => {
                let event: Value = serde_json::to_value(timer).unwrap_or_default();
                match timer.purpose {
                    Purpose::Watch { .. } => Box::pin(async move { said(self.guard.handle(&event, now).await) }),
                    _ => Box::pin(async move { said(self.verifier.handle(&event, now).await) }),
                }
            }
            Delivery::Notice(notice) => {
                let event = by_topic(notice, now);
                Box::pin(async move {
                    match &self.notifier {
                        Some(notifier) => said(notifier.handle(event, now).await),
                        None => Ok(()),
                    }
                })
            }
            Delivery::Image { .. } | Delivery::Cost { .. } | Delivery::PlainPage { .. } => Box::pin(async { Ok(()) }),
        }
    }
}

/// An earlier attempt found another delivery of the event at work on it.
fn another_was_at_work(parcel: &Parcel) -> bool {
    parcel.failed.contains(&Unfinished::InProgress.to_string())
}

impl std::fmt::Debug for Course {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Course").field("at", &self.account.now()).finish_non_exhaustive()
    }
}
