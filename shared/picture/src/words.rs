//! Amounts as people read them, and text from outside made harmless and short.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::axis::Axis;
use crate::stack::float;

/// From here on an amount is counted in millions, thousand millions, …
const UNITS: [(f64, &str); 3] = [(1e12, "T"), (1e9, "B"), (1e6, "M")];
/// Beyond this no word helps.
const ENDLESS: f64 = 1e15;

/// An amount, exact to what matters: `$8.05`, `$1,204`, `$1.25M`.
pub fn amount(currency: &str, amount: Decimal) -> String {
    let value = float(amount);
    let cent = Decimal::new(1, 2);
    if amount > Decimal::ZERO && amount < cent {
        return format!("<{}", in_currency(currency, "0.01"));
    }
    let places = if value < 100.0 { 2 } else { 0 };
    let rounded = amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    let number = match unit(value) {
        Some(unit) => counted(value, unit),
        None => grouped(&format!("{rounded:.*}", places as usize)),
    };
    in_currency(currency, &number)
}

/// An amount at a tick, in the unit and to the places that all ticks have. A
/// currency without a sign is named above them, once.
pub fn tick(currency: &str, value: f64, axis: &Axis) -> String {
    let number = match unit(axis.end()) {
        _ if value == 0.0 => "0".to_owned(),
        Some(unit) => counted(value, unit),
        None if axis.step < 1e-4 => counted(value, (0.0, "")),
        None if axis.step < 0.01 => format!("{value:.4}").trim_end_matches('0').to_owned(),
        None if axis.step < 1.0 => format!("{value:.2}"),
        None => grouped(&format!("{value:.0}")),
    };
    format!("{}{number}", sign(currency).unwrap_or_default())
}

fn unit(value: f64) -> Option<(f64, &'static str)> {
    // Without a unit the number is written with a power of ten.
    if value >= ENDLESS { Some((0.0, "")) } else { UNITS.into_iter().find(|(least, _)| value >= *least) }
}

fn counted(value: f64, (unit, name): (f64, &str)) -> String {
    let round = |number: String| number.trim_end_matches('0').trim_end_matches('.').to_owned();
    if unit > 0.0 {
        return format!("{}{name}", round(format!("{:.2}", value / unit)));
    }
    let written = format!("{value:.1e}");
    let (number, power) = written.split_once('e').unwrap_or((&written, "0"));
    format!("{}e{power}", round(number.to_owned()))
}

/// `1204` as `1,204`.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

fn in_currency(currency: &str, number: &str) -> String {
    match sign(currency) {
        Some(sign) => format!("{sign}{number}"),
        None => format!("{} {number}", shown(currency, 2.5)).trim_start().to_owned(),
    }
}

/// What stands for the currency in front of a number.
fn sign(currency: &str) -> Option<&'static str> {
    match currency {
        "USD" => Some("$"),
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        _ => None,
    }
}

/// One line that is not wider than so many times its height, with `…` for what
/// was cut. Control characters and line breaks become spaces; what turns the
/// direction of writing goes, and so does what XML cannot hold.
pub fn shown(text: &str, widest: f64) -> String {
    let harmless = |c: char| match c {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        '\u{fffe}' | '\u{ffff}' => None,
        c if c.is_control() || c.is_whitespace() => Some(' '),
        c => Some(c),
    };
    let (mut out, mut width, mut room_for_mark) = (String::new(), 0.0, 0);
    for c in text.trim().chars().filter_map(harmless) {
        width += of(c);
        if width > widest {
            out.truncate(room_for_mark);
            out.truncate(out.trim_end().len());
            out.push('…');
            return out;
        }
        out.push(c);
        if width + of('…') <= widest {
            room_for_mark = out.len();
        }
    }
    out
}

/// How wide a line is at most, in heights of the font.
pub fn width(text: &str) -> f64 {
    text.chars().map(of).sum()
}

/// How wide the characters of ASCII from the space on are in Noto Sans, in
/// hundredths of its height, rounded up.
const ASCII: [u8; 95] = [
    26, 27, 41, 65, 58, 84, 74, 23, 30, 30, 56, 58, 27, 33, 27, 38, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 27, 27, 58,
    58, 58, 44, 90, 64, 65, 64, 73, 56, 52, 73, 75, 34, 28, 62, 53, 91, 76, 79, 61, 79, 63, 55, 56, 74, 61, 94, 59, 57,
    58, 33, 38, 33, 58, 45, 59, 57, 62, 48, 62, 57, 35, 62, 62, 26, 26, 54, 26, 94, 62, 61, 62, 62, 42, 48, 37, 62, 51,
    79, 53, 51, 48, 38, 56, 38, 58,
];

/// How wide a character is at most. Beyond ASCII that is a guess by its kind;
/// whoever looks at the SVG may have another font anyway.
fn of(c: char) -> f64 {
    let ascii = u32::from(c).checked_sub(32).and_then(|at| ASCII.get(usize::try_from(at).ok()?));
    match (ascii, c) {
        (Some(hundredths), _) => f64::from(*hundredths) / 100.0,
        (None, '…') => 0.8,
        (None, ..'\u{180}') => 0.95,
        _ => 1.35,
    }
}

/// The text with all that XML reads as markup written out.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(amount("USD", text.parse().unwrap()), expect);
    }

    #[test]
    fn an_amount_is_exact_to_what_matters() {
        check("0", "$0.00");
        check("0.004", "<$0.01");
        check("8.045", "$8.05");
        check("99.994", "$99.99");
        check("1203.5", "$1,204");
        check("999999", "$999,999");
        check("1250000", "$1.25M");
        check("3000000000", "$3B");
        check("79228162514264337593543950335", "$7.9e28");
        assert_eq!(amount("EUR", Decimal::ONE), "€1.00");
        assert_eq!(amount("CHF", Decimal::ONE), "CHF 1.00");
        assert_eq!(amount("<script>alert(1)", Decimal::ONE), "<sc… 1.00");
        assert_eq!(amount("", Decimal::ONE), "1.00");
    }

    #[test]
    fn ticks_share_their_unit_and_their_places() {
        let all = |most: f64| {
            let axis = Axis::up_to(most);
            axis.ticks().map(|value| tick("USD", value, &axis)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(all(1.0), "$0 $0.20 $0.40 $0.60 $0.80 $1.00");
        assert_eq!(all(5400.0), "$0 $1,000 $2,000 $3,000 $4,000 $5,000 $6,000");
        assert_eq!(all(1.1e6), "$0 $0.2M $0.4M $0.6M $0.8M $1M $1.2M");
        assert_eq!(all(0.003), "$0 $0.0005 $0.001 $0.0015 $0.002 $0.0025 $0.003");
        assert_eq!(all(3e-9), "$0 $5e-10 $1e-9 $1.5e-9 $2e-9 $2.5e-9 $3e-9");
        assert_eq!(all(7.9e28), "$0 $2e28 $4e28 $6e28 $8e28");
        let axis = Axis::up_to(1.0);
        assert_eq!(tick("CHF", 0.2, &axis), "0.20");
    }

    #[test]
    fn text_from_outside_is_one_short_line() {
        assert_eq!(shown("Amazon Elastic Container Service", 9.0), "Amazon Elastic C…");
        assert_eq!(shown(" a\nb\u{0}\u{202e}c\u{ffff} ", 99.0), "a b c");
        assert_eq!(shown("", 99.0), "");
        assert_eq!(escaped("<b a='1'>&\""), "&lt;b a=&#39;1&#39;&gt;&amp;&quot;");
    }
}
