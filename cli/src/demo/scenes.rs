//! The scenes of the night.

use jiff::SignedDuration;
use nightshift_core::ids::fingerprint;
use nightshift_sim::scenario::{BUILTIN, Scenario, ScenarioError};

use crate::courier::Mishap;

/// The seed whose night is the one the scenarios describe to the figure.
pub const AS_WRITTEN: u64 = 1;

/// How one scene is played.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its name.
    pub key: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// What is about to happen.
    pub story: &'static str,
    /// The scenario's text; `None`: the built-in one of that name.
    text: Option<&'static str>,
    /// Minutes of the night between the scenario's own event and this scene.
    later: i64,
    /// Minutes to play from the event on.
    pub minutes: i64,
    /// What goes wrong with events on their way.
    pub mishaps: Vec<Mishap>,
    /// A person rolls a service back, so many minutes after the event.
    pub person: Option<Person>,
    /// Images are looked at, and who runs which is watched.
    pub images: bool,
}

/// What a person does.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Minutes after the event.
    pub minute: i64,
    /// To which service.
    pub service: &'static str,
    /// Back by so many of the scenario's releases.
    pub back: usize,
}

/// The scenes in order.
pub fn all() -> [Script; 8] {
    [
        bad_release(),
        hung_deployment(),
        denied_release(),
        load_spike(),
        dependency_outage(),
        observe_mode(),
        duplicates(),
        vulnerable_image(),
    ]
}

fn hung_deployment() -> Script {
    Script {
        key: "hung-deployment",
        title: "A deployment that hangs, and no alarm to see it",
        story: "Reports deploys, and its new tasks never pass a health check. It has no circuit breaker, and the old \
                tasks still serve, so no alarm fires: ECS would try for hours. Its deployments take two minutes.",
        text: Some(include_str!("../../scenarios/hung-deployment.toml")),
        later: 48,
        minutes: 22,
        mishaps: Vec::new(),
        person: None,
        images: false,
    }
}

fn denied_release() -> Script {
    Script {
        key: "denied-release",
        title: "A release that was taken back comes again",
        story: "Invoices deploys a release whose tasks run out of memory. It is stopped before anybody is hurt. Twenty \
                minutes later the pipeline deploys the same images once more.",
        text: Some(include_str!("../../scenarios/denied-release.toml")),
        later: 80,
        minutes: 32,
        mishaps: Vec::new(),
        person: None,
        images: false,
    }
}

fn bad_release() -> Script {
    Script {
        key: "bad-release",
        title: "A bad release, found after its rollout was over",
        story: "A release of checkout goes out and completes; ECS counts it a success. Minutes later one request in \
                twelve fails. Nothing native rolls back a deployment that has finished.",
        text: None,
        later: 1,
        minutes: 24,
        mishaps: Vec::new(),
        person: None,
        images: false,
    }
}

fn load_spike() -> Script {
    Script {
        key: "load-spike",
        title: "A load spike that looks like a bad release",
        story: "Search was released forty minutes ago, so the naive rule would roll it back. But it is three times \
                the usual traffic that the tasks cannot carry: more tasks help, an older release would not.",
        text: Some(include_str!("../../scenarios/load-spike.toml")),
        later: 120,
        minutes: 22,
        mishaps: Vec::new(),
        person: None,
        images: false,
    }
}

fn dependency_outage() -> Script {
    Script {
        key: "dependency-outage",
        title: "A database is down, and a release is innocent",
        story: "Orders was released this night and now fails, and so does accounts, which nobody touched: the database \
                behind both is down. No remedy on a service would help, so people are woken, with the evidence.",
        text: Some(include_str!("../../scenarios/dependency-outage.toml")),
        later: 170,
        minutes: 40,
        mishaps: Vec::new(),
        person: None,
        images: false,
    }
}

