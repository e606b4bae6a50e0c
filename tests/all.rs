//! Every test that needs more than one package, in one binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

mod conformance;
mod doors;
mod replay;
mod stories;
mod tidy;
