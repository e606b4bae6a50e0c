//! What a service has and lacks, for a terminal.

use nightshift_core::described::Signal;

use super::{Adoption, Check, Fleet, Row, Standing};
use crate::paint::{Ink, Paint, harmless, wrapped};

/// Columns that stay free at the right.
const MARGIN: usize = 4;
const HEAD: [&str; 10] =
    ["service", "mode", "environment", "team", "latency", "traffic", "errors", "saturation", "scaling", "missing"];

/// One service.
pub fn one(adoption: &Adoption, paint: Paint) -> String {
    let Adoption { service, account, region, .. } = adoption;
    let title = format!("{service} in account {account}, {region}");
    let mut text = format!("\n  {}\n", paint.ink(Ink::Bold, &harmless(&title)));
    let mut area = "";
    for check in &adoption.checks {
        if check.area != area {
            area = check.area;
            text.push_str(&format!("\n  {}\n", paint.ink(Ink::Bold, area)));
        }
        text.push_str(&line(check, paint));
    }
    if !adoption.unseen.is_empty() {
        text.push_str(&format!("\n  {}\n", paint.ink(Ink::Bold, "Could not be seen")));
        for unseen in &adoption.unseen {
            let says = format!("{}: {}. So {}.", unseen.what, unseen.why, unseen.follows);
            indented(&mut text, &says, "    ", paint.columns - MARGIN);
        }
    }
    let of = |standing| adoption.checks.iter().filter(|check| check.standing == standing).count();
    let (ready, missing, unknown) = (of(Standing::Ready), of(Standing::Missing), of(Standing::Unknown));
    let unseen = if unknown > 0 { format!(", {unknown} could not be seen") } else { String::new() };
    let sum = format!("{ready} of {} are there, {missing} missing{unseen}", adoption.checks.len());
    text.push_str(&format!("\n  {}\n", paint.ink(Ink::Bold, &sum)));
    next(&mut text, adoption, paint);
    text.push('\n');
    text
}

fn line(check: &Check, paint: Paint) -> String {
    let (mark, ink) = match check.standing {
        Standing::Ready => ("✓", Ink::Green),
        Standing::Missing => ("✗", Ink::Red),
        Standing::Unknown => ("?", Ink::Amber),
    };
    let says = harmless(&check.says);
    let Some(cure) = &check.cure else { return format!("    {} {says}\n", paint.ink(ink, mark)) };
    let (cure, used) = (harmless(cure), says.chars().count() + 8);
    if used + cure.chars().count() <= paint.columns - MARGIN {
        return format!("    {} {says} {}\n", paint.ink(ink, mark), paint.ink(Ink::Dim, &format!("→ {cure}")));
    }
    // A command is pasted: it is not broken.
    let lines = if cure.starts_with("aws ") { vec![cure] } else { wrapped(&cure, paint.columns - MARGIN - 8) };
    let mut text = format!("    {} {says}\n", paint.ink(ink, mark));
    for (number, line) in lines.iter().enumerate() {
        let before = if number == 0 { "→" } else { " " };
        text.push_str(&format!("      {}\n", paint.ink(Ink::Dim, &format!("{before} {line}"))));
    }
    text
}

/// What to do now.
fn next(text: &mut String, adoption: &Adoption, paint: Paint) {
    let title = if adoption.deployed { "Its stack is deployed already; to deploy it again" } else { "Next" };
    text.push_str(&format!("\n  {}\n", paint.ink(Ink::Bold, title)));
    if let Some(why) = &adoption.no_companion {
        return indented(text, &format!("No parameters are written: {why}."), "    ", paint.columns - MARGIN);
    }
    let Some(companion) = &adoption.companion else { return };
    for note in &companion.notes {
        indented(text, note, "    ", paint.columns - MARGIN);
    }
    // A command is pasted: it is not broken.
    for command in &adoption.commands {
        text.push_str(&format!("    $ {}\n", harmless(command)));
    }
}

fn indented(text: &mut String, says: &str, indent: &str, width: usize) {
    for line in wrapped(says, width - indent.len()) {
        text.push_str(&format!("{indent}{line}\n"));
    }
}

/// All services.
pub fn all(fleet: &Fleet, paint: Paint) -> String {
    let rows: Vec<[String; 10]> = fleet.services.iter().map(cells).collect();
    let head = HEAD.map(ToOwned::to_owned);
    let width = |column: usize| std::iter::once(&head).chain(&rows).map(|row| row[column].chars().count()).max();
    let widths: [usize; 10] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let line = |row: &[String; 10], ink: &dyn Fn(usize, &str) -> String| {
        let padded = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            // What is last is not padded: no line ends in blanks.
            let width = if column == HEAD.len() - 1 { 0 } else { width };
            ink(column, &format!("{cell:<width$}"))
        });
        format!("    {}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    let number = fleet.services.len();
    let whole = fleet.services.iter().filter(|row| row.missing.is_empty()).count();
    let title = format!("{number} services, {whole} of them lacking nothing");
    let mut text = format!("\n  {}\n\n", paint.ink(Ink::Bold, &title));
    text.push_str(&line(&head, &|_, cell| paint.ink(Ink::Dim, cell)));
    for row in &rows {
        text.push_str(&line(row, &|column, cell| match column {
            4..=8 if cell.trim() == "-" => paint.ink(Ink::Red, cell),
            4..=7 => paint.ink(Ink::Green, cell),
            _ => cell.to_owned(),
        }));
    }
    for unseen in &fleet.unseen {
        indented(&mut text, unseen, "  ", paint.columns - MARGIN);
    }
    text.push_str("\n  nightshift adopt CLUSTER/SERVICE says of one what to do.\n\n");
    text
}

fn cells(row: &Row) -> [String; 10] {
    let or_dash = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), harmless);
    let or_unknown = |what: &str| if row.unknown.contains(&what) { "?" } else { "-" }.to_owned();
    let watched = |signal: Signal| match row.signals.contains(&signal) {
        true => "✓".to_owned(),
        false => or_unknown("signals"),
    };
    let [latency, traffic, errors, saturation] = Signal::GOLDEN.map(watched);
    let missing = if row.missing.is_empty() { "-".to_owned() } else { row.missing.join(", ") };
    [
        harmless(&row.service),
        or_dash(&row.mode),
        or_dash(&row.environment),
        or_dash(&row.team),
        latency,
        traffic,
        errors,
        saturation,
        row.scaling.clone().unwrap_or_else(|| or_unknown("scaling")),
        missing,
    ]
}
