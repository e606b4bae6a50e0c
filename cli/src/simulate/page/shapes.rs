//! What the sections have in common: figures, bars and tables.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::paint::harmless;
use crate::simulate::invariants;

/// A number with a comma between thousands.
pub(super) fn count(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something, in words that fit one and many.
pub(super) fn counted(number: impl Into<u64>, one: &str, many: &str) -> String {
    let number = number.into();
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A whole number of something that is measured.
pub(super) fn whole(value: f64) -> String {
    count(value.round().max(0.0) as u64)
}

/// A share as per cent.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// A bar that fills that share of its line.
pub(super) fn bar(share: f64, class: &str) -> Markup {
    let width = format!("{:.2}%", share.clamp(0.0, 1.0) * 100.0);
    html! {
        svg class={ "bar " (class) } aria-hidden="true" {
            rect.ground width="100%" height="100%" {}
            rect.fill width=(width) height="100%" {}
        }
    }
}

/// A line of a chart: who, how much of the line, the figure with its unit, and what
/// else there is to say.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) share: f64,
    pub(super) figure: String,
    pub(super) says: String,
    pub(super) class: &'static str,
}

/// Bars below each other, with their figures beside them.
pub(super) fn bars(title: &str, lines: &[Line]) -> Markup {
    html! {
        figure.bars {
            figcaption { (title) }
            @for line in lines {
                div class={ "line " (line.class) } {
                    span.name { (line.name) }
                    (bar(line.share, line.class))
                    b { (line.figure) }
                    @if !line.says.is_empty() { small { (line.says) } }
                }
            }
        }
    }
}

/// Figures that stand for themselves.
pub(super) fn tiles<const N: usize>(tiles: [(String, &str); N]) -> Markup {
    html! {
        dl.tiles {
            @for (figure, of) in &tiles {
                div { dd { (figure) } dt { (of) } }
            }
        }
    }
}

/// Every invariant, and how often it was broken; what is broken and is none of them too.
pub(super) fn invariants(broken: &BTreeMap<String, u64>, one: &str, many: &str) -> Markup {
    let known = invariants::ALL.map(|(name, _)| name);
    let others = broken.keys().map(String::as_str).filter(|name| !known.contains(name));
    html! {
        table.invariants {
            tr { th { "What must hold" } th { "" } }
            @for name in known.iter().copied().chain(others) {
                tr {
                    th scope="row" { (harmless(name)) }
                    @match broken.get(name).copied().unwrap_or_default() {
                        0 => td.held { "✓ held" },
                        times => td.broken { "✕ broken: " (counted(times, one, many)) },
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_threes_and_in_words_that_fit() {
        assert_eq!([0_u64, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([counted(1_u32, "night", "nights"), counted(2_u32, "night", "nights")], ["1 night", "2 nights"]);
        assert_eq!([percent(Some(0.983)), percent(None), whole(1999.6)], ["98.3 %", "–", "2,000"]);
    }

    #[test]
    fn a_bar_stays_on_its_line() {
        assert!(bar(7.0, "").into_string().contains("width=\"100.00%\""));
        assert!(bar(-1.0, "").into_string().contains("width=\"0.00%\""));
    }
}
