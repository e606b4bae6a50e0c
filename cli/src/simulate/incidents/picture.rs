//! What was said of the release against how often it was so, as a picture.
//!
//! It brings its own white ground, for the page around it may be dark.

use std::fmt::Write as _;

use super::figures::Calibration;

/// Small, for a phone shows it at this size; elsewhere it is drawn larger.
const SIDE: f64 = 440.0;
/// The field of the dots, from left to right and from bottom to top.
const FIELD: (f64, f64) = (88.0, 420.0);
const TOP: f64 = 56.0;
const INK: &str = "#1d1c1d";
const FAINT: &str = "#5e5d60";
const GRID: &str = "#dddddd";
const DOT: &str = "#0072b2";

/// Where a share stands on a line of the field.
fn along(share: f64) -> f64 {
    FIELD.0 + share * (FIELD.1 - FIELD.0)
}

/// And how high.
fn up(share: f64) -> f64 {
    TOP + (1.0 - share) * (FIELD.1 - FIELD.0)
}

/// The picture as SVG. A dot above the line was said too low, below it too
/// high; its area is the number of nights.
pub fn svg(calibration: &[Calibration]) -> String {
    let height = up(0.0) + 84.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {SIDE} {height:.0}\" font-family=\"Noto Sans, sans-serif\" \
         font-size=\"16\" role=\"img\" aria-label=\"Stated probability against outcome\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    text(&mut svg, (FIELD.0, 30.0), ("start", 20, INK), "The release is to blame: said, and so");
    for tick in 0..=5 {
        let share = f64::from(tick) / 5.0;
        let (x, y, label) = (along(share), up(share), format!("{} %", tick * 20));
        let (left, right, top, bottom) = (FIELD.0, FIELD.1, up(1.0), up(0.0));
        let _ = writeln!(svg, "<path d=\"M{left} {y:.1}H{right}M{x:.1} {top}V{bottom}\" stroke=\"{GRID}\"/>");
        text(&mut svg, (FIELD.0 - 20.0, y + 6.0), ("end", 16, FAINT), &label);
        text(&mut svg, (x, bottom + 34.0), ("middle", 16, FAINT), &label);
    }
    let (from, to) = ((along(0.0), up(0.0)), (along(1.0), up(1.0)));
    let _ = writeln!(
        svg,
        "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"{FAINT}\" stroke-dasharray=\"6 6\"/>",
        from.0, from.1, to.0, to.1
    );
    text(&mut svg, (f64::midpoint(FIELD.0, FIELD.1), up(0.0) + 66.0), ("middle", 16, INK), "stated probability");
    let middle = f64::midpoint(up(0.0), up(1.0));
    let _ = writeln!(
        svg,
        "<text transform=\"translate(18 {middle:.1}) rotate(-90)\" text-anchor=\"middle\" fill=\"{INK}\">share of nights in \
         which it was so</text>"
    );
    let most = calibration.iter().map(|ten| ten.n).max().unwrap_or(1).max(1);
    for ten in calibration {
        let (x, y) = (along(ten.stated), up(ten.came_true));
        let radius = 3.0 + 13.0 * (f64::from(ten.n) / f64::from(most)).sqrt();
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"{DOT}\" fill-opacity=\"0.75\"><title>{} nights: \
             {:.1} % said, {:.1} % so</title></circle>",
            ten.n,
            ten.stated * 100.0,
            ten.came_true * 100.0
        );
        // Beside the dot, on the side on which there is room.
        let (anchor, x) = if ten.stated > 0.8 { ("end", x - radius - 6.0) } else { ("start", x + radius + 6.0) };
        text(&mut svg, (x, y - 4.0), (anchor, 14, FAINT), &format!("{}", ten.n));
    }
    svg.push_str("</svg>\n");
    svg
}

fn text(svg: &mut String, (x, y): (f64, f64), (anchor, size, ink): (&str, u32, &str), words: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"{ink}\">{words}</text>"
    );
}
