//! What the account costs, for whoever asks at the command line.

pub mod page;
pub mod sample;
pub mod text;

pub use cost_reporter::report::{Row, Spending, Wanted, spending};
