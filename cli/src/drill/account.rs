//! The drill on the account that the environment names.

use std::process::ExitCode;

use nightshift_core::settings::Variables;

use super::{DrillError, Wanted};
use crate::paint::Paint;
#[cfg(not(feature = "account"))]
use crate::switch::AccountError;

/// Plans the drill that is wanted, prints it, and carries it out if it was said to.
/// Not all arrived: the exit code is 1.
///
/// # Errors
/// If there is nothing to drill, AWS refuses, or an alarm could not be set back.
pub fn drill(wanted: &Wanted, variables: Variables, paint: Paint) -> Result<ExitCode, DrillError> {
    imp::drill(wanted, variables, paint)
}

#[cfg(not(feature = "account"))]
mod imp {
    use super::{AccountError, DrillError, ExitCode, Paint, Variables, Wanted};

    pub(super) fn drill(_: &Wanted, _: Variables, _: Paint) -> Result<ExitCode, DrillError> {
        Err(AccountError::NotInThisBuild.into())
    }
}

#[cfg(feature = "account")]
mod imp {
    use std::io::{Write as _, stdout};
    use std::time::Duration;

    use jiff::Timestamp;
    use nightshift_aws::{Account, Settings};
    use nightshift_core::policy::Policy;
    use nightshift_core::ports::StackReads as _;
    use tokio::sync::watch;

    use super::super::observe::{Parts, observe};
    use super::super::plan::plan;
    use super::super::progress::Arrival;
    use super::super::run::{Pace, carry_out};
    use super::super::text;
    use super::{DrillError, ExitCode, Paint, Variables, Wanted};
    use crate::switch::AccountError;

    /// Between two looks.
    const PAUSE: Duration = Duration::from_secs(1);

    pub(super) fn drill(wanted: &Wanted, variables: Variables, paint: Paint) -> Result<ExitCode, DrillError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(AccountError::from)?;
        runtime.block_on(on_account(wanted, variables, paint))
    }

    async fn on_account(wanted: &Wanted, mut variables: Variables, paint: Paint) -> Result<ExitCode, DrillError> {
        let settings = Settings::read(&variables).map_err(AccountError::from)?;
        let region = settings.region.clone();
        let outputs = Account::new(settings).outputs(&wanted.stack).await?;
        let missing = DrillError::NoStack { stack: wanted.stack.clone(), region };
        let parts = Parts::of(&wanted.stack, &outputs.ok_or(missing)?)?;
        // Only the stack knows the name of the table.
        variables.0.insert("NIGHTSHIFT_TABLE".to_owned(), parts.table.clone());
        let account = Account::new(Settings::read(&variables).map_err(AccountError::from)?);
        let now = Timestamp::now();
        let seen = observe(&account, wanted, parts, now).await?;
        let plan = plan(&seen, wanted.scenario, &Policy::default(), now)?;
        if !wanted.json {
            say(&text::plan(&plan, wanted, paint))?;
        }
        if !wanted.yes {
            return finish(wanted, &text::document(&plan, None), String::new(), true);
        }
        let line = |arrival: &Arrival| {
            // A reader that has gone away must not keep the alarm from being set back.
            let _ = if wanted.json { Ok(()) } else { say(&text::arrival(arrival, paint)) };
        };
        let terminal = Terminal::listening().await;
        let progress = carry_out(&account, &plan, &terminal, wanted.within, line).await?;
        let ending = text::ending(&plan, &progress, paint);
        finish(wanted, &text::document(&plan, Some(&progress)), ending, progress.missing().is_empty())
    }

    fn finish(
        wanted: &Wanted,
        document: &serde_json::Value,
        ending: String,
        complete: bool,
    ) -> Result<ExitCode, DrillError> {
        say(&if wanted.json { format!("{document:#}\n") } else { ending })?;
        Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn say(text: &str) -> Result<(), std::io::Error> {
        match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            done => done,
        }
    }

    /// Real time, and a person who may press Ctrl-C.
    struct Terminal(watch::Receiver<bool>);

    impl Terminal {
        /// From now on Ctrl-C ends the drill and not the process: between the first
        /// alarm and the first look it would leave the alarm ringing.
        async fn listening() -> Self {
            let (enough, heard) = watch::channel(false);
            tokio::spawn(async move {
                // Without a handler Ctrl-C does what it always does.
                if tokio::signal::ctrl_c().await.is_ok() {
                    enough.send_replace(true);
                } else {
                    std::future::pending::<()>().await;
                }
            });
            // The handler is there once the task has run.
            tokio::task::yield_now().await;
            Self(heard)
        }
    }

    impl Pace for Terminal {
        fn now(&self) -> Timestamp {
            Timestamp::now()
        }

        async fn pause(&self) -> bool {
            let mut enough = self.0.clone();
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => true,
                _ = enough.wait_for(|enough| *enough) => false,
            }
        }
    }
}
