//! Keys that do not exist: a policy whose typo is not noticed does not do what
//! its author thinks.

use super::section::{Sheet, Unknown};

/// More changed letters than this are another word.
const FAR: usize = 2;

impl Sheet<'_> {
    /// Says of each unknown key what was probably meant.
    pub fn note_unknown(&mut self) {
        for unknown in std::mem::take(&mut self.unknown) {
            let says = says(&unknown, &self.known);
            self.note_as(unknown.field, unknown.at, says);
        }
    }
}

fn says(unknown: &Unknown, known: &[(String, Vec<&'static str>)]) -> String {
    let Unknown { section, key, .. } = unknown;
    let keys = known.iter().find(|(path, _)| path == section).map_or(&[] as &[_], |(_, keys)| keys);
    let there = if section.is_empty() { "no such table".to_owned() } else { format!("no such key in {section}") };
    let all = match keys {
        [only] => (*only).to_owned(),
        keys => format!("one of {}", keys.join(", ")),
    };
    if let Some(meant) = nearest(key, keys.iter().copied()) {
        let meant = if section.is_empty() { format!("[{meant}]") } else { meant.to_owned() };
        return format!("{there}; expected {all}; write {meant}");
    }
    let elsewhere = known.iter().find(|(path, keys)| !path.is_empty() && keys.contains(&key.as_str()));
    match elsewhere {
        Some((path, _)) => {
            // `freeze[0]` is one of several, and each begins the same way.
            let header = path.split_once('[').map_or_else(|| format!("[{path}]"), |(list, _)| format!("[[{list}]]"));
            format!("{there}; {key} is expected in {path}; write it below {header}")
        }
        None => format!("{there}; expected {all}; write one of them, or delete it"),
    }
}

/// The one of `names` that is a typing error away from `word`, or that it
/// begins with or is the beginning of; none if none is near.
pub(super) fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str> + Clone) -> Option<&'n str> {
    let word = word.to_lowercase().replace('-', "_");
    let far = |name: &&str| strsim::osa_distance(&word, name);
    let near = names.clone().min_by_key(far).filter(|name| far(name) <= FAR && far(name) < name.len().min(word.len()));
    // `friday` for `fri`.
    let same =
        |name: &&str| name.len() > FAR && word.len() > FAR && (word.starts_with(name) || name.starts_with(&word));
    near.or_else(|| names.clone().find(same))
}
