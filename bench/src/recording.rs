//! One event as it was recorded: what the floor does once more.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::book::{Book, Sent};

/// The requests of one event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// Requests that do not wait for each other, round by round.
    pub rounds: Vec<Vec<Sent>>,
    /// What was answered to the event.
    pub response: Value,
}

/// Why a recording cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.display())]
pub struct NoRecording(PathBuf, #[source] io::Error);

impl Recording {
    /// What stands in the book, which is to have been written while every answer took
    /// long: only then does it show who waited for whom.
    pub fn of(book: &Book, response: Value) -> Self {
        let mut rounds: Vec<Vec<Sent>> = Vec::new();
        for (round, call) in book.rounds() {
            rounds.resize(rounds.len().max(round + 1), Vec::new());
            if let Some(calls) = rounds.get_mut(round) {
                calls.push(call.request.clone());
            }
        }
        Self { rounds, response }
    }

    /// Reads it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(file: &Path) -> Result<Self, NoRecording> {
        let read = || Ok(serde_json::from_slice(&std::fs::read(file)?)?);
        read().map_err(|error| NoRecording(file.to_owned(), error))
    }

    /// Writes it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, file: &Path) -> Result<(), NoRecording> {
        let write = || std::fs::write(file, serde_json::to_vec(self)?);
        write().map_err(|error| NoRecording(file.to_owned(), error))
    }
}
