//! Every sentence people read in a report on costs is built here.

mod parts;
mod text;

use jiff::civil::Date;
use nightshift_core::cost::Money;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ids::IncidentId;
use nightshift_core::notice::{Link, Notice, Section};
use nightshift_incident::stack::Stack;

use crate::event::{Due, Kind};
use crate::moves::Total;
use crate::picture::{DAYS, chart};
use crate::plan::Figures;

pub use parts::{estimate_line, month_line, parts};
pub use text::{amount, cut, money, percent, weekday};

/// Where people look further.
const COST_EXPLORER: &str = "https://console.aws.amazon.com/costmanagement/home#/cost-explorer";

/// The report as people get it.
pub fn report(figures: &Figures, due: &Due, stack: &Stack) -> Notice {
    let headline = headline(figures, due.costs);
    let kind = match due.costs {
        Kind::Daily => "costs",
        Kind::Weekly => "costs-weekly",
    };
    let notice = written(kind, figures.moves.day, due, stack, (headline, parts(figures, due)));
    Notice { chart: chart(&figures.moves, due.today(), DAYS), ..notice }
}

/// Nothing could be read at all: what is missing, and who can change that.
pub fn unread(fault: &Fault, due: &Due, stack: &Stack) -> Notice {
    let why = match fault.kind {
        FaultKind::Denied => "Cost Explorer lets nobody in",
        _ => "Cost Explorer has no answer that can be used",
    };
    let headline = format!("Costs cannot be read: {why}");
    let mut lines = vec![cut(&fault.to_string(), 400)];
    lines.extend(cures(fault).iter().map(|cure| (*cure).to_owned()));
    lines.push("Without a report? Deploy with the parameter CostReports=off: then nothing is asked.".to_owned());
    let parts = Section::part("What is missing", lines).into_iter().collect();
    written("costs-unread", due.today(), due, stack, (headline, parts))
}

/// What cures a fault, for people.
fn cures(fault: &Fault) -> &'static [&'static str] {
    match fault.kind {
        FaultKind::Denied => &[
            "Cost Explorer may never have been switched on: open it once in the Billing and Cost Management console; \
             the first data comes within 24 hours.",
            "In an account of an organisation the one that pays has to allow it: Cost Management preferences, linked \
             account access.",
            "If both are so, the function's role lacks ce:GetCostAndUsage, or a service control policy denies it.",
        ],
        _ if fault.causes.iter().any(|cause| cause.contains("DataUnavailable")) => &[
            "There is no data yet: after Cost Explorer was switched on it takes up to 24 hours. Nothing has to be done.",
        ],
        _ => &["It is asked again with the next report."],
    }
}

/// Nothing is settled, or nothing was ever spent: the week is told all the same.
pub fn nothing(due: &Due, stack: &Stack) -> Notice {
    let headline = format!("Costs, week to {}: nothing is settled yet", weekday(due.today()));
    written("costs-weekly", due.today(), due, stack, (headline, Vec::new()))
}

/// One notice for one day, whenever it is made.
fn written(kind: &str, day: Date, due: &Due, stack: &Stack, says: (String, Vec<Section>)) -> Notice {
    let home = &stack.home;
    let incident = IncidentId::new(format!("report-{kind}-{day}-{}-{}-{}", home.account, home.region, stack.name));
    let (headline, sections) = says;
    let notice = Notice::report(incident, (&home.account, &home.region), (due.at, due.at), headline, sections);
    Notice { links: vec![Link { label: "Cost Explorer".to_owned(), url: COST_EXPLORER.to_owned() }], ..notice }
}

fn headline(figures: &Figures, kind: Kind) -> String {
    let moves = &figures.moves;
    let when = match kind {
        Kind::Daily => format!("Costs for {}, settled", weekday(moves.day)),
        Kind::Weekly => format!("Costs, week to {}, settled", weekday(moves.day)),
    };
    let totals: Vec<String> = moves.totals.iter().map(|total| of_total(total, kind)).collect();
    if totals.is_empty() {
        return format!("{when}: nothing was spent");
    }
    let moved = moves.movers.first().and_then(|mover| mover.first.key.first());
    let quiet = moves.totals.iter().all(|total| !total.moved);
    let mover = match moved {
        Some(service) if quiet || kind == Kind::Weekly => format!("; {} moved", cut(service, 60)),
        _ => String::new(),
    };
    format!("{when}: {}{mover}", totals.join(" and "))
}

/// `412.30 USD, 76.20 USD (23 %) above usual`.
fn of_total(total: &Total, kind: Kind) -> String {
    let spent = money(&total.spent);
    let than = match kind {
        Kind::Daily => "usual",
        Kind::Weekly => "the week before",
    };
    match &total.change {
        None => spent,
        Some(change) if change.amount.is_zero() => format!("{spent}, as {than}"),
        Some(change) => {
            let side = if change.amount.is_sign_negative() { "below" } else { "above" };
            let off = Money::new(change.amount.abs(), change.currency.clone());
            let share = total.percent.map_or_else(String::new, |share| format!(" ({})", percent(share.abs())));
            format!("{spent}, {}{share} {side} {than}", money(&off))
        }
    }
}
