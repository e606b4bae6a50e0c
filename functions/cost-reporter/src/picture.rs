//! The figures of the picture: what was spent day by day, stacked by service.

use jiff::ToSpan as _;
use jiff::civil::Date;
use nightshift_core::notice::{Chart, Layer};
use nightshift_cost::Series;
use rust_decimal::Decimal;

use crate::moves::{Moves, dates};

/// Days that are shown.
pub const DAYS: u32 = 30;
/// Services with a layer of their own.
const LAYERS: usize = 8;

/// The last days of a report, yesterday the last one, in the currency that most
/// was spent in. `None`: there is nothing to show.
pub fn chart(moves: &Moves, today: Date, days: u32) -> Option<Chart> {
    stacked(&moves.services, moves.currency()?, (moves.day, today), days, "service")
}

/// The `days` days before `today` of whatever has `currency`, stacked; what is
/// after `settled` still changes. `by` says what a layer is.
pub fn stacked(all: &[Series], currency: &str, (settled, today): (Date, Date), days: u32, by: &str) -> Option<Chart> {
    let all: Vec<&Series> = all.iter().filter(|series| series.currency == currency).collect();
    let first = all.iter().map(|series| series.from).min()?;
    let from = today.saturating_sub(i64::from(days).days()).max(first);
    let dates: Vec<Date> = dates(from, today).collect();
    let mut layers: Vec<(Decimal, Layer)> = all.iter().map(|series| layer(series, &dates)).collect();
    layers.retain(|(sum, _)| *sum > Decimal::ZERO);
    layers.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    // One alone is no other.
    let rest = layers.split_off(if layers.len() > LAYERS { LAYERS - 1 } else { layers.len() });
    let mut layers: Vec<Layer> = layers.into_iter().map(|(_, layer)| layer).collect();
    if !rest.is_empty() {
        let sum = |day: usize| {
            rest.iter().filter_map(|(_, it)| it.days.get(day)).fold(Decimal::ZERO, |a, b| a.saturating_add(*b))
        };
        layers.push(Layer { name: format!("{} others", rest.len()), days: (0..dates.len()).map(sum).collect() });
    }
    let settled = dates.iter().filter(|date| **date <= settled).count();
    Some(Chart {
        title: format!("Cost by day and {by}, {currency}"),
        currency: currency.to_owned(),
        from,
        settled: u32::try_from(settled).unwrap_or(u32::MAX),
        layers,
    })
    .filter(|chart| !chart.layers.is_empty())
}

/// What is given back on a day is no height.
fn layer(series: &Series, dates: &[Date]) -> (Decimal, Layer) {
    let on = |date: &Date| series.on(*date).map_or(Decimal::ZERO, |day| day.spent.max(Decimal::ZERO));
    let days: Vec<Decimal> = dates.iter().map(on).collect();
    let sum = days.iter().fold(Decimal::ZERO, |a, b| a.saturating_add(*b));
    let name = series.key.first().filter(|name| !name.is_empty()).map_or("(none)", String::as_str).to_owned();
    (sum, Layer { name, days })
}

/// The total of the same days as characters, for whoever reads text.
pub fn sparkline(chart: &Chart) -> String {
    let length = chart.layers.iter().map(|layer| layer.days.len()).max().unwrap_or(0);
    let total = |day: usize| {
        chart.layers.iter().filter_map(|it| it.days.get(day)).fold(Decimal::ZERO, |a, b| a.saturating_add(*b))
    };
    bars(&(0..length).map(total).collect::<Vec<_>>())
}

/// Amounts as characters, the highest as high as one is.
pub fn bars(totals: &[Decimal]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = totals.iter().copied().max().unwrap_or_default();
    let bar = |total: &Decimal| {
        let share = total.checked_mul(7.into()).and_then(|it| it.checked_div(most)).unwrap_or_default();
        BARS[usize::try_from(share.round()).unwrap_or(0).min(7)]
    };
    totals.iter().map(bar).collect()
}
