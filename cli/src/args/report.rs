//! `nightshift report` as people type it.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What a report is on.
#[derive(Debug, Subcommand)]
pub enum Report {
    /// How delivery did: DORA's measures of each service and of all.
    ///
    /// A release counts on the day on which it ended, and once, whatever number of events and alarms it made.
    /// Rollbacks, restarts and the first deployment of a service are no releases.
    #[command(after_help = "Examples:\n  nightshift report dora --days 90 --html delivery.html\n  nightshift report \
                            dora --json | jq '.services[].change_fail_percent'\n  nightshift report dora --days 14 \
                            --until 2026-11-23T00:00:00Z --history docs/history.sample.json\n\nRegion, credentials and \
                            NIGHTSHIFT_TABLE come from the environment.")]
    Dora {
        /// So many days, of 24 hours; the ledger keeps 400.
        #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u32).range(1..=400))]
        days: u32,
        /// The days end here, such as 2026-11-23 or 2026-11-23T06:00:00Z [default: now].
        #[arg(long, value_name = "TIME", value_parser = moment)]
        until: Option<Timestamp>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
        /// Write a page with the days drawn as bars.
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// Name of the ledger's table, from the stack's outputs.
        #[arg(long, value_name = "NAME", conflicts_with = "history")]
        table: Option<String>,
        /// Take the records from a file instead of a ledger: no account needed.
        #[arg(long, value_name = "FILE")]
        history: Option<PathBuf>,
    },
    /// What the account costs, by service, tag or account.
    ///
    /// Settled days alone are compared, credits never hide usage, and no two currencies are added. Each question to
    /// Cost Explorer costs a cent; a report asks three.
    #[command(after_help = "Examples:\n  nightshift report cost --demo\n  nightshift report cost --days 14 --by tag \
                            --tag team\n  nightshift report cost --json | jq -r '.rows[] | [.name, .spent.amount] | \
                            @tsv'\n  nightshift report cost --png costs.png\n\nCredentials come from the environment; \
                            they need ce:GetCostAndUsage and ce:GetCostForecast. docs/costs.md has every key.")]
    Cost {
        /// So many settled days, compared with as many before.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=180))]
        days: u32,
        /// Told apart by this [default: service, or tag where one is named].
        #[arg(long, value_enum)]
        by: Option<By>,
        /// Key of the cost allocation tag [default: costs.tag of the policy].
        #[arg(long, value_name = "KEY")]
        tag: Option<String>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
        /// Write a page with the picture.
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// Write the picture alone.
        #[arg(long, value_name = "FILE")]
        png: Option<PathBuf>,
        /// The costs of a simulated account: no credentials needed, nothing paid.
        #[arg(long)]
        demo: bool,
        /// Judge by this policy [default: that of a new stack].
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Which images services run, and how each stands.
    ///
    /// One row for each image of each service, the worst first: findings, until when they are to be gone, how long it
    /// has run, who answers for what; then what is kept from being deployed, and what is wrong with repositories.
    /// Without a table it is the report of a simulated account, and says so.
    #[command(after_help = "Examples:\n  nightshift report images --table LEDGER --policy config/nightshift.toml\n  \
                            nightshift report images --json | jq -r '.images[] | select(.state == \"overdue\") | \
                            .service'\n\nRegion, credentials and NIGHTSHIFT_TABLE come from the environment. docs/images.md has \
                            every key.")]
    Images {
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
        /// Name of the ledger's table, from the stack's outputs.
        #[arg(long, value_name = "NAME")]
        table: Option<String>,
        /// Judge by this policy [default: that of a new stack].
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
}

/// What costs are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// The service of AWS.
    Service,
    /// A cost allocation tag.
    Tag,
    /// The linked account.
    Account,
}

/// A moment, or the beginning of a day in UTC.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = |text: &str| text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let found = text.parse().ok().or_else(|| day(text));
    found.ok_or_else(|| "expected a day such as 2026-11-23 or a time such as 2026-11-23T06:00:00Z".to_owned())
}
