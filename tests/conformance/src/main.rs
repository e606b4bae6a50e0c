//! Runs the suites on the account that the environment names, which is an
//! emulated one: it writes to the ledger's table.
#![expect(clippy::print_stdout, reason = "it is a command-line tool")]

use jiff::Timestamp;
use nightshift_aws::{Account, Need, Settings};
use nightshift_conformance::{chat::chat, ledger::ledger};
use nightshift_core::settings::Variables;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let variables = Variables::of_process();
    if variables.get("AWS_ENDPOINT_URL").is_none() {
        return Err("set AWS_ENDPOINT_URL: this is for emulated accounts only".into());
    }
    let account = Account::new(Settings::read(&variables)?.needing(&[Need::Ledger])?);
    // One table serves many runs: each has a name of its own.
    let now = Timestamp::now();
    let prefix = format!("conform-{}", now.as_millisecond());
    ledger(&account, &prefix, Timestamp::from_second(now.as_second())?).await?;
    println!("ledger: as every ledger must be");
    chat(&account, &prefix).await?;
    println!("chat: as it must be");
    Ok(())
}
