//! Wiring of `notifier`.

use std::sync::Arc;

use nightshift_aws::{Account, Need, Settings};
use nightshift_core::settings::Variables;
use nightshift_core::tally::Tallied;
use nightshift_lambda::{InitError, policy, serve};
use notifier::https::Web;
use notifier::joined::Joined;
use notifier::{Config, Handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), InitError> {
    serve("notifier", async || {
        let variables = Variables::of_process();
        let settings = Settings::read(&variables)?.needing(&[Need::Ledger, Need::Pages])?;
        let world = Joined { account: Account::new(settings), outside: Web::new()? };
        let tally = world.tally().clone();
        let handler = Arc::new(Handler::new(world, Config::read(&variables)?, policy(&variables)?));
        let handle = move |event, now| {
            let handler = Arc::clone(&handler);
            async move { handler.handle(event, now).await }
        };
        Ok((handle, tally))
    })
    .await
}
