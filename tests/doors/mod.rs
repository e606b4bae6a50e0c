//! The doors against events as nobody sends them: no panic, and an error that is
//! short, names the place, and repeats no secret.
//!
//! `cargo test` takes seconds for it; `PROPTEST_CASES=100000 cargo test -p
//! nightshift-tests doors` takes as long as it is given.

mod handled;
mod mutate;
mod texts;

use std::fs;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use crate::tidy::root;

/// Characters of an error, and of the reason why an event is ignored: more is a
/// flood in a log.
const LONGEST: usize = 1000;
/// Reads an event, and says what is wrong or why it is ignored.
type Door = fn(&Value) -> Result<Option<String>, String>;

/// Every function's door.
const DOORS: [(&str, Door); 7] = [
    ("alarm-responder", |event| {
        use alarm_responder::event::{Incoming, parse};
        let why = |found| if let Incoming::Ignored { why } = found { Some(why) } else { None };
        parse(event).map(why).map_err(|error| error.to_string())
    }),
    ("deployment-guard", |event| {
        use deployment_guard::event::{Incoming, parse};
        let why = |found| if let Incoming::Ignored { why } = found { Some(why) } else { None };
        parse(event).map(why).map_err(|error| error.to_string())
    }),
    ("image-guard", |event| {
        use image_guard::event::{Incoming, parse};
        let why = |found| if let Incoming::Ignored { why } = found { Some(why) } else { None };
        parse(event).map(why).map_err(|error| error.to_string())
    }),
    ("cost-reporter", |event| {
        use cost_reporter::event::{Incoming, parse};
        let why = |found| if let Incoming::Ignored { why } = found { Some(why) } else { None };
        parse(event).map(why).map_err(|error| error.to_string())
    }),
    ("remedy-verifier", |event| remedy_verifier::event::parse(event).map(|_| None).map_err(|error| error.to_string())),
    ("ops-reviewer", |event| ops_reviewer::event::parse(event).map(|_| None).map_err(|error| error.to_string())),
    ("notifier", |event| {
        let read = notifier::event::read(event).map_err(|error| error.to_string())?;
        match read.into_iter().find_map(Result::err) {
            Some(error) => Err(error.to_string()),
            None => Ok(None),
        }
    }),
];

/// Every sample, with the folder of its function.
fn samples() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (function, _) in DOORS {
        let folder = root().join("events").join(function);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        for file in files.into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "json")) {
            let event = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            found.push((function.to_owned(), event));
        }
    }
    found
}

/// So many cases, unless `PROPTEST_CASES` says otherwise.
fn config_of(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { cases };
    ProptestConfig { cases, failure_persistence: None, ..default }
}

/// What a person or a log gets to read is short and harmless; what is wrong has a
/// place.
#[track_caller]
fn sound(says: &str, wrong: bool) {
    let start: String = says.chars().take(300).collect();
    assert!(says.len() <= LONGEST, "{} bytes: {start}", says.len());
    assert!(!says.contains(mutate::SECRET), "a secret is repeated: {start}");
    assert!(!says.chars().any(char::is_control), "it breaks a line or commands a terminal: {start:?}");
    let place = says.split_once(": ").map(|(place, _)| place).unwrap_or_default();
    let position = says.contains("line ") && says.contains("column ");
    assert!(!wrong || !place.is_empty() || position, "it names no place: {start}");
}

#[track_caller]
fn check(door: Door, event: &Value) {
    match door(event) {
        Ok(Some(why)) => sound(&why, false),
        Ok(None) => {}
        Err(says) => sound(&says, true),
    }
}

/// Every place of every sample once, with each other value: what one field more or
/// less, or of another type, makes of it.
#[test]
fn one_field_of_any_other_kind_is_read_ignored_or_named() {
    let others = mutate::others();
    for (function, event) in samples() {
        let (_, door) = DOORS.into_iter().find(|(name, _)| **name == function).unwrap();
        for at in 0..mutate::places(&event) {
            check(door, &mutate::with(&event, at, None));
            // Each place meets some of the values, and each value many places.
            let some = others.iter().skip(at % 16).step_by(16);
            some.for_each(|other| check(door, &mutate::with(&event, at, Some(other))));
        }
    }
}

proptest! {
    #![proptest_config(config_of(300))]

    /// Several changes at once, at whichever door: rules may send anything anywhere.
    #[test]
    fn no_event_makes_a_door_panic_flood_or_tell_a_secret(
        (sample, (_, door)) in (any::<Index>(), select(&DOORS[..])),
        changes in prop::collection::vec(mutate::change(), 1..6),
    ) {
        let samples = samples();
        let (function, event) = sample.get(&samples);
        let event = mutate::changed(event, &changes);
        check(door, &event);
        let (_, own) = DOORS.into_iter().find(|(name, _)| name == function).unwrap();
        check(own, &event);
    }
}
