//! The records in the ledger of a real account.

use nightshift_core::settings::Variables;
use ops_reviewer::history::{History, Window};

use crate::switch::AccountError;

#[cfg(not(feature = "account"))]
pub(super) fn recorded(_: Option<String>, _: &Window, _: Variables) -> Result<History, AccountError> {
    Err(AccountError::NotInThisBuild)
}

#[cfg(feature = "account")]
pub(super) fn recorded(
    table: Option<String>,
    window: &Window,
    mut variables: Variables,
) -> Result<History, AccountError> {
    use nightshift_aws::{Account, Need, Settings};

    if let Some(table) = table {
        variables.0.insert("NIGHTSHIFT_TABLE".to_owned(), table);
    }
    let account = Account::new(Settings::read(&variables)?.needing(&[Need::Ledger])?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(ops_reviewer::history::recorded(&account, window)))
}
