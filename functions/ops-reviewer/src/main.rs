//! Wiring of `ops-reviewer`.

// Reads within a report within a delivery: the types of the futures nest
// deeper than the compiler's default.
#![recursion_limit = "256"]

use std::sync::Arc;

use nightshift_aws::{Account, Need, Settings};
use nightshift_core::settings::Variables;
use nightshift_core::tally::Tallied;
use nightshift_incident::stack::Stack;
use nightshift_lambda::{InitError, policy, serve};
use ops_reviewer::Handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), InitError> {
    serve("ops-reviewer", async || {
        let variables = Variables::of_process();
        let account = Account::new(Settings::read(&variables)?.needing(&[Need::Ledger, Need::Notices])?);
        let tally = account.tally().clone();
        let handler = Arc::new(Handler::new(account, Stack::read(&variables)?, policy(&variables)?));
        // What is reported on is the schedule's, not the clock's.
        let handle = move |event, _now| {
            let handler = Arc::clone(&handler);
            async move { handler.handle(&event).await }
        };
        Ok((handle, tally))
    })
    .await
}
