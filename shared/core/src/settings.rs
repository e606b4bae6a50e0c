//! Environment variables, read once at init; a wrong one is named with its
//! value and what was expected.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The environment as a value, so that reading it can be tested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables(pub BTreeMap<String, String>);

/// A variable that is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// Its name.
    pub variable: &'static str,
    /// Its value, if it is set.
    pub value: Option<String>,
    /// What it should hold.
    pub expected: String,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable, value, expected } = self;
        match value {
            Some(value) => write!(f, "environment variable {variable} is {value:?}; expected {expected}"),
            None => write!(f, "environment variable {variable} is not set; expected {expected}"),
        }
    }
}

impl std::error::Error for SettingsError {}

impl Variables {
    /// The process's own environment.
    pub fn of_process() -> Self {
        Self(std::env::vars().collect())
    }

    /// The value, if it is set and not empty.
    pub fn get(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value.
    ///
    /// # Errors
    /// If it is missing or empty.
    pub fn required(&self, variable: &'static str, expected: &str) -> Result<String, SettingsError> {
        let missing =
            || SettingsError { variable, value: self.0.get(variable).cloned(), expected: expected.to_owned() };
        self.get(variable).map(ToOwned::to_owned).ok_or_else(missing)
    }

    /// The value as a `T`, or `default` if it is missing or empty.
    ///
    /// # Errors
    /// If it is set to something that is no `T`.
    pub fn parsed<T>(&self, variable: &'static str, default: T) -> Result<T, SettingsError>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let Some(value) = self.get(variable) else { return Ok(default) };
        value.parse().map_err(|error: T::Err| SettingsError {
            variable,
            value: Some(value.to_owned()),
            expected: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Mode;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        Variables(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn a_wrong_variable_is_named_with_value_and_expectation() {
        let wrong = variables(&[("MODE", "full")]).parsed("MODE", Mode::Observe).unwrap_err();
        assert_eq!(wrong.to_string(), "environment variable MODE is \"full\"; expected act, approve or observe");
        let missing = variables(&[]).required("TABLE", "the ledger's table").unwrap_err();
        assert_eq!(missing.to_string(), "environment variable TABLE is not set; expected the ledger's table");
    }

    #[test]
    fn an_empty_variable_counts_as_missing() {
        assert_eq!(variables(&[("MODE", "")]).parsed("MODE", Mode::Act), Ok(Mode::Act));
    }
}
