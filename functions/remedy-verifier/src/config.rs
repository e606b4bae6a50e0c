//! What the template tells this function, read once at init.

use nightshift_core::mode::Mode;
use nightshift_core::settings::{SettingsError, Variables};
use nightshift_incident::scene::Stack;

/// This function's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The stack it belongs to.
    pub stack: Stack,
}

impl Config {
    /// Reads `NIGHTSHIFT_STACK`, `NIGHTSHIFT_DEFAULT_MODE` and
    /// `NIGHTSHIFT_DRILL_SERVICE`.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn read(variables: &Variables) -> Result<Self, SettingsError> {
        Ok(Self {
            stack: Stack {
                name: variables.required("NIGHTSHIFT_STACK", "the stack's name")?,
                default_mode: variables.parsed("NIGHTSHIFT_DEFAULT_MODE", Mode::Observe)?,
                drill_service: variables.get("NIGHTSHIFT_DRILL_SERVICE").map(ToOwned::to_owned),
            },
        })
    }
}
