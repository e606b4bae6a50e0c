//! The account before anything happens to it, and the night's file as it grows.

use nightshift_core::cause::Cause;

use crate::dice::Dice;
use crate::scenario::Cures;

use super::tables::{Table, quoted};
use super::watched::Watching;

/// Seconds of a minute, an hour and a day.
pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
/// The clock starts so long before the event: whoever listens hears of every
/// release that can matter.
const STARTS: i64 = -100 * MINUTE;
/// Of a hundred services whose alarm rings, so many had a release within the
/// hour that has nothing to do with it: two or three releases a working day.
const RELEASED_LATELY: f64 = 10.0;

const NAMES: [&str; 6] = ["checkout", "search", "payments", "orders", "users", "mailer"];

/// A night in the making. The event is the moment at which it goes wrong.
pub(super) struct Sketch {
    pub(super) dice: Dice,
    /// The first one is the one that the night is about.
    pub(super) services: Vec<Service>,
    pub(super) outages: Vec<Table>,
    pub(super) health: Vec<Table>,
    pub(super) alarms: Vec<Table>,
    pub(super) gaps: Vec<Table>,
    head: Table,
    truth: Table,
}

/// A service and what is usual there.
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) requests: f64,
    pub(super) errors: f64,
    pub(super) latency_ms: f64,
    pub(super) cpu: f64,
    pub(super) memory: f64,
    /// How far requests swing with the hour.
    pub(super) rhythm: f64,
    pub(super) fields: Table,
    pub(super) usual: Table,
    pub(super) releases: Vec<Table>,
    pub(super) loads: Vec<Table>,
    revision: u32,
}

impl Sketch {
    pub(super) fn new(seed: u64, kind: &str, mut dice: Dice) -> Self {
        // Any minute of a year: other hours and weekdays have other traffic.
        let event = 1_767_225_600 + dice.whole(0, 365 * 24 * 60 - 1) as i64 * MINUTE;
        let event = jiff::Timestamp::from_second(event).unwrap_or_default();
        let services: Vec<Service> = NAMES[..dice.whole(2, NAMES.len())]
            .iter()
            .map(|name| Service::new(name, &mut Dice::new(seed, name)))
            .collect();
        let more = dice.whole(0, 40);
        let head = Table::default()
            .saying("title", format!("Made up: {kind}, seed {seed}"))
            .saying("event", event.to_string())
            .when("start", STARTS)
            .with("seed", seed % (1 << 62))
            .with("deployment_events", true)
            .with("fleet_services", services.len() + more);
        let truth = Table::default().saying("service", NAMES[0]).saying("kind", kind);
        let (outages, health, alarms, gaps) = (vec![], vec![], vec![], vec![]);
        Self { dice, services, outages, health, alarms, gaps, head, truth }
    }

    /// The service that the night is about.
    pub(super) fn main(&mut self) -> &mut Service {
        &mut self.services[0]
    }

    /// It deploys; the revision's number.
    pub(super) fn release(&mut self, at: i64, release: Table) -> u32 {
        let main = &mut self.services[0];
        main.revision += 1;
        main.releases.push(release.with("revision", main.revision).when("at", at));
        main.revision
    }

    /// Sometimes something harmless was deployed within the hour before.
    pub(super) fn perhaps_released_lately(&mut self) {
        if self.dice.percent(RELEASED_LATELY) {
            let at = -(self.dice.whole(60, 60 * 60) as i64);
            self.release(at, Table::default());
        }
    }

    /// What really happened, where no release is to blame.
    pub(super) fn because(&mut self, cause: Cause) {
        self.truth.set("cause", quoted(&word(&cause)));
    }

    /// What really happened, where these releases are.
    pub(super) fn because_of(&mut self, guilty: &[u32], rollback: Cures) {
        self.because(Cause::Release);
        self.truth.set("guilty", format!("{guilty:?}"));
        self.truth.set("rollback", quoted(&word(&rollback)));
    }

    /// Whoever watches over it, who else is unwell, and what nobody sees.
    pub(super) fn watched(&mut self, watching: Watching) {
        watching.over(self);
        for index in 1..self.services.len() {
            Watching::roll(&mut self.dice).over_another(self, index);
        }
        self.bystander();
        self.blind();
    }

    /// In an account of some size something else always goes wrong.
    fn bystander(&mut self) {
        if !self.dice.percent(10.0) || self.services.len() < 4 {
            return;
        }
        let at = self.dice.whole(0, 90) as i64 * MINUTE - HOUR;
        let other = self.services[self.services.len() - 1].name;
        let until = at + self.dice.whole(5, 60) as i64 * MINUTE;
        let trouble = Table::default()
            .saying("name", "something-else")
            .when("at", at)
            .when("until", until)
            .with("services", format!("[\"{other}\"]"))
            .about("errors_percent", self.dice.between(5.0, 40.0));
        self.outages.push(trouble);
    }

