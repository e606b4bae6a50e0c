//! The two questions, and one sentence for each.

use super::document::{Deliveries, Incidents, Storm, Wire};
use super::parts::Parts;
use super::shapes::{count, counted, percent};

/// What a disturbance on the wire may come to: its undisturbed end, or people hear of it.
pub(super) const EQUAL: &str = "equal";
pub(super) const TOLD: &str = "told";

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What was asked.
    pub question: &'static str,
    /// What is to hold does; `None`: not all of it was tried, or it is a matter of degree.
    pub holds: Option<bool>,
    /// The answer, with its figures.
    pub answer: String,
}

/// Both of them.
pub fn verdicts(parts: &Parts) -> [Verdict; 2] {
    [halfway(parts), wrong(parts)]
}

fn halfway(parts: &Parts) -> Verdict {
    let found = [
        parts.deliveries.as_ref().map(|part| of_deliveries(&part.says)),
        parts.storm.as_ref().map(|part| of_storm(&part.says)),
        parts.wire.as_ref().map(|part| of_wire(&part.says)),
    ];
    let missing: Vec<&str> = parts.missing().map(|source| source.name).filter(|name| *name != "incidents").collect();
    let found: Vec<(bool, String)> = found.into_iter().flatten().collect();
    let broken = found.iter().any(|(holds, _)| !holds);
    let lead = match (broken, missing.is_empty()) {
        (true, _) => "Not everything holds: ",
        (false, true) => "Nothing is lost, doubled or done wrongly: ",
        (false, false) if found.is_empty() => "Not tried",
        (false, false) => "As far as it was tried nothing is lost, doubled or done wrongly: ",
    };
    let clauses: Vec<String> = found.into_iter().map(|(_, says)| says).collect();
    let lacks = if missing.is_empty() { String::new() } else { format!(" Missing: {}.", missing.join(", ")) };
    Verdict {
        question: "What happens when it breaks halfway?",
        holds: if broken { Some(false) } else { missing.is_empty().then_some(true) },
        answer: format!("{lead}{}.{lacks}", clauses.join("; ")),
    }
}

fn of_deliveries(it: &Deliveries) -> (bool, String) {
    let schedules = counted(it.schedules, "schedule", "schedules");
    match it.failed.len() as u64 {
        0 => {
            let deliveries = counted(it.deliveries, "delivery", "deliveries");
            let killed = count(it.killed);
            (true, format!("{schedules} with {deliveries}, {killed} of them killed in the middle, broke no invariant"))
        }
        failed => (false, format!("{} of {schedules} of deliveries broke an invariant", count(failed))),
    }
}

fn of_storm(it: &Storm) -> (bool, String) {
    let storm = format!(
        "a storm of {} of {}",
        counted(it.alarms, "alarm", "alarms"),
        counted(it.services, "service", "services")
    );
    match it.broken.len() as u64 {
        0 => (true, format!("{storm} broke none")),
        broken => (false, format!("{storm} broke {}", counted(broken, "invariant", "invariants"))),
    }
}

fn of_wire(it: &Wire) -> (bool, String) {
    let of = |worth: &str| it.points.iter().filter(|point| point.worth == worth).count() as u64;
    let (all, equal, told) = (it.points.len() as u64, of(EQUAL), of(TOLD));
    let mut says = format!(
        "of {} on the wire {} ended as if nothing had been, and {} ended otherwise and told people",
        counted(all, "disturbance", "disturbances"),
        count(equal),
        count(told)
    );
    let others = all - equal - told;
    if others > 0 {
        says.push_str(&format!(", but {} did neither", count(others)));
    }
    (others == 0 && all > 0, says)
}

fn wrong(parts: &Parts) -> Verdict {
    let answer = parts.incidents.as_ref().map_or_else(|| "Not tried.".to_owned(), |part| of_incidents(&part.says));
    Verdict { question: "How often is it wrong?", holds: None, answer }
}

fn of_incidents(it: &Incidents) -> String {
    let ours = &it.rollback;
    let heals = ours.minutes_to_heal.map_or_else(String::new, |minutes| {
        format!("; of the nights that ended well half took at most {minutes:.1} min")
    });
    format!(
        "On {} in which something rang, {} of {} were right (precision {}) and {} of {} that were due were missed \
         (recall {}); on {} something was done that was not called for{heals}.",
        counted(ours.n, "night", "nights"),
        count(ours.right),
        counted(ours.rollbacks, "rollback", "rollbacks"),
        percent(ours.precision),
        count(ours.missed),
        count(ours.due),
        percent(ours.recall),
        counted(ours.wrong, "night", "nights"),
    )
}
