//! What came of a simulation, for a terminal.

use ops_reviewer::table::aligned;

use super::Simulated;
use super::judge::Figures;
use crate::paint::{Ink, Paint};

/// The figures as a table.
pub fn text(simulated: &Simulated, paint: Paint) -> String {
    let Simulated { seeds, first_seed, detector, baselines } = simulated;
    let title = format!("Cost anomalies in {seeds} simulated years from seed {first_seed} on");
    let rows = [
        ["", "worth telling", "told", "precision", "recall", "days to detect", "9 in 10 within"].map(ToOwned::to_owned),
        row("Nightshift", detector),
        row("20 % more than yesterday", &baselines.yesterday_20_percent),
        row("7-day mean + 3 sigma", &baselines.mean_3_sigma),
    ];
    let mut text = format!("\n  {}\n\n", paint.ink(Ink::Bold, &title));
    for (row, line) in aligned(&rows.map(Vec::from)).iter().enumerate() {
        let line = if row == 0 { paint.ink(Ink::Dim, line) } else { line.clone() };
        text.push_str(&format!("  {line}\n"));
    }
    text.push('\n');
    text
}

fn row(name: &str, figures: &Figures) -> [String; 7] {
    let percent = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let days = |days: Option<f64>| days.map_or_else(|| "-".to_owned(), |days| days.to_string());
    [
        name.to_owned(),
        figures.n.to_string(),
        figures.told.to_string(),
        percent(figures.precision),
        percent(figures.recall),
        days(figures.days_to_detect),
        days(figures.days_to_detect_p90),
    ]
}
