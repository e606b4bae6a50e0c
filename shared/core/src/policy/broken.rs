//! TOML that is none: what its parser says, with the field and the cure.

use std::ops::RangeInclusive;

use super::mistake::{Mistake, place};

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
    errors.iter().map(|error| one(text, error)).collect()
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
    let last = if header(text, line).is_some() { next_header(text, line) - 1 } else { line };
    let above =
        if unquoted { line } else { (1..=line).rev().find(|line| header(text, *line).is_some()).unwrap_or(line) };
    let mistake = Mistake { line, column, field, says };
    Broken { mistake, header: above, lines: line..=last, unquoted }
}

/// What stands between the brackets, if the line begins a table.
fn header(text: &str, line: usize) -> Option<&str> {
    let line = text.lines().nth(line.saturating_sub(1))?.trim_start();
    let name = line.strip_prefix('[')?.trim_start_matches('[');
    Some(name.split([']', '#']).next().unwrap_or_default().trim())
}

fn next_header(text: &str, line: usize) -> usize {
    let last = text.lines().count();
    (line + 1..=last).find(|line| header(text, *line).is_some()).unwrap_or(last + 1)
}

/// The path of the key in that line. Read from the text, because what is
/// broken has no better place.
fn field(text: &str, line: usize) -> String {
    let names = (1..=line).rev().find_map(|line| header(text, line).map(|name| (line, name)));
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
