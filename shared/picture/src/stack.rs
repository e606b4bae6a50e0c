//! What is shown: few layers, the rest summed, and each day's bar in parts.

use nightshift_core::notice::Chart;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::axis::Axis;

/// More colours than this are told apart by nobody, and a longer legend is not
/// read.
pub const MOST_LAYERS: usize = 8;

/// A layer as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// What it was spent on; text from outside, not yet harmless.
    pub name: String,
    /// The sum of what had no place of its own.
    pub rest: bool,
    /// How much on each day; never negative.
    pub days: Vec<Decimal>,
    /// How much on the settled days.
    pub settled: Decimal,
}

/// The layers of all days, the lowest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// At most [`MOST_LAYERS`], and the rest as one more.
    pub layers: Vec<Layer>,
    /// Days in all.
    pub days: usize,
    /// Days that do not change any more, from the first on.
    pub settled: usize,
}

impl Stack {
    /// The chart, each layer as long as the longest. What should never come
    /// must not break the picture: a negative amount is drawn as none, and a
    /// sum that no decimal holds as the largest decimal.
    pub fn of(chart: &Chart) -> Self {
        let days = chart.layers.iter().map(|layer| layer.days.len()).max().unwrap_or_default();
        let settled = usize::try_from(chart.settled).unwrap_or(days).min(days);
        let spent = |layer: &nightshift_core::notice::Layer, at: usize| {
            layer.days.get(at).copied().unwrap_or_default().max(Decimal::ZERO)
        };
        let layer = |name: &str, rest: bool, days: Vec<Decimal>| Layer {
            name: name.to_owned(),
            rest,
            settled: sum(days.iter().take(settled).copied()),
            days,
        };
        let (own, rest) = chart.layers.split_at(chart.layers.len().min(MOST_LAYERS));
        let mut layers: Vec<Layer> =
            own.iter().map(|one| layer(&one.name, false, (0..days).map(|at| spent(one, at)).collect())).collect();
        if !rest.is_empty() {
            let summed = (0..days).map(|at| sum(rest.iter().map(|one| spent(one, at)))).collect();
            layers.push(layer("other", true, summed));
        }
        Self { layers, days, settled }
    }

    /// What was spent on the settled days.
    pub fn settled_total(&self) -> Decimal {
        sum(self.layers.iter().map(|layer| layer.settled))
    }

    /// What the dearest day cost, settled or not.
    pub fn most(&self) -> Decimal {
        (0..self.days).map(|at| self.total(at)).max().unwrap_or_default()
    }

    /// What that day cost.
    pub fn total(&self, day: usize) -> Decimal {
        sum(self.layers.iter().map(|layer| layer.days[day]))
    }

    /// How high each layer of that day ends, as a share of the axis, from the
    /// lowest on. Each begins where the one below it ends, so that the parts
    /// are the whole, whatever is lost in rounding.
    pub fn tops(&self, day: usize, axis: &Axis) -> Vec<f64> {
        let (mut sum, mut below) = (Decimal::ZERO, 0.0_f64);
        let top = |layer: &Layer| {
            sum = sum.saturating_add(layer.days[day]);
            // The nearest float of a larger amount may be the smaller one by a hair.
            below = axis.share(float(sum)).max(below);
            below
        };
        self.layers.iter().map(top).collect()
    }
}

/// The nearest float. Every decimal has one.
pub fn float(amount: Decimal) -> f64 {
    amount.to_f64().unwrap_or_default()
}

fn sum(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amounts.fold(Decimal::ZERO, Decimal::saturating_add)
}
