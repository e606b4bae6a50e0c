//! What the command line does, as a library, so that tests can do it too.

pub mod args;

pub mod courier;
pub mod night;

pub mod demo;
pub mod page;

pub mod replay;

pub mod adopt;
pub mod report;

pub mod drill;

pub mod simulate;

mod case;
pub mod check;
pub mod decide;
pub mod explain;
pub mod switch;

mod diff;
pub mod paint;

pub mod command;
