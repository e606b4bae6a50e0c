//! TOML that is none: what its parser says, with the field and the cure.

use std::ops::RangeInclusive;

use super::mistake::{MOST, Mistake, place};

/// An error of the TOML parser.
pub(super) struct Broken {
    /// What to tell of it.
    pub mistake: Mistake,
    /// The line that begins its table: of what is missing there nothing can
    /// be said.
    pub header: usize,
    /// Nor of anything in these lines.
    pub lines: RangeInclusive<usize>,
    /// A value without quotes: whoever knows its key can say what belongs
    /// there, and then this need not be told.
    pub unquoted: bool,
}

/// What is wrong with `text` as TOML.
pub(super) fn broken(text: &str, errors: &[toml::de::Error]) -> Vec<Broken> {
    errors.iter().take(MOST + 1).map(|error| one(text, error)).collect()
}

fn one(text: &str, error: &toml::de::Error) -> Broken {
    let span = error.span().unwrap_or_default();
    let (line, column) = place(text, span.start);
    let found = text.get(span).unwrap_or_default();
    let field = field(text, line);
    let key = field.rsplit('.').next().unwrap_or_default();
    let (says, unquoted) = match error.message() {
        "duplicate key" => (format!("{found} is there twice; expected once; delete one of the two"), false),
        says if says.starts_with("string values must be quoted") && found.is_empty() => {
            ("has no value; expected one after the =; write it, or delete the line for the default".to_owned(), true)
        }
        says if says.starts_with("string values must be quoted") => {
            (format!("{found} has no quotes; expected a quoted text; write {key} = \"{found}\""), true)
        }
        says => (format!("no TOML: {says}"), false),
    };
    let begins = headers(text).any(|(at, _)| at == line);
    let last = if begins { next_header(text, line) - 1 } else { line };
    let above = if unquoted { line } else { header_above(text, line).map_or(line, |(at, _)| at) };
    let mistake = Mistake { line, column, field, says };
    Broken { mistake, header: above, lines: line..=last, unquoted }
}

/// The lines that begin a table, with what stands between the brackets.
fn headers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let name = line.trim_start().strip_prefix('[')?.trim_start_matches('[');
        Some((index + 1, name.split([']', '#']).next().unwrap_or_default().trim()))
    })
}

fn next_header(text: &str, line: usize) -> usize {
    headers(text).map(|(at, _)| at).find(|at| *at > line).unwrap_or_else(|| text.lines().count() + 1)
}

/// The table that the line is in, or begins.
fn header_above(text: &str, line: usize) -> Option<(usize, &str)> {
    headers(text).take_while(|(at, _)| *at <= line).last()
}

/// The path of the key in that line. Read from the text, because what is
/// broken has no better place.
fn field(text: &str, line: usize) -> String {
    let names = header_above(text, line);
    let table = names.map_or("", |(_, name)| name);
    if names.is_some_and(|(at, _)| at == line) {
        return table.to_owned();
    }
    let words = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let key = words.trim_start().split(['=', ' ', '\t']).next().unwrap_or_default();
    match (table, key) {
        ("", key) => key.to_owned(),
        (table, "") => table.to_owned(),
        (table, key) => format!("{table}.{key}"),
    }
}
