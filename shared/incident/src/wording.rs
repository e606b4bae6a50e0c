//! Every sentence people read about an incident is built here.

use jiff::Timestamp;
use nightshift_core::alarm::AlarmState;
use nightshift_core::fleet::is_no_service;
use nightshift_core::ids::ServiceRef;
use nightshift_core::incident::{Incident, Phase, ServiceRecord};
use nightshift_core::notice::{EvidenceLine, Link, Notice, NoticeKind, Pager};
use nightshift_core::remedy::{Outcome, Remedy};
use nightshift_core::span::{Span, words};

use crate::decide::Verdict;
use crate::links;

mod so_far;

use so_far::{SoFar, decided, did_nothing, drift, in_vain, not_done, perfect, progressive, so_far, taken};

/// Evidence shown; the rest is in the case.
const EVIDENCE_SHOWN: usize = 8;

/// What a notice says beside what the incident knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// What is being done, for the headline: `rolling back web:43 → web:42`.
    pub verb: String,
    /// What was done or not.
    pub done: Vec<String>,
    /// What will undo the remedy.
    pub drift: Option<String>,
    /// The line for the thread.
    pub timeline: String,
}

/// Adds a notice to those that are to be published, under the next number. What the
/// fleet's incident tells of is kept like every other, and published to nobody, until
/// there is a page in it.
pub fn tell(record: &mut ServiceRecord, kind: NoticeKind, words: Words, pager: Option<Pager>, now: Timestamp) {
    let service = record.service.clone();
    let Some(incident) = record.incident.as_mut() else { return };
    incident.sequence += 1;
    match pager.is_none() && incident.told_by.is_some() {
        true => incident.untold = incident.sequence,
        false => incident.told_by = None,
    }
    let incident = &*incident;
    let mut links = match is_no_service(&service) {
        true => links::of_the_fleet(&service.region),
        false => links::of_incident(&service, &incident.alarms, &incident.about, incident.opened_at, now),
    };
    if let Some(url) = incident.about.runbook.as_ref().filter(|url| url.starts_with("https://")) {
        links.push(Link { label: "Runbook".into(), url: url.clone() });
    }
    let notice = Notice {
        incident: incident.id.clone(),
        sequence: incident.sequence,
        kind,
        phase: incident.phase,
        severity: incident.severity,
        severity_because: incident.severity_because.clone(),
        mode: incident.mode,
        environment: incident.about.environment.clone(),
        team: incident.about.team.clone(),
        opened_at: incident.opened_at,
        at: now,
        headline: headline(&named(&service), incident, &words.verb),
        why: why(incident),
        done: words.done,
        evidence: evidence(incident),
        impact: incident.about.impact.clone(),
        drift: words.drift,
        links,
        timeline: words.timeline,
        pager,
        plainly: false,
        untold: incident.untold,
        told_by: incident.told_by.clone(),
        sections: Vec::new(),
        chart: None,
        service,
    };
    record.unpublished.push(notice);
}

fn named(service: &ServiceRef) -> String {
    if is_no_service(service) { service.service.clone() } else { service.to_string() }
}

fn headline(service: &str, incident: &Incident, verb: &str) -> String {
    let environment = incident.about.environment.as_ref().map_or_else(String::new, |name| format!(" · {name}"));
    // The cause in full is the first line below: what was done must fit in here.
    let trouble = incident.trouble.as_deref().unwrap_or_default();
    let trouble = trouble.split_once(": ").map_or(trouble, |(short, _)| short);
    let first = incident.alarms.values().next().map_or(trouble, |alarm| alarm.name.as_str());
    let more = match incident.alarms.len() {
        0 | 1 => String::new(),
        more => format!(" and {} more", more - 1),
    };
    format!("{} · {service}{environment} · {first}{more} — {verb}", incident.severity)
}

fn why(incident: &Incident) -> Vec<String> {
    let mut why: Vec<String> = incident
        .alarms
        .values()
        .map(|alarm| {
            let times = if alarm.times > 1 { format!(", {} times", alarm.times) } else { String::new() };
            let state = match alarm.state {
                AlarmState::Alarm => "in ALARM",
                AlarmState::Ok => "OK",
                AlarmState::InsufficientData => "without data",
            };
            let of = alarm.signal.map_or_else(String::new, |signal| format!(" ({})", signal.name()));
            format!("{}{of} is {state} since {}{times}", alarm.name, alarm.at.strftime("%H:%M:%S UTC"))
        })
        .collect();
    why.splice(0..0, incident.trouble.as_deref().map(capital));
    if let Some(diagnosis) = &incident.diagnosis {
        why.push(format!("Cause: {}, {} % sure", diagnosis.cause, diagnosis.percent));
        let speaks =
            diagnosis.evidence.iter().filter(|evidence| evidence.cause == diagnosis.cause && evidence.weight > 0);
        why.extend(speaks.take(2).map(|evidence| evidence.says.clone()));
    }
    why
}

