//! An explanation as a person reads it at three in the morning.

use std::fmt::Write as _;

use nightshift_core::cause::Evidence;

use super::{Explained, Kind, Standing, Weighed};
use crate::paint::{Ink, Paint, harmless, wrapped};

/// Columns of a weight, before what it says.
const WEIGHT: usize = 5;
/// Causes that are shown although nothing speaks for or against them.
const CAUSES: usize = 4;

/// The explanation of one decision.
pub fn text(explained: &Explained, paint: Paint) -> String {
    let mut out = String::new();
    let ink = match explained.decided.decision.as_str() {
        "remedy" | "resolved" => Ink::Green,
        "refused" | "escalated" | "blind" => Ink::Amber,
        _ => Ink::Blue,
    };
    lines(&mut out, (0, paint), &first_upper(&explained.says), |line| paint.ink(ink, line));
    if let Some(weighed) = &explained.diagnosis {
        self::weighed(&mut out, weighed, paint);
    }
    if !explained.facts.is_empty() {
        heading(&mut out, "What it rests on", paint);
        explained.facts.iter().for_each(|fact| lines(&mut out, (2, paint), fact, plain));
    }
    counterfactual(&mut out, explained, paint);
    if !explained.rules.is_empty() {
        heading(&mut out, "Rules in the way", paint);
        for lifted in &explained.rules {
            lines(&mut out, (2, paint), &format!("without {}: {}", lifted.rule, lifted.then.says), plain);
        }
    }
    let build = format!("Explained by the rules of build {}.", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(out, "\n{}", paint.ink(Ink::Dim, &build));
    out
}

/// Evidence as it counts, what it comes to for each cause, and the gate.
fn weighed(out: &mut String, weighed: &Weighed, paint: Paint) {
    heading(out, "Evidence, in log-odds: 0.7 doubles the odds, 2.3 makes them ten times as high", paint);
    for piece in &weighed.evidence {
        self::piece(out, piece, paint);
    }
    heading(out, "Causes", paint);
    let told = |cause: &Standing| cause.prior.is_none_or(|prior| prior != cause.log_odds);
    for (index, cause) in weighed.causes.iter().enumerate().filter(|(index, cause)| *index < CAUSES || told(cause)) {
        let percent = format!("{:>3} %", cause.percent);
        let percent = if index == 0 { paint.ink(Ink::Bold, &percent) } else { percent };
        let _ = writeln!(out, "  {percent}  {:<30} {}", cause.cause.to_string(), paint.ink(Ink::Dim, &made(cause)));
    }
    heading(out, "Gate: may a release be blamed?", paint);
    lines(out, (2, paint), &weighed.gate, plain);
}

/// What a probability is made of.
fn made(cause: &Standing) -> String {
    let odds = |hundredths| odds(hundredths).trim_start().to_owned();
    match cause.prior {
        None => "what the likeliest of the others leaves".to_owned(),
        Some(prior) if prior == cause.log_odds => format!("starts at {}, no evidence", odds(prior)),
        Some(prior) => format!("starts at {}, evidence {}", odds(prior), odds(cause.log_odds - prior)),
    }
}

fn piece(out: &mut String, piece: &Evidence, paint: Paint) {
    let ink = if piece.weight < 0 { Ink::Blue } else { Ink::Amber };
    let about = format!("{} · {}", piece.cause, piece.says);
    let capped = if piece.weight == 0 { ", said by others already" } else { "" };
    let mut said = wrapped(&about, paint.columns - 4 - WEIGHT).into_iter();
    let first = said.next().unwrap_or_default();
    let _ = writeln!(out, "  {}  {first}", paint.ink(ink, &odds(piece.weight)));
    let indent = " ".repeat(4 + WEIGHT);
    said.for_each(|line| out.push_str(&format!("{indent}{line}\n")));
    let _ = writeln!(out, "{indent}{}", paint.ink(Ink::Dim, &format!("({}{capped})", harmless(&piece.name))));
}

/// What one piece less would have made of it.
fn counterfactual(out: &mut String, explained: &Explained, paint: Paint) {
    if explained.tried > 0 {
        let title = format!("One piece less: {} were left out, one at a time", explained.tried);
        heading(out, &title, paint);
        for change in &explained.changes {
            let piece = if change.kind == Kind::Evidence { &change.without } else { &change.says };
            lines(out, (2, paint), &format!("without {piece}: {}", change.then.says), plain);
            if change.kind == Kind::Evidence {
                lines(out, (4, paint), &format!("({})", change.says), |line| paint.ink(Ink::Dim, line));
            }
        }
        if explained.changes.is_empty() {
            lines(out, (2, paint), "No single piece of evidence would have changed it.", plain);
        }
    }
    if let Some(nearest) = &explained.nearest {
        heading(out, "Nearest limit", paint);
        lines(out, (2, paint), nearest, plain);
    }
}

fn heading(out: &mut String, title: &str, paint: Paint) {
    let _ = writeln!(out, "\n{}", paint.ink(Ink::Bold, title));
}

fn lines(out: &mut String, (indent, paint): (usize, Paint), text: &str, inked: impl Fn(&str) -> String) {
    for line in wrapped(text, paint.columns - indent) {
        let _ = writeln!(out, "{}{}", " ".repeat(indent), inked(&line));
    }
}

fn plain(line: &str) -> String {
    line.to_owned()
}

/// Hundredths of log-odds with their sign, without floating point.
fn odds(hundredths: i32) -> String {
    let sign = if hundredths < 0 { '−' } else { '+' };
    let figure = format!("{}.{:02}", hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    format!("{:>WEIGHT$}", format!("{sign}{figure}"))
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