    /// Metrics that nobody reports, or not always.
    fn blind(&mut self) {
        let gap = Table::default().saying("service", NAMES[0]);
        let gap = match self.dice.whole(1, 100) {
            1..=3 => gap.with("metrics", "[\"requests\"]"),
            4..=5 => gap.with("metrics", "[\"cpu\", \"memory\"]"),
            6..=9 => gap.with("metrics", "[\"requests\"]").about("percent", self.dice.between(5.0, 30.0)),
            10..=13 => gap.about("percent", self.dice.between(2.0, 15.0)),
            _ => return,
        };
        self.gaps.push(gap);
    }

    /// The file.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.head.lines(&mut text);
        self.truth.under("[truth]", &mut text);
        for service in &self.services {
            service.write(&mut text);
        }
        for (heading, tables) in [
            ("[[outage]]", &self.outages),
            ("[[health]]", &self.health),
            ("[[gap]]", &self.gaps),
            ("[[alarm]]", &self.alarms),
        ] {
            tables.iter().for_each(|table| table.under(heading, &mut text));
        }
        text
    }
}

impl Service {
    fn new(name: &'static str, dice: &mut Dice) -> Self {
        let rhythm = dice.between(0.1, 0.5);
        let fields = Table::default()
            .saying("name", name)
            .with("desired", dice.whole(2, 10))
            .with("tags", "{ nightshift = \"act\", environment = \"production\", team = \"shop\" }")
            .lasting("deregistration_delay", dice.of(&[5, 30, 30, 60, 120, 300]));
        let usual = Table::default().about("weekend", dice.between(0.4, 1.1)).about("noise", dice.between(0.7, 2.5));
        let mut service = Self {
            name,
            requests: dice.doubled(40.0, 8),
            errors: dice.between(0.0, 0.4),
            latency_ms: dice.doubled(20.0, 5),
            // Nobody is at the ceiling on a usual day.
            cpu: dice.between(15.0, 62.0) / (1.0 + rhythm),
            memory: dice.between(30.0, 65.0),
            rhythm,
            fields,
            usual,
            releases: Vec::new(),
            loads: Vec::new(),
            revision: dice.whole(1, 400) as u32,
        };
        service.deploys(dice);
        service.has_a_history(dice);
        service
    }

    /// How it deploys.
    fn deploys(&mut self, dice: &mut Dice) {
        let strategy = match dice.whole(1, 100) {
            1..=6 => "BLUE_GREEN",
            7..=10 => "CANARY",
            11..=13 => "LINEAR",
            _ => "ROLLING",
        };
        self.fields.set("strategy", quoted(strategy));
        // What shifts traffic is watched at a load balancer of its own.
        self.fields.set("load_balancer", quoted(if strategy == "ROLLING" { "prod" } else { self.name }));
        self.fields.set("circuit_breaker", dice.percent(35.0));
        if dice.percent(10.0) {
            self.fields.set("bake", quoted("5m"));
        }
    }

    /// Releases of the last weeks, all of them well. One in eight services was
    /// deployed a few hours ago, too.
    fn has_a_history(&mut self, dice: &mut Dice) {
        let mut at = -(dice.whole(12, 30) as i64) * DAY;
        while at < -5 * HOUR {
            self.releases.push(Table::default().with("revision", self.revision).when("at", at));
            self.revision += 1;
            at += dice.whole(20, 140) as i64 * HOUR;
        }
        if dice.percent(12.0) {
            let at = -(dice.whole(100, 240) as i64) * MINUTE;
            self.releases.push(Table::default().with("revision", self.revision).when("at", at));
            self.revision += 1;
        }
        self.revision -= 1;
    }

    /// One release alone, since then.
    pub(super) fn never_released_since(&mut self, at: i64, release: Table) {
        self.releases = vec![release.with("revision", self.revision).when("at", at)];
    }

    fn write(&self, text: &mut String) {
        self.fields.under("[[service]]", text);
        let usual = self
            .usual
            .clone()
            .about("requests_per_minute", self.requests)
            .about("errors_percent", self.errors)
            .about("latency_ms", self.latency_ms)
            .about("cpu_percent", self.cpu)
            .about("memory_percent", self.memory)
            .about("daily_rhythm", self.rhythm);
        usual.under("[service.baseline]", text);
        self.releases.iter().for_each(|release| release.under("[[service.release]]", text));
        self.loads.iter().for_each(|load| load.under("[[service.load]]", text));
    }
}

/// A variant as it is written in a file.
fn word(variant: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(variant).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