fn evidence(incident: &Incident) -> Vec<EvidenceLine> {
    let all = incident.diagnosis.iter().flat_map(|diagnosis| &diagnosis.evidence);
    all.take(EVIDENCE_SHOWN)
        .map(|found| EvidenceLine { cause: found.cause.to_string(), weight: found.weight, says: found.says.clone() })
        .collect()
}

/// A remedy is about to be taken.
pub fn acting(record: &ServiceRecord, remedy: &Remedy) -> Words {
    let done = record.incident.iter().map(|incident| decided(incident, remedy)).collect();
    Words { verb: progressive(remedy), done, drift: None, timeline: progressive(remedy) }
}

/// Nothing is done, and why.
pub fn not_acting(record: &ServiceRecord, verdict: &Verdict) -> Words {
    let phase = record.incident.as_ref().map(|incident| incident.phase);
    let verb = match (phase, &verdict.remedy) {
        (Some(Phase::AwaitingApproval), Some(remedy)) => format!("needs you to {remedy}"),
        (Some(Phase::Escalated), _) => "needs you".to_owned(),
        (_, Some(remedy)) => format!("observing, would {remedy}"),
        _ => "observing".to_owned(),
    };
    let done = did_nothing(verdict.remedy.as_ref(), verdict.refusal.as_ref());
    let name = verdict.refusal.as_ref().map_or_else(String::new, |refusal| format!(" ({})", refusal.name()));
    Words { timeline: format!("{verb}{name}"), verb, done, drift: None }
}

/// Something changed in an open incident: what was done in it still stands, and whoever
/// reads the newest notice alone has to see it.
pub fn joined(record: &ServiceRecord, says: String) -> Words {
    let SoFar { done, drift } = so_far(record);
    Words { verb: says.clone(), done, drift, timeline: says }
}

/// It was silent for so long that it makes room for a new one.
pub fn chronic(silent_for: Span) -> Words {
    let verb = format!("chronic: nothing new in {silent_for}, closed");
    let done = format!("Closed: nothing new was heard of it for {silent_for}. What fires now is another incident.");
    Words { timeline: verb.clone(), verb, done: vec![done], drift: None }
}

/// How often the service fell ill lately.
pub fn flapping(record: &ServiceRecord, window: Span) -> String {
    format!("flapping: {} times in {window}", record.flips.len())
}

/// Says beside what the newest notice says that the service flaps.
pub fn add_flapping(record: &mut ServiceRecord, window: Span) {
    let says = flapping(record, window);
    if let Some(notice) = record.unpublished.last_mut() {
        notice.timeline = format!("{}; {says}", notice.timeline);
        notice.why.push(says);
    }
}

/// A remedy was taken and is being checked.
pub fn verifying(record: &ServiceRecord, remedy: &Remedy) -> Words {
    let done = record.incident.iter().map(|incident| taken(incident, remedy)).collect();
    let verb = format!("{}, checking", perfect(remedy));
    Words { verb, done, drift: drift(record, remedy), timeline: perfect(remedy) }
}

/// A claimed remedy could not be taken.
pub fn not_taken(record: &ServiceRecord, remedy: &Remedy, outcome: &Outcome) -> Words {
    let done = vec![not_done(record, remedy, outcome)];
    Words { verb: "needs you".into(), done, drift: None, timeline: format!("could not {remedy}") }
}

/// It is over.
pub fn resolved(record: &ServiceRecord, because: &[String], escalated: bool, now: Timestamp) -> Words {
    let Some(incident) = &record.incident else { return Words::default() };
    let took = words(now.duration_since(incident.opened_at));
    let paged = if incident.pages == 0 { ", no human" } else { "" };
    let (verb, drift) = match incident.taken() {
        Some(intent) if escalated => {
            let verb = format!("recovered after {took}; {} had not helped in time", perfect(&intent.remedy));
            (verb, drift(record, &intent.remedy))
        }
        Some(intent) => {
            let drift = drift(record, &intent.remedy);
            (format!("healed automatically in {took}{paged}: {}", perfect(&intent.remedy)), drift)
        }
        None => (format!("recovered after {took}"), None),
    };
    let mut done = vec![format!("{}.", capital(&verb))];
    done.extend(because.iter().map(|line| format!("{}.", capital(line))));
    Words { timeline: verb.clone(), verb, done, drift }
}

/// A sentence begins with a capital, unless it begins with a name.
fn capital(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if word.chars().all(|letter| letter.is_ascii_lowercase()) => {
            first.to_uppercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// A person is needed.
pub fn escalated(record: &ServiceRecord, waiting_for: &[String]) -> Words {
    let taken = record.incident.as_ref().and_then(Incident::taken);
    let tried = taken.map_or_else(|| "Nothing was done to the service.".to_owned(), in_vain);
    let mut done = vec![tried, "There is no second automatic remedy for the same cause.".to_owned()];
    if !waiting_for.is_empty() {
        done.push(format!("Still waiting for: {}.", waiting_for.join("; ")));
    }
    let drift = taken.and_then(|intent| drift(record, &intent.remedy));
    Words { verb: "needs you".into(), done, drift, timeline: "not healed in time: escalated".into() }
}
