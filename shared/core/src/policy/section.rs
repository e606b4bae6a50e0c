//! A table of the policy, read key by key. Whoever asks for a key says what
//! may stand there; what was never asked for is unknown.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{MOST, Mistake, place};

/// Longer texts are cut where they are shown.
const SHOWN: usize = 60;

/// What stands there and what should.
pub(super) struct Instead {
    /// What is wrong with it: `is no span of time`.
    pub wrong: &'static str,
    /// What may stand there.
    pub expected: String,
    /// What to write, whole: `every = "1m"`.
    pub write: String,
}

/// A key that nobody asked for.
pub(super) struct Unknown {
    /// Path of its table, empty for the whole file.
    pub section: String,
    /// The key.
    pub key: String,
    /// Its whole path.
    pub field: String,
    /// Where it stands.
    pub at: usize,
}

/// The text that is read, and what was found out about it so far.
pub(super) struct Sheet<'t> {
    pub text: &'t str,
    pub mistakes: Vec<Mistake>,
    pub unknown: Vec<Unknown>,
    /// Path of each table that was read, and the keys it may have.
    pub known: Vec<(String, Vec<&'static str>)>,
}

impl Sheet<'_> {
    /// Notes a mistake about the bytes `at`.
    pub fn note(&mut self, field: String, at: &Range<usize>, instead: &Instead) {
        let Instead { wrong, expected, write } = instead;
        let found = match shown(self.text.get(at.clone()).unwrap_or_default()) {
            shown if shown.is_empty() => "has no value".to_owned(),
            shown => format!("{shown} {wrong}"),
        };
        self.note_as(field, at.start, format!("{found}; expected {expected}; write {write}"));
    }

    /// Notes a mistake in words of its own.
    pub fn note_as(&mut self, field: String, at: usize, says: String) {
        if self.mistakes.len() > MOST {
            return;
        }
        let (line, column) = place(self.text, at);
        self.mistakes.push(Mistake { line, column, field, says });
    }
}

/// One table.
pub(super) struct Section<'s, 'd, 't> {
    pub sheet: &'s mut Sheet<'t>,
    /// Its path, empty for the whole file.
    path: String,
    /// Where its name stands.
    at: usize,
    table: Option<&'d DeTable<'t>>,
    asked: Vec<&'static str>,
    /// Keys with something wrong: what depends on them is not judged.
    wrong: Vec<String>,
}

impl<'d, 't> Section<'_, 'd, 't> {
    /// The whole file.
    pub fn root<'s>(sheet: &'s mut Sheet<'t>, table: &'d DeTable<'t>) -> Section<'s, 'd, 't> {
        Section { sheet, path: String::new(), at: 0, table: Some(table), asked: Vec::new(), wrong: Vec::new() }
    }

    /// The table `[key]`; an empty one if it is missing or none.
    pub fn table(&mut self, key: &'static str) -> Section<'_, 'd, 't> {
        let found = self.find(key);
        let path = self.path_of(key);
        self.table_at(path, found, format!("[{key}]"))
    }

    /// What `found` holds as the table `path`; an empty one if it is none.
    /// `write` is how such a table begins.
    pub fn table_at(
        &mut self,
        path: String,
        found: Option<&'d Spanned<DeValue<'t>>>,
        write: String,
    ) -> Section<'_, 'd, 't> {
        let table = found.and_then(|found| match found.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => {
                let instead = Instead { wrong: "is no table", expected: "one table".into(), write };
                self.sheet.note(path.clone(), &found.span(), &instead);
                None
            }
        });
        let at = found.map_or(self.at, |found| found.span().start);
        Section { sheet: &mut *self.sheet, path, at, table, asked: Vec::new(), wrong: Vec::new() }
    }

    /// What stands at `key`, which from now on is a known one.
    pub fn find(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'t>>> {
        self.asked.push(key);
        self.table?.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// All that stands in the table, whose keys are anybody's choice.
    pub fn entries(&self) -> Vec<(&'d str, Range<usize>, &'d Spanned<DeValue<'t>>)> {
        let entries = self.table.into_iter().flatten();
        entries.map(|(name, value)| (name.get_ref().as_ref(), name.span(), value)).collect()
    }

    /// The path of a key in this table.
    pub fn path_of(&self, key: &str) -> String {
        let bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        let key = if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { format!("{key:?}") };
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    /// The value at `key` as `read` understands it; `default` if it is missing
    /// or wrong.
    pub fn value<T>(
        &mut self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&DeValue<'t>) -> Result<T, Instead>,
    ) -> T {
        let Some(found) = self.find(key) else { return default };
        match read(found.get_ref()) {
            Ok(value) => value,
            Err(instead) => {
                self.note(key, &found.span(), &instead);
                default
            }
        }
    }

    /// A value that has no default; `None` if it is missing or wrong.
    pub fn required<T>(
        &mut self,
        key: &'static str,
        write: &str,
        read: impl FnOnce(&DeValue<'t>) -> Result<T, Instead>,
    ) -> Option<T> {
        let found = self.find(key);
        // What is no table has been told already.
        self.table?;
        let Some(found) = found else {
            let says = format!("is missing; expected in every [[{}]]; write {write}", self.name());
            self.wrong.push(key.to_owned());
            self.sheet.note_as(self.path_of(key), self.at, says);
            return None;
        };
        match read(found.get_ref()) {
            Ok(value) => Some(value),
            Err(instead) => {
                self.note(key, &found.span(), &instead);
                None
            }
        }
    }

    /// Notes a mistake about what stands at `key`.
    pub fn note(&mut self, key: &str, at: &Range<usize>, instead: &Instead) {
        self.wrong.push(key.to_owned());
        self.sheet.note(self.path_of(key), at, instead);
    }

    /// Notes that a rule over several keys is broken, unless one of them is
    /// wrong by itself. It is said at the first of `keys` that is there.
    pub fn rule(&mut self, keys: &[&str], holds: bool, says: impl FnOnce() -> String) {
        if holds || self.wrong.iter().any(|wrong| keys.contains(&wrong.as_str())) {
            return;
        }
        let entries = self.entries();
        let at = keys.iter().find_map(|key| entries.iter().find(|(name, ..)| name == key));
        let at = at.map_or(self.at, |(_, _, value)| value.span().start);
        self.sheet.note_as(self.path_of(keys.first().copied().unwrap_or_default()), at, says());
    }

    /// Every key has been asked for: what else stands there is unknown.
    pub fn close(self) {
        for (key, at, _) in self.entries() {
            if !self.asked.contains(&key) {
                let (section, field) = (self.path.clone(), self.path_of(key));
                self.sheet.unknown.push(Unknown { section, key: key.to_owned(), field, at: at.start });
            }
        }
        self.sheet.known.push((self.path, self.asked));
    }

    fn name(&self) -> &str {
        self.path.split('[').next().unwrap_or_default()
    }
}

/// The first line of what stands there.
fn shown(raw: &str) -> String {
    let line = raw.lines().next().unwrap_or_default();
    let mut shown: String = line.chars().take(SHOWN).collect();
    if shown != raw {
        shown.push('…');
    }
    shown
}
