//! Reading a policy, and saying what is wrong with one.

use std::fmt;

use super::{Confidence, Policy};

/// What is wrong with a policy, where a person can find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// From 1; `None` where the text gives no place.
    pub line: Option<usize>,
    /// From 1.
    pub column: Option<usize>,
    /// What and how to cure it.
    pub says: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "{line}:{column}: {}", self.says),
            _ => f.write_str(&self.says),
        }
    }
}

impl std::error::Error for PolicyError {}

impl Policy {
    /// Reads and checks a policy.
    ///
    /// # Errors
    /// The first thing that is wrong, with line, column and field.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(|error| {
            let place = error.span().map(|span| place(text, span.start));
            PolicyError {
                line: place.map(|(line, _)| line),
                column: place.map(|(_, column)| column),
                says: error.message().to_owned(),
            }
        })?;
        match policy.wrong() {
            Some((field, says)) => Err(at_field(text, field, &says)),
            None => Ok(policy),
        }
    }

    /// The first value that is of the right type and still wrong.
    fn wrong(&self) -> Option<(&'static str, String)> {
        let Confidence { act_at, ask_at, scale_out_at } = self.confidence;
        if act_at > 100 {
            return Some(("act_at", format!("confidence.act_at is {act_at}; expected at most 100 per cent")));
        }
        if ask_at > act_at {
            return Some(("ask_at", format!("confidence.ask_at is {ask_at}; expected at most act_at, {act_at}")));
        }
        if scale_out_at > 100 {
            let says = format!("confidence.scale_out_at is {scale_out_at}; expected at most 100 per cent");
            return Some(("scale_out_at", says));
        }
        if self.scaling.step_percent <= 100 {
            let says = format!("scaling.step_percent is {}; expected more than 100", self.scaling.step_percent);
            return Some(("step_percent", says));
        }
        for freeze in &self.freeze {
            if jiff::tz::TimeZone::get(&freeze.zone).is_err() {
                let says = format!("freeze {:?}: zone {:?} is no IANA time zone", freeze.name, freeze.zone);
                return Some(("zone", says));
            }
        }
        for (prefix, service) in &self.services {
            if service.split('/').filter(|part| !part.is_empty()).count() != 2 {
                let says = format!("services.{prefix:?} is {service:?}; expected cluster/service");
                return Some(("services", says));
            }
        }
        None
    }
}

fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}

/// Finds the line that sets `field`, for errors that TOML itself cannot see.
fn at_field(text: &str, field: &str, says: &str) -> PolicyError {
    let sets = |line: &&str| line.trim_start().trim_start_matches('[').starts_with(field);
    let found = text.lines().enumerate().find(|(_, line)| sets(line));
    PolicyError {
        line: found.map(|(index, _)| index + 1),
        column: found.map(|(_, line)| line.find(field).unwrap_or(0) + 1),
        says: says.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_policy_is_the_safe_default() {
        assert_eq!(Policy::parse(""), Ok(Policy::default()));
    }

    #[test]
    fn the_policy_that_is_shipped_spells_out_the_defaults() {
        let shipped = include_str!("../../../../config/nightshift.toml");
        assert_eq!(Policy::parse(shipped), Ok(Policy::default()));
    }

    #[track_caller]
    fn wrong(text: &str, expect: &str) {
        assert_eq!(Policy::parse(text).unwrap_err().to_string(), expect);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        wrong("[confidence]\nact_at = 50\nask_at = 60\n", "3:1: confidence.ask_at is 60; expected at most act_at, 50");
        wrong("[services]\n\"web-\" = \"prod\"\n", "1:2: services.\"web-\" is \"prod\"; expected cluster/service");
        let unknown = Policy::parse("[guardrails]\ncooldwn = \"3m\"\n").unwrap_err();
        assert_eq!((unknown.line, unknown.column), (Some(2), Some(1)));
        let span = Policy::parse("[guardrails]\ncooldown = \"soon\"\n").unwrap_err();
        assert_eq!(span.line, Some(2));
        assert!(span.says.contains("expected a span like"), "{span}");
    }
}
