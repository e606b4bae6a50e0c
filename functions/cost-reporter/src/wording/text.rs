//! Figures as people write them.

use jiff::civil::Date;
use nightshift_core::cost::Money;
use rust_decimal::{Decimal, RoundingStrategy};

/// `Mon 14 Sep`.
pub fn weekday(day: Date) -> String {
    day.strftime("%a %-d %b").to_string()
}

/// `2,891.10 USD`: to the cent, with a comma between thousands.
pub fn money(money: &Money) -> String {
    format!("{} {}", amount(money.amount), cut(&money.currency, 8))
}

/// The same without the currency.
pub fn amount(amount: Decimal) -> String {
    let text = format!("{:.2}", amount.round_dp(2));
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut grouped = String::with_capacity(text.len() + whole.len() / 3);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{cents}")
}

/// `23 %`; below ten with a tenth.
pub fn percent(share: Decimal) -> String {
    let places = if share.abs() < Decimal::TEN { 1 } else { 0 };
    format!("{} %", share.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero).normalize())
}

/// Text from outside, cut.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped_and_cents_are_two() {
        let shown = |text: &str| money(&Money::new(text.parse().unwrap(), "USD"));
        assert_eq!(shown("0"), "0.00 USD");
        assert_eq!(shown("999.994"), "999.99 USD");
        assert_eq!(shown("-1234.5"), "-1,234.50 USD");
        assert_eq!(shown("1234567.891"), "1,234,567.89 USD");
        assert_eq!(money(&Money::new(Decimal::MAX, "USD")), "79,228,162,514,264,337,593,543,950,335.00 USD");
    }

    #[test]
    fn per_cents_are_as_exact_as_people_read_them() {
        let shown = |text: &str| percent(text.parse().unwrap());
        assert_eq!(
            (shown("23.4"), shown("4.25"), shown("-0.04"), shown("100.0")),
            ("23 %".into(), "4.3 %".into(), "0 %".into(), "100 %".into())
        );
    }
}
