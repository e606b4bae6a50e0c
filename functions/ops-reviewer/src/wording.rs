//! Every sentence people read in a report is built here.

use nightshift_core::fault::Fault;
use nightshift_core::ids::IncidentId;
use nightshift_core::notice::{Notice, Section};
use nightshift_incident::stack::{Home, Stack};

use crate::event::{Due, Kind};
use crate::observe::Observed;
use crate::plan::Plan;
use crate::plan::digest::{Chronic, Denial, Digest, Refused, Unmapped};
use crate::plan::scorecard::{Score, Scorecard, Would};
use crate::table::{aligned, delivery};

/// Lines of one table, with its line of all.
const MOST_LINES: usize = 20;
/// Names in one line.
const MOST_NAMES: usize = 5;

/// How an alarm of no known service gets one.
const HOW_TO_MAP: &str = "Name the service: tag the alarm cluster and service, make its description JSON \
                          ({\"cluster\": \"prod\", \"service\": \"web\"}), or put the beginning of its name under \
                          [services] in config/nightshift.toml.";
/// What the words of hindsight mean.
const HINDSIGHT: &str = "Right: a person did the same within two hours. Wrong: it recovered without it, and nothing \
                         else was deployed.";

/// The report as people get it. `None`: the digest of a quiet day.
pub fn notice(observed: &Observed, plan: &Plan) -> Option<Notice> {
    let unseen: Vec<String> = observed.unseen().map(unseen).collect();
    let (headline, mut sections) = match plan {
        Plan::Digest(digest) if digest.is_empty() && unseen.is_empty() => return None,
        Plan::Digest(digest) => (of_digest(&observed.due, digest), parts_of_digest(&observed.due, digest)),
        Plan::Scorecard(card) => (of_scorecard(&observed.due, card), parts_of_scorecard(card)),
    };
    sections.extend(Section::part("Could not be read, and is missing above", unseen));
    Some(written(observed, headline, sections))
}

/// One notice for one report, whenever it is made: its id and all its times
/// are those of the schedule.
fn written(observed: &Observed, headline: String, sections: Vec<Section>) -> Notice {
    let Observed { due, stack, .. } = observed;
    let home = (stack.home.account.as_str(), stack.home.region.as_str());
    Notice::report(id(due, stack), home, (due.window.from, due.window.to), headline, sections)
}

/// A receiver that hears of many stacks tells repetitions by this. It is short
/// enough for any of them: CloudFormation's longest name has 128 letters.
fn id(due: &Due, stack: &Stack) -> IncidentId {
    let name = match due.report {
        Kind::Daily => "daily",
        Kind::Weekly => "weekly",
    };
    let Home { account, region } = &stack.home;
    IncidentId::new(format!("report-{name}-{}-{account}-{region}-{}", due.day, stack.name))
}

fn of_digest(due: &Due, digest: &Digest) -> String {
    let says = [
        (digest.events() > 0).then(|| format!("{} recorded without a message", counted(digest.events(), "event"))),
        some(digest.chronic.len()).map(|number| counted(number, "chronic incident")),
        some(digest.denials.len()).map(|number| format!("{} soon", counted_of(number, "denial ends", "denials end"))),
    ];
    format!("Nightshift, {}: {}", due.day.strftime("%a %-d %b"), joined(says, "not all could be read"))
}

fn of_scorecard(due: &Due, card: &Scorecard) -> String {
    let Score { incidents, healed, pages, wrong } = card.week;
    let delivered = card.dora.all.deployments;
    let failed = some(card.dora.all.failed).map_or_else(String::new, |number| format!(", {number} of them failed"));
    let says = [
        some(incidents).map(|number| counted(number, "incident")),
        some(healed).map(|number| format!("{number} healed without a human")),
        some(pages).map(|number| counted(number, "page")),
        some(wrong).map(|number| format!("{} did not help", counted_of(number, "remedy", "remedies"))),
        some(delivered).map(|number| format!("{}{failed}", counted(number, "release"))),
    ];
    let quiet = "nothing went wrong and nothing was released";
    format!("Nightshift, week to {}: {}", due.day.strftime("%a %-d %b"), joined(says, quiet))
}

