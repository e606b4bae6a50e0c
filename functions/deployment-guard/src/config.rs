//! What the template tells this function, read once at init.

use nightshift_core::settings::{SettingsError, Variables};
use nightshift_incident::stack::Stack;

/// This function's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The stack it belongs to.
    pub stack: Stack,
}

impl Config {
    /// Reads what [`Stack::read`] does.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn read(variables: &Variables) -> Result<Self, SettingsError> {
        Ok(Self { stack: Stack::read(variables)? })
    }
}
