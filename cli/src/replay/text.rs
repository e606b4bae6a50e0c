//! What came of an event, for people.

use std::fmt::Write as _;

use super::Replayed;
use crate::paint::{Ink, Paint, wrapped};

/// Columns before a line's text.
const INDENT: usize = 13;
/// Pieces of evidence shown; `--json` has all of it.
const EVIDENCE: usize = 5;

/// The explanation of one event.
pub fn text(replayed: &Replayed, paint: Paint) -> String {
    let Replayed { event, function, outcome, refusal, notices, assumed, why, .. } = replayed;
    let mut out = format!("{}\n", paint.ink(Ink::Bold, event));
    row(&mut out, "event", &why.says, paint);
    let ink = match outcome.as_str() {
        "remedy" | "resolved" => Ink::Green,
        "refused" | "escalated" => Ink::Amber,
        _ => Ink::Blue,
    };
    let named = refusal.as_ref().map_or_else(String::new, |name| format!(" · {name}"));
    let shown = format!(
        "{} {}",
        paint.ink(ink, &format!("{outcome}{named}")),
        paint.ink(Ink::Dim, &format!("({})", function.name()))
    );
    let _ = writeln!(out, "  {:<10} {shown}", "outcome");
    if let Some(sentence) = &why.sentence {
        row(&mut out, if refusal.is_some() { "because" } else { "" }, sentence, paint);
    }
    if let Some(remedy) = &why.remedy {
        row(&mut out, "remedy", &format!("{remedy} ({})", remedy.operation()), paint);
    }
    if let Some(would) = &why.would {
        row(&mut out, "would", &format!("{would} ({})", would.operation()), paint);
    }
    if let Some(found) = &why.diagnosis {
        row(&mut out, "cause", &format!("{}, {} % sure", found.cause, found.percent), paint);
        for piece in found.evidence.iter().take(EVIDENCE) {
            let weight = f64::from(piece.weight) / 100.0;
            row(&mut out, "", &format!("{weight:+.1}  {} · {}", piece.cause, piece.says), paint);
        }
    }
    for (index, notice) in notices.iter().enumerate() {
        row(&mut out, if index == 0 { "told" } else { "" }, &notice.headline, paint);
    }
    if let Some(page) = &why.page {
        row(&mut out, "paged", page, paint);
    }
    if let Some(assumed) = assumed {
        row(&mut out, "assumed", assumed, paint);
    }
    out
}

fn row(out: &mut String, label: &str, text: &str, paint: Paint) {
    for (index, line) in wrapped(text, paint.columns - INDENT).into_iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        let _ = writeln!(out, "  {} {line}", paint.ink(Ink::Dim, &format!("{label:<10}")));
    }
}
