//! Which colour is what, and how much it was.

use crate::draw::{Anchor, Canvas, FAINT, INK, TEXT, colour};
use crate::settled_days;
use crate::stack::Stack;
use crate::words::{amount, shown, width};

/// From the base of one line to that of the next.
const ROW: f64 = 49.0;
/// A colour's square, and the name behind it.
const SQUARE: f64 = 26.0;
const NAME: f64 = 40.0;
/// Between a name and its amount.
const GAP: f64 = 16.0;

/// A line for all settled days, and one for each layer, between those ends and
/// from that height on. Names give way to amounts.
pub fn draw(canvas: &mut Canvas, currency: &str, stack: &Stack, (left, right, top): (f64, f64, f64)) {
    let sum = if stack.settled == 0 { "–".to_owned() } else { amount(currency, stack.settled_total()) };
    let base = top + 6.0;
    canvas.text((left, base), Anchor::Start, (TEXT, FAINT), &settled_days(stack));
    canvas.text((right, base), Anchor::End, (TEXT, INK), &sum);
    canvas.line(base + 16.0, (left, right), FAINT);
    for (at, layer) in stack.layers.iter().enumerate() {
        let base = base + 4.0 + ROW * (at + 1) as f64;
        let sum = if stack.settled == 0 { "–".to_owned() } else { amount(currency, layer.settled) };
        let room = right - left - NAME - GAP - width(&sum) * TEXT;
        canvas.element(format_args!(
            "<rect x=\"{left:.1}\" y=\"{:.1}\" width=\"{SQUARE}\" height=\"{SQUARE}\" rx=\"4\" fill=\"{}\"/>",
            base - SQUARE + 3.0,
            colour(stack, at)
        ));
        canvas.text((left + NAME, base), Anchor::Start, (TEXT, INK), &named(&layer.name, room / TEXT));
        canvas.text((right, base), Anchor::End, (TEXT, INK), &sum);
    }
}

/// A layer's name in that room. Of a name that is too long, what says whose
/// service it is goes first: in a bill they all are.
fn named(name: &str, room: f64) -> String {
    let whole = shown(name, f64::INFINITY);
    let short = ["Amazon ", "AWS "].into_iter().find_map(|vendor| whole.strip_prefix(vendor));
    match short {
        _ if whole.is_empty() => "(no name)".to_owned(),
        Some(short) if width(&whole) > room => shown(short, room),
        _ => shown(&whole, room),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_too_long_loses_its_vendor_first() {
        let all = ["AWS Lambda", "Amazon Elastic Container Service", "AWS Database Migration", " \n", "Amazon "];
        let all = all.map(|name| named(name, 10.0));
        assert_eq!(all, ["AWS Lambda", "Elastic Container S…", "Database Migration", "(no name)", "Amazon"]);
    }
}
