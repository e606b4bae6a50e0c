//! `nightshift-sim`: the local account behind HTTP, for programs that speak to
//! AWS by its SDK. It listens on the loopback interface alone.

use std::error::Error;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};
use nightshift_sim::face::{Pace, router};
use nightshift_sim::scenario::{BUILTIN, builtin};
use nightshift_sim::{Account, Scenario};
use tokio::net::TcpListener;

/// The local account of Nightshift.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve ECS, ECR, CodeDeploy, Application Auto Scaling and Cost Explorer over HTTP.
    Serve {
        /// A scenario file, or the name of a built-in one.
        #[arg(long)]
        scenario: PathBuf,
        /// Port on 127.0.0.1; 0 takes a free one.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Seconds that pass in the account in each second.
        #[arg(long, default_value_t = 1)]
        factor: u32,
        /// The full minute before now is the scenario's event moment, not its start.
        #[arg(long)]
        at_now: bool,
    },
    /// List the built-in scenarios.
    Scenarios,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match Arguments::parse().command {
        Command::Scenarios => {
            for (name, _) in BUILTIN {
                writeln!(std::io::stdout(), "{name}")?;
            }
            Ok(())
        }
        Command::Serve { scenario, port, factor, at_now } => {
            let account = account(read(&scenario)?, at_now);
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
            // Whoever started it with port 0 reads the port here.
            writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
            std::io::stdout().flush()?;
            Ok(axum::serve(listener, router(Pace::new(account, factor))).await?)
        }
    }
}

fn read(scenario: &PathBuf) -> Result<Scenario, Box<dyn Error>> {
    if let Some(known) = scenario.to_str().and_then(builtin) {
        return Ok(known?);
    }
    let text = std::fs::read_to_string(scenario).map_err(|error| format!("{}: {error}", scenario.display()))?;
    Ok(Scenario::parse(&text).map_err(|error| format!("{}: {error}", scenario.display()))?)
}

/// The account with its event, or else its start, at the wall's clock: by the full
/// minute, for datapoints are of minutes, and what they show of a release would depend
/// on the second at which somebody started this.
fn account(scenario: Scenario, at_now: bool) -> Account {
    let now = Timestamp::now();
    let minute = now - SignedDuration::from_secs(now.as_second().rem_euclid(60));
    let lead = scenario.event_second() - scenario.start.second(scenario.event_second());
    let ahead = if at_now { 0 } else { lead };
    let account = Account::new(scenario.around(minute + SignedDuration::from_secs(ahead)));
    // It takes seconds to make one with a long past, and they have passed by then.
    account.advance_to(Timestamp::now());
    account
}
