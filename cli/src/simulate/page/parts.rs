//! Which parts of the proof there are, and what they say.

use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::document::{Deliveries, Incidents, Storm, Wire};

/// The parts of the proof, as far as they are there.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// What `nightshift simulate incidents` wrote.
    pub incidents: Option<Part<Incidents>>,
    /// What `nightshift simulate deliveries` wrote.
    pub deliveries: Option<Part<Deliveries>>,
    /// What `nightshift simulate storm` wrote.
    pub storm: Option<Part<Storm>>,
    /// What the proof on real wire wrote.
    pub wire: Option<Part<Wire>>,
}

/// A document, and since when it is there: parts of a page may be of different days.
#[derive(Clone, Debug)]
pub struct Part<T> {
    /// What it says.
    pub says: T,
    /// When it was written.
    pub written: Timestamp,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum NoPage {
    /// None of the parts is there.
    #[error("{}: it has none of {}; make prove writes them", .0.display(), names().join(", "))]
    Nothing(PathBuf),
    /// A document cannot be read.
    #[error("{}", .0.display())]
    Unread(PathBuf, #[source] io::Error),
    /// A document says something else than it should.
    #[error("{}: {}{error}", .file.display(), at(.path))]
    Wrong {
        /// Which one.
        file: PathBuf,
        /// The field.
        path: String,
        /// What was expected there, and what was found.
        error: serde_json::Error,
    },
}

/// A part's file, and what makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, for people.
    pub name: &'static str,
    /// The file's name.
    pub file: &'static str,
    /// What makes it, with others.
    pub made_by: &'static str,
    /// What makes it alone.
    pub command: &'static str,
}

/// How often the functions are right.
pub const INCIDENTS: Source = Source {
    name: "incidents",
    file: "incidents.json",
    made_by: "make prove-nights",
    command: "nightshift simulate incidents --seeds-from shared/sim/seeds/test.toml --json-to target/prove/incidents.json",
};
/// Schedules of deliveries.
pub const DELIVERIES: Source = Source {
    name: "deliveries",
    file: "deliveries.json",
    made_by: "make prove-nights",
    command: "nightshift simulate deliveries --seeds 100000 --json-to target/prove/deliveries.json",
};
/// A storm of alarms.
pub const STORM: Source = Source {
    name: "the storm",
    file: "storm.json",
    made_by: "make prove-nights",
    command: "nightshift simulate storm --json-to target/prove/storm.json",
};
/// Disturbances on real wire.
pub const WIRE: Source = Source {
    name: "the wire",
    file: "wire.json",
    made_by: "make prove-wire",
    command: "make prove-wire PROVE=\"--story rollback\"",
};

fn names() -> [&'static str; 4] {
    [INCIDENTS, DELIVERIES, STORM, WIRE].map(|source| source.file)
}

fn at(path: &str) -> String {
    if path == "." { String::new() } else { format!("{path}: ") }
}

impl Parts {
    /// The parts that are in that folder.
    ///
    /// # Errors
    /// If there is none, or if one cannot be read.
    pub fn read(folder: &Path) -> Result<Self, NoPage> {
        let [incidents, deliveries, storm, wire] = names().map(|name| folder.join(name));
        let parts =
            Self { incidents: part(incidents)?, deliveries: part(deliveries)?, storm: part(storm)?, wire: part(wire)? };
        let there = parts.there().iter().any(|(_, written)| written.is_some());
        if there { Ok(parts) } else { Err(NoPage::Nothing(folder.into())) }
    }

    /// Each part, and when it was written if it is there.
    pub fn there(&self) -> [(Source, Option<Timestamp>); 4] {
        [
            (INCIDENTS, self.incidents.as_ref().map(|part| part.written)),
            (DELIVERIES, self.deliveries.as_ref().map(|part| part.written)),
            (STORM, self.storm.as_ref().map(|part| part.written)),
            (WIRE, self.wire.as_ref().map(|part| part.written)),
        ]
    }

    /// The parts that are not there.
    pub fn missing(&self) -> impl Iterator<Item = Source> {
        self.there().into_iter().filter(|(_, written)| written.is_none()).map(|(source, _)| source)
    }
}

fn part<T: DeserializeOwned>(file: PathBuf) -> Result<Option<Part<T>>, NoPage> {
    let text = match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.and_then(|text| Ok((text, fs::metadata(&file)?.modified()?))),
    };
    let (text, modified) = text.map_err(|error| NoPage::Unread(file.clone(), error))?;
    let says = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(&text))
        .map_err(|error| NoPage::Wrong { file, path: error.path().to_string(), error: error.into_inner() })?;
    Ok(Some(Part { says, written: Timestamp::try_from(modified).unwrap_or_default() }))
}
