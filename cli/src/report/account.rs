//! The records in the ledger of a real account.

use jiff::Timestamp;
use nightshift_core::policy::{Costs, Policy};
use nightshift_core::settings::Variables;
use ops_reviewer::history::{History, Window};

use super::costs::{Spending, Wanted};
use super::images::Images;
use crate::switch::AccountError;

#[cfg(not(feature = "account"))]
pub(super) fn recorded(_: Option<String>, _: &Window, _: Variables) -> Result<History, AccountError> {
    Err(AccountError::NotInThisBuild)
}

#[cfg(not(feature = "account"))]
pub(super) fn images(_: Option<String>, _: &Policy, _: Timestamp, _: Variables) -> Result<Images, AccountError> {
    Err(AccountError::NotInThisBuild)
}

#[cfg(not(feature = "account"))]
pub(super) fn costs(_: &Wanted, _: &Costs, _: Variables) -> Result<Spending, AccountError> {
    Err(AccountError::NotInThisBuild)
}

/// Without a ledger: whoever looks pays, and leaves no trace.
#[cfg(feature = "account")]
pub(super) fn costs(wanted: &Wanted, policy: &Costs, variables: Variables) -> Result<Spending, AccountError> {
    use nightshift_aws::{Account, Settings};

    let account = Account::new(Settings::read(&variables)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(super::costs::spending(&account, wanted, policy))?)
}

#[cfg(feature = "account")]
pub(super) fn recorded(table: Option<String>, window: &Window, variables: Variables) -> Result<History, AccountError> {
    let (account, runtime) = reached(table, variables)?;
    Ok(runtime.block_on(ops_reviewer::history::recorded(&account, window)))
}

#[cfg(feature = "account")]
pub(super) fn images(
    table: Option<String>,
    policy: &Policy,
    now: Timestamp,
    variables: Variables,
) -> Result<Images, AccountError> {
    let (account, runtime) = reached(table, variables)?;
    Ok(runtime.block_on(super::images::images(&account, policy, now))?)
}

/// The account that the environment names, with its ledger.
#[cfg(feature = "account")]
fn reached(
    table: Option<String>,
    mut variables: Variables,
) -> Result<(nightshift_aws::Account, tokio::runtime::Runtime), AccountError> {
    use nightshift_aws::{Account, Need, Settings};

    if let Some(table) = table {
        variables.0.insert("NIGHTSHIFT_TABLE".to_owned(), table);
    }
    let account = Account::new(Settings::read(&variables)?.needing(&[Need::Ledger])?);
    Ok((account, tokio::runtime::Builder::new_current_thread().enable_all().build()?))
}
