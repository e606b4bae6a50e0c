//! Repeatable chance: a seed and a name give the same rolls on every platform,
//! because nothing but sums, products and square roots is taken.

/// Rolls under one name.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The rolls of `name` in the world of `seed`: another name has others, so
    /// that one more service changes nothing about the rest.
    pub fn new(seed: u64, name: &str) -> Self {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(name.bytes().fold(scramble(seed ^ 0xcbf2_9ce4_8422_2325), hash))
    }

    /// At least 0 and below 1.
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (scramble(self.0) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// At least `low` and below `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// At least `low` and at most `high`.
    pub fn whole(&mut self, low: usize, high: usize) -> usize {
        low + (self.unit() * (high + 1 - low) as f64) as usize
    }

    /// One of them; there is at least one.
    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.whole(0, all.len() - 1)]
    }

    /// Between `low` and `low` doubled so many times, each doubling as likely.
    pub fn doubled(&mut self, low: f64, times: usize) -> f64 {
        let whole = self.whole(0, times - 1);
        (0..whole).fold(low, |value, _| value * 2.0) * (1.0 + self.unit())
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, chance: f64) -> bool {
        self.unit() * 100.0 < chance
    }

    /// Normally distributed around 0, nearly: with a standard deviation of 1.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// At least 1, and rarely far above: twice as much is a quarter as likely.
    pub fn heavy(&mut self) -> f64 {
        1.0 / (1.0 - self.unit()).sqrt()
    }
}

/// The finaliser of SplitMix64.
pub(crate) fn scramble(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
