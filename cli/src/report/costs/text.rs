//! The costs of some days, for a terminal.

use cost_reporter::month::{Estimate, Month};
use cost_reporter::picture::bars;
use cost_reporter::wording::{amount, estimate_line, money, month_line, percent, weekday};
use nightshift_cost::Episode;

use super::{Row, Spending};
use crate::paint::{Ink, Paint, harmless};

/// Rows that are shown; the others are summed up in the total.
const MOST: usize = 25;
/// Characters of a name.
const NAME: usize = 48;
/// Days that a row of bars shows at most, the latest.
const BARS: usize = 31;

/// The report as text.
pub fn text(report: &Spending, paint: Paint) -> String {
    let title = format!(
        "Costs by {} from {} to {}, settled; without credits, refunds and tax",
        harmless(&report.by),
        weekday(report.from),
        weekday(report.to)
    );
    let mut text = format!("\n  {}\n", paint.ink(Ink::Bold, &title));
    if report.sample {
        text.push_str(&format!("  {}\n", paint.ink(Ink::Dim, "A simulated account: without --demo it is yours.")));
    }
    text.push('\n');
    let shown: Vec<&Row> = report.rows.iter().take(MOST).collect();
    let more = report.rows.len() - shown.len();
    let mut rows = vec![["", "spent", "share", "days before", "change", "by day"].map(ToOwned::to_owned)];
    rows.extend(shown.into_iter().map(cells));
    rows.extend(report.totals.iter().map(|total| {
        let name = if more > 0 { format!("all, with {more} more") } else { "all".to_owned() };
        let mut cells = cells(total);
        (cells[0], cells[2]) = (name, String::new());
        cells
    }));
    text.push_str(&columns(&rows, paint));
    part(&mut text, "What cost more than is usual", report.movers.iter().map(mover), paint);
    let month = report.month.iter().flat_map(|it: &Month| month_line(it));
    let estimate = report.estimate.iter().map(|it: &Estimate| estimate_line(it));
    part(&mut text, "The month", month.chain(estimate), paint);
    part(&mut text, "Could not be read", report.unseen.iter().map(ToString::to_string), paint);
    let cents = report.requests;
    let asked = format!("{cents} questions to Cost Explorer, {}.{:02} USD", cents / 100, cents % 100);
    text.push_str(&format!("\n  {}\n\n", paint.ink(Ink::Dim, &asked)));
    text
}

fn cells(row: &Row) -> [String; 6] {
    let name = if row.name.is_empty() { "(none)" } else { &row.name };
    let latest = row.days.len().saturating_sub(BARS);
    [
        cost_reporter::wording::cut(&harmless(name), NAME),
        money(&row.spent),
        row.share.map_or_else(String::new, percent),
        row.before.as_ref().map_or_else(|| "-".to_owned(), |before| amount(before.amount)),
        row.percent.map_or_else(String::new, |share| {
            format!("{}{}", if share.is_sign_negative() { "" } else { "+" }, percent(share))
        }),
        bars(&row.days[latest..]),
    ]
}

/// Names to the left, figures to the right.
fn columns(rows: &[[String; 6]], paint: Paint) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            5 => cell.clone(),
            _ => format!("{cell:>width$}"),
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        let line = line.trim_end();
        let line = if number == 0 { paint.ink(Ink::Dim, line) } else { line.to_owned() };
        text.push_str(&format!("  {line}\n"));
    }
    text
}

/// One line about what cost more than is usual.
pub fn mover(mover: &Episode) -> String {
    let name = harmless(mover.first.key.first().map_or("", String::as_str));
    let peak = &mover.peak;
    let usual = format!(
        "{} on {}, where {} are usual",
        amount(peak.spent.amount),
        weekday(peak.day),
        amount(peak.usual.amount)
    );
    if mover.days == 1 {
        return format!("{name}: {} above usual; {usual}", money(&mover.impact));
    }
    let (from, to) = (weekday(mover.first.day), weekday(mover.last));
    format!("{name}: {} above usual in all, on {} days from {from} to {to}; {usual}", money(&mover.impact), mover.days)
}

fn part(text: &mut String, title: &str, lines: impl Iterator<Item = String>, paint: Paint) {
    let lines: Vec<String> = lines.map(|line| format!("  {}\n", harmless(&line))).collect();
    if !lines.is_empty() {
        text.push_str(&format!("\n  {}\n{}", paint.ink(Ink::Bold, title), lines.concat()));
    }
}
