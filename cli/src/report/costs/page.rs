//! The costs of some days as one page that stands by itself: no script, no font,
//! no image and no style from anywhere else.

use std::fmt::Write as _;

use cost_reporter::wording::{amount, estimate_line, money, month_line, percent, weekday};

use super::text::mover;
use super::{Row, Spending};
use crate::page::escape::escaped;

const STYLE: &str = include_str!("../page.css");

/// The whole page.
pub fn page(report: &Spending) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Costs</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<h1>Costs by {}</h1>\n<p>From {} to {}, settled; without credits, refunds and \
         tax.{}</p>\n",
        escaped(&report.by),
        weekday(report.from),
        weekday(report.to),
        if report.sample { " A simulated account." } else { "" },
    );
    if let Some(chart) = &report.chart {
        let _ = writeln!(html, "<figure>{}</figure>", nightshift_picture::svg(chart));
    }
    table(&mut html, report);
    let month = report.month.iter().flat_map(month_line).chain(report.estimate.iter().map(estimate_line));
    part(&mut html, "What cost more than is usual", report.movers.iter().map(mover));
    part(&mut html, "The month", month);
    part(&mut html, "Could not be read", report.unseen.iter().map(ToString::to_string));
    html.push_str("<footer>Made by <code>nightshift report cost --html</code>.</footer>\n</main>\n</body>\n</html>\n");
    html
}

fn table(html: &mut String, report: &Spending) {
    html.push_str("<table>\n<tr><th></th><th>spent</th><th>share</th><th>days before</th><th>change</th></tr>\n");
    for row in report.rows.iter().chain(&report.totals) {
        let Row { name, spent, before, percent: change, share, .. } = row;
        // Writing to a String cannot fail.
        let name = match (share, name.as_str()) {
            (None, "") => "all",
            (_, "") => "(none)",
            (_, name) => name,
        };
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(name),
            escaped(&money(spent)),
            share.map_or_else(String::new, percent),
            before.as_ref().map_or_else(|| "-".to_owned(), |before| amount(before.amount)),
            change.map_or_else(String::new, percent),
        );
    }
    html.push_str("</table>\n");
}

fn part(html: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.map(|line| format!("<p>{}</p>\n", escaped(&line))).collect();
    if !lines.is_empty() {
        let _ = write!(html, "<h2>{title}</h2>\n{}", lines.concat());
    }
}
