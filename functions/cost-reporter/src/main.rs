//! Wiring of `cost-reporter`.

// Reads within a report within a delivery: the types of the futures nest
// deeper than the compiler's default.
#![recursion_limit = "256"]

use std::sync::Arc;

use cost_reporter::{Handler, Setup};
use nightshift_aws::{Account, Need, Settings};
use nightshift_core::settings::Variables;
use nightshift_core::tally::Tallied;
use nightshift_incident::stack::Stack;
use nightshift_lambda::{InitError, policy, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), InitError> {
    serve("cost-reporter", async || {
        let variables = Variables::of_process();
        let account = Account::new(Settings::read(&variables)?.needing(&[Need::Ledger, Need::Notices])?);
        let tally = account.tally().clone();
        let (stack, setup) = (Stack::read(&variables)?, Setup::read(&variables)?);
        let handler = Arc::new(Handler::new(account, stack, policy(&variables)?, setup));
        let handle = move |event, now| {
            let handler = Arc::clone(&handler);
            async move { handler.handle(&event, now).await }
        };
        Ok((handle, tally))
    })
    .await
}
