//! Releases: what a deployment was for, what became of it, and what is wrong
//! with the one on trial.
//!
//! Pure rules over what AWS lists and what the ledger remembers. An event only
//! says that it is time to look: the verdict is a function of what is seen, and
//! what is seen only adds up, so no order and no repetition of events changes
//! it. Read in this order: [`mod@kind`] (release, restart or rollback),
//! [`mod@learn`] (what was seen joins what is remembered), [`mod@judge`] (the
//! verdict), [`mod@trial`] (failing, stuck or denied), [`mod@good`] (where one
//! may return to), [`mod@dora`] (what it adds up to), [`mod@trend`] (the same
//! day by day).

pub mod kind;

pub mod callers;
pub mod codedeploy;
pub mod judge;
pub mod learn;
pub mod origin;

pub mod breaker;
mod failures;

pub mod good;
pub mod pace;
pub mod trial;

pub mod dora;
pub mod trend;
