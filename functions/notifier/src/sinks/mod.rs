//! The receivers: what is sent to each and what its answers mean.

pub mod files;
pub mod history;
pub mod pager;
pub mod slack;
pub mod webhook;
