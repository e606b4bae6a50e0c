//! The figures of a picture: whoever renders the notice draws them.

use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was spent day by day, stacked by what it was spent on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chart {
    /// What the picture shows, in a few words.
    pub title: String,
    /// `USD`: of every figure.
    pub currency: String,
    /// The first day.
    pub from: Date,
    /// So many days from the first on are settled; later ones still change.
    pub settled: u32,
    /// One for each thing the money was spent on, the dearest first.
    pub layers: Vec<Layer>,
}

/// One layer of a [`Chart`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Layer {
    /// What it was spent on; text from outside.
    pub name: String,
    /// How much on each day from the first on; never negative.
    #[schemars(with = "Vec<String>")]
    pub days: Vec<Decimal>,
}
