//! The exact figures are in docs/diagnosis.md, and README quotes them: neither
//! may say what these weights no longer do.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::fit::{NIGHTS_PER_CAUSE, Report, Score, unseen_nights};

const BEGIN: &str = "<!-- figures -->\n";
const END: &str = "<!-- end of figures -->\n";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

#[track_caller]
fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

/// The report as the tables of the document.
fn tables(report: &Report) -> String {
    let mut tables = String::new();
    let _ = writeln!(tables, "| rule | blames rightly | wrongly | misses | precision | recall |");
    let _ = writeln!(tables, "|---|---:|---:|---:|---:|---:|");
    for (rule, score) in [
        ("acts: at least `act_at` sure", &report.acts),
        ("acts or asks: at least `ask_at` sure", &report.asks),
        ("naive: an alarm within an hour of a release", &report.naive),
    ] {
        let Score { right, wrong, missed } = score;
        let (precision, recall) = (score.precision(), score.recall());
        let _ = writeln!(tables, "| {rule} | {right} | {wrong} | {missed} | {precision} % | {recall} % |");
    }
    let _ = writeln!(tables, "\n| sure of the release | nights | of them the release's |");
    let _ = writeln!(tables, "|---|---:|---:|");
    for (from, (nights, guilty)) in &report.calibration {
        let _ = writeln!(tables, "| {from} to {} % | {nights} | {guilty} |", from + 9);
    }
    let _ = writeln!(tables, "\n| truth | named as the likeliest cause |");
    let _ = writeln!(tables, "|---|---:|");
    for (truth, named) in &report.named {
        let percent = u64::from(100 * named) / NIGHTS_PER_CAUSE;
        let _ = writeln!(tables, "| {truth} | {percent} % |");
    }
    tables
}

#[test]
fn the_document_has_the_figures_of_these_weights() {
    let document = text("docs/diagnosis.md");
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    let wanted = format!("\n{}\n", tables(unseen_nights()));
    if std::env::var_os("UPDATE_FIGURES").is_some() {
        std::fs::write(file("docs/diagnosis.md"), format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert!(
        found == wanted,
        "run `UPDATE_FIGURES=1 cargo test -p nightshift-diagnosis figures`, and tell README; now it is\n{wanted}"
    );
}

#[test]
fn the_readme_quotes_the_figures_of_the_document() {
    let report = unseen_nights();
    let words = text("README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    let quotes = [
        format!("is the release's fault in {} % of cases", report.acts.precision()),
        format!("it acts on {} % of bad releases", report.acts.recall()),
        format!("\"an alarm within an hour of a release\" is right in {} %", report.naive.precision()),
        format!("{} generated nights", NIGHTS_PER_CAUSE * report.named.len() as u64),
        "(docs/diagnosis.md)".to_owned(),
    ];
    for quote in quotes {
        assert!(words.contains(&quote), "README does not say: {quote}");
    }
}
