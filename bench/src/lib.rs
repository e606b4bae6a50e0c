//! How fast and how large `alarm-responder` is, beside what others would have written:
//! the real binary under Lambda's Runtime API, on loopback, against a canned AWS over
//! TLS. `README.md` says what is measured and what is fair about it.

pub mod answers;
pub mod artifact;
pub mod authority;
pub mod book;
pub mod budget;
pub mod calls;
pub mod cloud;
pub mod conditions;
pub mod event;
pub mod figures;
pub mod floor;
pub mod ledger;
pub mod life;
pub mod measure;
pub mod money;
pub mod picture;
pub mod recording;
pub mod report;
pub mod run;
pub mod runtime_api;
pub mod share;
pub mod table;
pub mod usage;
pub mod variant;
pub mod weight;
pub mod wire;

/// An error with all its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
