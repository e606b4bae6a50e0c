//! The account's state and its clock.
//!
//! Time is seconds since the epoch in here. Nothing reads a real clock: the
//! account moves when it is told to, from one thing that happens to the next.

pub(crate) mod alarms;
mod breaker;
pub(crate) mod change;
pub(crate) mod codedeploy;
pub(crate) mod costs;
pub(crate) mod ends;
pub(crate) mod event;
pub(crate) mod groups;
pub(crate) mod image_news;
mod image_watch;
pub(crate) mod ledger;
pub(crate) mod logs;
pub(crate) mod mix;
pub(crate) mod news;
pub(crate) mod places;
pub(crate) mod registry;
pub(crate) mod releases;
pub(crate) mod rollout;
pub(crate) mod series;
pub(crate) mod service;
pub(crate) mod shift;
pub(crate) mod shown;
pub(crate) mod traffic;
mod watch;
pub(crate) mod weather;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use nightshift_core::health::HealthIssue;
use nightshift_core::ids::{ServiceDeploymentArn, ServiceRef, fingerprint};
use nightshift_core::ledger::{Fleet, Versioned};
use nightshift_core::metric::MetricId;
use nightshift_core::timer::Timer;

use crate::account::{Delivery, ImageWrite, ProductionWrite};
use crate::gate::Gate;
use crate::meter::Meter;
use crate::scenario::{AlarmSetup, HealthSetup, Scenario};

use alarms::Alarm;
use ledger::Ledger;
use places::Places;
use registry::Registry;
use series::Sources;
use service::Machine;

/// Alarms are evaluated so many seconds after each full minute: datapoints of
/// the minute before are there by then.
const EVALUATED_S: i64 = 15;
/// Alarms have found their state by the time the clock starts.
const WARM_UP_S: i64 = 30 * 60;

/// Everything in the account.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) scenario: Scenario,
    pub(crate) start: i64,
    pub(crate) now: i64,
    pub(crate) machines: Vec<Machine>,
    pub(crate) registry: Registry,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) places: Places,
    /// What each metric that was asked for counts.
    pub(crate) known_sources: RefCell<BTreeMap<MetricId, Arc<Sources>>>,
    next_evaluation: i64,
    pub(crate) ledger: Ledger,
    pub(crate) halted: bool,
    pub(crate) secrets: BTreeMap<String, String>,
    /// Pictures by name.
    pub(crate) pictures: BTreeMap<String, Vec<u8>>,
    timers: BTreeSet<String>,
    /// What is to be delivered, by moment and in the order it came.
    queue: BTreeMap<(i64, u64), Delivery>,
    queued: u64,
    /// All that was ever published, oldest first.
    pub(crate) told: Vec<Delivery>,
    pub(crate) gate: Gate,
    pub(crate) meter: Meter,
    pub(crate) writes: Vec<ProductionWrite>,
    pub(crate) image_writes: Vec<ImageWrite>,
    /// Suspects that were rolled back.
    pub(crate) rolled_back: BTreeSet<(ServiceRef, ServiceDeploymentArn)>,
    /// What no story may ever break, and was broken.
    pub(crate) broken: Vec<String>,
}

