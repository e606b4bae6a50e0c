//! The diagnosis as its users see it: a view in, a diagnosis out.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may stop at once")]

mod night;
mod parts;

mod causes;
mod gate;
mod looking;
mod onsets;
mod others;
mod recovering;
mod suspects;

mod figures;
mod fit;
mod generated;
mod laws;
mod load;
