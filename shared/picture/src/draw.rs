//! Where everything stands.
//!
//! A chat shows the picture a third as large, so no letter is smaller than 26
//! pixels. It brings its own white ground, for a chat may be dark.

use std::fmt::Write as _;

use nightshift_core::notice::Chart;

use crate::axis::{Axis, labelled};
use crate::stack::{Stack, float};
use crate::words::{escaped, shown, tick, width};
use crate::{HEIGHT, WIDTH, day, legend, period};

/// Letters of the title, of the legend, and of all else, in pixels.
pub const TITLE: f64 = 40.0;
pub const TEXT: f64 = 28.0;
pub const SMALL: f64 = 26.0;

pub const INK: &str = "#1d1c1d";
pub const FAINT: &str = "#5e5d60";
const GRID: &str = "#dddddd";

const MARGIN: f64 = 36.0;
/// The field of the bars.
const LEFT: f64 = 130.0;
const RIGHT: f64 = 710.0;
const TOP: f64 = 176.0;
const BOTTOM: f64 = 626.0;

/// Okabe and Ito's colours, which are told apart without red or green too, the
/// strongest first. Their black would be heavier than all others.
const COLOURS: [&str; 8] = ["#0072b2", "#e69f00", "#009e73", "#56b4e9", "#d55e00", "#cc79a7", "#f0e442", "#4d4d4d"];
/// What is summed as the rest has none of its own.
const REST: &str = "#b8b8b8";

/// The colour of that layer.
pub fn colour(stack: &Stack, layer: usize) -> &'static str {
    let own = COLOURS[layer % COLOURS.len()];
    if stack.layers.get(layer).is_some_and(|layer| layer.rest) { REST } else { own }
}

/// Where a line of text begins, ends, or has its middle.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// The picture so far.
pub struct Canvas(String);

impl Canvas {
    /// A line of text with its base at that height.
    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, (size, ink): (f64, &str), words: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.element(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"{ink}\">{}</text>",
            escaped(words)
        ));
    }

    /// A level line.
    pub fn line(&mut self, y: f64, (from, to): (f64, f64), ink: &str) {
        self.element(format_args!("<path d=\"M{from:.1} {y:.1}H{to:.1}\" stroke=\"{ink}\" stroke-width=\"2\"/>"));
    }

    /// A piece of markup of our own.
    pub fn element(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{markup}");
    }
}

/// The whole picture.
pub fn svg(chart: &Chart, stack: &Stack) -> String {
    let mut canvas = Canvas(String::new());
    let title = escaped(&shown(&chart.title, 99.0));
    canvas.element(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" role=\"img\" font-family=\"Noto Sans, sans-serif\">\n<title>{title}</title>\n\
         <defs><pattern id=\"provisional\" width=\"9\" height=\"9\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect width=\"4\" height=\"9\" fill=\"#ffffff\" fill-opacity=\"0.75\"/>\
         </pattern></defs>\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>"
    ));
    let room = f64::from(WIDTH) - 2.0 * MARGIN;
    canvas.text((MARGIN, 64.0), Anchor::Start, (TITLE, INK), &shown(&chart.title, room / TITLE));
    let when = format!("{} a day, {}", shown(&chart.currency, 4.0), period(chart.from, stack.days));
    canvas.text((MARGIN, 108.0), Anchor::Start, (TEXT, FAINT), when.trim_start());
    let axis = Axis::up_to(float(stack.most()));
    amounts(&mut canvas, &chart.currency, &axis);
    let field = Field { stack, axis };
    field.bars(&mut canvas);
    field.provisional(&mut canvas);
    canvas.line(BOTTOM, (LEFT, RIGHT), INK);
    field.dates(&mut canvas, chart);
    if stack.most().is_zero() {
        let middle = ((LEFT + RIGHT) / 2.0, (TOP + BOTTOM) / 2.0);
        canvas.text(middle, Anchor::Middle, (TEXT, FAINT), "nothing was spent");
    }
    legend::draw(&mut canvas, &chart.currency, stack, (RIGHT + 40.0, f64::from(WIDTH) - MARGIN, TOP));
    canvas.0.push_str("</svg>\n");
    canvas.0
}