/// A moment of seconds since the epoch.
pub(crate) fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(if second < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

impl State {
    /// The account at its scenario's start, with its history behind it.
    pub(crate) fn new(scenario: Scenario) -> Self {
        let start = scenario.start.second(scenario.event_second());
        let registry = Registry::new(&scenario);
        let machines: Vec<Machine> =
            scenario.services.iter().map(|setup| Machine::new(&scenario, setup, &registry)).collect();
        let places = Places::of(&machines);
        let alarms = scenario.alarms.iter().flat_map(AlarmSetup::each);
        let watched = |setup: &AlarmSetup| machines.get(places.named(setup.service.as_ref()?)?);
        let alarms: Vec<Alarm> = alarms.map(|setup| Alarm::new(&scenario, &setup, watched(&setup))).collect();
        let places = places.with(&alarms);
        let first = machines.iter().map(Machine::wake).min().unwrap_or(start);
        let first = first.min(start - WARM_UP_S).min(registry.wake());
        let mut ledger = Ledger::default();
        if let Some(services) = scenario.fleet_services {
            let fleet = Fleet { services: Some(services), ..Fleet::default() };
            ledger.fleet = Some(Versioned { version: 1, value: fleet });
        }
        let mut state = Self {
            start,
            now: first - 1,
            machines,
            registry,
            alarms,
            places,
            known_sources: RefCell::default(),
            next_evaluation: (start - WARM_UP_S).div_euclid(60) * 60 + EVALUATED_S,
            ledger,
            halted: scenario.halted,
            secrets: BTreeMap::new(),
            pictures: BTreeMap::new(),
            timers: BTreeSet::new(),
            queue: BTreeMap::new(),
            queued: 0,
            told: Vec::new(),
            gate: Gate::default(),
            meter: Meter::default(),
            writes: Vec::new(),
            image_writes: Vec::new(),
            rolled_back: BTreeSet::new(),
            broken: Vec::new(),
            scenario,
        };
        state.advance_to(start - 1);
        state.tamper();
        state.announce_health();
        state.advance_to(start);
        state
    }

    /// What was done to images behind the releases' backs.
    fn tamper(&mut self) {
        for machine in &self.machines {
            let Some(newest) = machine.builds.last() else { continue };
            for build in &machine.builds {
                if build.truth.image_gone {
                    self.registry.delete(&build.image, &build.digest);
                }
                if build.truth.moved_tag {
                    self.registry.push(&build.image, &newest.content);
                }
            }
        }
    }

    fn announce_health(&mut self) {
        let event = self.scenario.event_second();
        for HealthSetup { service, code, at, until } in self.scenario.health.clone() {
            let Scenario { region, .. } = &self.scenario;
            let code = code.unwrap_or_else(|| format!("AWS_{service}_OPERATIONAL_ISSUE"));
            let id = fingerprint(&[&code, region]);
            let arn = format!("arn:aws:health:{region}::event/{service}/{code}/{code}_{id}");
            let (since, region) = (at.second(event), region.clone());
            let issue = HealthIssue { arn, service, region, code, since: moment(since), open: true };
            if since <= self.start {
                self.ledger.health.insert(issue.arn.clone(), issue.clone());
            } else {
                self.announce(&issue, since);
            }
            if let Some(end) = until.map(|until| until.second(event)) {
                self.announce(&HealthIssue { open: false, ..issue }, end);
            }
        }
    }

    fn announce(&mut self, issue: &HealthIssue, second: i64) {
        let event = event::health(&self.scenario, issue, moment(second));
        self.queue(second, Delivery::Alarm { event, at: moment(second) });
    }

    /// Lets everything happen that happens until then.
    pub(crate) fn advance_to(&mut self, second: i64) {
        while let Some(next) = Some(self.next()).filter(|next| *next <= second) {
            self.happen(next);
        }
        self.set_now(second);
    }

    /// Lets things happen until something is to be delivered, or until then.
    pub(crate) fn advance_until_due(&mut self, limit: i64) {
        self.spread_news();
        loop {
            let due = self.queue.keys().next().map_or(i64::MAX, |(at, _)| *at);
            if due <= self.now || self.now >= limit {
                return;
            }
            let next = self.next();
            if next > due.min(limit) {
                self.set_now(due.min(limit));
            } else {
                self.happen(next);
            }
        }
    }

    fn next(&self) -> i64 {
        let machines = self.machines.iter().map(Machine::wake).min();
        machines.unwrap_or(i64::MAX).min(self.registry.wake()).min(if self.alarms.is_empty() {
            i64::MAX
        } else {
            self.next_evaluation
        })
    }

    /// The clock never goes back; the registry's is the same one.
    fn set_now(&mut self, second: i64) {
        self.now = self.now.max(second);
        self.registry.now = self.now;
    }

    /// What is due at `next`: services first, so that alarms see them moved.
    fn happen(&mut self, next: i64) {
        self.set_now(next);
        self.registry.step();
        let Self { machines, registry, now, .. } = self;
        for machine in machines.iter_mut().filter(|machine| machine.wake() <= *now) {
            machine.step(registry, *now);
        }
        self.spread_news();
        if self.next_evaluation <= self.now {
            self.next_evaluation += 60;
            self.evaluate();
            self.tell_deployments();
        }
    }

    /// Queues something to be delivered then.
    pub(crate) fn queue(&mut self, second: i64, delivery: Delivery) {
        self.queued += 1;
        self.queue.insert((second, self.queued), delivery);
    }

    /// Takes what is due, in order of time.
    pub(crate) fn take_due(&mut self) -> Vec<Delivery> {
        self.spread_news();
        let later = self.queue.split_off(&(self.now + 1, 0));
        let due: Vec<Delivery> = std::mem::replace(&mut self.queue, later).into_values().collect();
        for delivery in &due {
            // A schedule that has fired is deleted, and its name is free again.
            if let Delivery::Timer(timer) = delivery {
                self.timers.remove(&timer.name);
            }
        }
        due
    }

    /// Timers that wait.
    pub(crate) fn waiting(&self) -> Vec<Timer> {
        let timer = |delivery: &Delivery| match delivery {
            Delivery::Timer(timer) => Some(timer.clone()),
            _ => None,
        };
        self.queue.values().filter_map(timer).collect()
    }

    /// `scheduler:CreateSchedule`: the same name is the same timer.
    pub(crate) fn set_timer(&mut self, timer: &Timer) {
        if self.timers.insert(timer.name.clone()) {
            // A schedule fires at its moment or a little later, never before.
            let up = i64::from(timer.at.subsec_nanosecond() > 0);
            self.queue((timer.at.as_second() + up).max(self.now), Delivery::Timer(timer.clone()));
        }
    }

    pub(crate) fn machine(&self, service: &ServiceRef) -> Option<&Machine> {
        self.machines.get(self.places.service(service)?)
    }

    pub(crate) fn machine_mut(&mut self, service: &ServiceRef) -> Option<&mut Machine> {
        self.machines.get_mut(self.places.service(service)?)
    }
}

#[cfg(test)]
mod tests;
