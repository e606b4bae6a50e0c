//! A night on the simulated account, as a value: what happened in each scene,
//! and all that a page needs to show it.

pub mod scenes;

mod chart;
pub mod costs;
mod image_lines;
mod lines;
mod matters;
mod shoot;

pub mod timeline;
pub mod week;

use jiff::Timestamp;
use nightshift_core::cause::Diagnosis;
use nightshift_core::metric::Point;
use nightshift_core::notice::Notice;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A whole night.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demo {
    /// Version of the build that made it.
    pub build: String,
    /// The seed: another one, another night.
    pub seed: u64,
    /// What happened, in order.
    pub scenes: Vec<Scene>,
    /// What the morning's report says of costs that moved.
    #[serde(default)]
    pub costs: Option<Posted>,
    /// What the weekly scorecard says of a week of releases.
    pub week: Option<Posted>,
}

/// One scene: an account, what went wrong in it, and what became of that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Its name, `bad-release`.
    pub key: String,
    /// What it shows.
    pub title: String,
    /// What is about to happen, in two sentences.
    pub story: String,
    /// The time line, in order.
    pub lines: Vec<Line>,
    /// The incidents, in the order they opened; before them, images that people
    /// were told of.
    pub incidents: Vec<Incident>,
    /// What was changed in production.
    pub changes: Vec<Change>,
}

/// One line of the time line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// The last of several such moments, where they are told as one.
    pub until: Option<Timestamp>,
    /// What kind of thing happened.
    pub mark: Mark,
    /// What happened.
    pub text: String,
    /// More about it, one sentence each.
    pub details: Vec<String>,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// A release began or ended.
    Release,
    /// An alarm went to ALARM.
    Alarm,
    /// The diagnosis.
    Cause,
    /// A remedy was taken.
    Remedy,
    /// Nothing was done, by a named rule.
    Refused,
    /// A flaw was found in an image.
    Finding,
    /// An image is kept from being deployed.
    Quarantined,
    /// People were told.
    Told,
    /// A person is woken.
    Paged,
    /// The verifier looked.
    Check,
    /// An alarm went back to OK.
    Clear,
    /// The incident is over.
    Healed,
    /// An event that had been dealt with, or was no news.
    Nothing,
    /// A person did something.
    Person,
    /// A delivery failed.
    Failed,
}

/// A change of production.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// As IAM spells it.
    pub operation: String,
    /// Which service.
    pub service: String,
    /// What was asked for.
    pub change: String,
}

/// One incident with its picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Which one.
    pub id: String,
    /// `cluster/service`, or `image web:42`.
    pub service: String,
    /// It is about an image that people were told of, and no incident of a service.
    pub image: bool,
    /// `act`, `approve` or `observe`.
    pub mode: String,
    /// `P2`.
    pub severity: String,
    /// The rule that made it so.
    pub severity_because: String,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When it was over; `None`: it is open still.
    pub closed_at: Option<Timestamp>,
    /// The remedy that was taken.
    pub remedy: Option<String>,
    /// The remedy that would have been taken.
    pub would: Option<String>,
    /// The rule that forbade one.
    pub refusal: Option<Refused>,
    /// Pages sent.
    pub pages: u32,
    /// How it ended, in one sentence.
    pub ending: String,
    /// What the evidence added up to.
    pub diagnosis: Option<Diagnosis>,
    /// What its metric did.
    pub chart: Option<Chart>,
    /// What people were told, in order.
    pub notices: Vec<Posted>,
}

impl Incident {
    /// It ended well, and by itself; of an image, nobody runs what is bad in it.
    pub fn well(&self) -> bool {
        let done = self.remedy.is_some();
        self.pages == 0 && if self.image { done || self.closed_at.is_some() } else { done && self.closed_at.is_some() }
    }
}

/// A refusal as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// `NotOptedIn`.
    pub name: String,
    /// What it means.
    pub sentence: String,
}

/// A notice with its appearance in Slack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Posted {
    /// The notice.
    pub notice: Notice,
    /// Block Kit of the root message.
    pub blocks: Value,
    /// Its line in the thread.
    pub line: String,
}

/// A metric over time with what happened to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// The left edge.
    pub from: Timestamp,
    /// The right edge.
    pub to: Timestamp,
    /// What is drawn.
    pub metric: Track,
    /// The alarm's name.
    pub alarm: String,
    /// The alarm's threshold, where it has a fixed one.
    pub threshold: Option<f64>,
    /// When the alarm was in ALARM.
    pub in_alarm: Vec<(Timestamp, Timestamp)>,
    /// Smaller pictures below: requests, CPU.
    pub below: Vec<Track>,
    /// What happened when.
    pub moments: Vec<Moment>,
}

/// A named series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// What it is, in words.
    pub label: String,
    /// `/min`, `%`, `s`.
    pub unit: String,
    /// A minute without a datapoint is a zero.
    pub counts: bool,
    /// The datapoints.
    pub points: Vec<Point>,
}

/// Something to be marked in a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub mark: Mark,
    /// In a few words.
    pub label: String,
}

/// Why there is no night.
#[derive(Debug, thiserror::Error)]
#[error("scene {scene}: {source}")]
pub struct DemoError {
    /// Which scene.
    pub scene: &'static str,
    /// What is wrong with it.
    #[source]
    pub source: Unplayed,
}

/// Why a scene cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum Unplayed {
    /// Its scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] nightshift_sim::scenario::ScenarioError),
    /// Its report could not be made.
    #[error("the report was not made")]
    Report(#[from] nightshift_incident::respond::Unfinished),
}

impl Demo {
    /// The reports of the days around it, each with its title and story.
    pub fn reports(&self) -> impl Iterator<Item = (&'static str, &'static str, &Posted)> {
        let costs = self.costs.iter().map(|posted| (costs::TITLE, costs::STORY, posted));
        costs.chain(self.week.iter().map(|posted| (week::TITLE, week::STORY, posted)))
    }

    /// Plays the night with that seed; `watch` is told of each scene before it
    /// is played.
    ///
    /// # Errors
    /// If a scene's scenario cannot be read, or its report not be made.
    pub fn play(seed: u64, mut watch: impl FnMut(&scenes::Script)) -> Result<Self, DemoError> {
        let mut played = Vec::new();
        for script in scenes::all() {
            watch(&script);
            let scenario =
                script.scenario(seed).map_err(|source| DemoError { scene: script.key, source: source.into() })?;
            played.push(shoot::shoot(&script, scenario));
        }
        let costs = costs::morning(seed).map_err(|source| DemoError { scene: "costs", source })?;
        let week = week::scorecard(seed).map_err(|source| DemoError { scene: "week", source })?;
        Ok(Self { build: env!("CARGO_PKG_VERSION").to_owned(), seed, scenes: played, costs, week })
    }
}
