//! The local account: an AWS account as state machines over simulated time,
//! behind the ports of `nightshift-core`, and a thin HTTP face over the same
//! machines for programs that speak to AWS by its SDK.
//!
//! A [`Scenario`] says what the account holds and the truth about it; an
//! [`Account`] runs it; a [`Story`] is an account that checks, when it is
//! dropped, what no story may ever break. [`trouble::night`] makes up scenarios.

pub mod account;
pub mod chat;
pub mod dice;
pub mod face;
pub mod meter;
pub mod scenario;
pub mod story;
pub mod trouble;

mod gate;
mod noise;
mod once;
mod ports;
mod state;

pub use account::{Account, Delivery, ImageWrite, ProductionWrite};
pub use gate::Call;
pub use once::{poll_in_turn, poll_once, poll_until_dead};
pub use scenario::Scenario;
pub use story::Story;
