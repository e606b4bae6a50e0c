//! TOML, a table at a time.

use std::fmt::Write as _;

/// A table's fields, in the order in which they are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(Vec<(&'static str, String)>);

impl Table {
    /// A number, a list, or whatever else stands without quotes.
    pub(super) fn with(mut self, field: &'static str, value: impl ToString) -> Self {
        self.set(field, value);
        self
    }

    /// Words.
    pub(super) fn saying(self, field: &'static str, words: impl AsRef<str>) -> Self {
        self.with(field, quoted(words.as_ref()))
    }

    /// A number with as many digits as matter.
    pub(super) fn about(self, field: &'static str, value: f64) -> Self {
        self.with(field, rounded(value))
    }

    /// Seconds after the event.
    pub(super) fn when(self, field: &'static str, second: i64) -> Self {
        self.saying(field, format!("{}{}s", if second < 0 { '-' } else { '+' }, second.abs()))
    }

    /// A length of time in seconds.
    pub(super) fn lasting(self, field: &'static str, seconds: i64) -> Self {
        self.saying(field, format!("{seconds}s"))
    }

    /// The same field again takes the place of the first.
    pub(super) fn set(&mut self, field: &'static str, value: impl ToString) {
        self.0.retain(|(known, _)| *known != field);
        self.0.push((field, value.to_string()));
    }

    /// `{ a = 1, b = 2 }`.
    pub(super) fn inline(&self) -> String {
        let fields: Vec<String> = self.0.iter().map(|(field, value)| format!("{field} = {value}")).collect();
        format!("{{ {} }}", fields.join(", "))
    }

    /// Under its heading, after an empty line.
    pub(super) fn under(&self, heading: &str, text: &mut String) {
        let _written = writeln!(text, "\n{heading}");
        self.lines(text);
    }

    /// A line for each field.
    pub(super) fn lines(&self, text: &mut String) {
        for (field, value) in &self.0 {
            let _written = writeln!(text, "{field} = {value}");
        }
    }
}

/// Words in quotes; there are never any in them that would end them.
pub(super) fn quoted(words: &str) -> String {
    if words.contains('"') { format!("'{words}'") } else { format!("\"{words}\"") }
}

/// With three digits at least, as TOML writes a float.
pub(super) fn rounded(value: f64) -> String {
    let digits = if value.abs() >= 100.0 { 0 } else { 3 };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text } else { format!("{text}.0") }
}
