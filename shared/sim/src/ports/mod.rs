//! The ports of `nightshift-core`, answered by the account's state.

mod aws;
mod codedeploy;
mod cost_ledger;
mod costs;
mod ecs;
mod history;
mod image_ledger;
mod images;
mod ledger;
mod logs;
mod pictures;
mod setup;
mod tell;
mod waste;

pub(crate) use setup::{policy_name, roles};
