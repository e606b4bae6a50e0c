//! Which nights are played.

use std::path::{Path, PathBuf};
use std::{fs, io};

use nightshift_sim::{Scenario, trouble};
use serde::Deserialize;

use super::Source;

/// A range of seeds, as a file under `shared/sim/seeds/` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    /// The first one.
    pub first_seed: u64,
    /// So many.
    pub seeds: u32,
}

/// What is wrong with what was asked to be played.
#[derive(Debug, thiserror::Error)]
pub enum NoNights {
    /// A file or folder cannot be read.
    #[error("{}", .0.display())]
    Unread(PathBuf, #[source] io::Error),
    /// It is no file of seeds.
    #[error("{}: {}", .0.display(), .1.message())]
    NoSeeds(PathBuf, toml::de::Error),
    /// It is no scenario.
    #[error("{}: {error}", .file.display())]
    NoScenario {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        error: nightshift_sim::scenario::ScenarioError,
    },
    /// Nobody could say what was right.
    #[error("{}: it has no [truth]", .0.display())]
    NoTruth(PathBuf),
}

impl Seeds {
    /// Those of a file.
    ///
    /// # Errors
    /// If there is no such file, or if it says something else.
    pub fn read(file: &Path) -> Result<Self, NoNights> {
        let text = fs::read_to_string(file).map_err(|error| NoNights::Unread(file.into(), error))?;
        toml::from_str(&text).map_err(|error| NoNights::NoSeeds(file.into(), error))
    }

    /// Each of them.
    pub fn all(self) -> impl Iterator<Item = u64> {
        (0..u64::from(self.seeds)).map(move |offset| self.first_seed.wrapping_add(offset))
    }

    /// The night of that number.
    pub fn night(self, index: usize) -> Option<Source> {
        let seed = self.first_seed.wrapping_add(index as u64);
        Some((seed.to_string(), trouble::night(seed).ok()?.scenario))
    }
}

/// The scenarios of a folder, by name.
///
/// # Errors
/// If one of them cannot be read, or has no `[truth]`.
pub fn of_folder(folder: &Path) -> Result<Vec<Source>, NoNights> {
    let unread = |error| NoNights::Unread(folder.into(), error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        files.push(entry.map_err(unread)?.path());
    }
    files.retain(|file| file.extension().is_some_and(|end| end == "toml"));
    files.sort();
    files.into_iter().map(of_file).collect()
}

fn of_file(file: PathBuf) -> Result<Source, NoNights> {
    let text = fs::read_to_string(&file).map_err(|error| NoNights::Unread(file.clone(), error))?;
    let scenario = Scenario::parse(&text).map_err(|error| NoNights::NoScenario { file: file.clone(), error })?;
    if scenario.truth.is_none() {
        return Err(NoNights::NoTruth(file));
    }
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, scenario))
}
