//! How delivery did, for a terminal.

use ops_reviewer::table::{aligned, delivery};

use super::Delivery;
use crate::paint::{Ink, Paint, harmless};

/// The measures as a table.
pub fn text(report: &Delivery, paint: Paint) -> String {
    let all = &report.dora.all;
    let moment = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let title = format!("Delivery in the {} days from {} to {}", all.days, moment(report.from), moment(report.to));
    let mut text = format!("\n  {}\n\n", paint.ink(Ink::Bold, &title));
    if all.deployments + all.restarts == 0 {
        text.push_str("  No release is on record.\n\n");
        return text;
    }
    let lines = aligned(&delivery(&report.dora, None, &report.trend));
    let last = lines.len() - 1;
    for (row, line) in lines.iter().enumerate() {
        let line = harmless(line);
        let line = match row {
            0 => paint.ink(Ink::Dim, &line),
            row if row == last => paint.ink(Ink::Bold, &line),
            _ => line,
        };
        text.push_str(&format!("  {line}\n"));
    }
    let beside =
        [(all.rework, "within a day after a failed release"), (all.restarts, "restarts, which are no release")];
    let beside: Vec<String> =
        beside.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
    if !beside.is_empty() {
        text.push_str(&format!("\n  {}\n", paint.ink(Ink::Dim, &beside.join("; "))));
    }
    text.push('\n');
    text
}
