//! What runs, in which state: a table for people, and the weekly report.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use nightshift_core::image::{FindingSeverity, Fix, ImageId, ImageRecord, Role, Run, ScanState};
use nightshift_core::policy::Images;
use nightshift_core::span::words;
use serde::Serialize;

use crate::judge::{due, judge};

/// How an image that runs stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Something in it was to be cured by now.
    Overdue,
    /// Something in it asks for a message.
    Exposed,
    /// It is kept from being deployed anew.
    Quarantined,
    /// Nobody knows: it is not scanned.
    Unscanned,
    /// What is in it is excepted, or not worth a message.
    Tolerated,
    /// Nothing was found in it.
    Clean,
}

impl State {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Exposed => "exposed",
            Self::Quarantined => "quarantined",
            Self::Unscanned => "not scanned",
            Self::Tolerated => "tolerated",
            Self::Clean => "clean",
        }
    }
}

/// An image of a service, with how it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// `cluster/service`.
    pub service: String,
    /// Who is told.
    pub team: Option<String>,
    /// The container.
    pub container: String,
    /// What the service needs it for.
    pub role: Role,
    /// As the task definition writes it.
    pub reference: String,
    /// Which image.
    pub image: ImageId,
    /// How it stands.
    pub state: State,
    /// Findings by severity.
    pub findings: BTreeMap<FindingSeverity, u32>,
    /// Those of them that ask for a message, worst first.
    pub exposed: Vec<String>,
    /// The first of them is to be cured by then.
    pub due: Option<Timestamp>,
    /// Findings that somebody answers for.
    pub exceptions: Vec<String>,
    /// When it was scanned.
    pub scanned_at: Option<Timestamp>,
    /// Why it is not scanned.
    pub unscanned: Option<String>,
    /// Seconds that the service has needed it.
    pub age_s: i64,
    /// What a lifecycle policy will do to it.
    pub doomed: Option<String>,
}

/// One row for each image of each service, the worst first.
pub fn rows(needs: &[(Run, ImageRecord)], policy: &Images, now: Timestamp) -> Vec<Row> {
    let mut rows: Vec<Row> = needs.iter().map(|(run, record)| row(run, record, policy, now)).collect();
    rows.sort_by(|a, b| {
        let key = |row: &Row| (row.role, row.state, row.due, row.service.clone(), row.container.clone());
        key(a).cmp(&key(b))
    });
    rows
}

fn row(run: &Run, record: &ImageRecord, policy: &Images, now: Timestamp) -> Row {
    let places: BTreeSet<String> = run.environment.iter().cloned().collect();
    let judged = judge(&record.findings, &run.image.repository, &places, policy, now);
    let exposed: Vec<_> = judged.iter().filter(|it| it.tells()).collect();
    let curable = exposed.iter().filter(|it| it.known.finding.fix != Fix::None);
    let due = curable.map(|it| due(it.known, policy)).min();
    let unscanned = match &record.scan {
        Some(ScanState::Done) => None,
        Some(ScanState::Not { status, why }) => Some(why.clone().unwrap_or_else(|| status.clone())),
        Some(ScanState::Pending) => Some("its scan is not done yet".into()),
        Some(ScanState::Archived) => Some("it is archived".into()),
        Some(ScanState::Gone) => Some("it is gone from its repository".into()),
        Some(ScanState::Never) | None => Some("it was never scanned".into()),
    };
    let state = match () {
        () if due.is_some_and(|due| due <= now) => State::Overdue,
        () if !exposed.is_empty() => State::Exposed,
        () if record.quarantine.is_some() => State::Quarantined,
        () if unscanned.is_some() && judged.is_empty() => State::Unscanned,
        () if judged.is_empty() => State::Clean,
        () => State::Tolerated,
    };
    Row {
        service: run.service.to_string(),
        team: run.team.clone(),
        container: run.container.clone(),
        role: run.role,
        reference: run.reference.clone(),
        image: run.image.clone(),
        state,
        findings: record.counts.clone(),
        exposed: exposed.iter().map(|it| it.id().to_owned()).collect(),
        due,
        exceptions: judged.iter().filter(|it| it.excepted.is_some()).map(|it| it.id().to_owned()).collect(),
        scanned_at: record.scanned_at,
        unscanned,
        age_s: now.duration_since(run.since).as_secs().max(0),
        doomed: record.doomed.clone(),
    }
}

/// The table, in columns.
pub fn table(rows: &[Row]) -> Vec<String> {
    let head = ["service", "image", "state", "findings", "due", "runs for", "worst"].map(ToOwned::to_owned);
    let cells: Vec<[String; 7]> = std::iter::once(head).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let line = |row: &[String; 7]| {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cells.iter().map(line).collect()
}

fn cells(row: &Row) -> [String; 7] {
    let name = row.reference.rsplit('/').next().unwrap_or(&row.reference);
    let name = name.split('@').next().unwrap_or(name);
    let role = if row.role == Role::LastGood { " (last good)" } else { "" };
    [
        row.service.clone(),
        format!("{name}@{}{role}", row.image.short()),
        row.state.word().to_owned(),
        counts(&row.findings),
        row.due.map_or_else(|| "-".into(), |due| due.strftime("%Y-%m-%d").to_string()),
        words(jiff::SignedDuration::from_secs(row.age_s)),
        row.exposed.first().or(row.unscanned.as_ref()).cloned().unwrap_or_else(|| "-".into()),
    ]
}

/// `2C 5H 9M`: the three worst severities.
pub fn counts(findings: &BTreeMap<FindingSeverity, u32>) -> String {
    let said: Vec<String> = findings
        .iter()
        .filter(|(severity, number)| **severity <= FindingSeverity::Medium && **number > 0)
        .map(|(severity, number)| {
            format!("{number}{}", severity.word().to_ascii_uppercase().chars().next().unwrap_or('?'))
        })
        .collect();
    if said.is_empty() { "-".to_owned() } else { said.join(" ") }
}
