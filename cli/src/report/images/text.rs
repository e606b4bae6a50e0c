//! The images of services, for a terminal.

use image_guard::report::{State, counts};
use image_guard::weekly::guardrail;
use image_guard::wording::named;
use jiff::SignedDuration;
use nightshift_core::image::{Marked, Role};
use nightshift_core::span::words;

use super::{Held, Images, Shown};
use crate::paint::{Ink, Paint, harmless};

const HEAD: [&str; 8] = ["service", "image", "state", "findings", "due", "runs for", "worst", "excepted"];

/// The report as text.
pub fn text(report: &Images, paint: Paint) -> String {
    let moment = report.at.strftime("%Y-%m-%d %H:%M UTC");
    let title = format!("Images of {} services on {moment}", report.services);
    let mut text = format!("\n  {}\n", paint.ink(Ink::Bold, &title));
    if report.sample {
        let says = "A simulated account, for want of a real one: --table names the ledger of yours.";
        text.push_str(&format!("  {}\n", paint.ink(Ink::Dim, says)));
    }
    let of = |role: Role| report.images.iter().filter(move |it| it.row.role == role).collect::<Vec<_>>();
    let (runs, back) = (of(Role::Runs), of(Role::LastGood));
    if runs.is_empty() {
        text.push_str("\n  No image of a service is known yet: the daily look finds them.\n");
    }
    table(&mut text, "What runs", &runs, paint);
    table(&mut text, "What they would go back to", &back, paint);
    part(&mut text, "Kept from being deployed", report.quarantined.iter().map(held), paint);
    part(&mut text, "Repositories", report.repositories.iter().map(guardrail), paint);
    let ending = report.ending.iter().map(|it| {
        let place = it.repository.as_deref().unwrap_or("every repository");
        format!("{} in {place}: {} answers for it until {} ({})", it.finding, it.owner, it.until, it.reason)
    });
    part(&mut text, "Exceptions that have ended or end within a week", ending, paint);
    part(&mut text, "Nobody has looked at these services yet", report.unknown.iter().cloned(), paint);
    part(&mut text, "Could not be read", report.unread.iter().cloned(), paint);
    text.push('\n');
    text
}

/// A table in columns, each row in the colour of its state.
fn table(text: &mut String, title: &str, shown: &[&Shown], paint: Paint) {
    if shown.is_empty() {
        return;
    }
    text.push_str(&format!("\n  {}\n", paint.ink(Ink::Bold, title)));
    let rows: Vec<[String; 8]> = shown.iter().map(|it| cells(it)).collect();
    let head = HEAD.map(ToOwned::to_owned);
    let width =
        |column: usize| std::iter::once(&head).chain(&rows).map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let line = |row: &[String; 8], ink: &dyn Fn(usize, &str) -> String| {
        let padded = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            // What is last is not padded: no line ends in blanks.
            let width = if column == HEAD.len() - 1 { 0 } else { width };
            ink(column, &format!("{cell:<width$}"))
        });
        format!("    {}\n", padded.collect::<Vec<_>>().join("  "))
    };
    text.push_str(&line(&head, &|_, cell| paint.ink(Ink::Dim, cell)));
    for (row, it) in rows.iter().zip(shown) {
        let state = |column: usize, cell: &str| match column {
            2 => paint.ink(ink(it.row.state), cell),
            _ => cell.to_owned(),
        };
        text.push_str(&line(row, &state));
    }
}

fn ink(state: State) -> Ink {
    match state {
        State::Overdue => Ink::Red,
        State::Exposed | State::Quarantined => Ink::Amber,
        State::Unscanned => Ink::Violet,
        State::Tolerated => Ink::Dim,
        State::Clean => Ink::Green,
    }
}

fn cells(shown: &Shown) -> [String; 8] {
    let row = &shown.row;
    let name = row.reference.rsplit('/').next().unwrap_or(&row.reference);
    let name = name.split('@').next().unwrap_or(name);
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let worst = match row.exposed.as_slice() {
        [] => row.unscanned.clone(),
        [one] => Some(one.clone()),
        [first, more @ ..] => Some(format!("{first} +{}", more.len())),
    };
    [
        row.service.clone(),
        format!("{name}@{}", shown.digest12),
        row.state.word().to_owned(),
        counts(&row.findings),
        or_none(row.due.map(|due| due.strftime("%Y-%m-%d").to_string())),
        words(SignedDuration::from_secs(row.age_s)),
        or_none(worst),
        or_none(Some(named(&row.exceptions)).filter(|named| !named.is_empty())),
    ]
    .map(|cell| harmless(&cell))
}

fn held(held: &Held) -> String {
    let last = held.image.repository.rsplit('/').next().unwrap_or(&held.image.repository);
    let name = held.tags.first().map_or_else(|| last.to_owned(), |tag| format!("{last}:{tag}"));
    let because: Vec<String> = held.because.iter().cloned().collect();
    let mark = match &held.mark {
        Marked::Tagged => format!("tagged {}", held.image.quarantine_tag()),
        Marked::Not => "not tagged yet".to_owned(),
        Marked::Cannot { why } => format!("not tagged: {why}"),
    };
    let archived = if held.archived { ", in the archive" } else { "" };
    let since = held.since.strftime("%Y-%m-%d %H:%M");
    format!("{name}@{} since {since} for {}; {mark}{archived}", held.digest12, named(&because))
}

fn part(text: &mut String, title: &str, lines: impl Iterator<Item = String>, paint: Paint) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    text.push_str(&format!("\n  {}\n", paint.ink(Ink::Bold, title)));
    for line in lines {
        text.push_str(&format!("    {}\n", harmless(&line)));
    }
}
