//! What goes wrong in a simulated account: jumps of known cause and size.

use nightshift_sim::dice::Dice;

/// How costs go up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// At once, until somebody finds out.
    Step,
    /// For one day.
    Spike,
    /// Day by day up to a level, until somebody finds out.
    Ramp,
    /// Day by day, without an end of its own.
    Leak,
}

const SHAPES: [Shape; 4] = [Shape::Step, Shape::Spike, Shape::Ramp, Shape::Leak];

/// One jump.
pub(super) struct Event {
    shape: Shape,
    /// Its first day …
    from: usize,
    /// … and how many there are.
    length: usize,
    /// Of a ramp: the days until it is as high as it gets.
    rise: usize,
    /// What its dearest day costs.
    peak: f64,
}

impl Event {
    /// One that begins on day `from` and is, where it is highest, so many times
    /// what would be worth telling.
    pub(super) fn roll(dice: &mut Dice, from: usize, worth: f64) -> Self {
        let shape = SHAPES[dice.whole(0, SHAPES.len() - 1)];
        let rise = dice.whole(3, 12);
        let length = match shape {
            Shape::Step => dice.whole(2, 45),
            Shape::Spike => 1,
            Shape::Ramp => rise + dice.whole(3, 30),
            Shape::Leak => dice.whole(10, 45),
        };
        Self { shape, from, length, rise, peak: worth * dice.doubled(0.125, 8) }
    }

    /// What it adds to that day.
    pub(super) fn adds(&self, day: usize) -> f64 {
        let Some(age) = day.checked_sub(self.from).filter(|age| *age < self.length) else { return 0.0 };
        let rising = |days: usize| ((age + 1) as f64 / days as f64).min(1.0);
        match self.shape {
            Shape::Step | Shape::Spike => self.peak,
            Shape::Ramp => self.peak * rising(self.rise),
            Shape::Leak => self.peak * rising(self.length),
        }
    }
}
