//! The night as text for a terminal.

use std::fmt::Write as _;

use super::lines::clock;
use super::{Demo, Incident, Line, Mark, Posted, Scene};
use crate::paint::{Ink, Paint, wrapped};

/// Columns before the text of a line: frame, time, symbol, label.
const INDENT: usize = 28;

/// The whole night.
pub fn timeline(demo: &Demo, paint: Paint) -> String {
    let mut text = String::new();
    let day = demo.scenes.first().and_then(|scene| scene.lines.first());
    let day = day.map_or_else(String::new, |line| line.at.strftime("%A %-d %B %Y").to_string());
    let title = paint.ink(Ink::Bold, "A night on the simulated account");
    let about = paint.ink(Ink::Dim, &format!("{day} · times in UTC · seed {}", demo.seed));
    let _ = writeln!(text, "\n  {title}\n  {about}");
    for (index, scene) in demo.scenes.iter().enumerate() {
        self::scene(&mut text, scene, index + 1, paint);
    }
    for (index, (title, story, posted)) in demo.reports().enumerate() {
        opening(&mut text, title, story, demo.scenes.len() + index + 1, paint);
        report(&mut text, posted, paint);
    }
    text
}

fn report(text: &mut String, posted: &Posted, paint: Paint) {
    let bar = paint.ink(Ink::Dim, "│");
    for section in &posted.notice.sections {
        let _ = writeln!(text, "  {bar}  {}", paint.ink(Ink::Bold, &section.title));
        for line in &section.lines {
            let rows = if section.aligned { vec![line.clone()] } else { wrapped(line, paint.columns - 8) };
            for row in rows {
                let _ = writeln!(text, "  {bar}    {row}");
            }
        }
    }
    for (index, row) in wrapped(&posted.notice.headline, paint.columns - 6).into_iter().enumerate() {
        let corner = if index == 0 { "╰─" } else { "  " };
        let _ = writeln!(text, "  {} {row}", paint.ink(Ink::Dim, corner));
    }
}

/// The head of a scene.
fn opening(text: &mut String, title: &str, story: &str, number: usize, paint: Paint) {
    let bar = paint.ink(Ink::Dim, "│");
    let corner = paint.ink(Ink::Dim, "╭─");
    let _ =
        writeln!(text, "\n  {corner} {}  {}", paint.ink(Ink::Dim, &number.to_string()), paint.ink(Ink::Bold, title));
    for line in wrapped(story, paint.columns - 6) {
        let _ = writeln!(text, "  {bar}  {}", paint.ink(Ink::Dim, &line));
    }
    let _ = writeln!(text, "  {bar}");
}

fn scene(text: &mut String, scene: &Scene, number: usize, paint: Paint) {
    opening(text, &scene.title, &scene.story, number, paint);
    let bar = paint.ink(Ink::Dim, "│");
    for line in &scene.lines {
        self::line(text, line, paint);
    }
    let _ = writeln!(text, "  {bar}");
    let last = scene.incidents.len().saturating_sub(1);
    for (index, incident) in scene.incidents.iter().enumerate() {
        ending(text, incident, if index == last { "╰─" } else { "├─" }, paint);
    }
}

fn line(text: &mut String, line: &Line, paint: Paint) {
    let (symbol, label, ink) = look(line.mark);
    let bar = paint.ink(Ink::Dim, "│");
    let at = paint.ink(Ink::Dim, &clock(line.at));
    let label = paint.ink(ink, &format!("{symbol} {label:<10}"));
    let said = match line.until {
        Some(until) => format!("until {}, {}", clock(until), line.text),
        None => line.text.clone(),
    };
    let mut rows = wrapped(&said, paint.columns - INDENT).into_iter();
    let first = rows.next().unwrap_or_default();
    let strong = matches!(
        line.mark,
        Mark::Alarm | Mark::Cause | Mark::Remedy | Mark::Refused | Mark::Finding | Mark::Quarantined | Mark::Healed
    );
    let weigh = |row: &str| paint.ink(if strong { Ink::Bold } else { Ink::Dim }, row);
    let quiet = matches!(line.mark, Mark::Check | Mark::Nothing | Mark::Told | Mark::Clear | Mark::Release);
    let shown = |row: &str| if strong || quiet { weigh(row) } else { row.to_owned() };
    let _ = writeln!(text, "  {bar}  {at}  {label} {}", shown(&first));
    for row in rows {
        let _ = writeln!(text, "  {bar}{}{}", " ".repeat(INDENT - 3), shown(&row));
    }
    for detail in &line.details {
        // Evidence hangs under its weight.
        let hang = if detail.starts_with(['+', '-']) { 6 } else { 0 };
        for (index, row) in wrapped(detail, paint.columns - INDENT - hang).into_iter().enumerate() {
            let indent = INDENT - 3 + if index == 0 { 0 } else { hang };
            let _ = writeln!(text, "  {bar}{}{}", " ".repeat(indent), paint.ink(Ink::Dim, &row));
        }
    }
}

/// Symbol, word and ink of a kind of line.
fn look(mark: Mark) -> (&'static str, &'static str, Ink) {
    match mark {
        Mark::Release => ("◇", "release", Ink::Dim),
        Mark::Alarm => ("▲", "alarm", Ink::Red),
        Mark::Cause => ("●", "cause", Ink::Amber),
        Mark::Remedy => ("↺", "remedy", Ink::Blue),
        Mark::Refused => ("■", "no remedy", Ink::Amber),
        Mark::Finding => ("▲", "finding", Ink::Red),
        Mark::Quarantined => ("■", "quarantine", Ink::Amber),
        Mark::Told => ("›", "slack", Ink::Dim),
        Mark::Paged => ("✆", "pager", Ink::Violet),
        Mark::Check => ("·", "check", Ink::Dim),
        Mark::Clear => ("▽", "clear", Ink::Green),
        Mark::Healed => ("✔", "over", Ink::Green),
        Mark::Nothing => ("=", "nothing", Ink::Dim),
        Mark::Person => ("☻", "person", Ink::Violet),
        Mark::Failed => ("✗", "failed", Ink::Red),
    }
}

fn ending(text: &mut String, incident: &Incident, corner: &str, paint: Paint) {
    let ink = if incident.well() { Ink::Green } else { Ink::Amber };
    let service = paint.ink(Ink::Bold, &incident.service);
    let used = incident.service.chars().count() + 7;
    let mut rows = wrapped(&incident.ending, paint.columns - used).into_iter();
    let first = rows.next().unwrap_or_default();
    let _ = writeln!(text, "  {} {service}  {}", paint.ink(Ink::Dim, corner), paint.ink(ink, &first));
    let bar = if corner == "├─" { paint.ink(Ink::Dim, "│") } else { " ".to_owned() };
    for row in rows {
        let _ = writeln!(text, "  {bar}{}{}", " ".repeat(used - 3), paint.ink(ink, &row));
    }
}
