//! `nightshift adopt` as people type it.

use std::path::PathBuf;

use clap::Args;

/// What to adopt, and what of it is known beforehand.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct AdoptArgs {
    /// The service.
    #[arg(value_name = "CLUSTER/SERVICE", value_parser = pair, required_unless_present = "all", conflicts_with = "all")]
    pub service: Option<(String, String)>,
    /// A table of all services of the account and Region instead.
    #[arg(long, conflicts_with_all = ["queue", "dead_letters", "runbooks", "out"])]
    pub all: bool,
    /// Name of Nightshift's main stack.
    #[arg(long, value_name = "NAME", default_value = "nightshift")]
    pub stack: String,
    /// The SQS queue that feeds a worker, which has no load balancer.
    #[arg(long, value_name = "NAME", value_parser = queue)]
    pub queue: Option<String>,
    /// Where that queue leaves what failed too often.
    #[arg(long, value_name = "NAME", requires = "queue", value_parser = queue)]
    pub dead_letters: Option<String>,
    /// Where people read the pages of runbooks/: an https URL that ends with a slash.
    #[arg(long, value_name = "URL", value_parser = https)]
    pub runbooks: Option<String>,
    /// Where the parameter file goes [default: CLUSTER--SERVICE.toml].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace a parameter file that is there and says something else.
    #[arg(long)]
    pub overwrite: bool,
    /// Print one JSON document, and write no file unless --out says so.
    #[arg(long)]
    pub json: bool,
    /// On a simulated account: no credentials needed.
    #[arg(long)]
    pub demo: bool,
}

pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let name = |text: &str| {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        !text.is_empty() && text.bytes().all(sound)
    };
    match text.split_once('/') {
        Some((cluster, service)) if name(cluster) && name(service) => Ok((cluster.to_owned(), service.to_owned())),
        _ => Err("expected CLUSTER/SERVICE by their names, such as prod/checkout".to_owned()),
    }
}

fn queue(text: &str) -> Result<String, String> {
    let name = text.strip_suffix(".fifo").unwrap_or(text);
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !name.is_empty() && text.len() <= 80 && name.bytes().all(sound) {
        return Ok(text.to_owned());
    }
    Err("expected the name of an SQS queue, not its URL or ARN".to_owned())
}

fn https(text: &str) -> Result<String, String> {
    if text.starts_with("https://") && text.ends_with('/') && text.len() <= 100 {
        return Ok(text.to_owned());
    }
    Err("expected an https URL of at most 100 characters that ends with a slash".to_owned())
}
