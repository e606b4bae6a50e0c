//! The figures of a notice as a picture.
//!
//! A [`Chart`] comes in, stacked bars go out: as SVG for a page, and as PNG for
//! a chat, which shows no SVG. Pure: no clock, no file, no font of the machine.
//! Lambda has none, so one comes along as bytes. The same chart is the same
//! picture, to the last byte.
//!
//! Read in this order: `stack` (what is shown: few layers, the rest summed),
//! `axis` (round ticks, days that get a label), `words` (amounts, and text from
//! outside made harmless and short), `draw` (where everything stands), `png`.

mod axis;
mod stack;
mod words;

mod draw;
mod legend;
mod png;

use jiff::civil::Date;
use nightshift_core::notice::Chart;

pub use crate::png::{Error, png};

use crate::stack::Stack;
use crate::words::{amount, shown};

/// Width of every picture in pixels.
pub const WIDTH: u32 = 1200;
/// Height of every picture in pixels.
pub const HEIGHT: u32 = 700;

/// Longest alternative text in characters; Slack takes a thousand.
const LONGEST_ALT: usize = 900;

/// The chart as SVG. Every name in it is text, whatever stands there.
pub fn svg(chart: &Chart) -> String {
    draw::svg(chart, &Stack::of(chart))
}

/// What the picture shows, for who cannot see it: the days and the totals.
pub fn alt(chart: &Chart) -> String {
    let stack = Stack::of(chart);
    let mut text = format!("Stacked bars, {}", period(chart.from, stack.days));
    for layer in &stack.layers {
        text.push_str(&format!("; {} {}", shown(&layer.name, 20.0), amount(&chart.currency, layer.settled)));
    }
    text.push_str(&format!("; {} {}", settled_days(&stack), amount(&chart.currency, stack.settled_total())));
    text.chars().take(LONGEST_ALT).collect()
}

/// `28 settled days`; without the adjective where there are no others.
fn settled_days(stack: &Stack) -> String {
    match (stack.settled, stack.days) {
        (0, _) => "no settled day".to_owned(),
        (1, 1) => "1 day".to_owned(),
        (1, _) => "1 settled day".to_owned(),
        (settled, days) if settled == days => format!("{settled} days"),
        (settled, _) => format!("{settled} settled days"),
    }
}

/// `1 Nov – 30 Nov 2026`.
fn period(from: Date, days: usize) -> String {
    let last = day(from, days.saturating_sub(1));
    match (from == last, from.year() == last.year()) {
        (true, _) => from.strftime("%-d %b %Y").to_string(),
        (_, true) => format!("{} – {}", from.strftime("%-d %b"), last.strftime("%-d %b %Y")),
        (_, false) => format!("{} – {}", from.strftime("%-d %b %Y"), last.strftime("%-d %b %Y")),
    }
}

/// The day so many after the first; the last one there is, at most.
fn day(from: Date, at: usize) -> Date {
    from.saturating_add(jiff::Span::new().try_days(i64::try_from(at).unwrap_or(i64::MAX)).unwrap_or_default())
}

#[cfg(test)]
mod tests;
