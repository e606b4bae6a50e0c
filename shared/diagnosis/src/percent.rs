//! Log-odds as per cent, without floating point.

/// `THRESHOLDS[p - 1]` is the least log-odds, in hundredths, that is at least
/// `p` per cent: 100 · ln(p / (100 − p)), rounded up. A table and no logarithm,
/// so that a case gives the same number on every platform.
#[rustfmt::skip]
const THRESHOLDS: [i32; 99] = [
    -459, -389, -347, -317, -294, -275, -258, -244, -231, -219, -209,
    -199, -190, -181, -173, -165, -158, -151, -145, -138, -132, -126,
    -120, -115, -109, -104, -99, -94, -89, -84, -80, -75, -70,
    -66, -61, -57, -53, -48, -44, -40, -36, -32, -28, -24,
    -20, -16, -12, -8, -4, 0, 5, 9, 13, 17, 21,
    25, 29, 33, 37, 41, 45, 49, 54, 58, 62, 67,
    71, 76, 81, 85, 90, 95, 100, 105, 110, 116, 121,
    127, 133, 139, 146, 152, 159, 166, 174, 182, 191, 200,
    210, 220, 232, 245, 259, 276, 295, 318, 348, 390, 460,
];

/// Hundredths of log-odds as whole per cent, rounded down: a limit of 90 is
/// reached at 90 per cent and not at 89.6. Never 100.
pub fn percent(log_odds_hundredths: i32) -> u8 {
    let reached = THRESHOLDS.partition_point(|&threshold| threshold <= log_odds_hundredths);
    u8::try_from(reached).unwrap_or(99)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(log_odds: i32, expect: u8) {
        assert_eq!(percent(log_odds), expect, "{log_odds}");
    }

    #[test]
    fn the_table_is_the_logistic_function_rounded_down() {
        check(i32::MIN, 0);
        check(-460, 0);
        check(-459, 1);
        check(-1, 49);
        check(0, 50);
        check(219, 89);
        check(220, 90);
        check(459, 98);
        check(460, 99);
        check(i32::MAX, 99);
    }

    #[test]
    fn every_threshold_agrees_with_the_logarithm() {
        for (threshold, p) in THRESHOLDS.iter().zip(1_u32..) {
            let exact = 100.0 * (f64::from(p) / f64::from(100 - p)).ln();
            let distance = f64::from(*threshold) - exact;
            assert!((0.0 - 1e-9..1.0).contains(&distance), "{p} per cent: {threshold} for {exact}");
        }
    }
}
