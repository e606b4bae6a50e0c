//! How delivery did as one page that stands by itself: no script, no font, no
//! image and no style from anywhere else.

use std::fmt::Write as _;

use nightshift_release::trend::Step;
use ops_reviewer::table::{delivery, named};

use super::Delivery;
use crate::page::escape::escaped;

const STYLE: &str = include_str!("page.css");
const WIDTH: f64 = 1000.0;
const LEFT: f64 = 34.0;
const TOP: f64 = 10.0;
const HEIGHT: f64 = 120.0;
/// Below the bars stand the days.
const FOOT: f64 = 24.0;
/// Days that are named below the bars.
const MOST_NAMES: usize = 14;

/// The whole page.
pub fn page(report: &Delivery) -> String {
    let day = |at: jiff::Timestamp| at.strftime("%-d %B %Y").to_string();
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Delivery</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<h1>Delivery</h1>\n<p>The {} days from {} to {}. All times are UTC.</p>\n",
        report.dora.all.days,
        day(report.from),
        day(report.to),
    );
    table(&mut html, report);
    chart(&mut html, "all services", &report.trend.all);
    for (key, steps) in &report.trend.services {
        chart(&mut html, named(key), steps);
    }
    html.push_str(
        "<footer>A release that failed, or was rolled back later, is red. Rollbacks, restarts and a service's first \
         deployment are no releases. Made by <code>nightshift report dora --html</code>.</footer>\n</main>\n</body>\n\
         </html>\n",
    );
    html
}

fn table(html: &mut String, report: &Delivery) {
    let rows = delivery(&report.dora, None, &report.trend);
    html.push_str("<table>\n");
    for (number, row) in rows.iter().enumerate() {
        let cell = if number == 0 { "th" } else { "td" };
        html.push_str("<tr>");
        for text in row {
            // Writing to a String cannot fail.
            let _ = write!(html, "<{cell}>{}</{cell}>", escaped(text));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
}

/// The releases of each day as a bar, what failed on top of what stayed.
fn chart(html: &mut String, name: &str, steps: &[Step]) {
    let most = steps.iter().map(|step| step.stayed + step.failed).max().unwrap_or(0).max(1);
    let unit = HEIGHT / f64::from(most);
    let wide = (WIDTH - LEFT) / steps.len().max(1) as f64;
    let bottom = TOP + HEIGHT;
    let name = escaped(name);
    let _ = write!(
        html,
        "<h2>{name}</h2>\n<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"Releases of {name} by day\">\n\
         <text class=\"tick\" x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{most}</text>\n\
         <line class=\"floor\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{bottom}\" y2=\"{bottom}\"/>\n",
        bottom + FOOT,
        LEFT - 8.0,
        TOP + 10.0,
    );
    let every = steps.len().div_ceil(MOST_NAMES).max(1);
    for (number, step) in steps.iter().enumerate() {
        let x = LEFT + wide * number as f64;
        let (stayed, failed) = (unit * f64::from(step.stayed), unit * f64::from(step.failed));
        bar(html, "stayed", (x, bottom - stayed), (wide, stayed));
        bar(html, "failed", (x, bottom - stayed - failed), (wide, failed));
        if number % every == 0 {
            let _ = writeln!(
                html,
                "<text class=\"tick\" x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
                x + wide / 2.0,
                bottom + 16.0,
                step.from.strftime("%-d %b"),
            );
        }
    }
    html.push_str("</svg>\n");
}

fn bar(html: &mut String, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
    // A gap between two days, however many there are.
    let inner = width * 0.8;
    if height > 0.0 {
        let _ = writeln!(
            html,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{inner:.1}\" height=\"{height:.1}\"/>",
            x + width * 0.1,
        );
    }
}
