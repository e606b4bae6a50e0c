//! Statistics in whole millionths: exact, ordered, and safe from overflow.

use rust_decimal::Decimal;

/// Millionths of one.
const ONE: i128 = 1_000_000;
/// What no account spends in a day. Beyond it amounts are cut, for statistics
/// only: what is shown is what AWS said.
const MOST: i128 = 1_000_000_000_000_000;

/// An amount in millionths; what is finer is rounded.
pub(crate) fn micros(amount: Decimal) -> i128 {
    let most = Decimal::from_i128_with_scale(MOST, 0);
    let amount = amount.clamp(-most, most).round_dp(6);
    // At most six digits are left behind the point, so that this is exact.
    amount.mantissa() * 10_i128.pow(6_u32.saturating_sub(amount.scale()))
}

/// Millionths as an amount.
pub(crate) fn amount(micros: i128) -> Decimal {
    let most = MOST * ONE;
    Decimal::from_i128_with_scale(micros.clamp(-most, most), 6).normalize()
}

/// The middle of some values: between two, half-way. `None` of none.
pub(crate) fn median(mut values: Vec<i128>) -> Option<i128> {
    values.sort_unstable();
    let upper = *values.get(values.len() / 2)?;
    let even = values.len().is_multiple_of(2);
    let lower = if even { values.get(values.len() / 2 - 1).copied()? } else { upper };
    Some((lower + upper) / 2)
}

/// So many per cent of an amount.
pub(crate) fn percent_of(micros: i128, percent: u32) -> i128 {
    micros * i128::from(percent) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn millionths_are_exact_and_beyond_all_bounds_cut() {
        assert_eq!(micros(decimal("12.3456789")), 12_345_679);
        assert_eq!(micros(decimal("-0.5")), -500_000);
        assert_eq!(amount(12_340_000), decimal("12.34"));
        assert_eq!(micros(Decimal::MAX), MOST * ONE);
        assert_eq!(micros(Decimal::MIN), -MOST * ONE);
        assert_eq!(amount(i128::MAX), Decimal::from_i128_with_scale(MOST, 0));
    }

    #[test]
    fn the_middle_of_an_even_number_is_half_way() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![7]), Some(7));
        assert_eq!(median(vec![9, 1, 4]), Some(4));
        assert_eq!(median(vec![8, 2, 4, 100]), Some(6));
    }
}
