//! `nightshift report`.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use nightshift_core::cost::GroupBy;
use nightshift_core::policy::{Policy, PolicyError};
use nightshift_core::settings::Variables;
use ops_reviewer::history::Window;

use super::{Wrong, chain, say, write};
use crate::args::{By, Report};
use crate::paint::Paint;
use crate::report::costs::{Spending, Wanted};
use crate::report::{self as reports, Source};

/// The report that was asked for, as text or JSON; the delivery one also as a
/// page.
///
/// # Errors
/// If a file is wrong or the ledger cannot be read.
pub fn reported(asked: Report, paint: Paint) -> Result<(), Wrong> {
    let (days, until, json, html, table, history) = match asked {
        Report::Dora { days, until, json, html, table, history } => (days, until, json, html, table, history),
        Report::Images { json, table, policy } => return images(json, table, policy.as_deref(), paint),
        Report::Cost { days, by, tag, json, html, png, demo, policy } => {
            let policy = policy.as_deref().map(read_policy).transpose()?.unwrap_or_default();
            let by = match (by, tag) {
                (None, Some(tag)) | (Some(By::Tag), Some(tag)) => GroupBy::Tag(tag),
                (Some(By::Tag), None) => GroupBy::Tag(policy.costs.tag.clone()),
                (Some(By::Service | By::Account), Some(_)) => return Err("--tag goes with --by tag alone".into()),
                (Some(By::Account), None) => GroupBy::LinkedAccount,
                (Some(By::Service) | None, None) => GroupBy::Service,
            };
            let wanted = Wanted { days, by, today: cost_reporter::ask::day_of(Timestamp::now()) };
            let spending = reports::costs(demo, &wanted, &policy, Variables::of_process());
            return costs(&spending.map_err(|error| chain(&error))?, json, (html, png), paint);
        }
    };
    let window = Window::of_days(days, until.unwrap_or_else(Timestamp::now));
    let source = history.map_or(Source::Ledger(table), Source::File);
    let delivery = reports::dora(source, &window, Variables::of_process()).map_err(|error| chain(&error))?;
    if let Some(file) = &html {
        write(file, &reports::page::page(&delivery))?;
    }
    if json {
        return Ok(say(&format!("{:#}\n", serde_json::to_value(&delivery)?))?);
    }
    say(&reports::text::text(&delivery, paint))?;
    let drawn = |file: &PathBuf| say(&format!("  The same with pictures: {}\n\n", file.display()));
    Ok(html.as_ref().map_or(Ok(()), drawn)?)
}

/// The costs as text or JSON, and as a page or a picture for whoever asks.
fn costs(
    spending: &Spending,
    json: bool,
    (html, png): (Option<PathBuf>, Option<PathBuf>),
    paint: Paint,
) -> Result<(), Wrong> {
    if let Some(file) = &html {
        write(file, &reports::costs::page::page(spending))?;
    }
    if let Some(file) = &png {
        let chart = spending.chart.as_ref().ok_or("there is nothing to draw: nothing was spent")?;
        let image = nightshift_picture::png(chart).map_err(|error| chain(&error))?;
        fs::write(file, image).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    if json {
        return Ok(say(&format!("{:#}\n", serde_json::to_value(spending)?))?);
    }
    say(&reports::costs::text::text(spending, paint))?;
    for file in html.iter().chain(&png) {
        say(&format!("  The same as a picture: {}\n", file.display()))?;
    }
    Ok(())
}

pub(super) fn read_policy(file: &Path) -> Result<Policy, Wrong> {
    let name = file.display().to_string();
    let bytes = fs::read(file).map_err(|error| format!("{name}: {error}"))?;
    let wrong = |error: PolicyError| {
        let first = error.mistakes.first().map(ToString::to_string).unwrap_or_default();
        let more =
            if error.mistakes.len() > 1 { format!("; nightshift check {name} says the rest") } else { String::new() };
        format!("{name}:{first}{more}")
    };
    Ok(Policy::read(&bytes).map_err(wrong)?)
}

fn images(json: bool, table: Option<String>, policy: Option<&Path>, paint: Paint) -> Result<(), Wrong> {
    let policy = policy.map(read_policy).transpose()?;
    let report = reports::images(table, policy, Timestamp::now(), Variables::of_process());
    let report = report.map_err(|error| chain(&error))?;
    match json {
        true => Ok(say(&format!("{:#}\n", serde_json::to_value(&report)?))?),
        false => Ok(say(&reports::images::text::text(&report, paint))?),
    }
}