fn amounts(canvas: &mut Canvas, currency: &str, axis: &Axis) {
    for value in axis.ticks() {
        let y = BOTTOM - axis.share(value) * (BOTTOM - TOP);
        canvas.line(y, (LEFT, RIGHT), GRID);
        canvas.text((LEFT - 14.0, y + 9.0), Anchor::End, (SMALL, FAINT), &tick(currency, value, axis));
    }
}

/// The field of the bars.
struct Field<'a> {
    stack: &'a Stack,
    axis: Axis,
}

impl Field<'_> {
    /// The room of one day.
    fn room(&self) -> f64 {
        (RIGHT - LEFT) / self.stack.days.max(1) as f64
    }

    /// Where a day's bar begins and how wide it is: bars that have the room
    /// stand apart, and one day alone does not fill the field.
    fn place(&self, day: usize) -> (f64, f64) {
        let room = self.room();
        let wide = if room >= 5.0 { (room * 0.8).min(120.0) } else { room };
        (LEFT + room * day as f64 + (room - wide) / 2.0, wide)
    }

    /// The middle of a day's bar.
    fn middle(&self, day: usize) -> f64 {
        LEFT + self.room() * (day as f64 + 0.5)
    }

    /// One path for each layer, and a second one, pale, for what may change.
    fn bars(&self, canvas: &mut Canvas) {
        let (settled, days) = (self.stack.settled, self.stack.days);
        for layer in 0..self.stack.layers.len() {
            let fill = colour(self.stack, layer);
            for (days, opacity) in [(0..settled, ""), (settled..days, " fill-opacity=\"0.6\"")] {
                let path: String = days.filter_map(|day| self.part(day, layer)).collect();
                if !path.is_empty() {
                    canvas.element(format_args!(
                        "<path shape-rendering=\"crispEdges\" fill=\"{fill}\"{opacity} d=\"{path}\"/>"
                    ));
                }
            }
        }
    }

    /// A layer's part of a day's bar; nothing where it is nothing.
    fn part(&self, day: usize, layer: usize) -> Option<String> {
        let tops = self.stack.tops(day, &self.axis);
        let below = if layer == 0 { 0.0 } else { tops[layer - 1] };
        self.block(day, below, tops[layer])
    }

    fn block(&self, day: usize, from: f64, to: f64) -> Option<String> {
        let (x, wide) = self.place(day);
        let [lower, upper] = [from, to].map(|share| BOTTOM - share * (BOTTOM - TOP));
        (lower > upper).then(|| format!("M{x:.2} {lower:.2}V{upper:.2}h{wide:.2}V{lower:.2}z"))
    }

    /// Stripes over the days that may change, and the word for them.
    fn provisional(&self, canvas: &mut Canvas) {
        let (settled, days) = (self.stack.settled, self.stack.days);
        if settled >= days {
            return;
        }
        let whole = |day| self.block(day, 0.0, self.axis.share(float(self.stack.total(day))));
        let path: String = (settled..days).filter_map(whole).collect();
        if !path.is_empty() {
            canvas.element(format_args!("<path fill=\"url(#provisional)\" d=\"{path}\"/>"));
        }
        const WORD: &str = "provisional";
        let from = LEFT + self.room() * settled as f64;
        canvas.line(TOP - 14.0, (from + 1.0, RIGHT), FAINT);
        // The word is wider than a few days: then it ends where they end.
        let fits = RIGHT - from > width(WORD) * SMALL;
        let (x, anchor) = if fits { ((from + RIGHT) / 2.0, Anchor::Middle) } else { (RIGHT, Anchor::End) };
        canvas.text((x, TOP - 24.0), anchor, (SMALL, FAINT), WORD);
    }

    fn dates(&self, canvas: &mut Canvas, chart: &Chart) {
        const LABEL: f64 = 4.2 * SMALL;
        for at in labelled(chart.from, self.stack.days, (self.room(), LABEL)) {
            let x = self.middle(at);
            canvas.element(format_args!(
                "<path d=\"M{x:.1} {BOTTOM}v10\" stroke=\"{INK}\" stroke-width=\"2\" shape-rendering=\"crispEdges\"/>"
            ));
            let label = day(chart.from, at).strftime("%-d %b").to_string();
            canvas.text((x, BOTTOM + 42.0), Anchor::Middle, (SMALL, FAINT), &label);
        }
    }
}
