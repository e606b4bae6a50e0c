//! What costs mean: pure rules over what Cost Explorer answers.
//!
//! Read in this order: [`mod@split`] (charges by kind: a credit is no usage),
//! [`mod@series`] (spending by day, and which days are settled),
//! [`mod@baseline`] (what a day usually costs, and how much that varies),
//! [`mod@detect`] (what is beyond it and worth telling), [`mod@episode`] (an
//! anomaly that lasts is one), [`mod@waste`] (what is paid for and not used).
//!
//! Amounts are decimal and statistics are taken in whole millionths of the
//! currency: no float takes part in a rule, and the order in which days and keys come
//! changes nothing. How well the rules do is measured by
//! `nightshift simulate cost` on years of costs that know nothing of them:
//! `docs/simulate.md`.

pub mod split;

pub mod series;

pub mod baseline;
pub mod detect;
pub mod episode;

pub mod waste;

mod micros;

pub use baseline::{Baseline, baseline};
pub use detect::{Floors, Kind, MOST_MOVERS, Mover, detect, movers};
pub use episode::{Episode, Phase, episodes};
pub use series::{Day, Series, last_settled, series};
pub use split::{Charge, Split, split};