fn parts_of_digest(due: &Due, digest: &Digest) -> Vec<Section> {
    let mut refused: Vec<String> = digest.refused.iter().map(refused_line).collect();
    refused.extend(some(digest.nameless).map(nameless_line));
    let unmapped = digest.unmapped.iter().map(unmapped_line).collect();
    let chronic = digest.chronic.iter().map(|chronic| chronic_line(due, chronic)).collect();
    let denials = digest.denials.iter().map(|denial| denial_line(due, denial)).collect();
    [
        Section::part("Opened no incident", refused),
        Section::part("Alarms of no known service", unmapped).map(|part| part.noted(HOW_TO_MAP)),
        Section::part("Chronic incidents", chronic),
        Section::part("Denials that end within a day", denials),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn refused_line(refused: &Refused) -> String {
    let Refused { name, times, about, says } = refused;
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    let about = if about.is_empty() { String::new() } else { format!(": {}", some_of(&about)) };
    let says = says.as_ref().map_or_else(String::new, |says| format!(" — {says}"));
    format!("{name} {times}×{about}{says}")
}

/// Where an account never moved to long ARNs, ECS names services like this.
fn nameless_line(times: u32) -> String {
    format!("Unmapped {times}×: ECS events whose service ARN names no cluster — the daily sweep finds what they told.")
}

fn unmapped_line(unmapped: &Unmapped) -> String {
    format!("{} {}×", unmapped.alarm.name(), unmapped.times)
}

fn chronic_line(due: &Due, chronic: &Chronic) -> String {
    let Chronic { service, incident, heard_at, closed } = chronic;
    let closed = if *closed { ", closed to make room for another" } else { "" };
    format!("{service}: nothing new since {}{closed} (incident {incident})", due.shown(*heard_at))
}

fn denial_line(due: &Due, denial: &Denial) -> String {
    let Denial { service, release, incident, until } = denial;
    format!("{service} may deploy {release} again from {} (denied by incident {incident})", due.shown(*until))
}

fn parts_of_scorecard(card: &Scorecard) -> Vec<Section> {
    if card.is_empty() {
        return Vec::new();
    }
    let table = if card.dora.all.deployments > 0 { table(card) } else { Vec::new() };
    let advice = card.advice.iter().map(|advice| advice.says.clone()).collect();
    [
        Section::part("Incidents (the week before)", incidents(card)),
        Section::part("What the mode of a service kept from being done", would(card)).map(|part| part.noted(HINDSIGHT)),
        Section::part("Delivery (the week before)", table).map(Section::in_columns),
        Section::part("The one change that could have saved most", advice),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The last row is the sum, which no cut may lose.
fn table(card: &Scorecard) -> Vec<String> {
    let mut rows = delivery(&card.dora, Some(&card.dora_before), &card.trend);
    let sum = rows.pop();
    if rows.len() >= MOST_LINES {
        let left_out = rows.len() - (MOST_LINES - 2);
        rows.truncate(MOST_LINES - 2);
        rows.push(vec![format!("{left_out} more")]);
    }
    rows.extend(sum);
    aligned(&rows)
}

fn incidents(card: &Scorecard) -> Vec<String> {
    let Scorecard { week, before, open, silent, .. } = card;
    let line = |what: &str, now: u32, before: u32| (now + before > 0).then(|| format!("{what}: {now} ({before})"));
    let now = |what: &str, number: u32| some(number).map(|number| format!("{what}: {number}"));
    [
        line("Ended", week.incidents, before.incidents),
        line("Healed without a human", week.healed, before.healed),
        line("Pages", week.pages, before.pages),
        line("Remedies that did not help", week.wrong, before.wrong),
        now("Still open", *open),
        now("Events that opened none", *silent),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn would(card: &Scorecard) -> Vec<String> {
    card.would.iter().map(|(service, would)| would_line(service, would)).collect()
}

fn would_line(service: &str, would: &Would) -> String {
    let Would { right, wrong, unknown } = *would;
    let says = [
        some(right).map(|number| format!("{number} right")),
        some(wrong).map(|number| format!("{number} wrong")),
        some(unknown).map(|number| format!("{number} nobody can tell")),
    ];
    format!("{service}: would have acted {}×, {}", would.times(), joined(says, "none judged"))
}

fn unseen(fault: &Fault) -> String {
    fault.to_string()
}

/// A part with its lines, the last of which says how many are left out.
fn some_of(names: &[&str]) -> String {
    let shown = names.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn joined<const N: usize>(says: [Option<String>; N], nothing: &str) -> String {
    let says: Vec<String> = says.into_iter().flatten().collect();
    if says.is_empty() { nothing.to_owned() } else { says.join(", ") }
}

fn counted(number: u32, what: &str) -> String {
    counted_of(number, what, &format!("{what}s"))
}

fn counted_of(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The number, unless it is none.
fn some<N: TryInto<u32>>(number: N) -> Option<u32> {
    number.try_into().ok().filter(|number| *number > 0)
}
