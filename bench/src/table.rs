//! The report for a terminal.

use std::fmt::Write as _;

use crate::conditions::Condition;
use crate::figures::Figures;
use crate::money;
use crate::report::{Bound, Goal, OURS, Report};

type Column = (&'static str, fn(&Figures) -> f64);

/// Milliseconds and megabytes.
const COLUMNS: [Column; 9] = [
    ("init", |of| of.init_ms),
    ("1st event", |of| of.first_event_ms),
    ("cold→remedy", |of| of.cold_to_remedy_ms),
    ("cold CPU", |of| of.cold_cpu_ms),
    ("warm p50", |of| of.warm_p50_ms),
    ("warm p99", |of| of.warm_p99_ms),
    ("→remedy", |of| of.warm_to_remedy_ms),
    ("warm CPU", |of| of.warm_cpu_ms),
    ("peak MB", |of| of.peak_rss_mb),
];

/// All of it, as text.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    let machine = &report.machine;
    let _ = writeln!(text, "{}, {} CPUs, Linux {}; medians, ms\n", machine.processor, machine.cpus, machine.kernel);
    for condition in Condition::ALL {
        of_condition(&mut text, report, condition);
    }
    of_calls(&mut text, report);
    text.push_str(&money::text(&report.billed));
    for goal in &report.goals {
        let _ = writeln!(text, "{}", line_of(goal));
    }
    for missing in &report.missing {
        let _ = writeln!(text, "\nmissing: {missing}");
    }
    text
}

fn of_condition(text: &mut String, report: &Report, condition: Condition) {
    let rows: Vec<_> =
        report.variants.iter().filter_map(|variant| Some((&variant.name, variant.figures.get(&condition)?))).collect();
    if rows.is_empty() {
        return;
    }
    let often = report.often.get(&condition);
    let often =
        often.map_or_else(String::new, |often| format!(" ({} starts, {} events after each)", often.lives, often.warm));
    let _ = write!(text, "{}{often}\n{:<16}", condition.title(), "");
    for (name, _) in COLUMNS {
        let _ = write!(text, "{name:>12}");
    }
    let ours = rows.iter().find(|(name, _)| *name == OURS).map(|(_, figures)| figures.cold_to_remedy_ms);
    let _ = writeln!(text, "{:>8}", "/ours");
    for (name, figures) in rows {
        let _ = write!(text, "{name:<16}");
        for (_, figure) in COLUMNS {
            let _ = write!(text, "{:>12.2}", figure(figures));
        }
        let ratio = ours.map_or_else(String::new, |ours| format!("{:.2}", figures.cold_to_remedy_ms / ours));
        let _ = writeln!(text, "{ratio:>8}");
    }
    text.push('\n');
}

fn of_calls(text: &mut String, report: &Report) {
    let _ = writeln!(
        text,
        "{:<16}{:>8}{:>10}{:>10}{:>18}{:>12}{:>12}",
        "", "zip MB", "calls", "rounds*", "connections**", "sent kB", "recvd kB"
    );
    for variant in &report.variants {
        let zipped = variant.zipped_mb.map_or_else(|| "–".to_owned(), |zipped| format!("{zipped:.2}"));
        let Some(calls) = &variant.calls else {
            let _ = writeln!(text, "{:<16}{zipped:>8}", variant.name);
            continue;
        };
        let (init, first, later) =
            (calls.connections_of_init, calls.connections_of_first_event, calls.connections_of_later_event);
        let connections = format!("{init} / {first} / {later}");
        let _ = writeln!(
            text,
            "{:<16}{zipped:>8}{:>10}{:>10}{connections:>18}{:>12.1}{:>12.1}",
            variant.name,
            calls.calls,
            calls.rounds_before_remedy,
            calls.sent as f64 / 1000.0,
            calls.received as f64 / 1000.0,
        );
    }
    text.push_str("* one after the other before the remedy   ** of init / the first event / a later one\n\n");
}

/// A goal in one line, with its mark.
pub fn line_of(goal: &Goal) -> String {
    let mark = match goal.met() {
        Some(true) => "✓",
        Some(false) => "✕",
        None => "–",
    };
    let bound = match goal.bound {
        Bound::AtLeast => "≥",
        Bound::AtMost => "≤",
    };
    let found = goal.found.map_or_else(|| "not measured".to_owned(), |found| format!("{found:.2}"));
    format!("{mark} {:<70} {found:>12}   {bound} {}", goal.name, goal.wanted)
}
