//! Repeatable noise: the same seed, key and number give the same value on
//! every platform. Not a source of secrets.

use crate::dice::scramble;

/// Noise under one key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise(u64);

impl Noise {
    /// FNV-1a of the key, begun from the seed.
    pub(crate) fn new(seed: u64, key: &str) -> Self {
        Self(scramble(seed ^ 0xcbf2_9ce4_8422_2325)).under(key)
    }

    /// Other noise under a further key.
    pub(crate) fn under(self, key: &str) -> Self {
        Self(key.bytes().fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// A whole number.
    pub(crate) fn whole(self, number: i64) -> u64 {
        scramble(self.0.wrapping_add(number.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// At least 0 and below 1.
    pub(crate) fn unit(self, number: i64) -> f64 {
        // 53 bits fill a double's mantissa exactly.
        (self.whole(number) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Between -1 and 1, most often near 0.
    pub(crate) fn wobble(self, number: i64) -> f64 {
        self.unit(number.wrapping_mul(2)) + self.unit(number.wrapping_mul(2).wrapping_add(1)) - 1.0
    }

    /// `digits` decimal digits, the first not 0, as AWS writes its ids.
    pub(crate) fn digits(self, number: i64, digits: u32) -> String {
        let low = 10_u64.pow(digits.clamp(1, 19) - 1);
        (low + self.whole(number) % (low.saturating_mul(9))).to_string()
    }
}
