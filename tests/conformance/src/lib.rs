//! What every implementation of a port must do.
//!
//! The same suite runs on the simulated account (in `tests/`) and, by the
//! binary `nightshift-conform`, on AWS as an emulator answers for it (in
//! `tests/stack`). So the simulator cannot confirm itself.

pub mod chat;
pub mod ledger;

/// A sentence about what was expected and what came instead.
pub type Verdict = Result<(), String>;

/// Fails with `what` and both values, if they differ.
///
/// # Errors
/// If they differ.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Verdict {
    if found == expected { Ok(()) } else { Err(format!("{what}: expected {expected:?}, found {found:?}")) }
}
