//! Wiring of `alarm-responder`.

// Reads within a scene within a decision within a delivery: the types of the
// futures nest deeper than the compiler's default.
#![recursion_limit = "256"]

use std::sync::Arc;

use alarm_responder::Handler;
use nightshift_aws::{Account, Need, Settings};
use nightshift_core::settings::Variables;
use nightshift_core::tally::Tallied;
use nightshift_incident::stack::Stack;
use nightshift_lambda::{InitError, policy, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), InitError> {
    serve("alarm-responder", async || {
        let variables = Variables::of_process();
        let needs = [Need::Ledger, Need::Notices, Need::Pages, Need::Switch, Need::Timers];
        let account = Account::new(Settings::read(&variables)?.needing(&needs)?);
        account.prime().await;
        let tally = account.tally().clone();
        let handler = Arc::new(Handler::new(account, Stack::read(&variables)?, policy(&variables)?));
        let handle = move |event, now| {
            let handler = Arc::clone(&handler);
            async move { handler.handle(&event, now).await }
        };
        Ok((handle, tally))
    })
    .await
}
