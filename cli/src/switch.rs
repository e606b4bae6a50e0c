//! The commands that reach a real account: the kill switch and stored cases.

use nightshift_core::settings::Variables;

/// What was asked of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Stop, or go on with, taking remedies.
    Switch {
        /// `true`: stop.
        halt: bool,
        /// Name of the SSM parameter, where not from the environment.
        parameter: Option<String>,
    },
    /// Fetch the case of a decision.
    Case {
        /// The incident.
        incident: String,
        /// Number of the notice it led to.
        sequence: u32,
        /// Name of the ledger's table, where not from the environment.
        table: Option<String>,
    },
}

/// Why the account did not answer.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// This build cannot.
    #[error("this build reaches no account; the one with the feature account does: cargo install --path cli")]
    NotInThisBuild,
    /// Region, credentials or a name is missing.
    #[error(transparent)]
    Settings(#[from] nightshift_core::settings::SettingsError),
    /// AWS said no.
    #[error(transparent)]
    Fault(#[from] nightshift_core::fault::Fault),
    /// There is no such case.
    #[error("incident {incident} has no case {sequence}")]
    NoCase {
        /// The incident.
        incident: String,
        /// The number.
        sequence: u32,
    },
    /// The process cannot wait for the account.
    #[error("the runtime does not start")]
    Runtime(#[from] std::io::Error),
    /// The case cannot be written as JSON.
    #[error("the case cannot be written")]
    Json(#[from] serde_json::Error),
}

/// Asks the account that `variables` name, and gives what is to be printed.
///
/// # Errors
/// If this build reaches no account, a setting is missing, or AWS refuses.
pub fn ask(asked: Asked, variables: Variables) -> Result<String, AccountError> {
    imp::ask(asked, variables)
}

#[cfg(not(feature = "account"))]
mod imp {
    use super::{AccountError, Asked, Variables};

    pub(super) fn ask(_: Asked, _: Variables) -> Result<String, AccountError> {
        Err(AccountError::NotInThisBuild)
    }
}

#[cfg(feature = "account")]
mod imp {
    use nightshift_aws::{Account, Need, Settings};
    use nightshift_core::ids::IncidentId;
    use nightshift_core::ports::{SwitchReads as _, SwitchWrites as _};

    use super::{AccountError, Asked, Variables};

    const HALT_PARAMETER: &str = "NIGHTSHIFT_HALT_PARAMETER";
    const TABLE: &str = "NIGHTSHIFT_TABLE";

    pub(super) fn ask(asked: Asked, mut variables: Variables) -> Result<String, AccountError> {
        let (variable, given, need) = match &asked {
            Asked::Switch { parameter, .. } => (HALT_PARAMETER, parameter, Need::Switch),
            Asked::Case { table, .. } => (TABLE, table, Need::Ledger),
        };
        if let Some(given) = given {
            variables.0.insert(variable.to_owned(), given.clone());
        }
        let name = variables.0.get(variable).cloned().unwrap_or_default();
        let account = Account::new(Settings::read(&variables)?.needing(&[need])?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match asked {
                Asked::Switch { halt, .. } => switch(&account, halt, &name).await,
                Asked::Case { incident, sequence, .. } => case(&account, incident, sequence).await,
            }
        })
    }

    /// Sets the switch and reads it again: an operator in a hurry must know.
    async fn switch(account: &Account, halt: bool, which: &str) -> Result<String, AccountError> {
        account.set_halted(halt).await?;
        let says = if account.halted().await? {
            "Halted: no remedy is taken until nightshift resume. Notices and pages go on."
        } else {
            "Running: remedies are taken again where services have opted in."
        };
        // A wrong name is taken as well: it would be another stack's.
        Ok(format!("{says}\nThat is {which} in {}.\n", account.settings().region))
    }

    async fn case(account: &Account, incident: String, sequence: u32) -> Result<String, AccountError> {
        match account.case(&IncidentId::new(incident.clone()), sequence).await? {
            Some(case) => Ok(format!("{:#}\n", serde_json::to_value(&case)?)),
            None => Err(AccountError::NoCase { incident, sequence }),
        }
    }
}