fn observe_mode() -> Script {
    Script {
        key: "observe-mode",
        title: "A service nobody has opted in",
        story: "The same kind of release as in the first scene, on a service without the tag that lets Nightshift \
                act. It says what it would have done; a person does it a quarter of an hour later.",
        text: Some(include_str!("../../scenarios/observe-mode.toml")),
        later: 225,
        minutes: 34,
        mishaps: Vec::new(),
        person: Some(Person { minute: 16, service: "catalog", back: 1 }),
        images: false,
    }
}

fn duplicates() -> Script {
    let again = Mishap::Again { alarm: "prod-payments-5xx".into(), after: SignedDuration::from_secs(9) };
    let by_sns = Mishap::BySns { alarm: "prod-payments-5xx".into(), after: SignedDuration::from_secs(21) };
    let late = Mishap::Late { alarm: "prod-payments-latency".into(), by: SignedDuration::from_mins(14) };
    Script {
        key: "duplicates",
        title: "One alarm delivered three times, another fourteen minutes late",
        story: "AWS delivers at least once, and not always in time. The same alarm arrives twice by EventBridge and \
                once by SNS; a second alarm's event is held up until all is well again. One remedy, one message.",
        text: Some(include_str!("../../scenarios/duplicates.toml")),
        later: 272,
        minutes: 26,
        mishaps: vec![again, by_sns, late],
        person: None,
        images: false,
    }
}

fn vulnerable_image() -> Script {
    Script {
        key: "vulnerable-image",
        title: "A flaw in what runs, and an image that brings it anew",
        story: "A critical flaw in OpenSSL becomes known, and is used already. Search runs it: its team hears of it once, \
                and ships a fix. Gateway's pipeline pushes an image with the same flaw, which nobody runs yet: that is \
                kept from being deployed, and the deployment that tries is stopped.",
        text: Some(include_str!("../../scenarios/vulnerable-image.toml")),
        later: 318,
        minutes: 40,
        mishaps: Vec::new(),
        person: None,
        images: true,
    }
}

impl Script {
    /// The scenario of that seed: other noise, other ids, another minute and
    /// other figures; what is true in it stays.
    ///
    /// # Errors
    /// If the scenario's text is wrong.
    pub fn scenario(&self, seed: u64) -> Result<Scenario, ScenarioError> {
        let built_in = || BUILTIN.iter().find(|(name, _)| *name == self.key).map_or("", |(_, text)| text);
        let mut scenario = Scenario::parse(self.text.unwrap_or_else(built_in))?;
        let chance = Chance { seed, key: self.key };
        let seconds = self.later * 60 + chance.between("minute", -9, 9) * 60;
        let event = scenario.event.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(scenario.event);
        scenario = scenario.around(event);
        scenario.seed = seed;
        let more = chance.between("revision", 0, 60).unsigned_abs() as u32;
        let scale = chance.between("size", 85, 135) as f64 / 100.0;
        for service in &mut scenario.services {
            for release in &mut service.releases {
                release.revision += more;
                release.errors_percent = release.errors_percent.map(|errors| errors * scale);
            }
            for load in &mut service.loads {
                load.factor *= 1.0 + (scale - 1.0) / 4.0;
            }
        }
        for image in &mut scenario.images {
            // The image of a release that is still to come.
            let number = image.tag.as_deref().and_then(|tag| tag.parse::<u32>().ok());
            image.tag = number.map(|number| (number + more).to_string()).or(image.tag.take());
        }
        for outage in &mut scenario.outages {
            outage.errors_percent *= scale;
        }
        Ok(scenario)
    }
}

/// What a seed decides.
struct Chance<'a> {
    seed: u64,
    key: &'a str,
}

impl Chance<'_> {
    /// A whole number from `low` to `high`; as written, it is what changes
    /// nothing: 0, or 100 per cent.
    fn between(&self, what: &str, low: i64, high: i64) -> i64 {
        if self.seed == AS_WRITTEN {
            return if low > 0 { 100 } else { 0 };
        }
        let hash = fingerprint(&[&self.seed.to_string(), self.key, what]);
        let number = i64::from_str_radix(&hash[..12], 16).unwrap_or_default();
        low + number % (high - low + 1)
    }
}
