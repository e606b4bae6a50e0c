//! What runs under the bench: a program that speaks to the Runtime API.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A program, and how it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// How tables call it.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where it is started.
    pub folder: PathBuf,
    /// What it needs beside what every function gets.
    pub environment: BTreeMap<String, String>,
    /// What would be uploaded to Lambda, zipped already or to be zipped.
    pub artifact: Option<PathBuf>,
}

/// `variant.toml` of a rival, in a folder of its own below `bench/rivals/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The program and its arguments; what has a slash and is not absolute is in the
    /// folder.
    command: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    /// The zip, in the folder.
    zip: Option<PathBuf>,
}

/// Why a rival cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// A file cannot be read.
    #[error("{}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// It says something else than it should.
    #[error("{}", .0.display())]
    Content(PathBuf, #[source] Box<toml::de::Error>),
}

impl Variant {
    /// A program without arguments, which is itself what is uploaded.
    pub fn program(name: &str, program: &Path) -> Self {
        Self {
            name: name.to_owned(),
            command: vec![program.display().to_string()],
            folder: program.parent().unwrap_or(Path::new("/")).to_owned(),
            environment: BTreeMap::new(),
            artifact: Some(program.to_owned()),
        }
    }

    /// The same with a variable set.
    #[must_use]
    pub fn with(mut self, variable: &str, value: impl Into<String>) -> Self {
        self.environment.insert(variable.to_owned(), value.into());
        self
    }

    /// Whether what it is started with is there.
    pub fn is_set_up(&self) -> bool {
        self.command.iter().filter(|word| word.contains('/')).all(|word| self.folder.join(word).exists())
    }

    /// The rivals that are set up in `folder`, by name; none where there is no folder.
    ///
    /// # Errors
    /// If one of them is written down wrongly.
    pub fn rivals(folder: &Path) -> Result<Vec<Self>, Unreadable> {
        // A process is started in its folder: what is relative would be sought below it.
        let Ok(entries) = folder.canonicalize().and_then(std::fs::read_dir) else { return Ok(Vec::new()) };
        let mut rivals = Vec::new();
        for entry in entries.flatten() {
            let file = entry.path().join("variant.toml");
            if file.is_file() {
                rivals.push(rival(&file)?);
            }
        }
        rivals.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(rivals)
    }
}

fn rival(file: &Path) -> Result<Variant, Unreadable> {
    let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
    let text = std::fs::read_to_string(file).map_err(|error| Unreadable::File(file.to_owned(), error))?;
    let written: Written =
        toml::from_str(&text).map_err(|error| Unreadable::Content(file.to_owned(), Box::new(error)))?;
    let place = |word: String| match word.contains('/') && !word.starts_with('/') && folder.join(&word).exists() {
        true => folder.join(word).display().to_string(),
        false => word,
    };
    Ok(Variant {
        name: folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        command: written.command.into_iter().map(place).collect(),
        environment: written.environment,
        artifact: written.zip.map(|zip| folder.join(zip)),
        folder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rival_is_what_its_file_says() {
        let folder = std::env::temp_dir().join(format!("nightshift-bench-{}", std::process::id()));
        let rival = folder.join("python");
        std::fs::create_dir_all(rival.join("bin")).unwrap();
        std::fs::write(rival.join("bin/python"), "").unwrap();
        let text = "command = [\"bin/python\", \"-m\", \"awslambdaric\"]\n[environment]\nPYTHONPATH = \"package\"\n";
        std::fs::write(rival.join("variant.toml"), text).unwrap();
        let found = Variant::rivals(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        let [found] = &found.unwrap()[..] else { panic!("one rival") };
        assert_eq!(found.name, "python");
        assert_eq!(found.command, [rival.join("bin/python").display().to_string(), "-m".into(), "awslambdaric".into()]);
        assert!(Variant::rivals(&folder).unwrap().is_empty());
    }
}
