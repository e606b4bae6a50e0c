//! What the functions weigh: bytes of each binary, and instructions of what they do
//! without AWS. `bench/weight.toml` has what they may weigh, `make budget` holds it.
//!
//! Instructions do not depend on how busy a machine is, so that two per cent are enough
//! of a tolerance. They do depend on the compiler, which is named beside them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::artifact;

/// What may be added without being told, in per cent.
const TOLERANCE_PERCENT: u64 = 2;
/// Whose decision is counted.
const DECIDES: &str = "alarm-responder";
/// Two runs differ by so many rounds of the same.
const TIMES: [u64; 2] = [10, 20];

/// All weights, with what they depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// As `rustc --version` says.
    pub compiler: String,
    /// As Rust names it.
    pub architecture: String,
    /// Bytes of each binary in its release profile.
    pub binary: BTreeMap<String, u64>,
    /// Bytes of each binary zipped.
    pub zipped: BTreeMap<String, u64>,
    /// Instructions: of a door, for all samples of its function once; of the plan, for the
    /// case in `bench/answers/case.json` once.
    pub instructions: BTreeMap<String, u64>,
}

/// Why nothing could be weighed.
#[derive(Debug, thiserror::Error)]
pub enum Unweighed {
    /// A file cannot be read.
    #[error("{}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// A program cannot be run.
    #[error("no {0}; cure: {1}")]
    Program(&'static str, &'static str, #[source] io::Error),
    /// It ended otherwise than it should.
    #[error("{0} failed: {1}")]
    Failed(&'static str, String),
}

impl Weights {
    /// Weighs what stands in `binaries`, with samples of the repository at `root`: all
    /// functions, or one.
    ///
    /// # Errors
    /// If something is not there.
    pub fn weigh(root: &Path, binaries: &Path, only: Option<&str>) -> Result<Self, Unweighed> {
        let mut functions = names(&root.join("functions"))?;
        functions.retain(|function| only.is_none_or(|only| function == only));
        let (mut binary, mut zipped, mut instructions) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for function in &functions {
            let file = binaries.join(function);
            let failed = |error| Unweighed::File(file.clone(), error);
            binary.insert(function.clone(), fs::metadata(&file).map_err(failed)?.len());
            zipped.insert(function.clone(), artifact::zipped(&file).map_err(failed)?);
            let folder = root.join("events").join(function);
            let samples = names(&folder)?.into_iter().filter(|name| name.ends_with(".json"));
            let samples: Vec<PathBuf> = samples.map(|name| folder.join(name)).collect();
            instructions.insert(format!("door of {function}"), counted(binaries, function, &samples)?);
        }
        if functions.iter().any(|function| function == DECIDES) {
            let case = root.join("bench/answers/case.json");
            instructions.insert(format!("plan of {DECIDES}"), counted(binaries, "plan", &[case])?);
        }
        let compiler = output("rustc", "https://rustup.rs", Command::new("rustc").arg("--version"))?;
        let architecture = std::env::consts::ARCH.to_owned();
        Ok(Self { compiler: compiler.trim().to_owned(), architecture, binary, zipped, instructions })
    }

    /// The part that is one function's.
    #[must_use]
    pub fn of(mut self, function: &str) -> Self {
        for weights in [&mut self.binary, &mut self.zipped, &mut self.instructions] {
            weights.retain(|name, _| name.ends_with(function));
        }
        self
    }

    /// The same with what was weighed anew in its place.
    #[must_use]
    pub fn with(mut self, found: Self) -> Self {
        self.binary.extend(found.binary);
        self.zipped.extend(found.zipped);
        self.instructions.extend(found.instructions);
        Self { compiler: found.compiler, architecture: found.architecture, ..self }
    }

    /// What weighs more than it may, and what is news of another kind, line by line.
    pub fn over(&self, found: &Self) -> Vec<String> {
        let parts = [
            ("bytes", &self.binary, &found.binary),
            ("bytes zipped", &self.zipped, &found.zipped),
            ("instructions", &self.instructions, &found.instructions),
        ];
        let mut wrong = Vec::new();
        for (unit, may, has) in parts {
            for (name, found) in has {
                match may.get(name) {
                    None => wrong.push(format!("{name}: {found} {unit}, and no budget")),
                    Some(may) if *found * 100 > *may * (100 + TOLERANCE_PERCENT) => {
                        let more = percent(*may, *found);
                        wrong.push(format!("{name}: {found} {unit}, {more:+.1} % of {may}"));
                    }
                    Some(_) => {}
                }
            }
            let gone = may.keys().filter(|name| !has.contains_key(*name));
            wrong.extend(gone.map(|name| format!("{name}: a budget, and nothing that has {unit}")));
        }
        wrong
    }

    /// What both weigh, line by line.
    pub fn text(&self, found: &Self) -> String {
        let mut text = format!("{} on {}\n", found.compiler, found.architecture);
        let parts = [
            ("bytes", &self.binary, &found.binary),
            ("bytes zipped", &self.zipped, &found.zipped),
            ("instructions", &self.instructions, &found.instructions),
        ];
        for (unit, may, has) in parts {
            for (name, found) in has {
                let change =
                    may.get(name).map_or_else(|| "new".to_owned(), |may| format!("{:+.2} %", percent(*may, *found)));
                text.push_str(&format!("{name:<28} {found:>12} {unit:<13} {change:>9}\n"));
            }
        }
        text
    }
}

fn percent(may: u64, found: u64) -> f64 {
    (found as f64 / may.max(1) as f64 - 1.0) * 100.0
}

/// Instructions of one round, as callgrind counts them.
fn counted(binaries: &Path, what: &str, files: &[PathBuf]) -> Result<u64, Unweighed> {
    let count = |times: u64| {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        command.arg(binaries.join("nightshift-bench-rules")).arg(what).arg(times.to_string()).args(files);
        let text = output("valgrind", "sudo apt-get install valgrind", &mut command)?;
        collected(&text).ok_or(Unweighed::Failed("valgrind", text))
    };
    let [few, many] = TIMES;
    Ok((count(many)? - count(few)?) / (many - few))
}

/// The line `==12== Collected : 1234567`.
fn collected(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

/// All that a program says, if it ends well.
fn output(program: &'static str, cure: &'static str, command: &mut Command) -> Result<String, Unweighed> {
    let done = command.output().map_err(|error| Unweighed::Program(program, cure, error))?;
    let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    if done.status.success() { Ok(text) } else { Err(Unweighed::Failed(program, text)) }
}

fn names(folder: &Path) -> Result<Vec<String>, Unweighed> {
    let entries = fs::read_dir(folder).map_err(|error| Unweighed::File(folder.to_owned(), error))?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(name: &str, bytes: u64) -> Weights {
        Weights {
            compiler: String::new(),
            architecture: String::new(),
            binary: BTreeMap::from([(name.to_owned(), bytes)]),
            zipped: BTreeMap::new(),
            instructions: BTreeMap::new(),
        }
    }

    #[test]
    fn two_per_cent_more_are_let_through() {
        let over = |found| weights("notifier", 1000).over(&weights("notifier", found));
        assert_eq!(over(1020), Vec::<String>::new());
        assert_eq!(over(500), Vec::<String>::new());
        assert_eq!(over(1021), ["notifier: 1021 bytes, +2.1 % of 1000"]);
    }

    #[test]
    fn what_is_new_or_gone_is_told() {
        let over = weights("notifier", 1000).over(&weights("pager", 1));
        assert_eq!(over, ["pager: 1 bytes, and no budget", "notifier: a budget, and nothing that has bytes"]);
    }

    #[test]
    fn callgrind_says_how_many_it_collected() {
        assert_eq!(collected("==7== Events    : Ir\n==7== Collected : 4711\n==7==\n"), Some(4711));
        assert_eq!(collected("==7== no"), None);
    }
}
