//! What is wrong with a policy, where a person can find and cure it.

use std::fmt;

/// Mistakes that are looked for and told: to find the place of each in a file that is
/// wrong in every line would take minutes.
pub(super) const MOST: usize = 50;

/// One thing that is wrong: where, with which field, and how to cure it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Its path, `guardrails.cooldown` or `freeze[0].zone`.
    pub field: String,
    /// What is wrong, what is expected, and what to write instead.
    pub says: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, field, says } = self;
        write!(f, "{line}:{column}: {field}: {says}")
    }
}

/// All that is wrong with a policy; at least one thing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// In the order of the text.
    pub mistakes: Vec<Mistake>,
}

impl PolicyError {
    /// One line for each mistake, each beginning with the file, as compilers
    /// do and editors understand it: `FILE:line:column: field: …`.
    pub fn in_file(&self, file: &str) -> String {
        let lines: Vec<String> = self.mistakes.iter().map(|mistake| format!("{file}:{mistake}")).collect();
        lines.join("\n")
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.mistakes.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for PolicyError {}

/// Line and column of a byte, both from 1.
pub(super) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}
