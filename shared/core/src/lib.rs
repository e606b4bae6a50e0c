//! The vocabulary of Nightshift and the ports through which it meets the
//! world. Nothing here reads a clock, does I/O or knows an AWS SDK: every
//! other crate depends on this one, and it depends on none of them.
//!
//! Read in this order: what things are called ([`ids`]), what is seen
//! ([`alarm`], [`described`], [`service`], [`release`], [`task`], [`image`], [`metric`]), what is
//! concluded ([`cause`], [`remedy`], [`refusal`]), what is remembered
//! ([`incident`], [`ledger`], [`fleet`]), what people are told ([`notice`]), what they
//! may set ([`policy`]), and where it all meets AWS ([`ports`]).

pub mod ids;

pub mod alarm;
pub mod codedeploy;
pub mod cost;
pub mod described;
pub mod health;
pub mod image;
pub mod metric;
pub mod release;
pub mod service;
pub mod setup;
pub mod task;
pub mod waste;

pub mod cause;
pub mod refusal;
pub mod remedy;

pub mod case;
pub mod drill;
pub mod fleet;
pub mod incident;
pub mod ledger;
pub mod mode;
pub mod notice;
pub mod origin;
pub mod timer;
pub mod verdict;

pub mod policy;
pub mod span;

pub mod fault;
pub mod https;
pub mod ports;
pub mod redact;
pub mod settings;
pub mod tally;
