//! The weekly report on images.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nightshift_core::ids::IncidentId;
use nightshift_core::image::{ImageId, Role};
use nightshift_core::notice::{Notice, Section};
use nightshift_core::policy::{ImageException, Images};
use nightshift_incident::stack::Stack;

use crate::guardrails::{Guardrail, Wrong};
use crate::judge::ending;
use crate::report::{Row, State, counts, table};
use crate::wording::named;

/// What the weekly report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Week<'a> {
    /// Images of services.
    pub rows: &'a [Row],
    /// Images that are kept from being deployed, with those findings.
    pub quarantined: &'a [(ImageId, Vec<String>)],
    /// What is wrong with repositories.
    pub guardrails: &'a [Guardrail],
    /// What could not be looked at, and why.
    pub unseen: &'a [String],
    /// The policy.
    pub policy: &'a Images,
    /// Whose report it is.
    pub stack: &'a Stack,
    /// The zone of whoever reads it.
    pub zone: &'a str,
    /// When it was due.
    pub at: Timestamp,
}

/// The weekly report; `None`: there is nothing in it.
pub fn weekly(week: Week<'_>) -> Option<Notice> {
    let running: Vec<&Row> = week.rows.iter().filter(|row| row.role == Role::Runs).collect();
    let of = |state: State| running.iter().filter(move |row| row.state == state).count();
    let bad: Vec<Row> = running.iter().filter(|row| row.state <= State::Exposed).map(|row| (*row).clone()).collect();
    let unscanned = running.iter().filter(|row| row.state == State::Unscanned);
    let unscanned = unscanned.map(|row| format!("{} {}: {}", row.service, row.image.short(), why(row))).collect();
    let tolerated = running.iter().filter(|row| row.state == State::Tolerated);
    let tolerated =
        tolerated.map(|row| format!("{} {}: {}", row.service, row.image.short(), counts(&row.findings))).collect();
    let quarantined = week.quarantined.iter().map(|(image, because)| format!("{image}: {}", named(because))).collect();
    let sections: Vec<Section> = [
        Section::part("What runs and asks for something", if bad.is_empty() { Vec::new() } else { table(&bad) })
            .map(Section::in_columns),
        Section::part("Worth no message", tolerated),
        Section::part("Kept from being deployed", quarantined),
        Section::part("Exceptions that have ended or end within a week", exceptions(week)),
        Section::part("Not scanned", unscanned),
        Section::part("Repositories", week.guardrails.iter().map(guardrail).collect()),
        Section::part("Could not be looked at", week.unseen.to_vec()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if sections.is_empty() {
        return None;
    }
    let day = week.at.to_zoned(TimeZone::get(week.zone).unwrap_or(TimeZone::UTC));
    let headline = format!(
        "Images, week to {}: {} of {} that run ask for something, {} overdue",
        day.strftime("%a %-d %b"),
        bad.len(),
        running.len(),
        of(State::Overdue),
    );
    Some(written(week, headline, sections))
}

fn why(row: &Row) -> String {
    row.unscanned.clone().unwrap_or_default()
}

fn exceptions(week: Week<'_>) -> Vec<String> {
    let line = |it: &&ImageException| {
        let scope = it.repository.as_deref().unwrap_or("every repository");
        format!("{} in {scope}: {} answers for it until {} ({})", it.finding, it.owner, it.until, it.reason)
    };
    ending(week.policy, week.at).iter().map(line).collect()
}

/// What is wrong, and what to do about it.
pub fn guardrail(found: &Guardrail) -> String {
    let says = match &found.wrong {
        Wrong::NotScanned => "images are scanned only when somebody asks: switch scan-on-push on".to_owned(),
        Wrong::MutableTags => {
            "tags may be moved, so that a rollback may not mean what ran: make them immutable".to_owned()
        }
        Wrong::NoLifecycle => "has no lifecycle policy: images stay, and are paid for, for ever".to_owned(),
        Wrong::LifecycleUnread { why } => format!("its lifecycle policy cannot be read: {why}"),
        Wrong::NothingKept => {
            "its lifecycle policy has no first rule that keeps tags nightshift-keep-: what runs may be taken".to_owned()
        }
        Wrong::Takes { image, services, fate } => {
            format!("its lifecycle policy takes {image}, needed by {}: {fate}", named(services))
        }
    };
    let fixed = if found.fixed { " (put right just now)" } else { "" };
    format!("{}: {says}{fixed}", found.repository)
}

fn written(week: Week<'_>, headline: String, sections: Vec<Section>) -> Notice {
    let Week { stack, at, .. } = week;
    let home = &stack.home;
    let day = at.to_zoned(TimeZone::get(week.zone).unwrap_or(TimeZone::UTC)).date();
    let incident = IncidentId::new(format!("report-images-{day}-{}-{}-{}", home.account, home.region, stack.name));
    Notice::report(incident, (&home.account, &home.region), (at, at), headline, sections)
}
