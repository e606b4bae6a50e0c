//! The ports of `nightshift-core`, answered by the account's state.

mod aws;
mod ecs;
mod ledger;
mod tell;
